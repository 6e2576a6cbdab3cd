"""Writes the type stubs of the generated operator modules: `python -m mxnet.ndarray._stubs [--check]`.

The stubs lie beside the modules (op.pyi, contrib.pyi, ...) so that editors and type checkers see what `help()` shows.
"""

import pathlib
import sys
import typing
from typing import Literal

from ..ops.namespaces import members
from ..ops.registry import Attr, OpDef, _without_none

_HERE = pathlib.Path(__file__).parent
_NAMESPACES = ("op", "contrib", "image", "linalg", "_internal")
_HEADER = '''"""Generated from the registry by `python -m mxnet.ndarray._stubs`; do not edit."""

from typing import Any, Literal

from ._array import NDArray

'''
_OWN = """__all__ = {names}

def function_of(operator: Any, public_name: str) -> Any: ...
def functions(namespace: str) -> dict[str, Any]: ...
"""


def _type_text(attr: Attr) -> str:
    kind = _without_none(attr.annotation)
    if typing.get_origin(kind) is Literal:
        text = "Literal[" + ", ".join(repr(v) for v in typing.get_args(kind)) + "]"
    elif kind in (int, bool, str):
        text = kind.__name__
    elif kind in (float, int | float):
        text = "float"
    elif typing.get_origin(kind) is tuple:
        text = "int | tuple[Any, ...] | list[Any]"
    else:
        text = "Any"  # dtypes have many spellings
    return text + " | None" if (attr.optional or attr.default is None) and text != "Any" else text


def _function(public: str, op: OpDef) -> str:
    parts = []
    if op.variadic:
        parts.append(f"*{op.inputs[0].name}: NDArray")
    else:
        parts += [f"{i.name}: NDArray{' | None' if i.optional else ''} = ..." for i in op.inputs]
    parts += [f"{a.name}: {_type_text(a)} = ..." for a in op.attrs.values()]
    parts += ["out: NDArray | list[NDArray] | None = ...", "name: str | None = ...", "**kwargs: Any"]
    if op.num_outputs == 1:
        result = "NDArray"
    else:
        result = "list[NDArray]" if isinstance(op.num_outputs, int) and op.visible is None else "Any"
    return f"def {public}({', '.join(parts)}) -> {result}: ...\n"


def stub(namespace: str) -> str:
    """The text of a namespace's stub."""
    lines = [_function(public, op) for public, _, op in sorted(members(namespace), key=lambda m: m[0])
             if public.isidentifier()]
    names = [line.split("(")[0].removeprefix("def ") for line in lines]
    return _HEADER + (_OWN.format(names=names) if namespace == "op" else "") + "".join(lines)


def stale() -> list[str]:
    """Names of the stub files that are not what the registry says."""
    texts = {f"{n}.pyi": stub(n) for n in _NAMESPACES}
    return [name for name, text in texts.items()
            if not (_HERE / name).exists() or (_HERE / name).read_text() != text]


def main(argv: list[str]) -> int:
    """Write the stubs, or with --check only say which are stale."""
    if "--check" in argv:
        for name in (found := stale()):
            print(f"{name} is stale: run python -m mxnet.ndarray._stubs")
        return 1 if found else 0
    for namespace in _NAMESPACES:
        (_HERE / f"{namespace}.pyi").write_text(stub(namespace))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
