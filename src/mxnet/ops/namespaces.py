"""Which operator goes to which namespace of nd and of sym, and which are methods of their objects."""

import functools
import inspect
from collections.abc import Iterator

from ..base import _Null
from . import registry
from .registry import OpDef

# operators that NDArray and Symbol have as methods: x.sum() is nd.sum(x)
METHODS = """
abs arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort broadcast_axes broadcast_like
broadcast_to cbrt ceil clip cos cosh degrees depth_to_space diag exp expm1 fix flip floor log log10 log1p log2
log_softmax max mean min nanprod nansum norm one_hot ones_like pad pick prod radians rcbrt
reciprocal relu repeat reshape_like rint round rsqrt shape_array sigmoid sign sin sinh size_array slice slice_axis
slice_like softmax softmin sort space_to_depth split sqrt square sum swapaxes take tan tanh tile topk
trunc zeros_like
""".split()

# prefix of the registered name -> namespace; `_contrib_fft` is nd.contrib.fft
PREFIXES = {"_contrib_": "contrib", "_linalg_": "linalg", "_image_": "image", "_sparse_": "sparse"}


def place(name: str) -> tuple[str, str]:
    """(namespace, public name) of a registered name: op, _internal, or one of PREFIXES' namespaces."""
    for prefix, namespace in PREFIXES.items():
        if name.startswith(prefix):
            return namespace, name[len(prefix):]
    if name.startswith("_random_") and name.endswith("_like"):  # the other samplers have functions written for users
        return "random", name[len("_random_"):]
    return ("_internal" if name.startswith("_") else "op"), name


def members(namespace: str) -> Iterator[tuple[str, str, OpDef]]:
    """(public name, registered name, operator) of all operators of a namespace."""
    for name, op in registry.list_ops().items():
        where, public = place(name)
        if where == namespace:
            yield public, name, op


class _Signature(inspect.Signature):
    """The signature of an operator, whose parameters are made when somebody asks: there are thousands."""

    __slots__ = ("_made", "_op")

    def __init__(self, op: OpDef):
        super().__init__()
        self._op = op
        self._made: inspect.Signature | None = None

    @property
    def parameters(self):
        if self._made is None:
            self._made = _signature(self._op)
        return self._made.parameters


@functools.cache
def signature(op: OpDef) -> inspect.Signature:
    """What `help()` shows of the function of an operator: its inputs, its attributes with their defaults."""
    return _Signature(op)


def _signature(op: OpDef) -> inspect.Signature:
    Parameter = inspect.Parameter
    kind = Parameter.KEYWORD_ONLY if op.variadic else Parameter.POSITIONAL_OR_KEYWORD
    if op.variadic:
        inputs = [Parameter(op.inputs[0].name, Parameter.VAR_POSITIONAL)]
    else:
        inputs = [Parameter(i.name, kind, default=None) for i in op.inputs]
    attrs = [Parameter(a.name, kind, default=_Null if a.required else a.default) for a in op.attrs.values()]
    common = [Parameter("out", kind, default=None), Parameter("name", kind, default=None),
              Parameter("kwargs", Parameter.VAR_KEYWORD)]
    return inspect.Signature([*inputs, *attrs, *common], __validate_parameters__=False)
