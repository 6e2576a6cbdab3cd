"""Block.save and Block.load: files as MXNet's, both ways."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import model_file_nets
from mxnet import nd
from mxnet.gluon import nn

RECORDED = Path(model_file_nets.__file__).parent / "model_files"


def net():
    return model_file_nets.Net(nn)


def keys(structure):
    """The make-up without names and graphs."""
    return {key: keys(value) if key != "symbol" else "..." for key, value in structure.items()
            if key not in ("orig_name", "inputs", "children")} if isinstance(structure, dict) else structure


@pytest.mark.parametrize("kind", ["plain", "hybridized"])
def test_files_of_mxnet(kind):
    loaded = net()
    loaded.load(str(RECORDED / kind))
    expected = np.full((2, 2), (0.25 * 3 * 0.25 * 2) / np.sqrt(1 + 1e-5), "float32")
    assert np.allclose(loaded(nd.ones((2, 3))).asnumpy(), expected)
    assert loaded.rest._active == (kind == "hybridized")


@pytest.mark.parametrize("kind", ["plain", "hybridized"])
def test_files_look_as_mxnets(tmp_path, kind):
    saved = net()
    saved.initialize(mx.init.Constant(0.25))
    if kind == "hybridized":
        saved.hybridize()
    out = saved(nd.ones((2, 3)))
    saved.save(str(tmp_path / kind))
    mine, theirs = (json.loads((folder / f"{kind}-model.json").read_text()) for folder in (tmp_path, RECORDED))
    assert json.dumps(keys(mine)).replace("net0", "") == json.dumps(keys(theirs)).replace("net0", "")
    assert list(mine["net0"]["children"].values()) == ["first", "rest"]
    params = [nd.load(str(folder / f"{kind}-model.params")) for folder in (tmp_path, RECORDED)]
    assert params[0].keys() == params[1].keys()
    loaded = net()
    loaded.load(str(tmp_path / kind))
    assert np.array_equal(loaded(nd.ones((2, 3))).asnumpy(), out.asnumpy())


class ByName(nn.Block):
    """Its children's keys are their names, which are others in each net."""

    def add(self, block):
        self._children[block.name] = block

    def forward(self, x):
        for child in self._children.values():
            x = child(x)
        return x


def by_name():
    made = ByName()
    made.add(nn.Dense(3, in_units=3))
    made.add(nn.Dense(2, in_units=3))
    return made


def test_children_get_their_keys(tmp_path):
    saved, loaded = by_name(), by_name()
    saved.initialize()
    assert list(saved._children) != list(loaded._children)
    saved.save(str(tmp_path / "net"))
    loaded.load(str(tmp_path / "net"))
    assert list(saved._children) == list(loaded._children)
    assert np.array_equal(loaded(nd.ones((1, 3))).asnumpy(), saved(nd.ones((1, 3))).asnumpy())
    loaded.hybridize()
    assert np.array_equal(loaded(nd.ones((1, 3))).asnumpy(), saved(nd.ones((1, 3))).asnumpy())


def test_another_net(tmp_path):
    saved = by_name()
    saved.initialize()
    saved.save(str(tmp_path / "net"))
    other = by_name()
    other.add(nn.Dense(1))
    before = list(other._children)
    with pytest.raises(mx.MXNetError, match=r"was saved with 2 children, but the block in its place, .*, has 3"):
        other.load(str(tmp_path / "net"))
    assert list(other._children) == before
    with pytest.raises(mx.MXNetError, match=r"saved as a block of class byname, but .*, is a net"):
        net().load(str(tmp_path / "net"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"a": 1}', '{"net0": {}}', "[" * 100000])
def test_damaged_files(tmp_path, content):
    (tmp_path / "net-model.json").write_text(content)
    with pytest.raises(mx.MXNetError, match="is damaged, or holds no make-up of a Block"):
        net().load(str(tmp_path / "net"))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        net().load(str(tmp_path / "net"))


def test_reset_ctx_of_a_symbol_block():
    x = mx.sym.var("x")
    block = nn.SymbolBlock(mx.sym.FullyConnected(x, num_hidden=2, name="fc"), x)
    block.initialize(mx.init.One())
    assert block(nd.ones((1, 3))).context == mx.cpu(0)
    block.reset_ctx([mx.cpu(1), mx.cpu(2)])
    assert [param.list_ctx() for param in block.collect_params().values()] == [[mx.cpu(1), mx.cpu(2)]] * 2
    out = block(nd.ones((1, 3), ctx=mx.cpu(1)))
    assert out.context == mx.cpu(1) and out.asnumpy().tolist() == [[4, 4]]  # the bias is 1, too
