"""gluon.model_zoo: names, parameters, printed text, graphs and outputs are MXNet's; weights come from a folder."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import zipfile

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import zoo_cases
from golden.gluon.answers import check, check_refused, recorded
from mxnet.base import MXNetError
from mxnet.gluon.model_zoo import model_store, vision
from web import serving

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


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of archives, which `put` makes."""
    with serving(tmp_path / "server") as web:
        monkeypatch.setenv("MXNET_GLUON_REPO", web.url + "repo")
        yield web


def put(server, name: str, net, sha1: str | None = None) -> str:
    """Archive the weights of `net`; returns the SHA-1 that is part of their name."""
    folder = server.folder / "repo" / "gluon" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    params = folder / "w.params"
    net.save_parameters(str(params))
    sha1 = sha1 or hashlib.sha1(params.read_bytes()).hexdigest()
    stem = f"{name}-{sha1[:8]}"
    with zipfile.ZipFile(folder / f"{stem}.zip", "w") as archive:
        archive.write(params, f"{stem}.params")
    return sha1


class TestModelStore:
    NAME = "mobilenet0.25"

    def net(self):
        net = vision.mobilenet0_25()
        net.initialize()
        net(mx.nd.ones((1, 3, 32, 32)))
        return net

    def test_pretrained(self, server, tmp_path, monkeypatch) -> None:
        net, root = self.net(), str(tmp_path / "models")
        monkeypatch.setitem(model_store._model_sha1, self.NAME, put(server, self.NAME, net))
        server.cuts = [100_000]
        loaded = vision.get_model(self.NAME, pretrained=True, root=root, ctx=mx.cpu(1))
        x = mx.nd.ones((1, 3, 32, 32))
        out = loaded(x.as_in_context(mx.cpu(1)))
        np.testing.assert_array_equal(out.asnumpy(), net(x).asnumpy())
        short = model_store.short_hash(self.NAME)
        assert server.asked == [f"/repo/gluon/models/{self.NAME}-{short}.zip"] * 2
        assert server.ranges[1].startswith("bytes="), "it went on where it broke off"
        assert os.listdir(root) == [f"{self.NAME}-{short}.params"]

        vision.get_model(self.NAME, pretrained=True, root=root)
        assert len(server.asked) == 2, "what is there is not downloaded again"

        path = model_store.get_model_file(self.NAME, root=root)
        with open(path, "wb") as file:
            file.write(b"changed")
        assert model_store.get_model_file(self.NAME, root=root) == path
        assert len(server.asked) == 3
        assert model_store.check_sha1(path, model_store._model_sha1[self.NAME])

    def test_wrong_content(self, server, tmp_path, monkeypatch) -> None:
        root = tmp_path / "models"
        monkeypatch.setitem(model_store._model_sha1, self.NAME, put(server, self.NAME, self.net(), "1" * 40))
        with pytest.raises(ValueError, match="different hash"):
            model_store.get_model_file(self.NAME, root=str(root))
        (server.folder / f"repo/gluon/models/{self.NAME}-11111111.zip").write_bytes(b"a page that says no")
        with pytest.raises(ValueError, match="no archive"):
            model_store.get_model_file(self.NAME, root=str(root))
        assert os.listdir(root) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
    def test_one_of_several_processes_downloads(self, server, tmp_path, monkeypatch) -> None:
        root = str(tmp_path / "models")
        monkeypatch.setitem(model_store._model_sha1, self.NAME, put(server, self.NAME, self.net()))
        fork = multiprocessing.get_context("fork")
        several = [fork.Process(target=model_store.get_model_file, args=(self.NAME, root)) for _ in range(4)]
        for process in several:
            process.start()
        for process in several:
            process.join()
        assert [process.exitcode for process in several] == [0] * 4
        assert len(server.asked) == 1
        assert os.listdir(root) == [f"{self.NAME}-{model_store.short_hash(self.NAME)}.params"]

    def test_models_of_other_packages(self, server, tmp_path, monkeypatch) -> None:
        """They add to the table of hashes, and have a server of their own."""
        monkeypatch.setitem(model_store._model_sha1, "own_net", put(server, "own_net", self.net()))
        path = model_store.get_model_file("own_net", root=str(tmp_path / "models"))
        vision.mobilenet0_25().load_parameters(path)

    def test_without_a_network_the_error_says_where_to_put_the_file(self, tmp_path, monkeypatch) -> None:
        monkeypatch.setenv("MXNET_GLUON_REPO", "http://127.0.0.1:9/")
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
