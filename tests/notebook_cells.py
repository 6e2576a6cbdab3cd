"""Runs code cells the way a notebook does: in order, in one fresh process, echoing a closing expression.

Used by the tests of the custom-layer chapter and of the README. A fresh process matters: names
(`mydense0_`) are counted and random streams advance from the moment `mxnet` is imported.
"""
from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence


def run_in_fresh_process(cells: Sequence[str], cwd: str | os.PathLike[str] | None = None) -> list[str]:
    """What each cell printed and echoed; an exception in a cell fails with its traceback."""
    done = subprocess.run([sys.executable, __file__], input=json.dumps(list(cells)), cwd=cwd,
                          capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise AssertionError(f"a cell failed:\n{done.stderr}")
    return json.loads(done.stdout)


def run_cell(code: str, namespace: dict[str, object], name: str) -> str:
    """Executes one cell and returns its output, ending with the repr of a closing expression."""
    tree = ast.parse(code, name)
    closing = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, name, "exec"), namespace)
        if isinstance(closing, ast.Expr):
            value = eval(compile(ast.Expression(closing.value), name, "eval"), namespace)
            if value is not None:
                print(repr(value))
    return printed.getvalue().removesuffix("\n")


def main() -> None:
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    cells = json.load(sys.stdin)
    json.dump([run_cell(code, namespace, f"<cell {n}>") for n, code in enumerate(cells, 1)], sys.stdout)


if __name__ == "__main__":
    main()
