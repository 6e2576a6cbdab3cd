"""Vocabulary: numbers for tokens."""

from collections import Counter

import numpy as np

from ._constants import UNKNOWN_IDX

__all__ = ["Vocabulary"]


class Vocabulary:
    """Numbers tokens: 0 the unknown token, then reserved tokens, then those of a counter, frequent ones first.

    counter: a collections.Counter of tokens; tokens of equal frequency come in their own order.  most_freq_count: at
    most so many of them, reserved ones not counted.  min_freq: only tokens that occur so often.  unknown_token: what
    every other token counts as.  reserved_tokens: a list, such as ['<pad>', '<bos>'].  Tokens may be anything hashable.

    AssertionError for min_freq < 1, repeated reserved tokens, the unknown token among them, and what is no Counter.
    """

    def __init__(self, counter=None, most_freq_count=None, min_freq=1, unknown_token="<unk>", reserved_tokens=None):
        assert min_freq > 0, "`min_freq` must be set to a positive value."
        if reserved_tokens is not None:
            assert unknown_token not in reserved_tokens, "`reserved_token` cannot contain `unknown_token`."
            assert len(set(reserved_tokens)) == len(reserved_tokens), (
                "`reserved_tokens` cannot contain duplicate reserved tokens.")
        self._unknown_token = unknown_token
        self._reserved_tokens = None if reserved_tokens is None else list(reserved_tokens)
        self._idx_to_token = [unknown_token, *(reserved_tokens or ())]
        if counter is not None:
            assert isinstance(counter, Counter), "`counter` must be an instance of collections.Counter."
            self._idx_to_token += self._most_frequent(counter, most_freq_count, min_freq)
        self._token_to_idx = {token: i for i, token in enumerate(self._idx_to_token)}

    def _most_frequent(self, counter: Counter, most: int | None, min_freq: int) -> list:
        known = set(self._idx_to_token)
        by_frequency = sorted(sorted(counter), key=counter.__getitem__, reverse=True)
        return [token for token in by_frequency if counter[token] >= min_freq and token not in known][:most]

    def __len__(self):
        return len(self._idx_to_token)

    @property
    def token_to_idx(self) -> dict:
        """Token -> number."""
        return self._token_to_idx

    @property
    def idx_to_token(self) -> list:
        """The tokens in the order of their numbers."""
        return self._idx_to_token

    @property
    def unknown_token(self):
        return self._unknown_token

    @property
    def reserved_tokens(self) -> list | None:
        return self._reserved_tokens

    def to_indices(self, tokens):
        """The number of a token, or a list of those of a list; 0 for unknown ones."""
        if not isinstance(tokens, list):
            return self._token_to_idx.get(tokens, UNKNOWN_IDX)
        return [self._token_to_idx.get(token, UNKNOWN_IDX) for token in tokens]

    def to_tokens(self, indices):
        """The token of a number, or a list of those of a list; ValueError for numbers that no token has."""
        if not isinstance(indices, list):
            return self._token(indices)
        return [self._token(index) for index in indices]

    def _token(self, index):
        if not isinstance(index, (int, np.integer)) or not -len(self) <= index < len(self):
            raise ValueError(f"Token index {index} in the provided `indices` is invalid.")
        return self._idx_to_token[index]
