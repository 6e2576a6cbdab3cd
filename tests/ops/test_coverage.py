"""Every operator has golden cases, with gradients where it has one; tests/golden/case.py tells how they are written.

Cases are counted by the names in their code: `nd.contrib.fft(a)`, `nd._internal._mod(a, b)`, `a.sum()`, `a + 1`.
"""
import ast
import collections
import functools
import pathlib

import pytest

import mxnet as mx
from golden.case import Case, families, load_cases
from mxnet.ops import namespaces, registry

LEAST = 6
TESTS = pathlib.Path(__file__).parents[1]

# Operators that MXNet 1.9.1 does not run on a CPU, or whose cases are no one-liners, and where they are tested
ELSEWHERE = {
    "BatchNorm_v1": "ops/test_nn.py",
    "Custom": "test_operator.py",
    "IdentityAttachKLSparseReg": "ops/test_nn.py",
    "_cond": "ops/test_control_flow.py",
    "_cvimdecode": "image/test_functions.py",
    "_cvimread": "image/test_functions.py",
    "_contrib_count_sketch": "ops/test_count_sketch.py",
    "_contrib_fft": "ops/test_fft.py",
    "_contrib_ifft": "ops/test_fft.py",
    "_contrib_quantized_rnn": "contrib/test_quantization.py",
    "_foreach": "ops/test_control_flow.py",
    "_while_loop": "ops/test_control_flow.py",
    "_zeros_without_dtype": "ops/test_names.py",
}

# Operators whose gradients cannot be recorded, for MXNet ...
OURS_ALONE = {name for names in (
    # has none
    "_copyto _grad_add _histogram _multi_adamw_update _shuffle _slice_assign _slice_assign_scalar batch_take "
    "fill_element_0index khatri_rao multi_lars multi_sum_sq",
    # has them on GPUs or for row_sparse arrays only
    "_contrib_ModulatedDeformableConvolution _contrib_SparseEmbedding",
    # fails, or forgets what was drawn
    "_image_flip_left_right _image_flip_top_bottom _image_random_brightness _image_random_color_jitter "
    "_image_random_contrast _image_random_flip_left_right _image_random_flip_top_bottom _image_random_hue "
    "_image_random_saturation _image_to_tensor",
) for name in names.split()}

BINARY = {
    ast.Add: ("broadcast_add", "_plus_scalar", "_plus_scalar"),
    ast.Sub: ("broadcast_sub", "_minus_scalar", "_rminus_scalar"),
    ast.Mult: ("broadcast_mul", "_mul_scalar", "_mul_scalar"),
    ast.Div: ("broadcast_div", "_div_scalar", "_rdiv_scalar"),
    ast.Mod: ("broadcast_mod", "_mod_scalar", "_rmod_scalar"),
    ast.Pow: ("broadcast_power", "_power_scalar", "_rpower_scalar"),
    ast.Eq: ("broadcast_equal", "_equal_scalar", "_equal_scalar"),
    ast.NotEq: ("broadcast_not_equal", "_not_equal_scalar", "_not_equal_scalar"),
    ast.Lt: ("broadcast_lesser", "_lesser_scalar", "_greater_scalar"),
    ast.LtE: ("broadcast_lesser_equal", "_lesser_equal_scalar", "_greater_equal_scalar"),
    ast.Gt: ("broadcast_greater", "_greater_scalar", "_lesser_scalar"),
    ast.GtE: ("broadcast_greater_equal", "_greater_equal_scalar", "_lesser_equal_scalar"),
}


@functools.cache
def spellings() -> dict[str, set[str]]:
    """Dotted public name, without `nd.` -> names of the operators it may stand for."""
    found = collections.defaultdict(set)
    for name, op in registry.list_ops().items():
        space, public = namespaces.place(name)
        found[public if space == "op" else f"{space}.{public}"].add(op.name)
        for prefix in ("_random_", "_sample_"):
            if name.startswith(prefix):
                found["random." + name.removeprefix(prefix)].add(op.name)
    for public, op in namespaces.sparse_operators():
        found[f"sparse.{public}"].add(op.name)
    found["random.shuffle"].add("_shuffle")
    return found


def operators_in(code: str) -> set[str]:
    """Names of the operators that a case calls."""
    found = set()
    for node in ast.walk(ast.parse(code, mode="eval")):
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node).removeprefix("mx.sym.").removeprefix("nd.") if is_dotted(node) else node.attr
            if not path.startswith("np."):
                found |= spellings().get(path, set()) or spellings().get(node.attr, set())
        elif isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            found |= arithmetic(node.op, node.left, node.right)
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in BINARY:
            found |= arithmetic(node.ops[0], node.left, node.comparators[0])
    return found


def is_dotted(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_dotted(node.value))


def arithmetic(kind: ast.AST, left: ast.AST, right: ast.AST) -> set[str]:
    """The operator of `left kind right`, if at least one of them is an array."""
    arrays, scalar, reflected = BINARY[type(kind)]
    numbers = [isinstance(side, (ast.Constant, ast.UnaryOp)) for side in (left, right)]
    if all(numbers):
        return set()
    return {registry.get(reflected if numbers[0] else scalar if numbers[1] else arrays).name}


@functools.cache
def cases() -> dict[str, list[Case]]:
    """Operator -> its golden cases."""
    found = collections.defaultdict(list)
    read = functools.cache(operators_in)
    for family in families():
        for one in load_cases(family):
            for name in read(one.code):
                found[name].append(one)
    return found


OPERATORS = sorted({op.name for op in registry.list_ops().values()})


def test_every_operator_has_golden_cases() -> None:
    few = {name: len(cases()[name]) for name in OPERATORS if len(cases()[name]) < LEAST and name not in ELSEWHERE}
    assert not few, f"operators with fewer than {LEAST} golden cases: {few}"


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_operators_tested_elsewhere_are(name: str) -> None:
    assert len(cases()[name]) < LEAST, "has golden cases by now: take it off the list"
    text = (TESTS / ELSEWHERE[name]).read_text()
    shorter = name.lstrip("_").removeprefix("contrib_").removeprefix("cv")
    assert name in text or shorter in text


def test_gradients_are_recorded() -> None:
    """An operator without recorded gradients has none."""
    silent = [name for name in OPERATORS if name not in ELSEWHERE and name not in OURS_ALONE
              and not any(one.differentiated() for one in cases()[name])]
    assert not [name for name in silent if any(map(has_gradient, cases()[name][:LEAST]))]


def has_gradient(one: Case) -> bool:
    """Whether anything but zeros comes back to the inputs."""
    asked = Case(one.code, one.inputs, one.dtype, True, train=one.train, seed=one.seed, np_shape=one.np_shape)
    if one.fails or not asked.differentiated():
        return False
    try:
        answer = asked.run(mx)
    except (mx.MXNetError, ValueError, RuntimeError):
        return False  # steps of optimizers write their inputs
    return any(array.any() for name, array in answer.items() if name.startswith("grad"))
