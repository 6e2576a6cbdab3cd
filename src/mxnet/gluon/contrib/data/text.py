"""Texts for language models: WikiText in samples of a number of words and the words that follow."""

from __future__ import annotations

import os
import shutil
import zipfile
from typing import Any

import numpy as np

from .... import base
from .... import ndarray as nd
from ....base import MXNetError
from ...data import dataset
from ...data.vision.datasets import _fetch
from ...utils import check_sha1
from . import _constants as C

__all__ = ["WikiText2", "WikiText103"]


class _LanguageModelDataset(dataset._DownloadedDataset):
    """A text and its vocabulary, which is made of the text unless it is given."""

    def __init__(self, root, namespace, vocabulary):
        self._vocab = vocabulary
        self._counter = None
        self._namespace = namespace
        super().__init__(root, None)

    @property
    def vocabulary(self) -> Any:
        """The mx.contrib.text.vocab.Vocabulary of the indices."""
        return self._vocab

    @property
    def frequencies(self) -> Any:
        """collections.Counter of the text's tokens."""
        return self._counter

    def _build_vocab(self, content: str):
        from ....contrib import text

        self._counter = text.utils.count_tokens_from_str(content)
        if self._vocab is None:
            self._vocab = text.vocab.Vocabulary(counter=self._counter, reserved_tokens=[C.EOS_TOKEN])


class _WikiText(_LanguageModelDataset):
    """Derived classes set _archive_file, _data_file (segment: (name, SHA-1)), _segment and _seq_len."""

    _archive_file: tuple[str, str]
    _data_file: dict[str, tuple[str, str]]
    _segment: str
    _seq_len: int

    def _read_batch(self, filename: str) -> tuple[np.ndarray, np.ndarray]:
        """The indices of all tokens but the last one, and of those that follow them; each line ends in <eos>."""
        with open(filename, encoding="utf8") as file:
            content = file.read()
        self._build_vocab(content)
        tokens = []
        for line in content.splitlines():
            if words := line.split():
                tokens += [*words, C.EOS_TOKEN]
        indices = np.array(self.vocabulary.to_indices(tokens), np.int32)
        return indices[:-1], indices[1:]

    def _get_data(self):
        name, sha1 = self._data_file[self._segment]
        path = os.path.join(self._root, name)
        if not (os.path.exists(path) and check_sha1(path, sha1)):
            [archive] = _fetch(self._namespace, [self._archive_file], self._root)
            self._extract(archive)
        data, label = self._read_batch(path)
        count = len(data) // self._seq_len * self._seq_len
        self._data, self._label = (nd.array(part[:count].reshape(-1, self._seq_len), dtype=part.dtype)
                                   for part in (data, label))

    def _extract(self, archive: str):
        """Put the files of the archive into `root`, whatever folder of the archive they are in."""
        with zipfile.ZipFile(archive) as opened:
            for member in opened.namelist():
                name = os.path.basename(member)
                if name:
                    with opened.open(member) as source, open(os.path.join(self._root, name), "wb") as target:
                        shutil.copyfileobj(source, target)
        missing = [name for name, _ in self._data_file.values() if not os.path.exists(os.path.join(self._root, name))]
        if missing:
            raise MXNetError(f"{archive} has no files {missing}")

    def __getitem__(self, idx):
        return self._data[idx], self._label[idx]

    def __len__(self):
        return len(self._label)


def _root(namespace: str) -> str:
    return os.path.join(base.data_dir(), "datasets", namespace)


class WikiText2(_WikiText):
    """WikiText-2, 2 million words of Wikipedia.  Source: Merity et al., Pointer Sentinel Mixture Models, 2016.
    License: Creative Commons Attribution-ShareAlike.

    A sample is (indices of `seq_len` tokens, indices of the tokens after each of them), int32 NDArrays, regardless of
    where sentences end; there is an '<eos>' after each.

    root: folder for the files, by default $MXNET_HOME/datasets/wikitext-2.  segment: 'train', 'validation' or 'test'.
    vocab: an mx.contrib.text.vocab.Vocabulary; by default one of all tokens of the segment.
    KeyError for other segments; MXNetError if the files are missing and cannot be downloaded.
    """

    def __init__(self, root: str = _root("wikitext-2"), segment: str = "train", vocab: Any = None, seq_len: int = 35):
        self._archive_file = ("wikitext-2-v1.zip", "3c914d17d80b1459be871a5039ac23e752a53cbe")
        self._data_file = {"train": ("wiki.train.tokens", "863f29c46ef9d167fff4940ec821195882fe29d1"),
                           "validation": ("wiki.valid.tokens", "0418625c8b4da6e4b5c7a0b9e78d4ae8f7ee5422"),
                           "test": ("wiki.test.tokens", "c7b8ce0aa086fb34dab808c5c49224211eb2b172")}
        self._segment = segment
        self._seq_len = seq_len
        super().__init__(root, "wikitext-2", vocab)


class WikiText103(_WikiText):
    """WikiText-103, 103 million words of Wikipedia; see WikiText2."""

    def __init__(self, root: str = _root("wikitext-103"), segment: str = "train", vocab: Any = None,
                 seq_len: int = 35):
        self._archive_file = ("wikitext-103-v1.zip", "0aec09a7537b58d4bb65362fee27650eeaba625a")
        self._data_file = {"train": ("wiki.train.tokens", "b7497e2dfe77e72cfef5e3dbc61b7b53712ac211"),
                           "validation": ("wiki.valid.tokens", "c326ac59dc587676d58c422eb8a03e119582f92b"),
                           "test": ("wiki.test.tokens", "8a5befc548865cec54ed4273cf87dbbad60d1e47")}
        self._segment = segment
        self._seq_len = seq_len
        super().__init__(root, "wikitext-103", vocab)
