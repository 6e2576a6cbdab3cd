"""mx.contrib.text: vocabularies, and pretrained embeddings of their tokens."""

from . import embedding, utils, vocab

__all__ = ["embedding", "utils", "vocab"]
