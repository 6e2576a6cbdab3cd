"""The demo: layers of our own learn to read handwritten digits. Run it with `make demo`."""
