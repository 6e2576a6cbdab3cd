"""Side by side: the same work here, in hand-written PyTorch, and in real MXNet where its interpreter is given."""
