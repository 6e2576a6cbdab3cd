"""A small SSD finds digits pasted into photographs. `python -m examples.detection`"""
