"""The MXNet API level that this package implements, which clients parse, and where a libmxnet would be."""

__all__ = ["find_conf_path", "find_include_path", "find_lib_path"]

__version__ = "1.9.1"


def find_lib_path(prefix="libmxnet"):
    """RuntimeError: there is no libmxnet.so here, whose path MXNet gives."""
    raise RuntimeError(_explain(f"library {prefix}.so"))


def find_include_path():
    """RuntimeError: there are no headers of MXNet here, whose folder it gives."""
    raise RuntimeError(_explain("C++ headers"))


def find_conf_path(prefix="tvmop"):
    """RuntimeError: there is no configuration of TVM here, whose path MXNet gives."""
    raise RuntimeError(_explain(f"configuration {prefix}.conf of TVM"))


def _explain(what: str) -> str:
    return (f"Cannot find the MXNet {what}: this mxnet runs on PyTorch and has none. Extensions are written in Python "
            "(mx.operator.CustomOp), or in C++ against PyTorch (torch.utils.cpp_extension).")
