"""Does a third-party Gluon package, unmodified, do here what it does on real MXNet? Asked of both; not a pytest file.

    python -m tests.clients.compare gluoncv2 --mxnet /opt/mxnet/bin/python --site /opt/site [--models REGEX] [--full]

Run it in the repository's root, with this package's Python. `--mxnet` is a Python that has MXNet 1.9.1, `--site` a
folder that holds the package (`pip install --no-deps --target /opt/site gluoncv2`). What the package needs besides
goes into `--site-mxnet` and `--site-here`, folders for one of the two Pythons.

A package is a file beside this one (`gluoncv2_cases.py`): its cases have a name, a family, and a function that
returns texts and arrays (`answer.py`); they run under both Pythons, with the same seeds. Without `--full` only what
costs little is asked (for networks: names, shapes and printed text, without running them); with it, everything, of the
first case of each family, or of all that `--models` names. MXNet's answers are kept in `--cache`, so that they are
asked once: clear it when cases change. One line is printed for each case that differs, and a summary; the exit status
is 1 if one does.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import numpy as np

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
CHUNK = 12  # cases of one process: starting one costs seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="name of PACKAGE_cases.py beside this file")
    parser.add_argument("--mxnet", required=True, help="a Python that has MXNet 1.9.1")
    parser.add_argument("--site", required=True, help="folders (a path list) that hold the package, for both Pythons")
    parser.add_argument("--site-mxnet", default="", help="folders for MXNet's Python alone")
    parser.add_argument("--site-here", default="", help="folders for this Python alone")
    parser.add_argument("--cache", default=str(pathlib.Path(tempfile.gettempdir()) / "client-answers"))
    parser.add_argument("--models", help="a regular expression: only the cases it finds something in")
    parser.add_argument("--full", action="store_true", help="run the networks too")
    parser.add_argument("--timeout", type=int, default=120, help="seconds a case may take, under either Python")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of differences, relative to the largest value")
    options = parser.parse_args()

    theirs = Side(options, options.mxnet, [options.site_mxnet, options.site], "mxnet")
    ours = Side(options, sys.executable, [str(ROOT / "src"), options.site_here, options.site], "here")
    names = chosen(theirs.names(), options)
    failed = 0
    for start in range(0, len(names), CHUNK):
        chunk = names[start:start + CHUNK]
        theirs.answer([n for n in chunk if not theirs.file(n).exists()])
        for name in chunk:
            ours.file(name).unlink(missing_ok=True)
        ours.answer(chunk)
        for name in chunk:
            differences = list(compare(theirs.read(name), ours.read(name), options.tolerance))
            failed += bool(differences)
            if differences:
                print(f"{name}: " + "; ".join(differences[:6]), flush=True)
    print(f"{options.package}: {len(names)} cases, {len(names) - failed} equal, {failed} differ")
    return min(failed, 1)


def chosen(families: list[tuple[str, str]], options: argparse.Namespace) -> list[str]:
    """The names that `--models` finds; of these the first of each family, where all would take too long."""
    if options.models:
        return [name for name, _ in families if re.search(options.models, name)]
    if not options.full:
        return [name for name, _ in families]
    first: dict[str, str] = {}
    for name, family in families:
        first.setdefault(family, name)
    return list(first.values())


class Side:
    """One of the two Pythons, and where its answers lie."""

    def __init__(self, options: argparse.Namespace, python: str, paths: list[str], title: str):
        self.options, self.python = options, python
        self.paths = os.pathsep.join(p for p in paths if p)
        self.folder = pathlib.Path(options.cache) / options.package / title / ("full" if options.full else "names")
        self.reference = self.folder.parent.parent / "mxnet" / self.folder.name
        self.folder.mkdir(parents=True, exist_ok=True)

    def file(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.npz"

    def run(self, arguments: list[str], timeout: int) -> str:
        command = [self.python, str(HERE / "answer.py"), self.options.package, *arguments]
        environment = {**os.environ, "PYTHONPATH": self.paths, "OMP_NUM_THREADS": "1"}
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return f"no answer in {timeout} s"
        if done.returncode:
            return f"exit status {done.returncode}: {done.stderr[-300:]}"
        return done.stdout

    def names(self) -> list[tuple[str, str]]:
        lines = self.run(["--names"], self.options.timeout).splitlines()
        if not all("\t" in line for line in lines):
            raise SystemExit("\n".join(lines))
        return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]

    def answer(self, names: list[str]) -> None:
        """Have `names` answered, several in a process; what killed its process is asked once more, alone."""
        if not names:
            return
        arguments = [str(self.folder), str(self.reference), *(["--full"] if self.options.full else [])]
        self.run([*arguments, *names], self.options.timeout * len(names))
        for name in names:
            if not self.file(name).exists():
                trouble = self.run([*arguments, name], self.options.timeout)
                if not self.file(name).exists():
                    np.savez(self.file(name), error=np.array(trouble or "no answer"))

    def read(self, name: str) -> dict[str, np.ndarray]:
        with np.load(self.file(name)) as stored:
            return dict(stored)


def compare(theirs: dict[str, np.ndarray], ours: dict[str, np.ndarray], tolerance: float) -> Iterator[str]:
    """What differs, in words. A case that MXNet itself cannot answer says nothing about ours."""
    if "error" in theirs:
        if "error" not in ours:
            return
        if str(theirs["error"]).split(":")[0] == str(ours["error"]).split(":")[0]:
            return
    if "error" in ours:
        here = str(ours["error"])
        yield f"error here: {here}" + (f" (MXNet: {theirs['error']})" if "error" in theirs else "")
        return
    failed = {key for key, value in theirs.items() if str(value).startswith("error: ")}
    for key in [*theirs, *(k for k in ours if k not in theirs)]:
        if failed and (key not in theirs or (key in failed and not str(ours.get(key)).startswith("error: "))):
            continue  # what MXNet cannot do may work here
        if key not in ours or key not in theirs:
            yield f"{key}: only {'MXNet' if key in theirs else 'here'}"
        elif theirs[key].dtype.kind in "US":
            yield from compare_texts(key, str(theirs[key]), str(ours[key]))
        else:
            yield from compare_arrays(key, theirs[key], ours[key], tolerance)


def compare_texts(key: str, theirs: str, ours: str) -> Iterator[str]:
    if theirs != ours:
        for line, (a, b) in enumerate(zip(theirs.splitlines(), ours.splitlines(), strict=False)):
            if a != b:
                yield f"{key}, line {line}: MXNet {a.strip()!r}, here {b.strip()!r}"
                return
        yield f"{key}: {len(theirs.splitlines())} lines in MXNet, {len(ours.splitlines())} here"


def compare_arrays(key: str, theirs: np.ndarray, ours: np.ndarray, tolerance: float) -> Iterator[str]:
    if theirs.shape != ours.shape or theirs.dtype != ours.dtype:
        yield f"{key}: MXNet {theirs.dtype}{theirs.shape}, here {ours.dtype}{ours.shape}"
        return
    finite = np.isfinite(theirs)
    if not np.array_equal(theirs[~finite], ours[~finite], equal_nan=theirs.dtype.kind == "f"):
        yield f"{key}: inf or nan at other places"
    elif finite.any():
        a, b = (np.where(finite, x, 0).astype(np.float64) for x in (theirs, ours))
        error = np.abs(a - b)
        if a.ndim == 2:  # each row by its own scale: small gradients count as much as large ones
            scale = np.maximum(np.abs(a).max(axis=1, keepdims=True), 1e-6 * np.abs(a).max() + 1e-30)
            error = (error / scale).max(axis=1)
            # rounding switches rectifiers at their bend: gradients of deep networks have errors of a percent on
            # either side, by float64; what is wrong is wrong by more, and in all layers below
            bad = np.quantile(error, 0.9) > 10 * tolerance or error.max() > 100 * tolerance
        else:
            error = error / max(np.abs(a).max(), 0.1)
            bad = error.max() > tolerance
        if bad:
            yield f"{key}: relative error {error.max():.1e}"


if __name__ == "__main__":
    sys.exit(main())
