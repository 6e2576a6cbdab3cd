"""Custom: the operator that a class of its user defines.

What it takes, gives and computes is asked from mxnet.operator, which knows these classes and NDArray.
"""

from typing import Any

from torch import Tensor

from .registry import register

__all__ = ["custom", "set_finder"]

_find: Any = None


def set_finder(find) -> None:
    """Called once by mxnet.operator: find(attrs) is what it knows of the operator that these attributes name."""
    global _find
    _find = find


def _input_shapes(attrs, *shapes):
    return _find(attrs).input_shapes(shapes)


def _types(attrs, *dtypes):
    return _find(attrs).dtypes(dtypes)


@register("Custom", any_attrs=True, shapes=_input_shapes, types=_types,
          input_names=lambda attrs, count: _find(attrs).inputs, aux_names=lambda attrs: _find(attrs).auxiliary,
          num_outputs=lambda attrs: len(_find(attrs).outputs), loss=lambda attrs: not _find(attrs).needs_top_grad,
          output_names=lambda attrs: _find(attrs).outputs)
def custom(*data: Tensor, op_type: str, _train: bool, _device, _kept, **attrs: str):
    """The operator registered as `op_type` by `mx.operator.register`.

    data: the arguments and then the auxiliary states that its CustomOpProp lists.  All further attributes go to the
    CustomOpProp's `__init__`, as strings.  Several outputs are a list.
    """
    return _find({"op_type": op_type, **attrs}).compute(data, _train, _device, _kept)
