"""Counting tokens, for vocabularies."""

import re
from collections import Counter

__all__ = ["count_tokens_from_str"]


def count_tokens_from_str(source_str, token_delim=" ", seq_delim="\n", to_lower=False, counter_to_update=None):
    """How often each token of a text occurs, as a Counter.

    token_delim, seq_delim: regular expressions of what stands between tokens, and between sequences of them.
    to_lower: whether to count in lower case.  counter_to_update: a Counter to add to; it is returned.

    >>> count_tokens_from_str("*Life*is*great*!*\\n*life*is*good*.*\\n", r"\\*", to_lower=True)["life"]
    2
    """
    tokens = filter(None, re.split(f"{token_delim}|{seq_delim}", source_str))
    counter = Counter() if counter_to_update is None else counter_to_update
    counter.update(token.lower() if to_lower else token for token in tokens)
    return counter
