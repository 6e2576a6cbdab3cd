"""Downloads and hooks of gluon.utils; splitting and clipping are compared with MXNet in test_trainer.py."""

from __future__ import annotations

import hashlib
import pickle
import sys
import threading
from collections import OrderedDict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.gluon import utils

HELLO = hashlib.sha1(b"hello").hexdigest()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "f.txt").write_bytes(b"hello")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(params=["as installed", "without requests"])
def client(request, monkeypatch):
    if request.param == "without requests":
        monkeypatch.setitem(sys.modules, "requests", None)


@pytest.mark.usefixtures("client")
def test_download(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert utils.download(server + "f.txt") == "f.txt"
    target = tmp_path / "new" / "folder" / "g.txt"
    assert utils.download(server + "f.txt", path=str(target), sha1_hash=HELLO) == str(target)
    assert target.read_bytes() == b"hello" and utils.check_sha1(str(target), HELLO)
    assert utils.download("http://127.0.0.1:9/g.txt", path=str(target.parent)) == str(target)  # is there already
    target.write_bytes(b"other")
    utils.download(server + "f.txt", path=str(target), sha1_hash=HELLO)
    assert target.read_bytes() == b"hello"
    target.write_bytes(b"other")
    utils.download(server + "f.txt", path=str(target), overwrite=True)
    assert target.read_bytes() == b"hello"
    assert [p.name for p in target.parent.iterdir()] == ["g.txt"]


@pytest.mark.usefixtures("client")
def test_failed_download_leaves_nothing(server, tmp_path, capsys):
    with pytest.raises(mx.MXNetError, match=r"Failed downloading url .*nope.txt: .*404"):
        utils.download(server + "nope.txt", path=str(tmp_path / "x" / "n"), retries=2)
    assert capsys.readouterr().out.count("Downloading") == 2
    with pytest.raises(UserWarning, match="the content hash does not match"):
        utils.download(server + "f.txt", path=str(tmp_path / "x" / "n"), sha1_hash="abc", retries=0)
    with pytest.raises(mx.MXNetError, match="Without a network"):
        utils.download("http://127.0.0.1:9/f.txt", path=str(tmp_path / "x" / "n"), retries=0)
    assert list((tmp_path / "x").iterdir()) == []


def test_download_arguments(server, tmp_path):
    with pytest.raises(AssertionError, match="Can't construct file-name from this URL"):
        utils.download("http://127.0.0.1:9/")
    with pytest.raises(AssertionError, match="Number of retries should be at least 0, currently it's -1"):
        utils.download("http://127.0.0.1:9/x", retries=-1)
    with pytest.warns(UserWarning, match="Unverified HTTPS request is being made"):
        utils.download(server + "f.txt", path=str(tmp_path / "f"), verify_ssl=False)


def test_replace_file(tmp_path):
    with pytest.raises(OSError, match="Moving downloaded temp file"):
        utils.replace_file(str(tmp_path / "none"), str(tmp_path / "target"))


def test_hook_handle():
    hooks, handle = OrderedDict(), utils.HookHandle()
    handle.attach(hooks, print)
    assert list(hooks.values()) == [print]
    with pytest.raises(AssertionError, match="The same handle cannot be attached twice"):
        handle.attach(hooks, print)
    handle.detach()
    handle.detach()
    assert not hooks
    with utils.HookHandle() as handle:
        handle.attach(hooks, len)
        assert hooks
    assert not hooks
    assert pickle.loads(pickle.dumps(handle))._id == handle._id


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_clip_global_norm_of_other_dtypes(dtype):
    """MXNet's raises here; a user of mixed precision needs it."""
    arrays = [nd.array([300, 400], dtype=dtype), nd.array([0.0], dtype="float32", ctx=mx.cpu(1))]
    assert utils.clip_global_norm(arrays, 5) == 500
    np.testing.assert_allclose(arrays[0].asnumpy(), [3, 4], rtol=1e-3)


def test_clip_global_norm_of_gradients_leaves_their_arrays():
    x = nd.ones(4)
    x.attach_grad()
    with mx.autograd.record():
        (x * 3).sum().backward()
    grad = x.grad
    assert utils.clip_global_norm([grad], 1) == 6
    assert x.grad is grad
    np.testing.assert_allclose(grad.asnumpy(), 0.5, rtol=1e-6)
