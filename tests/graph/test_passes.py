"""Passes over graphs keep values and gradients, and do what they are for."""

import operator

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import sym
from mxnet.graph.lower import lower
from mxnet.graph.passes import RECORDED, inference
from mxnet.graph.passes.common import without_repeats
from mxnet.graph.passes.constants import Constant, constant, fold_constants
from mxnet.graph.passes.in_place import reuse_memory
from mxnet.graph.passes.norms import fold_norms
from mxnet.graph.passes.unused import drop_unused
from mxnet.graph.passes.views import share_inner, share_memory
from mxnet.ops import registry

CPU = torch.device("cpu")


def tensors_for(symbol, seed=0, **shapes):
    """One tensor for each input of the program, in its order."""
    arguments, _, auxiliary = symbol.infer_shape(**shapes)
    known = dict(zip(symbol.list_arguments(), arguments, strict=True))
    known |= dict(zip(symbol.list_auxiliary_states(), auxiliary, strict=True))
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(known[node.name], generator=generator) + 0.1 for node in lower(symbol).inputs]


def run(program, tensors, train=False):
    return program.run(tensors, train, None, CPU)


def check(symbol, passes, train=False, rtol=0, **shapes):
    """Values stay, without gradients; where they are recorded, gradients stay as well.  Returns the program."""
    tensors = tensors_for(symbol, **shapes)
    plain, rewritten = lower(symbol), lower(symbol, passes=passes)
    with torch.no_grad():
        left = [t.clone() for t in tensors]
        expected = run(plain, left, train)
        for _ in range(2):
            given = [t.clone() for t in tensors]
            for got, want in zip(run(rewritten, given, train), expected, strict=True):
                torch.testing.assert_close(got, want, rtol=rtol, atol=rtol)
                assert got.is_contiguous() or not want.is_contiguous()
                assert all(got.untyped_storage().data_ptr() != t.untyped_storage().data_ptr() for t in given)
            if not train:
                # a fixed gamma becomes 1, unless the layer has been folded into another
                assert all(torch.equal(a, b) or torch.equal(a, c) for a, b, c in zip(given, left, tensors, strict=True))
    if share_inner in passes or passes == RECORDED:
        grads = [gradients(program, tensors, train) for program in (plain, rewritten)]
        for one, other in zip(*grads, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
    return rewritten


def gradients(program, tensors, train):
    leaves = [t.clone().requires_grad_() for t in tensors]
    outputs = run(program, leaves, train)
    heads = [o for o in outputs if o.requires_grad]
    if heads:
        torch.autograd.backward(heads, [torch.linspace(0, 1, o.numel()).view(o.shape) for o in heads])
    return [torch.zeros_like(t) if t.grad is None else t.grad for t in leaves]


def targets(program):
    return [node.target for node in program.module.graph.nodes if node.op == "call_function"]


def fn(name):
    return registry.get(name).fn


x, y = sym.var("x"), sym.var("y")


# ------------------------------------------------------------------------------------------ constants


def test_constants_are_computed_once():
    steps = sym.sqrt(sym.arange(0, 6) + 1).reshape((2, 3))
    program = check(sym.broadcast_mul(x, steps) + sym.ones((2, 3)), (fold_constants,), x=(2, 3))
    found = targets(program)
    assert found.count(constant) == 2 and fn("_arange") not in found and fn("sqrt") not in found
    kept = [v for v in vars(program.module).values() if isinstance(v, Constant)]
    assert len(kept) == 2 and all(k.on(CPU) is k.on(CPU) for k in kept)


def test_large_constants_are_not_kept():
    program = check(sym.sum(sym.broadcast_add(x, sym.zeros((2200, 2200)))), (fold_constants,), x=(1, 1))
    kept = next(v for v in vars(program.module).values() if isinstance(v, Constant))
    assert kept.on(CPU) is not kept.on(CPU)


def test_constants_that_leave_or_are_written_stay():
    weight, grad = sym.var("weight"), sym.var("grad")
    momentum = sym.sgd_mom_update(weight, grad, sym.zeros((3,)), lr=0.1, momentum=0.9)
    graph = sym.Group([sym.ones((3,)), momentum, x * 1])
    tensors = tensors_for(graph, x=(3,), weight=(3,), grad=(3,))
    program = lower(graph, passes=(fold_constants,))
    assert constant not in targets(program)
    first = [t.clone() for t in run(program, [t.clone() for t in tensors])]
    again = run(program, [t.clone() for t in tensors])
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_random_numbers_are_no_constants():
    noise = x + sym.random.uniform(shape=(3,))
    program = lower(noise, passes=inference())
    assert constant not in targets(program)


# ------------------------------------------------------------------------------------------ repeats


@pytest.mark.parametrize(("make", "saved"), [
    (lambda a, b: (a + 1) + (a + 2), 0),
    (lambda a, b: (a + b) + (a + b), 1),
    (lambda a, b: sym.exp((a + b) * b) - sym.exp((a + b) * b), 3),
    (lambda a, b: sym.Group([a * b, a * b]), 0),
    (lambda a, b: sym.Group([a * b + 1, a * b + 1]), 1),
    (lambda a, b: sym.Dropout(a) + sym.Dropout(a), 0),
    (lambda a, b: sym.MakeLoss(a) + sym.MakeLoss(a), 0),
    (lambda a, b: sym.split(a, num_outputs=2)[0] + sym.split(a, num_outputs=2)[1], 1),
])
def test_repeats(make, saved):
    symbol = make(x, y)
    less = without_repeats(symbol)
    assert len(symbol._nodes()) - len(less._nodes()) == saved
    assert less.list_arguments() == symbol.list_arguments()
    shapes = dict.fromkeys(symbol.list_arguments(), (2, 4))
    tensors = tensors_for(symbol, **shapes)
    for one, other in zip(run(lower(symbol), tensors), run(lower(less), tensors), strict=True):
        assert torch.equal(one, other)
    outputs = run(lower(less), tensors)
    assert len({o.data_ptr() for o in outputs}) == len(outputs)
    for one, other in zip(gradients(lower(symbol), tensors, False), gradients(lower(less), tensors, False),
                          strict=True):
        torch.testing.assert_close(one, other)


def test_repeats_can_be_kept(monkeypatch):
    monkeypatch.setenv("MXNET_ELIMINATE_COMMON_EXPR", "0")
    symbol = (x + y) * (x + y)
    assert without_repeats(symbol) is symbol


def test_repeated_states_that_are_written_stay_apart():
    w, g = sym.var("w"), sym.var("g")
    first = sym.sgd_mom_update(w, g, sym.zeros((3,)), lr=0.1, momentum=0.9)
    second = sym.sgd_mom_update(w, g, sym.zeros((3,)), lr=0.2, momentum=0.9)
    both = sym.Group([first, second])
    assert without_repeats(both) is both


# ------------------------------------------------------------------------------------------ unused outputs


@pytest.mark.parametrize("name", ["BatchNorm", "LayerNorm", "GroupNorm"])
def test_unused_statistics(name):
    normalized = getattr(sym, name)(x, output_mean_var=True, name="n")
    program = check(normalized[0] * 2, (drop_unused,), train=name == "BatchNorm", rtol=1e-6, x=(2, 3, 4))
    assert operator.getitem not in targets(program)
    assert all("output_mean_var" not in node.kwargs for node in program.module.graph.nodes)
    used = check(sym.Group([normalized[0], normalized[1]]), (drop_unused,), x=(2, 3, 4))
    assert operator.getitem in targets(used)


@pytest.mark.parametrize("index", [0, 1])
def test_half_of_topk(index):
    program = check(sym.topk(x, k=2, ret_typ="both")[index] + 1, (drop_unused,), x=(3, 5))
    node = next(n for n in program.module.graph.nodes if n.target is fn("topk"))
    assert node.kwargs["ret_typ"] == ("value", "indices")[index]


# ------------------------------------------------------------------------------------------ views


COPYING = {
    "Reshape": lambda s: sym.reshape(s, shape=(0, -1)),
    "Flatten": sym.Flatten,
    "expand_dims": lambda s: sym.expand_dims(s, axis=1),
    "squeeze": lambda s: sym.squeeze(sym.expand_dims(s, axis=0), axis=0),
    "reshape_like": lambda s: sym.reshape_like(s, s * 2),
    "_copy": sym.identity,
    "BlockGrad": sym.BlockGrad,
}


@pytest.mark.parametrize("share", [share_memory, share_inner])
@pytest.mark.parametrize("name", COPYING)
def test_copies_become_views(name, share):
    inner = sym.exp(x)
    program = check(sym.tanh(COPYING[name](inner)) * 2, (share,), x=(2, 3, 4))
    assert fn(name) not in targets(program)


@pytest.mark.parametrize("name", COPYING)
def test_outputs_stay_copies(name):
    if name != "squeeze":
        program = check(sym.Group([COPYING[name](x), sym.tanh(COPYING[name](x))]), (share_memory,), x=(2, 3, 4))
        assert targets(program).count(fn(name)) == 1


def test_views_of_inputs_are_for_inference():
    flat = sym.tanh(sym.Flatten(x))
    assert fn("Flatten") not in targets(check(flat, (share_memory,), x=(2, 3, 4)))
    assert fn("Flatten") in targets(check(flat, (share_inner,), x=(2, 3, 4)))


def test_attention_without_copies():
    heads = sym.reshape(sym.transpose(sym.reshape(sym.exp(x), shape=(0, 0, 2, -1)), axes=(0, 2, 1, 3)),
                        shape=(-3, 0, 0))
    scores = sym.batch_dot(heads, sym.transpose(heads, axes=(0, 2, 1)))
    for share in (share_memory, share_inner):
        program = check(sym.softmax(scores), (share,), rtol=1e-6, x=(2, 5, 6))
        assert fn("transpose") not in targets(program)


def test_transposed_for_others_is_copied():
    program = check(sym.softmax(sym.transpose(sym.exp(x))), (share_memory,), x=(3, 4))
    assert fn("transpose") in targets(program)


@pytest.mark.parametrize("make", [
    lambda s: sym.sigmoid(sym.split(s, num_outputs=2)[0]) * sym.tanh(sym.split(s, num_outputs=2)[1]),
    lambda s: sym.relu(sym.slice_axis(s, axis=1, begin=1, end=3)),
    lambda s: sym.slice(s, begin=(0, 1), end=(2, 4)) + 1,
    lambda s: sym.slice(s, begin=(None, 3), end=(None, None), step=(1, -1)) + 1,
])
def test_slices(make):
    for share in (share_memory, share_inner):
        program = check(make(sym.exp(x)), (share,), x=(2, 4))
        assert not {fn("split"), fn("slice_axis"), fn("slice")} & set(targets(program))


def test_what_is_written_is_not_shared():
    momentum = sym.exp(x)
    flat = sym.reshape(momentum, shape=(-1,))
    updated = sym.sgd_mom_update(y, y * 2, momentum, lr=0.5, momentum=0.9)
    program = check(sym.Group([updated, flat * 2]), (share_memory,), x=(2, 3), y=(2, 3))
    assert fn("Reshape") in targets(program)


def test_dropout_disappears_from_inference():
    program = check(sym.tanh(sym.Dropout(sym.exp(x), p=0.5)), (share_memory,), x=(2, 3))
    assert fn("Dropout") not in targets(program)
    always = lower(sym.tanh(sym.Dropout(x, p=0.5, mode="always")), passes=(share_memory,))
    assert fn("Dropout") in targets(always)
    output = check(sym.Dropout(x), (share_memory,), x=(2, 3))
    assert fn("Dropout") in targets(output)


# ------------------------------------------------------------------------------------------ in place


def test_in_place_where_nobody_reads():
    conv = sym.Convolution(x, kernel=(3, 3), num_filter=4, pad=(1, 1), name="c")
    program = check(sym.relu(sym.Activation(conv, act_type="relu") * 2), (reuse_memory,), x=(1, 4, 5, 5))
    assert fn("Activation") not in targets(program) and fn("relu") in targets(program)
    program = check(sym.clip(x + conv, 0, 0.5), (reuse_memory,), x=(1, 4, 5, 5))
    assert not {fn("clip"), fn("elemwise_add"), fn("broadcast_add")} & set(targets(program))
    twice = check(sym.Group([sym.relu(conv), conv]), (reuse_memory,), x=(1, 4, 5, 5))
    assert fn("relu") in targets(twice)


def test_sums_that_do_not_fit_in_place():
    dense = sym.FullyConnected(x, num_hidden=1, name="d")
    check(sym.broadcast_add(dense, y), (reuse_memory,), x=(2, 3), y=(2, 5))
    check(sym.broadcast_add(y, dense), (reuse_memory,), x=(2, 3), y=(2, 5))
    unlike = lower(sym.elemwise_add(dense, y), passes=(reuse_memory,))
    with pytest.raises(mx.MXNetError, match=r"elemwise_add.*one shape"):
        run(unlike, [torch.ones(2, 3), torch.ones(1, 3), torch.ones(1), torch.ones(2, 5)])


# ------------------------------------------------------------------------------------------ joined weights


LAYERS = {
    "conv": (lambda: sym.Convolution(x, kernel=(3, 3), num_filter=4, num_group=2, name="l"), (2, 4, 6, 6), 1),
    "conv without bias": (lambda: sym.Convolution(x, kernel=(3,), num_filter=4, no_bias=True, name="l"), (2, 3, 6), 1),
    "deconv": (lambda: sym.Deconvolution(x, kernel=(3, 3), stride=(2, 2), num_filter=6, num_group=2, name="l"),
               (2, 4, 5, 5), -3),
    "deconv with bias": (lambda: sym.Deconvolution(x, kernel=(2, 2), num_filter=3, no_bias=False, name="l"),
                         (2, 4, 5, 5), 1),
    "dense": (lambda: sym.FullyConnected(x, num_hidden=5, name="l"), (3, 4), 1),
    "dense on last axis": (lambda: sym.FullyConnected(x, num_hidden=5, flatten=False, name="l"), (3, 2, 4), -1),
}


@pytest.mark.parametrize("fix_gamma", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_joined_weights(name, fix_gamma):
    make, shape, axis = LAYERS[name]
    symbol = sym.BatchNorm(make(), fix_gamma=fix_gamma, axis=axis, eps=1e-3, name="n")
    fold = [drop_unused, lambda graph, root: fold_norms(graph, root, lambda node: node.name != "x")]
    program = check(symbol, fold, rtol=1e-5, x=shape)
    assert fn("BatchNorm") not in targets(program)
    with_relu = sym.contrib.BatchNormWithReLU(make(), fix_gamma=fix_gamma, axis=axis, name="n")
    assert torch.relu in targets(check(with_relu, fold, rtol=1e-5, x=shape))


def test_not_joined():
    conv = sym.Convolution(x, kernel=(1, 1), num_filter=4, name="l")
    for symbol, trained in [(sym.BatchNorm(conv, name="n"), "n_gamma"), (sym.BatchNorm(conv, name="n"), "l_weight"),
                            (sym.BatchNorm(conv, name="n", axis=2), None),
                            (sym.Group([sym.BatchNorm(conv, name="n"), conv]), None),
                            (sym.BatchNorm(conv, name="n", output_mean_var=True), None)]:
        fold = [drop_unused,
                lambda graph, root, trained=trained: fold_norms(graph, root, lambda n: n.name not in ("x", trained))]
        assert fn("BatchNorm") in targets(check(symbol, fold, x=(2, 3, 4, 4)))


def test_errors_name_the_node_of_rewritten_graphs():
    conv = sym.Convolution(x, kernel=(1, 1), num_filter=4, name="layer")
    symbol = sym.relu(sym.Flatten(sym.BatchNorm(conv, name="normalized")) + y)
    program = lower(symbol, passes=inference(lambda node: node.name not in ("x", "y")))
    good = tensors_for(symbol, x=(2, 3, 4, 4), y=(2, 64))
    for place, wrong, node in ((0, torch.ones(2, 5, 4, 4), "layer"), (3, torch.ones(7), "normalized")):
        tensors = list(good)
        tensors[place] = wrong
        with pytest.raises(mx.MXNetError, match=node):
            run(program, tensors)


# ------------------------------------------------------------------------------------------ all together


def test_executor_shows_what_it_runs():
    symbol = sym.exp(x + y) * sym.exp(x + y)
    executor = symbol.simple_bind(mx.cpu(), x=(2,), y=(2,))
    assert len(symbol.get_internals()) - len(executor.get_optimized_symbol().get_internals()) == 2
    executor.forward(is_train=True, x=mx.nd.ones(2), y=mx.nd.ones(2))
    executor.backward(mx.nd.ones(2))
    np.testing.assert_allclose(executor.grad_dict["x"].asnumpy(), 2 * np.exp(4), rtol=1e-6)


def test_a_network_with_everything():
    body = sym.BatchNorm(sym.Convolution(x, kernel=(3, 3), pad=(1, 1), num_filter=3, name="a"), name="b")
    body = sym.relu(body + x)
    flat = sym.Dropout(sym.Flatten(body), p=0.3)
    out = sym.FullyConnected(sym.broadcast_mul(flat, sym.ones((1, 1))), num_hidden=4, name="d")
    check(sym.softmax(out), inference(lambda node: node.name != "x"), rtol=1e-5, x=(2, 3, 4, 4))
    check(sym.softmax(out), RECORDED, x=(2, 3, 4, 4))
