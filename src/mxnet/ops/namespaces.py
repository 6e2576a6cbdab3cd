"""Which operator goes to which namespace of nd and of sym, and which are methods of their objects."""

import functools
import inspect
from collections.abc import Callable, Iterator

import torch

from ..base import _Null
from . import left_out, registry
from .registry import OpDef

# operators that NDArray and Symbol have as methods: x.sum() is nd.sum(x)
METHODS = """
abs arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort broadcast_axes cbrt ceil clip
cos cosh degrees depth_to_space diag exp expm1 fix flip floor log log10 log1p log2 log_softmax max mean min nanprod
nansum norm one_hot ones_like pad pick prod radians rcbrt reciprocal relu repeat reshape_like rint round rsqrt
shape_array sigmoid sign sin sinh size_array slice slice_axis slice_like softmax softmin sort space_to_depth split
sqrt square sum swapaxes take tan tanh tile topk trunc zeros_like
""".split()

# operators that also stand in the namespaces `sparse`
SPARSE = """
ElementWiseSum Embedding FullyConnected LinearRegressionOutput LogisticRegressionOutput MAERegressionOutput
_contrib_round_ste _contrib_sign_ste abs adam_update add_n arccos arccosh arcsin arcsinh arctan arctanh broadcast_add
broadcast_div broadcast_minus broadcast_mul broadcast_plus broadcast_sub cast_storage cbrt ceil clip concat cos cosh
degrees dot elemwise_add elemwise_div elemwise_mul elemwise_sub exp expm1 fix floor ftrl_update gamma gammaln log log10
log1p log2 make_loss mean negative norm radians relu rint round rsqrt sgd_mom_update sgd_update sigmoid sign sin sinh
slice sqrt square stop_gradient sum tan tanh trunc where zeros_like
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


def sparse_operators() -> Iterator[tuple[str, OpDef]]:
    """(public name, operator) of the operators in the namespaces `sparse`."""
    operators = registry.list_ops()
    yield from ((name, operators[name]) for name in SPARSE)
    yield from ((public, op) for public, _, op in members("sparse"))


# what follows the inputs and attributes: name and default, as MXNet has them
_TAILS = {"nd": {"out": None, "name": None}, "sym": {"name": None, "attr": None, "out": None}}


def refusals(namespace: str) -> dict[str, Callable]:
    """Public name -> function for what is left out on purpose."""
    placed = ((name, *place(name)) for name in left_out.names())
    return {public: left_out.refusal(name) for name, where, public in placed if where == namespace}


class _Signature(inspect.Signature):
    """The signature of an operator, whose parameters are made when somebody asks: there are thousands."""

    __slots__ = ("_for", "_made")

    def __init__(self, op: OpDef, library: str, method: bool):
        super().__init__()
        self._for = op, library, method
        self._made: inspect.Signature | None = None

    def _complete(self) -> inspect.Signature:
        if self._made is None:
            self._made = _signature(*self._for)
        return self._made

    @property
    def parameters(self):
        return self._complete().parameters

    def replace(self, **changes):
        """What `inspect` calls for bound methods and partial functions."""
        return self._complete().replace(**changes)

    __replace__ = replace


@functools.cache
def signature(op: OpDef, library: str, method: bool = False) -> inspect.Signature:
    """What `help()` shows of an operator's function in `library` (nd or sym): inputs, attributes, their defaults.

    As a method it has `self` in place of the first input.
    """
    return _Signature(op, library, method)


def _shown(default):
    """Dtypes by the names that MXNet has for them."""
    return str(default).removeprefix("torch.") if isinstance(default, torch.dtype) else default


def _signature(op: OpDef, library: str, method: bool) -> inspect.Signature:
    Parameter = inspect.Parameter
    kind = Parameter.KEYWORD_ONLY if op.variadic else Parameter.POSITIONAL_OR_KEYWORD
    if op.variadic:
        inputs = [Parameter(op.inputs[0].name, Parameter.VAR_POSITIONAL)]
    else:
        inputs = [Parameter(i.name, kind, default=None) for i in op.inputs]
    if method:
        inputs[0] = Parameter("self", kind)
    attrs = [Parameter(a.name, kind, default=_Null if a.required else _shown(a.default)) for a in op.attrs.values()]
    common = [Parameter(n, kind, default=v) for n, v in _TAILS[library].items()]
    return inspect.Signature([*inputs, *attrs, *common, Parameter("kwargs", Parameter.VAR_KEYWORD)],
                             __validate_parameters__=False)
