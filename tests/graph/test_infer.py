"""Unknown sizes found by running a forward: by operator, what stays unknown, what stays untouched."""

import gc
import logging
import math
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mxnet.graph.infer import DataDependent, ShapeSolver, current_solver, inferring, is_fake, suspended


def tensor(*shape, dtype=torch.float32):
    return torch.zeros(shape, dtype=dtype)


def solve(forward, *shapes, dtype=torch.float32):
    """The shapes of a forward's parameters, given as the user wrote them."""
    solver = ShapeSolver()
    params = [solver.unknown(shape, dtype, "cpu") for shape in shapes]
    with solver:
        forward(*params)
    return [solver.solve(param) for param in params]


X = (4, 8)
attend = F.scaled_dot_product_attention
CASES = {
    "mm": (lambda w: tensor(*X).mm(w), [(0, 16)], [(8, 16)]),
    "mm with one input": (lambda w: tensor(4, 1).mm(w), [(0, 16)], [(1, 16)]),
    "minus one": (lambda w: tensor(*X).mm(w), [(-1, 16)], [(8, 16)]),
    "none": (lambda w: tensor(*X).mm(w), [(None, 16)], [(8, 16)]),
    "mv": (lambda w: tensor(*X) @ w, [(0,)], [(8,)]),
    "dot": (lambda w: tensor(8).dot(w), [(0,)], [(8,)]),
    "outer": (lambda w: torch.outer(tensor(8), w) + tensor(8, 5), [(0,)], [(5,)]),
    "matmul of a sequence": (lambda w: tensor(2, 3, 8) @ w, [(0, 16)], [(8, 16)]),
    "matmul with batches": (lambda w: tensor(5, 2, 3, 8) @ w, [(2, 0, 16)], [(2, 8, 16)]),
    "bmm": (lambda w: torch.bmm(tensor(4, 8, 3), w), [(0, 0, 7)], [(4, 3, 7)]),
    "linear": (lambda w, b: F.linear(tensor(*X), w, b), [(16, 0), (0,)], [(16, 8), (16,)]),
    "linear of sequence": (lambda w, b: F.linear(tensor(2, 4, 8), w, b), [(16, 0), (0,)], [(16, 8), (16,)]),
    "linear, one output": (lambda w, b: F.linear(tensor(*X), w, b), [(1, 0), (0,)], [(1, 8), (1,)]),
    "linear, one input": (lambda w, b: F.linear(tensor(4, 1), w, b), [(3, 0), (0,)], [(3, 1), (3,)]),
    "add": (lambda b: tensor(*X) + b, [(0,)], [(8,)]),
    "add to": (lambda b: b + tensor(*X), [(0,)], [(8,)]),
    "add (1, 0)": (lambda b: tensor(*X) + b, [(1, 0)], [(1, 8)]),
    "mul (0, 1)": (lambda b: tensor(*X) * b, [(0, 1)], [(4, 1)]),
    "scalars": (lambda b: (2 * b - 1) / torch.tensor(3.0) + tensor(*X), [(0,)], [(8,)]),
    "known 1": (lambda b: tensor(4, 1) * b, [(0,)], [(1,)]),
    "known 1, then more": (lambda b: tensor(4, 1) * b + tensor(4, 7), [(0,)], [(7,)]),
    "known 1, then a matrix": (lambda b, w: (tensor(4, 1) * b) @ w, [(0,), (0, 3)], [(1,), (1, 3)]),
    "channel scale": (lambda b: tensor(2, 8, 5) * b.view(1, -1, 1), [(0,)], [(8,)]),
    "one channel scale": (lambda b: tensor(2, 1, 5) * b.view(1, -1, 1), [(0,)], [(1,)]),
    "maximum": (lambda b: torch.maximum(tensor(*X), b), [(0,)], [(8,)]),
    "where": (lambda b: torch.where(tensor(*X) > 0, tensor(*X), b), [(0,)], [(8,)]),
    "conv1d": (lambda w, b: F.conv1d(tensor(2, 4, 9), w, b), [(6, 0, 3), (0,)], [(6, 4, 3), (6,)]),
    "conv2d": (lambda w, b: F.conv2d(tensor(2, 4, 9, 9), w, b), [(6, 0, 3, 3), (0,)], [(6, 4, 3, 3), (6,)]),
    "conv3d": (lambda w: F.conv3d(tensor(2, 4, 9, 9, 9), w), [(6, 0, 3, 3, 3)], [(6, 4, 3, 3, 3)]),
    "conv2d, groups": (lambda w: F.conv2d(tensor(2, 4, 9, 9), w, groups=2), [(6, 0, 3, 3)], [(6, 2, 3, 3)]),
    "conv2d, one": (lambda w: F.conv2d(tensor(2, 1, 9, 9), w), [(6, 0, 3, 3)], [(6, 1, 3, 3)]),
    "depthwise": (lambda w: F.conv2d(tensor(2, 4, 9, 9), w, groups=4), [(4, 0, 3, 3)], [(4, 1, 3, 3)]),
    "conv_transpose1d": (lambda w: F.conv_transpose1d(tensor(2, 4, 9), w), [(0, 6, 3)], [(4, 6, 3)]),
    "conv_transpose2d": (
        lambda w, b: F.conv_transpose2d(tensor(2, 4, 9, 9), w, b, groups=2),
        [(0, 6, 3, 3), (0,)],
        [(4, 6, 3, 3), (12,)],
    ),
    "layer_norm": (lambda g, b: F.layer_norm(tensor(2, 3, 8), (8,), g, b), [(0,), (0,)], [(8,), (8,)]),
    "layer_norm of 1": (lambda g, b: F.layer_norm(tensor(2, 1), (1,), g, b), [(0,), (0,)], [(1,), (1,)]),
    "embedding": (lambda w, v: F.embedding(tensor(2, 3).long(), w) @ v, [(9, 4), (0, 5)], [(9, 4), (4, 5)]),
    "cat": (lambda w: torch.cat([tensor(2, 8), w], 1) @ tensor(12, 3), [(2, 0)], [(2, 4)]),
    "cat along another axis": (lambda w: torch.cat([tensor(2, 8), w], 0), [(2, 0)], [(2, 8)]),
    "stack": (lambda w: torch.stack([tensor(8), w]), [(0,)], [(8,)]),
    "einsum": (lambda w: torch.einsum("oi,bi->bo", w, tensor(*X)), [(16, 0)], [(16, 8)]),
    "tensordot": (lambda w: torch.tensordot(tensor(4, 8, 3), w, dims=2), [(0, 0, 7)], [(8, 3, 7)]),
    "bilinear": (lambda w: F.bilinear(tensor(*X), tensor(4, 6), w, tensor(5)), [(5, 0, 0)], [(5, 8, 6)]),
    "addmm": (lambda b, w: torch.addmm(b, tensor(*X), w), [(0,), (0, 3)], [(3,), (8, 3)]),
    "cdist": (lambda w: torch.cdist(tensor(*X), w), [(6, 0)], [(6, 8)]),
    "pairwise distances": (
        lambda w: ((tensor(*X)[:, None, :] - w) ** 2).sum(-1) + tensor(4, 6),
        [(0, 0)],
        [(6, 8)],
    ),
    "chain": (lambda w, v: tensor(*X) @ w @ v, [(0, 16), (0, 3)], [(8, 16), (16, 3)]),
    "each other": (lambda w, v: tensor(*X) @ w @ v, [(0, 16), (16, 0)], [(8, 16), (16, None)]),
    "chain, open": (lambda w, v: tensor(*X) @ w @ v, [(0, 0), (0, 3)], [(8, None), (None, 3)]),
    "chain, closed": (lambda w, v: (tensor(*X) @ w + tensor(5)) @ v, [(0, 0), (0, 3)], [(8, 5), (5, 3)]),
    "used twice": (lambda w: tensor(*X) @ w @ w, [(0, 0)], [(8, 8)]),
    "shared size": (lambda w, b: tensor(*X) @ w + b + tensor(3), [(0, 0), (0,)], [(8, 3), (3,)]),
    "reshape (-1, 1)": (lambda w: tensor(*X) @ w.reshape((-1, 1)), [(0,)], [(8,)]),
    "reshape (2, -1)": (lambda w: tensor(*X) @ w.reshape((2, -1)).t(), [(0,)], [(16,)]),
    "flatten": (lambda w: tensor(24) * w.reshape(-1), [(0, 3)], [(8, 3)]),
    "flatten, two unknown": (lambda w: tensor(24) * w.flatten(), [(0, 0)], [(None, None)]),
    "flatten, one found": (lambda w: (tensor(24) * w.flatten(), tensor(*X) @ w), [(0, 0)], [(8, 3)]),
    "heads": (lambda w: (tensor(2, 5, 8) @ w).reshape((2, 5, 2, -1)) + tensor(3), [(0, 0)], [(8, 6)]),
    "transpose": (lambda w: tensor(*X) @ w.t() @ tensor(6, 2), [(0, 0)], [(6, 8)]),
    "chunk": (lambda w: tensor(*X) @ w.chunk(2)[0].t() + tensor(4, 6), [(0, 8)], [(12, 8)]),
    "tensor_split": (lambda w: tensor(*X) @ w.tensor_split(2)[0].t() + tensor(4, 6), [(0, 8)], [(12, 8)]),
    "split": (lambda w: tensor(*X) @ w.split([6, 5])[0].t(), [(0, 0)], [(11, 8)]),
    "first rows": (lambda w: tensor(*X) @ w[:5].t() + tensor(4, 5), [(9, 0)], [(9, 8)]),
    "first rows of unknown": (lambda w: tensor(*X) @ w[:5].t() + tensor(4, 5), [(0, 0)], [(None, 8)]),
    "one row": (lambda w: tensor(*X) + w[2], [(3, 0)], [(3, 8)]),
    "rows by index": (lambda w: tensor(3, 8) + w[tensor(3).long()], [(5, 0)], [(5, 8)]),
    "sum and mean": (lambda w: tensor(*X) + w.sum(0) + w.mean(0), [(0, 0)], [(None, 8)]),
    "softmax": (lambda w: tensor(*X) * torch.softmax(w, -1), [(0,)], [(8,)]),
    "relu, dropout": (lambda w: tensor(*X) * F.dropout(torch.relu(torch.exp(w))), [(0,)], [(8,)]),
    "weight norm": (lambda w: tensor(*X) @ (w / w.norm(dim=0, keepdim=True)), [(0, 3)], [(8, 3)]),
    "inverse": (lambda w: tensor(*X) @ torch.linalg.inv(w), [(0, 0)], [(8, 8)]),
    "attention": (lambda w: attend(tensor(2, 4, 8) @ w, *[tensor(2, 4, 8)] * 2), [(0, 0)], [(8, 8)]),
    "power of a size": (lambda w: tensor(*X) @ w * w.shape[0] ** -0.5, [(0, 3)], [(8, 3)]),
    "size of a found weight": (lambda w: tensor(*X) @ w / math.sqrt(w.shape[0]), [(0, 3)], [(8, 3)]),
    "fft of data": (lambda w: torch.fft.rfft(tensor(*X)) * w, [(0,)], [(5,)]),
    "fft of a weight": (lambda w: torch.fft.fft(w).real * tensor(*X), [(0,)], [(8,)]),
    "pad": (lambda w: F.pad(w, (1, 1)) * tensor(*X), [(0,)], [(6,)]),
    "sort, topk": (lambda w: w.sort()[0] * w.topk(1)[0] * tensor(*X), [(0,)], [(8,)]),
    "flip, roll, cumsum": (lambda w: w.flip(0).roll(1, 0).cumsum(0) * tensor(*X), [(0,)], [(8,)]),
    "repeat": (lambda w: w.repeat(2) * tensor(*X), [(0,)], [(4,)]),
    "expand": (lambda w: w.expand(4, 8), [(0,)], [(8,)]),
    "rows by mask": (lambda w: tensor(*X)[tensor(4) > 0] @ w, [(0, 3)], [(8, 3)]),
    "vmap": (lambda w: torch.vmap(lambda row: row @ w)(tensor(*X)), [(0, 3)], [(8, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_operator(name):
    forward, shapes, expected = CASES[name]
    assert solve(forward, *shapes) == expected


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm(channels, training):
    def forward(mean, var, gamma, beta):
        y = F.batch_norm(tensor(2, channels, 5, 5), mean, var, gamma, beta, training)
        assert tuple(y.shape) == (2, channels, 5, 5)

    assert solve(forward, (0,), (0,), (0,), (0,)) == [(channels,)] * 4


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(
    "norm",
    [
        lambda x, gamma, beta: F.group_norm(x, max(x.shape[1] // 2, 1), gamma, beta),
        lambda x, gamma, beta: F.instance_norm(x, None, None, gamma, beta),
    ],
)
def test_group_and_instance_norm(norm, channels):
    assert solve(lambda g, b: norm(tensor(2, channels, 5), g, b), (0,), (0,)) == [(channels,)] * 2


@pytest.mark.parametrize("channels", [1, 4])
def test_prelu(channels):
    assert solve(lambda a: F.prelu(tensor(2, channels, 5), a), (0,)) == [(channels,)]


def bilinear_einsum(x, w):
    return torch.einsum("ijk,bi,bj->bk", w, x, x)


def bilinear_tensordot(x, w):
    return torch.bmm(x[:, None, :], torch.tensordot(x, w, dims=1))[:, 0]


def bilinear_matmul(x, w):
    return ((x @ w.permute(2, 0, 1)) * x).sum(-1).t()


@pytest.mark.parametrize("form", [bilinear_einsum, bilinear_tensordot, bilinear_matmul])
def test_bilinear_form(form):
    """y_k = sum_ij W_ijk x_i x_j, the exercise of the book's chapter on custom layers."""
    assert solve(lambda w: form(tensor(4, 8), w), (0, 0, 5)) == [(8, 8, 5)]


def test_bilinear_form_by_reshape():
    def forward(w):
        x = tensor(4, 8)
        return (x[:, :, None] * x[:, None, :]).reshape((4, -1)) @ w

    assert solve(forward, (0, 5)) == [(64, 5)]


def test_lstm_cell_with_chunks():
    def forward(w, r, b):
        i, f, g, o = (F.linear(tensor(4, 8), w, b) + F.linear(tensor(4, 3), r)).chunk(4, 1)
        return o * torch.tanh(f * tensor(4, 3) + i * g)

    assert solve(forward, (12, 0), (12, 0), (0,)) == [(12, 8), (12, 3), (12,)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.int32, torch.complex64])
def test_dtypes(dtype):
    assert solve(lambda w: tensor(*X, dtype=dtype) * w, (0,), dtype=dtype) == [(8,)]


def test_autograd_function():
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x @ w

    assert solve(lambda w: Product.apply(tensor(*X), w), (0, 3)) == [(8, 3)]


def test_in_place_operators():
    def forward(a, b, c):
        x = tensor(*X)
        x += a
        x.mul_(b)
        x[:] = c

    assert solve(forward, (0,), (0,), (0,)) == [(8,)] * 3


def test_known_sizes_read_as_ints():
    def forward(w):
        y = tensor(*X) @ w
        assert type(w.shape[0]) is int and w.shape == (8, 6) and w.size(0) == 8 and w.numel() == 48
        if y.shape[1] > 3:
            y = y.reshape((y.shape[0], -1))
        assert [type(size) for size in y.shape] == [int, int]
        return [y[i] for i in range(y.shape[0])]

    assert solve(forward, (0, 6)) == [(8, 6)]


def test_check_written_in_the_forward():
    def forward(w):
        if w.shape[0] != 8:
            raise ValueError("wrong input size")
        return tensor(*X) @ w

    assert solve(forward, (0, 3)) == [(8, 3)]


def test_question_about_one_decides_nothing():
    def forward(w):
        return w.sum() if w.shape[0] == 1 else tensor(*X) @ w

    assert solve(forward, (0, 3)) == [(8, 3)]


def test_strides_and_contiguity_decide_nothing():
    def forward(w):
        w.is_contiguous()
        return w.t().contiguous().clone().t().sum()

    assert solve(forward, (0, 0)) == [(None, None)]


def test_unused_and_summed_parameters_stay_unknown():
    assert solve(lambda v, w: w.sum() + tensor(4, 8), (0, 3), (2, 0)) == [(None, 3), (2, None)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda y: y.sum().item(),
        lambda y: bool(y.sum() > 0),
        lambda y: y.numpy(),
        lambda y: np.asarray(y),
        lambda y: y.tolist(),
    ],
)
def test_values_are_data_dependent_but_what_is_solved_stays(ask):
    solver = ShapeSolver()
    w, late = (solver.unknown((0, 3), torch.float32, "cpu") for _ in range(2))
    with pytest.raises(DataDependent, match="values of a tensor"), solver:
        ask(tensor(*X) @ w)
        tensor(*X) @ late
    assert solver.solve(w) == (8, 3)
    assert solver.solve(late) == (None, 3)


@pytest.mark.parametrize("ask", [lambda w: w.shape[0] > 3, lambda w: range(w.shape[0])])
def test_branch_on_an_unknown_size_is_data_dependent(ask):
    with pytest.raises(DataDependent, match="nothing has determined"):
        solve(lambda w: w if ask(w) else None, (0, 3))


def test_shape_mismatch_is_torch_error():
    with pytest.raises(RuntimeError, match=r"\[4, 8\] X \[10, 3\]") as error:
        solve(lambda w: tensor(*X) @ w, (10, 3))
    assert not isinstance(error.value, DataDependent)
    with pytest.raises(RuntimeError, match=r"\[4, 9\] X \[8, 3\]"):
        solve(lambda w: (tensor(*X) @ w, tensor(4, 9) @ w), (0, 3))


def test_channels_mismatch_is_an_error():
    with pytest.raises(RuntimeError, match="channels"):
        solve(lambda w: F.conv2d(tensor(2, 4, 9, 9), w), (6, 3, 3, 3))


def test_user_error_passes_through():
    with pytest.raises(KeyError, match="mine"):
        solve(lambda w: {}["mine"], (0,))


def test_assume():
    def forward(w, v):
        solver = current_solver()
        solver.assume(w.shape[0], 12)
        solver.assume(v.shape[0], w.shape[0] * 2)
        with pytest.raises(RuntimeError, match="got 12, expected 5"):
            solver.assume(w.shape[0], 5)

    assert solve(forward, (0,), (0, 3)) == [(12,), (24, 3)]


def test_real_tensors_are_not_written():
    running, captured, x = torch.ones(8), torch.arange(8.0), torch.ones(4, 8)
    solver = ShapeSolver()
    w = solver.unknown((0,), torch.float32, "cpu")
    fake = solver.fake(running)
    assert solver.fake(running) is fake and solver.fake(fake) is fake
    with solver:
        fake.mul_(0).add_(w)
        captured.zero_()
        captured[2:] += captured[:1]
        x.mul_(captured)
        x.copy_(captured)
        torch.add(captured, captured, out=x[0])
        F.batch_norm(x, running, captured, training=True)
    assert solver.solve(w) == (8,)
    assert running.eq(1).all() and captured.equal(torch.arange(8.0)) and x.eq(1).all()
    assert running._version == 0


def test_fake_keeps_strides_views_and_dtype():
    solver = ShapeSolver()
    base = torch.zeros(4, 6, dtype=torch.float16)
    fake = solver.fake(base.t()[1:3])
    assert fake.shape == (2, 4) and fake.stride() == (1, 6) and fake.dtype == torch.float16
    with solver:
        assert is_fake(fake) and not is_fake(base)
    weight = torch.nn.Parameter(torch.zeros(2, 3))
    assert solver.fake(weight * 2).shape == (2, 3)


def test_random_numbers_are_not_drawn():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert solve(lambda w: F.dropout(torch.rand(4, 8)) * w + torch.randn_like(w), (0,)) == [(8,)]
    assert torch.get_rng_state().equal(state)


def torch_state():
    fake_log = logging.getLogger("torch._subclasses.fake_tensor")
    return (
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch._C._only_lift_cpu_tensors(),
        torch._C._len_torch_dispatch_stack(),
        torch._C._len_torch_function_stack(),
        torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.FAKE),
        list(fake_log.filters),
        fake_log.level,
        torch.zeros(1).untyped_storage().device.type,
    )


@pytest.mark.parametrize(
    "forward", [lambda w: tensor(*X) @ w, lambda w: w.sum().item(), lambda w: tensor(4, 9) @ w]
)
def test_torch_is_left_as_it_was_and_nothing_is_printed(forward, capfd):
    solve(lambda w: w.sum(), (0, 3))
    before = torch_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            solve(forward, (8, 0))
        except RuntimeError:
            pass
    assert torch_state() == before
    assert not inferring() and current_solver() is None
    assert capfd.readouterr() == ("", "")


def test_grad_mode_is_off_inside_and_back_after():
    def forward(w):
        assert not torch.is_grad_enabled()
        torch.set_grad_enabled(True)

    with torch.no_grad():
        solve(forward, (0,))
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_inference_inside_an_inference_shares_the_unknowns():
    outer = ShapeSolver()
    w = outer.unknown((0, 5), torch.float32, "cpu")
    with outer:
        y = tensor(*X) @ w
        inner = ShapeSolver()
        v = inner.unknown((0, 3), torch.float32, "cpu")
        with inner:
            assert current_solver() is inner
            inner.fake(y) @ v
        assert inner.solve(v) == (5, 3)
        assert current_solver() is outer and inferring()
        with pytest.raises(DataDependent), ShapeSolver():
            y.sum().item()
        assert is_fake(y @ v)
    assert not inferring() and outer.solve(w) == (8, 5)


def test_suspended_reads_real_values():
    value = torch.tensor([2.0, 3.0])
    with ShapeSolver() as solver:
        with suspended():
            assert not inferring()
            assert (value * 2).tolist() == [4.0, 6.0]
        assert current_solver() is solver and is_fake(value * 2)
    with suspended():
        assert not inferring()


def test_threads_infer_apart():
    lifting = torch._C._only_lift_cpu_tensors()
    found, barrier = {}, threading.Barrier(4)

    def work(n):
        def forward(w):
            barrier.wait(timeout=60)
            return tensor(4, n) @ w

        found[n] = solve(forward, (0, 3))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2, 6)]
    for thread in threads:
        thread.start()
    assert not inferring()
    for thread in threads:
        thread.join()
    assert found == {n: [(n, 3)] for n in range(2, 6)}
    assert torch._C._only_lift_cpu_tensors() == lifting


def test_inference_leaves_no_memory_behind():
    def infer():
        solver = ShapeSolver()
        w = solver.unknown((0, 3), torch.float32)
        with solver:
            F.batch_norm(tensor(*X) @ w, None, None, training=True)
        assert solver.solve(w) == (8, 3)
        return weakref.ref(solver._engine.unknowns)

    refs = [infer() for _ in range(3)]
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


def test_import_is_cheap():
    code = """
import sys, torch
before = set(sys.modules)
import mxnet.graph.infer
heavy = ("torch._dynamo", "torch._subclasses", "sympy")
heavy = {name for name in set(sys.modules) - before if name.startswith(heavy)}
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
