"""Vectors for tokens: from files of GloVe, fastText and users, for all tokens of a file or those of a vocabulary."""

import array
import logging
import os
import shutil
import warnings
import zipfile

import numpy as np

from ... import base, registry
from ... import ndarray as nd
from ...base import MXNetError
from ...gluon.utils import _get_repo_file_url, check_sha1, download
from . import _constants as C
from . import vocab

__all__ = ["CompositeEmbedding", "CustomEmbedding", "FastText", "GloVe", "create", "get_pretrained_file_names",
           "register"]


def register(embedding_cls):
    """Class decorator: `create` finds a subclass of _TokenEmbedding by its name in lower case.

    AssertionError for other classes.
    """
    return registry.get_register_func(_TokenEmbedding, "token embedding")(embedding_cls)


def create(embedding_name, **kwargs):
    """The embedding of a name, as `create("glove", pretrained_file_name="glove.6B.50d.txt")`.

    embedding_name: 'glove', 'fasttext', or what was registered (AssertionError for others).
    """
    return registry.get_create_func(_TokenEmbedding, "token embedding")(embedding_name, **kwargs)


def get_pretrained_file_names(embedding_name=None):
    """The files that an embedding can read, or a dict of name -> files of all; KeyError for unknown names."""
    files = {name: list(cls.pretrained_file_name_sha1)
             for name, cls in registry.get_registry(_TokenEmbedding).items()}
    if embedding_name is None:
        return files
    if embedding_name not in files:
        raise KeyError(f"Cannot find `embedding_name` {embedding_name}. Use `get_pretrained_file_names"
                       "(embedding_name=None).keys()` to get all the valid embedding names.")
    return files[embedding_name]


def _default_root() -> str:
    return os.path.join(base.data_dir(), "embeddings")


class _TokenEmbedding(vocab.Vocabulary):
    """A vocabulary with a vector for each token; the base class of all embeddings.

    A file has one token and its vector a line.  The vector of unknown tokens is that of `unknown_token` in the file,
    else what `init_unknown_vec` makes.  A subclass for downloaded files names them, with their SHA-1, in
    `pretrained_file_name_sha1`, and the archives that they come in, if they do, in `pretrained_archive_name_sha1`.
    """

    pretrained_file_name_sha1: dict[str, str] = {}
    pretrained_archive_name_sha1: dict[str, str] | None = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._vec_len = 0
        self._idx_to_vec = None

    # ------------------------------------------------------------------------------------------ getting the file

    @classmethod
    def _check_pretrained_file_names(cls, pretrained_file_name):
        """KeyError for a file that there is not."""
        if pretrained_file_name not in cls.pretrained_file_name_sha1:
            name = cls.__name__.lower()
            raise KeyError(f"Cannot find pretrained file {pretrained_file_name} for token embedding {name}. Valid "
                           f"pretrained files for embedding {name}: {', '.join(cls.pretrained_file_name_sha1)}")

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name):
        """The file to download for it: an archive, maybe."""
        return pretrained_file_name

    @classmethod
    def _get_pretrained_file_url(cls, pretrained_file_name):
        return _get_repo_file_url(f"gluon/embeddings/{cls.__name__.lower()}",
                                  cls._get_download_file_name(pretrained_file_name))

    @classmethod
    def _get_pretrained_file(cls, embedding_root, pretrained_file_name):
        """The path of a file, downloaded unless it is there with the right content.

        MXNetError, which tells what to put where, if it cannot be had.
        """
        folder = os.path.join(os.path.expanduser(embedding_root), cls.__name__.lower())
        path = os.path.join(folder, pretrained_file_name)
        sha1 = cls.pretrained_file_name_sha1[pretrained_file_name]
        if os.path.exists(path) and check_sha1(path, sha1):
            return path
        os.makedirs(folder, exist_ok=True)
        url, fetched = cls._get_pretrained_file_url(pretrained_file_name), cls._get_download_file_name(
            pretrained_file_name)
        archive_sha1 = (cls.pretrained_archive_name_sha1 or {}).get(fetched, sha1)
        try:
            archive = download(url, path=os.path.join(folder, fetched), sha1_hash=archive_sha1)
        except MXNetError as error:
            other = " (the one that is there has another SHA-1)" if os.path.exists(path) else ""
            raise MXNetError(f"{error}\nThe embedding needs {url}; by other means, put it into {folder}, or the file "
                             f"{pretrained_file_name} with the SHA-1 {sha1}{other}. CustomEmbedding reads any file."
                             ) from error
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as files:
                members = {os.path.basename(name): name for name in files.namelist()}
                with files.open(members[pretrained_file_name]) as source, open(path, "wb") as target:
                    shutil.copyfileobj(source, target)
        return path

    # ----------------------------------------------------------------------------------------------- loading it

    def _load_published(self, name, root, init_unknown_vec, vocabulary):
        """Vectors from a file that its authors have published, downloaded unless it is in its folder."""
        self._check_pretrained_file_names(name)
        self._load_embedding(self._get_pretrained_file(root or _default_root(), name), " ", init_unknown_vec)
        self._build_embedding_for_vocabulary(vocabulary)

    def _load_embedding(self, pretrained_file_path, elem_delim, init_unknown_vec, encoding="utf8"):
        """Read the vectors of a file, and index its tokens behind those that are indexed already.

        Of a token that comes twice the first vector counts; lines of a token and one number are headers.  Both are
        warned of.  AssertionError for lines that are no token with a vector, or one of another length.
        """
        path = os.path.expanduser(pretrained_file_path)
        if not os.path.isfile(path):
            raise ValueError("`pretrained_file_path` must be a valid path to the pre-trained token embedding file.")
        logging.info("Loading pre-trained token embedding vectors from %s", path)
        indexed, reader = len(self), _Reader(path, elem_delim, encoding, self.unknown_token)
        values = array.array("f")
        found: dict[int, list[float]] = {}  # vectors of tokens that were indexed before
        for token, vector in reader:
            if token in self._token_to_idx:
                found[self._token_to_idx[token]] = vector
            else:
                self._token_to_idx[token] = len(self._idx_to_token)
                self._idx_to_token.append(token)
                values.extend(vector)
        if not reader.vec_len:
            raise ValueError(f"there is no vector in the pre-trained token embedding file {path}")
        self._vec_len = reader.vec_len
        matrix = np.empty((len(self), self._vec_len), dtype="float32")
        matrix[indexed:] = np.frombuffer(values, dtype="float32").reshape(-1, self._vec_len)
        matrix[:indexed] = found.pop(C.UNKNOWN_IDX, None) or init_unknown_vec(shape=self._vec_len).asnumpy()
        for row, vector in found.items():
            matrix[row] = vector
        self._idx_to_vec = nd.array(matrix)

    def _build_embedding_for_vocabulary(self, vocabulary):
        """Keep the tokens of a vocabulary alone, if one is given (AssertionError for anything else)."""
        if vocabulary is not None:
            assert isinstance(vocabulary, vocab.Vocabulary), (
                "The argument `vocabulary` must be an instance of mxnet.contrib.text.vocab.Vocabulary.")
            self._set_idx_to_vec_by_embeddings([self], len(vocabulary), vocabulary.idx_to_token)
            self._index_tokens_from_vocabulary(vocabulary)

    def _index_tokens_from_vocabulary(self, vocabulary):
        self._token_to_idx = vocabulary.token_to_idx.copy()
        self._idx_to_token = vocabulary.idx_to_token[:]
        self._unknown_token = vocabulary.unknown_token
        self._reserved_tokens = None if vocabulary.reserved_tokens is None else vocabulary.reserved_tokens[:]

    def _set_idx_to_vec_by_embeddings(self, token_embeddings, vocab_len, vocab_idx_to_token):
        """Take the vectors of tokens, one embedding's behind the other's; the first token is the unknown one."""
        rows = [[C.UNKNOWN_IDX, *embedding.to_indices(vocab_idx_to_token[1:])] for embedding in token_embeddings]
        parts = [nd.take(embedding.idx_to_vec, nd.array(taken, dtype="int64"))
                 for embedding, taken in zip(token_embeddings, rows, strict=True)]
        self._idx_to_vec = nd.concat(*parts, dim=1)
        self._vec_len = self._idx_to_vec.shape[1]
        assert self._idx_to_vec.shape[0] == vocab_len

    # -------------------------------------------------------------------------------------------------- using it

    @property
    def vec_len(self) -> int:
        """How long the vectors are."""
        return self._vec_len

    @property
    def idx_to_vec(self):
        """The vectors, shape (number of tokens, vec_len), in the order of the tokens' numbers."""
        return self._idx_to_vec

    def get_vecs_by_tokens(self, tokens, lower_case_backup=False):
        """The vector of a token, or the vectors, one a row, of a list of tokens.

        lower_case_backup: look for tokens that are unknown in lower case, too.
        """
        wanted = tokens if isinstance(tokens, list) else [tokens]
        if lower_case_backup:
            wanted = [token if token in self.token_to_idx else token.lower() for token in wanted]
        vectors = nd.take(self.idx_to_vec, nd.array(self.to_indices(wanted), dtype="int64"))
        return vectors if isinstance(tokens, list) else vectors[0]

    def update_token_vectors(self, tokens, new_vectors):
        """Give a token, or each of a list, another vector.

        new_vectors: an NDArray, one row a token; for a single token a vector will do (AssertionError for other
        shapes).  ValueError for unknown tokens: name the unknown token itself to change its vector.
        """
        assert self._idx_to_vec is not None, "The property `idx_to_vec` has not been properly set."
        tokens = tokens if isinstance(tokens, list) else [tokens]
        is_array = isinstance(new_vectors, nd.NDArray)
        if len(tokens) == 1:
            assert is_array and new_vectors.ndim in (1, 2), (
                "`new_vectors` must be a 1-D or 2-D NDArray if `tokens` is a singleton.")
            new_vectors = new_vectors.reshape((1, -1)) if new_vectors.ndim == 1 else new_vectors
        else:
            assert is_array and new_vectors.ndim == 2, (
                "`new_vectors` must be a 2-D NDArray if `tokens` is a list of multiple strings.")
        expected = (len(tokens), self.vec_len)
        assert new_vectors.shape == expected, (
            "The length of new_vectors must be equal to the number of tokens and the width of new_vectors must be "
            f"equal to the dimension of embeddings of the glossary: expected {expected}, got {new_vectors.shape}")
        for token in tokens:
            if token not in self.token_to_idx:
                raise ValueError(f"Token {token} is unknown. To update the embedding vector for an unknown token, "
                                 f"please specify it explicitly as the `unknown_token` {self.unknown_token} in "
                                 "`tokens`. This is to avoid unintended updates.")
        self._idx_to_vec[nd.array(self.to_indices(tokens), dtype="int64")] = new_vectors


class _Reader:
    """Tokens and vectors of a file, each token once.  vec_len: how long vectors are, once one was read."""

    def __init__(self, path: str, elem_delim: str, encoding: str, unknown_token):
        self._path, self._delim, self._encoding, self._unknown = path, elem_delim, encoding, unknown_token
        self.vec_len = 0

    def __iter__(self):
        seen = set()
        with open(self._path, encoding=self._encoding) as lines:
            for number, line in enumerate(lines, 1):
                token, vector = self._parse(number, line)
                if token in seen:
                    warnings.warn(f"At line {number} of the pre-trained token embedding file: the embedding vector "
                                  f"for token {token} has been loaded and a duplicate embedding for the  same token "
                                  "is seen and skipped.", stacklevel=4)
                elif len(vector) == 1 and token != self._unknown:
                    warnings.warn(f"At line {number} of the pre-trained text embedding file: token {token} with "
                                  f"1-dimensional vector {vector} is likely a header and is skipped.", stacklevel=4)
                else:
                    self._check_length(number, token, vector)
                    seen.add(token)
                    yield token, vector

    def _parse(self, number: int, line: str) -> tuple[str, list[float]]:
        token, *texts = line.rstrip().split(self._delim)
        assert texts, (f"At line {number} of the pre-trained text embedding file: the data format of the pre-trained "
                       f"token embedding file {self._path} is unexpected.")
        try:
            return token, [float(text) for text in texts]
        except ValueError as error:
            raise ValueError(f"{error} (line {number} of {self._path})") from error

    def _check_length(self, number: int, token: str, vector: list[float]):
        self.vec_len = self.vec_len or len(vector)
        assert len(vector) == self.vec_len, (
            f"At line {number} of the pre-trained token embedding file: the dimension of token {token} is "
            f"{len(vector)} but the dimension of previous tokens is {self.vec_len}. Dimensions of all the tokens must "
            "be the same.")


@register
class GloVe(_TokenEmbedding):
    """Vectors of GloVe (Pennington, Socher, Manning, 2014).

    pretrained_file_name: one of `get_pretrained_file_names("glove")` (KeyError).  embedding_root: the folder of
    embeddings; the file is glove/<name> in it, or is downloaded there.  init_unknown_vec: makes the vector of unknown
    tokens, called with shape=.  vocabulary: a Vocabulary to have vectors for, instead of all tokens of the file.
    Further arguments are those of Vocabulary.
    """

    pretrained_archive_name_sha1 = C.GLOVE_PRETRAINED_FILE_SHA1
    pretrained_file_name_sha1 = C.GLOVE_PRETRAINED_ARCHIVE_SHA1

    def __init__(self, pretrained_file_name="glove.840B.300d.txt", embedding_root=None, init_unknown_vec=nd.zeros,
                 vocabulary=None, **kwargs):
        super().__init__(**kwargs)
        self._load_published(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary)

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name):
        """One archive holds the vectors of one corpus in all their lengths."""
        corpus = {archive.split(".")[1]: archive for archive in cls.pretrained_archive_name_sha1}
        return corpus[pretrained_file_name.split(".")[1]]


@register
class FastText(_TokenEmbedding):
    """Vectors of fastText (Bojanowski et al., 2016; wiki.multi: Conneau et al., 2017).

    pretrained_file_name: one of `get_pretrained_file_names("fasttext")` (KeyError).  The rest as in GloVe; the folder
    of the file is fasttext.
    """

    pretrained_archive_name_sha1 = C.FAST_TEXT_ARCHIVE_SHA1
    pretrained_file_name_sha1 = C.FAST_TEXT_FILE_SHA1

    def __init__(self, pretrained_file_name="wiki.simple.vec", embedding_root=None, init_unknown_vec=nd.zeros,
                 vocabulary=None, **kwargs):
        super().__init__(**kwargs)
        self._load_published(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary)

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name):
        return pretrained_file_name.removesuffix(".vec") + ".zip"


class CustomEmbedding(_TokenEmbedding):
    """Vectors from a file of one's own: a token, elem_delim, a number, elem_delim, a number, ... on each line.

    encoding: of the file.  init_unknown_vec, vocabulary and further arguments: as in GloVe.  ValueError if there is
    no such file; AssertionError for lines that have another form.
    """

    def __init__(self, pretrained_file_path, elem_delim=" ", encoding="utf8", init_unknown_vec=nd.zeros,
                 vocabulary=None, **kwargs):
        super().__init__(**kwargs)
        self._load_embedding(pretrained_file_path, elem_delim, init_unknown_vec, encoding)
        self._build_embedding_for_vocabulary(vocabulary)


class CompositeEmbedding(_TokenEmbedding):
    """Vectors of several embeddings, one behind the other, for the tokens of a vocabulary.

    token_embeddings: an embedding or a list of them.  AssertionError for anything else.
    """

    def __init__(self, vocabulary, token_embeddings):
        assert isinstance(vocabulary, vocab.Vocabulary), (
            "The argument `vocabulary` must be an instance of mxnet.contrib.text.vocab.Vocabulary.")
        if not isinstance(token_embeddings, list):
            token_embeddings = [token_embeddings]
        assert token_embeddings and all(isinstance(e, _TokenEmbedding) for e in token_embeddings), (
            "The argument `token_embeddings` must be an instance or a list of instances of "
            "`mxnet.contrib.text.embedding._TokenEmbedding`.")
        super().__init__()
        self._index_tokens_from_vocabulary(vocabulary)
        self._set_idx_to_vec_by_embeddings(token_embeddings, len(self), self.idx_to_token)
