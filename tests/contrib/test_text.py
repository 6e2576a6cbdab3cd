"""mx.contrib.text: vocabularies and embeddings from files; what is downloaded comes from a server of the test's own."""

import hashlib
import zipfile
from collections import Counter

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.contrib import text
from mxnet.contrib.text import embedding
from mxnet.contrib.text.vocab import Vocabulary
from web import serving


@pytest.fixture
def write(tmp_path):
    def write(content, name="vectors.txt", encoding="utf8"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding=encoding)
        return str(path)

    return write


def values(array):
    return array.asnumpy().tolist()


def test_count_tokens():
    count = text.utils.count_tokens_from_str
    assert count("a  b\na") == Counter({"a": 2, "b": 1})
    assert count("a*b|A", r"\*", r"\|", to_lower=True) == Counter({"a": 2, "b": 1})
    assert count("xANDyENDANDX", "AND", "END", to_lower=True) == Counter({"x": 2, "y": 1})
    before = Counter("a")
    assert count("a b", counter_to_update=before) is before and before == Counter("aab")


# the answers are real MXNet's
@pytest.mark.parametrize(("arguments", "tokens"), [
    ({"counter": Counter("hello world")}, ["<unk>", "l", "o", " ", "d", "e", "h", "r", "w"]),
    ({"counter": Counter("bbaacd"), "most_freq_count": 3, "reserved_tokens": ["b"]}, ["<unk>", "b", "a", "c", "d"]),
    ({"counter": Counter("bbaacd"), "min_freq": 2}, ["<unk>", "a", "b"]),
    ({"counter": Counter("bba"), "most_freq_count": 0}, ["<unk>"]),
    ({"counter": Counter(["<unk>", "<unk>", "a"])}, ["<unk>", "a"]),
    ({"counter": Counter([(1,), (2,), (2,)]), "unknown_token": (0,)}, [(0,), (2,), (1,)]),
    ({}, ["<unk>"]),
    ({"unknown_token": "?", "reserved_tokens": ["<pad>", "<bos>"]}, ["?", "<pad>", "<bos>"]),
])
def test_vocabulary(arguments, tokens):
    vocabulary = Vocabulary(**arguments)
    assert vocabulary.idx_to_token == tokens and len(vocabulary) == len(tokens)
    assert vocabulary.token_to_idx == {token: i for i, token in enumerate(tokens)}
    assert vocabulary.unknown_token == tokens[0]
    assert vocabulary.reserved_tokens == arguments.get("reserved_tokens")
    assert vocabulary.to_tokens(vocabulary.to_indices(tokens)) == tokens


def test_vocabulary_to_and_fro():
    vocabulary = Vocabulary(Counter("aab"))
    assert vocabulary.to_indices("b") == 2 and vocabulary.to_indices(["a", "zz"]) == [1, 0]
    assert vocabulary.to_indices([]) == [] and vocabulary.to_indices(("a", "b")) == 0
    assert vocabulary.to_tokens(-1) == "b" and vocabulary.to_tokens([np.int64(1)]) == ["a"]
    for wrong in (3, -4, 1.0, "x", [0, 9]):
        with pytest.raises(ValueError, match="is invalid"):
            vocabulary.to_tokens(wrong)


@pytest.mark.parametrize(("arguments", "match"), [
    ({"min_freq": 0}, "positive"), ({"reserved_tokens": ["<unk>"]}, "unknown_token"),
    ({"reserved_tokens": ["a", "a"]}, "duplicate"), ({"counter": ["a"]}, "Counter")])
def test_vocabulary_refuses(arguments, match):
    with pytest.raises(AssertionError, match=match):
        Vocabulary(**arguments)


def test_custom_embedding(write):
    e = embedding.CustomEmbedding(write("a 1 2\n<unk> 3 4\nb 5 6 \n"))
    assert e.idx_to_token == ["<unk>", "a", "b"] and e.vec_len == 2
    assert values(e.idx_to_vec) == [[3, 4], [1, 2], [5, 6]]
    assert values(e.get_vecs_by_tokens("a")) == [1, 2]
    assert values(e.get_vecs_by_tokens(["A", "b"])) == [[3, 4], [5, 6]]
    assert values(e.get_vecs_by_tokens(["A", "B"], lower_case_backup=True)) == [[1, 2], [5, 6]]
    assert e.get_vecs_by_tokens([]).shape == (0, 2)


def test_unknown_tokens_and_encodings(write):
    e = embedding.CustomEmbedding(write("é\t1\t2\n", encoding="latin1"), "\t", encoding="latin1", unknown_token="?",
                                  init_unknown_vec=lambda shape: nd.full(shape, 0.5))
    assert e.idx_to_token == ["?", "é"] and values(e.idx_to_vec) == [[0.5, 0.5], [1, 2]]


def test_reserved_tokens_and_counters(write):
    """Every token has a row of its own; in real MXNet rows are missing then."""
    path = write("x 1 2\nb 3 4\n")
    e = embedding.CustomEmbedding(path, counter=Counter("xxy"), reserved_tokens=["<pad>"], init_unknown_vec=nd.ones)
    assert e.idx_to_token == ["<unk>", "<pad>", "x", "y", "b"]
    assert values(e.idx_to_vec) == [[1, 1], [1, 1], [1, 2], [1, 1], [3, 4]]


@pytest.mark.parametrize(("content", "match", "rows"), [
    ("a 1 2\na 3 4\n", "line 2 .* token a has been loaded", [[0, 0], [1, 2]]),
    ("2 2\na 1 2\n", r"line 1 .* token 2 with 1-dimensional vector \[2.0\] is likely a header", [[0, 0], [1, 2]]),
    ("a 1 2\n<unk> 3 4\n<unk> 5 6\n", "line 3 .* token <unk>", [[3, 4], [1, 2]])])
def test_warnings(write, content, match, rows):
    with pytest.warns(UserWarning, match=match):
        e = embedding.CustomEmbedding(write(content))
    assert values(e.idx_to_vec) == rows


@pytest.mark.parametrize(("content", "error", "match"), [
    ("a\nb 1 2\n", AssertionError, "line 1 .* unexpected"), ("a 1 2\n\nb 1 2\n", AssertionError, "line 2"),
    ("a 1 2\nb 1 2 3\n", AssertionError, "token b is 3 but .* 2"), ("a 1 x\n", ValueError, "'x' .line 1"),
    ("", ValueError, "no vector")])
def test_wrong_files(write, content, error, match):
    with pytest.raises(error, match=match):
        embedding.CustomEmbedding(write(content))


def test_wrong_arguments(write):
    with pytest.raises(ValueError, match="valid path"):
        embedding.CustomEmbedding("/no/such/file")
    with pytest.raises(AssertionError, match="Vocabulary"):
        embedding.CustomEmbedding(write("a 1 2\n"), vocabulary=3)


def test_with_vocabulary(write):
    vocabulary = Vocabulary(Counter("aaxx"), reserved_tokens=["<p>"])
    e = embedding.CustomEmbedding(write("a 1 2\nb 3 4\n"), init_unknown_vec=nd.ones, vocabulary=vocabulary)
    assert e.idx_to_token == ["<unk>", "<p>", "a", "x"] and e.reserved_tokens == ["<p>"]
    assert values(e.idx_to_vec) == [[1, 1], [1, 1], [1, 2], [1, 1]]
    e.idx_to_token.append("more")
    assert len(vocabulary) == 4


def test_update(write):
    e = embedding.CustomEmbedding(write("a 1 2\nb 3 4\n"))
    e.update_token_vectors("a", nd.array([5, 6]))
    e.update_token_vectors(["b", "<unk>"], nd.array([[7, 8], [9, 10]]))
    assert values(e.idx_to_vec) == [[9, 10], [5, 6], [7, 8]]
    e.update_token_vectors(["a"], nd.array([[0, 1]]))
    for tokens, vectors in ((["a", "b"], nd.ones(2)), ("a", [1, 2]), (["a"], nd.ones((1, 3))),
                            (["a", "b"], nd.ones((3, 2))), ("a", nd.ones((1, 1, 2)))):
        with pytest.raises(AssertionError, match="new_vectors"):
            e.update_token_vectors(tokens, vectors)
    with pytest.raises(ValueError, match="Token q is unknown"):
        e.update_token_vectors(["a", "q"], nd.ones((2, 2)))
    assert values(e.idx_to_vec) == [[9, 10], [0, 1], [7, 8]]


def test_composite(write):
    one = embedding.CustomEmbedding(write("a 1 2\nb 3 4\n", "1"), init_unknown_vec=nd.ones)
    two = embedding.CustomEmbedding(write("c 5\t\nb 6\t\n".replace("\t", " 0"), "2"), unknown_token="?")
    both = embedding.CompositeEmbedding(Vocabulary(Counter("abbccc"), unknown_token="a"), [one, two])
    assert both.idx_to_token == ["a", "c", "b"] and both.vec_len == 4
    assert values(both.idx_to_vec) == [[1, 1, 0, 0], [1, 1, 5, 0], [3, 4, 6, 0]]
    assert embedding.CompositeEmbedding(Vocabulary(), one).vec_len == 2
    for vocabulary, parts in ((Vocabulary(), "x"), ("x", one), (Vocabulary(), (one,)), (Vocabulary(), [])):
        with pytest.raises(AssertionError, match="The argument"):
            embedding.CompositeEmbedding(vocabulary, parts)


def test_feeds_an_embedding_layer(write):
    e = embedding.CustomEmbedding(write("a 1 2\nb 3 4\n"))
    layer = mx.gluon.nn.Embedding(len(e), e.vec_len)
    layer.initialize()
    layer.weight.set_data(e.idx_to_vec)
    assert values(layer(nd.array(e.to_indices(["b", "zz"])))) == [[3, 4], [0, 0]]


# ------------------------------------------------------------------------------------------ files that are known


def test_names():
    names = embedding.get_pretrained_file_names()
    assert len(names["glove"]) == 10 and len(names["fasttext"]) == 327
    assert embedding.get_pretrained_file_names("fasttext")[0] == "crawl-300d-2M.vec"
    for call in (lambda: embedding.get_pretrained_file_names("GloVe"),
                 lambda: embedding.create("glove", pretrained_file_name="wiki.aa.vec"),
                 lambda: embedding.FastText("glove.6B.50d.txt")):
        with pytest.raises(KeyError, match="Cannot find"):
            call()
    with pytest.raises(AssertionError, match="foo is not registered"):
        embedding.create("foo")
    with pytest.raises(AssertionError, match="subclass"):
        embedding.register(int)


def test_addresses(monkeypatch):
    monkeypatch.delenv("MXNET_GLUON_REPO", raising=False)
    start = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/embeddings/"
    url = embedding.GloVe._get_pretrained_file_url
    assert url("glove.6B.50d.txt") == start + "glove/glove.6B.zip"
    assert url("glove.twitter.27B.25d.txt") == start + "glove/glove.twitter.27B.zip"
    assert url("glove.42B.300d.txt") == start + "glove/glove.42B.300d.zip"
    assert embedding.FastText._get_pretrained_file_url("wiki.simple.vec") == start + "fasttext/wiki.simple.zip"
    monkeypatch.setenv("MXNET_GLUON_REPO", "https://x.y")
    assert url("glove.6B.50d.txt") == "https://x.y/gluon/embeddings/glove/glove.6B.zip"


def sha1(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def test_local_and_downloaded(tmp_path, monkeypatch):
    """From a file that is there; else from the archive, which is fetched; else an error that says what to do."""
    vectors = tmp_path / "server/gluon/embeddings/mine/my.vec"
    vectors.parent.mkdir(parents=True)
    vectors.write_text("hello 1 2\n")
    archive = vectors.with_name("my.zip")
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(vectors, "my.vec")

    class Mine(embedding._TokenEmbedding):
        pretrained_file_name_sha1 = {"my.vec": sha1(vectors)}
        pretrained_archive_name_sha1 = {"my.zip": sha1(archive)}

        def __init__(self, root, **kwargs):
            super().__init__(**kwargs)
            self._load_embedding(self._get_pretrained_file(root, "my.vec"), " ", nd.zeros)

        @classmethod
        def _get_download_file_name(cls, name):
            return "my.zip"

    with serving(tmp_path / "server") as web:
        monkeypatch.setenv("MXNET_GLUON_REPO", web.url)
        assert values(Mine(str(tmp_path / "root")).get_vecs_by_tokens("hello")) == [1, 2]
    assert values(Mine(str(tmp_path / "root")).get_vecs_by_tokens("hello")) == [1, 2]
    with pytest.raises(mx.MXNetError, match=r"my.vec with the SHA-1 .*CustomEmbedding"):
        Mine(str(tmp_path / "other"))
    (tmp_path / "other/mine/my.vec").write_text("something else")
    with pytest.raises(mx.MXNetError, match="the one that is there has another SHA-1"):
        Mine(str(tmp_path / "other"))


def test_default_folder(tmp_path, monkeypatch, write):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    path = tmp_path / "embeddings/fasttext/wiki.simple.vec"
    write("1 2\nhi 1 2\n", path)
    monkeypatch.setitem(embedding.FastText.pretrained_file_name_sha1, "wiki.simple.vec", sha1(path))
    with pytest.warns(UserWarning, match="header"):
        assert values(embedding.create("fasttext").get_vecs_by_tokens("hi")) == [1, 2]
