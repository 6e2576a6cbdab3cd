"""gluon.model_zoo: names, parameters, printed text, graphs and outputs are MXNet's; weights come from a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import zoo_cases
from golden.gluon.answers import check, check_refused, recorded
from mxnet.base import MXNetError
from mxnet.gluon.model_zoo import model_store, vision

ZOO = recorded("zoo")


@pytest.mark.parametrize("text", zoo_cases.MODELS)
def test_what_a_network_is(text: str) -> None:
    wanted = ZOO["models"][text]
    check(zoo_cases.describe(mx, text), {key: wanted[key] for key in ("number", "params", "paths", "repr")})


@pytest.mark.parametrize("text", zoo_cases.MODELS)
def test_the_graph_of_a_network(text: str) -> None:
    wanted = ZOO["models"][text]
    check(zoo_cases.graph(mx, text), {key: wanted[key] for key in ("outputs", "wiring")})


@pytest.mark.parametrize(("text", "size"), zoo_cases.RUNS, ids=[text for text, _ in zoo_cases.RUNS])
def test_what_a_network_computes(text: str, size: int) -> None:
    wanted = ZOO["runs"][text]
    check(zoo_cases.run(mx, text, size), wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted["data"]).max())


@pytest.mark.parametrize("text", zoo_cases.REFUSED)
def test_what_is_refused(text: str) -> None:
    kind, message = ZOO["refused"][text]
    with pytest.raises(Exception) as caught:
        zoo_cases.make(mx, text)
    check_refused(caught.value, kind)
    if message:
        assert str(caught.value) == message


def test_a_network_reaches_its_weights_by_any_context_and_trains() -> None:
    net = vision.resnet18_v1(classes=3, thumbnail=True)
    net.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    x = mx.nd.ones((2, 3, 8, 8), ctx=mx.cpu(1))
    with mx.autograd.record():
        net(x).sum().backward()
    assert net.output.weight.grad(mx.cpu(1)).asnumpy().any()


class Server:
    """Stands in for the network: 'downloads' archives that tests put into a folder."""

    def __init__(self, folder) -> None:
        self.folder, self.urls = folder, []
        folder.mkdir()

    def put(self, name: str, net, sha1: str | None = None) -> str:
        """Archive the weights of `net`; returns their SHA-1 after making it the expected one."""
        params = self.folder / "w.params"
        net.save_parameters(str(params))
        sha1 = sha1 or hashlib.sha1(params.read_bytes()).hexdigest()
        stem = f"{name}-{sha1[:8]}"
        with zipfile.ZipFile(self.folder / f"{stem}.zip", "w") as archive:
            archive.write(params, f"{stem}.params")
        return sha1

    def download(self, url: str, path: str, overwrite: bool) -> str:
        self.urls.append(url)
        shutil.copy(self.folder / url.rsplit("/", 1)[1], path)
        return path


@pytest.fixture
def server(tmp_path, monkeypatch):
    server = Server(tmp_path / "server")
    monkeypatch.setattr(model_store, "download", server.download)
    monkeypatch.setenv("MXNET_GLUON_REPO", "http://host/repo")
    return server


class TestModelStore:
    NAME = "mobilenet0.25"

    def net(self):
        net = vision.mobilenet0_25()
        net.initialize()
        net(mx.nd.ones((1, 3, 32, 32)))
        return net

    def test_pretrained(self, server, tmp_path, monkeypatch) -> None:
        net, root = self.net(), str(tmp_path / "models")
        monkeypatch.setitem(model_store._model_sha1, self.NAME, server.put(self.NAME, net))
        loaded = vision.get_model(self.NAME, pretrained=True, root=root, ctx=mx.cpu(1))
        x = mx.nd.ones((1, 3, 32, 32))
        out = loaded(x.as_in_context(mx.cpu(1)))
        np.testing.assert_array_equal(out.asnumpy(), net(x).asnumpy())
        short = model_store.short_hash(self.NAME)
        assert server.urls == [f"http://host/repo/gluon/models/{self.NAME}-{short}.zip"]
        assert os.listdir(root) == [f"{self.NAME}-{short}.params"]

        vision.get_model(self.NAME, pretrained=True, root=root)
        assert len(server.urls) == 1, "what is there is not downloaded again"

        path = model_store.get_model_file(self.NAME, root=root)
        with open(path, "wb") as file:
            file.write(b"changed")
        assert model_store.get_model_file(self.NAME, root=root) == path
        assert len(server.urls) == 2
        assert model_store.check_sha1(path, model_store._model_sha1[self.NAME])

    def test_wrong_content(self, server, tmp_path, monkeypatch) -> None:
        root = tmp_path / "models"
        monkeypatch.setitem(model_store._model_sha1, self.NAME, server.put(self.NAME, self.net(), "1" * 40))
        with pytest.raises(ValueError, match="different hash"):
            model_store.get_model_file(self.NAME, root=str(root))
        (server.folder / f"{self.NAME}-11111111.zip").write_bytes(b"a page that says no")
        with pytest.raises(ValueError, match="no archive"):
            model_store.get_model_file(self.NAME, root=str(root))
        assert os.listdir(root) == []

    def test_without_a_network_the_error_says_where_to_put_the_file(self, tmp_path, monkeypatch) -> None:
        def offline(url, path, overwrite):
            raise MXNetError(f"Failed downloading url {url}")

        monkeypatch.setattr(model_store, "download", offline)
        path = tmp_path / f"{self.NAME}-{model_store.short_hash(self.NAME)}.params"
        with pytest.raises(MXNetError, match=str(path)):
            vision.mobilenet0_25(pretrained=True, root=str(tmp_path))
        assert os.listdir(tmp_path) == []

    def test_purge(self, tmp_path) -> None:
        for name in ("a.params", "b.params", "a.txt"):
            (tmp_path / name).touch()
        model_store.purge(str(tmp_path))
        assert os.listdir(tmp_path) == ["a.txt"]

    def test_table_of_hashes(self) -> None:
        assert zoo_cases.digest(sorted(model_store._model_sha1.items())) == ZOO["sha1"]
