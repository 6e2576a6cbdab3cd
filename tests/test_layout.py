"""The house's arrows, and what `import mxnet` may not do."""

import ast
import pathlib
import subprocess
import sys

import pytest

import mxnet

ROOT = pathlib.Path(mxnet.__file__).parent

# package or module -> what it must never import
FORBIDDEN = {
    "ops": {"ndarray", "autograd", "gluon", "symbol", "graph", "random", "optimizer", "initializer"},
    "symbol": {"ndarray", "gluon", "graph", "autograd", "executor", "optimizer", "initializer"},
    "graph": {"ndarray", "gluon", "autograd", "executor"},
    "ndarray": {"gluon", "graph", "optimizer", "initializer", "symbol"},
    "autograd.py": {"gluon", "graph", "optimizer", "symbol"},
    "_rng.py": {"ops", "ndarray", "gluon", "context"},
    "optimizer": {"gluon"},
    "rnn": {"ops", "graph", "autograd", "executor", "gluon"},
    "initializer.py": {"gluon"},
}


def imported(path):
    """Names of mxnet's own modules that a file imports at its top level."""
    package = ("mxnet", *path.relative_to(ROOT).parts[:-1])
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[:len(package) - node.level + 1]
            target = (*base, *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                yield (*target, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield tuple(alias.name.split("."))


@pytest.mark.parametrize("part", FORBIDDEN)
def test_arrows(part):
    files = [ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*.py"))
    assert files
    for path in files:
        for name in imported(path):
            if name[0] == "mxnet" and len(name) > 1:
                assert name[1] not in FORBIDDEN[part], f"{path.relative_to(ROOT)} imports mxnet.{name[1]}"


def test_operators_do_not_mention_ndarray_types():
    for path in (ROOT / "ops").glob("*.py"):
        names = {n.id for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Name)}
        assert not names & {"NDArray", "Symbol"}, path.name


def run(code):
    return subprocess.run([sys.executable, "-W", "error::DeprecationWarning:mxnet", "-c", code], check=True,
                          capture_output=True, text=True).stdout


def test_import_changes_no_global_state():
    """Grad mode, default dtype, threads, random streams and NumPy's settings are as without mxnet."""
    probe = """
import numpy as np, torch, warnings, logging
def state():
    return (torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads(), torch.initial_seed(),
            torch.random.get_rng_state().sum().item(), np.geterr(), str(np.get_printoptions()),
            str(np.random.get_state()[1][:5]), len(warnings.filters), logging.getLogger().level,
            torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision())
before = state()
import mxnet
assert state() == before, (before, state())
print("same")
"""
    assert run(probe) == "same\n"


def test_import_loads_nothing_heavy():
    """What only some programs need is imported when it is needed."""
    heavy = {"sympy", "torch._dynamo", "torch._inductor", "matplotlib", "scipy", "sklearn", "cv2", "torch.onnx"}
    probe = ("import torch, sys; before = set(sys.modules); import mxnet; "
             "print(' '.join(sorted(set(sys.modules) - before)))")
    loaded = set(run(probe).split())
    assert not {h for h in heavy if any(m == h or m.startswith(h + ".") for m in loaded)}


def test_stubs_are_what_the_registry_says():
    from mxnet.ndarray._stubs import stale

    assert stale() == []
