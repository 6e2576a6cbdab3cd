"""Operators that users write in Python: CustomOp computes, CustomOpProp describes, `register` gives it a name.

The operator itself is `Custom` of ops/custom.py (nd.Custom, sym.Custom); here is what it asks about users' classes.
"""

import collections
import contextlib
import functools
import itertools
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from . import symbol
from ._state import state, watch
from .autograd import pause
from .base import TORCH_TO_FLAG, TORCH_TO_NP, MXNetError, torch_dtype
from .context import of_device
from .ndarray._wrap import wrap
from .ops import custom, registry

__all__ = ["CustomOp", "CustomOpProp", "NDArrayOp", "NumpyOp", "OperatorArguments", "PythonOp",
           "get_all_registered_operators", "get_operator_arguments", "register"]


# ------------------------------------------------------------------------------------------- what users subclass


class CustomOp:
    """Computes an operator: subclass it, write `forward` and `backward` on NDArrays.

    Neither is recorded; results are written into the arrays given, best by `assign`.
    """

    def forward(self, is_train, req, in_data, out_data, aux):
        """Compute out_data from in_data.

        is_train: whether in train mode.  req: for each output 'write', 'add', 'inplace' or 'null'.
        in_data, out_data, aux: lists of NDArrays; those of aux may be written to.
        """

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        """Compute in_grad, the gradients of the inputs, from out_grad, those of the outputs.

        req: for each input 'write', or 'null' where no gradient is wanted.
        """

    def assign(self, dst, req, src):
        """Write src into the NDArray dst as req demands: 'write' or 'inplace', 'add', 'null' (not at all)."""
        if req in ("write", "inplace"):
            dst[:] = src
        elif req == "add":
            dst[:] += src


class CustomOpProp:
    """Describes an operator; made with the attributes given to nd.Custom or sym.Custom, all strings.

    need_top_grad: whether `backward` uses out_grad; False for a loss.
    """

    def __init__(self, need_top_grad=True):
        self.need_top_grad_ = need_top_grad

    def infer_shape(self, in_shape):
        """(shapes of the arguments, of the outputs, of the auxiliary states), from those of the arguments.

        in_shape: list of lists; [] for an unknown shape, 0 for an unknown size.  The last part may be left out.
        By default each output has the shape of the first argument.
        """
        return in_shape, (in_shape[0],) * len(self.list_outputs()), ()

    def infer_type(self, in_type):
        """(dtypes of the arguments, of the outputs, of the auxiliary states), from those of the arguments.

        in_type: list of NumPy types, None for unknown ones.  By default all are those of the first argument.
        """
        return (in_type, [in_type[0]] * len(self.list_outputs()), [in_type[0]] * len(self.list_auxiliary_states()))

    def infer_storage_type(self, in_stype):
        """(storage types of the arguments, of the outputs, of the auxiliary states); all are 'default'."""
        return (in_stype, ["default"] * len(self.list_outputs()), ["default"] * len(self.list_auxiliary_states()))

    def infer_storage_type_backward(self, ograd_stype, in_stype, out_stype, igrad_stype, aux_stype):
        """Storage types of all that `backward` is given; all are 'default'."""
        return tuple(["default"] * len(part) for part in (ograd_stype, in_stype, out_stype, igrad_stype, aux_stype))

    def list_outputs(self):
        """Names of the outputs."""
        return ["output"]

    def list_arguments(self):
        """Names of the arguments."""
        return ["data"]

    def list_auxiliary_states(self):
        """Names of the auxiliary states."""
        return []

    def declare_backward_dependency(self, out_grad, in_data, out_data):
        """Those of the given ids that `backward` needs.  `backward` is given everything, whatever this says.

        Without those of out_grad the operator is a loss: an executor's backward needs no gradients for it.
        """
        return [*(out_grad if self.need_top_grad_ else []), *in_data, *out_data]

    def create_operator(self, ctx, in_shapes, in_dtypes):
        """The CustomOp for a context, and shapes and MXNet's type flags of arguments and auxiliary states."""
        return CustomOp()


_props: dict[str, type] = {}


def register(reg_name: str):
    """Class decorator that makes a CustomOpProp the operator nd.Custom(..., op_type=reg_name).

    A name that is taken already gets the new class.
    """

    def do_register(prop_cls):
        _props[reg_name] = prop_cls
        _names.cache_clear()
        return prop_cls

    return do_register


# -------------------------------------------------------------------------------- what the operator Custom asks


@contextlib.contextmanager
def _user_code(where: str):
    """What a user's method raises becomes an MXNetError that says where it was raised."""
    try:
        yield
    except MXNetError:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise MXNetError(f"Error in {where}: {type(error).__name__}: {error} "
                         f"(at {frame.filename}:{frame.lineno}, {frame.line})") from error


def _new_prop(op_type: str, attrs: tuple[tuple[str, str], ...]) -> CustomOpProp:
    if op_type not in _props:
        raise MXNetError(f"Cannot find custom operator {op_type}: none is registered under this name "
                         "(mx.operator.register)")
    with _user_code(f"{_props[op_type].__name__}.__init__"):
        return _props[op_type](**dict(attrs))


@functools.lru_cache(maxsize=1024)
def _names(op_type: str, attrs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """Names of (arguments, outputs, auxiliary states), which follow from the attributes."""
    prop = _new_prop(op_type, attrs)
    with _user_code(f"lists of names of {type(prop).__name__}"):
        return tuple(prop.list_arguments()), tuple(prop.list_outputs()), tuple(prop.list_auxiliary_states())


class _UserOperator:
    """An operator as named by `op_type` and the other attributes of Custom; a CustomOpProp is made at need."""

    def __init__(self, attrs: dict[str, str]):
        self.op_type = attrs["op_type"]
        self._attrs = tuple((key, value) for key, value in attrs.items() if key != "op_type")
        self.arguments, self.outputs, self.auxiliary = _names(self.op_type, self._attrs)

    @property
    def inputs(self) -> list[str]:
        return [*self.arguments, *self.auxiliary]

    @functools.cached_property
    def prop(self) -> CustomOpProp:
        return _new_prop(self.op_type, self._attrs)

    @property
    def needs_top_grad(self) -> bool:
        """Whether `backward` looks at the gradients of the outputs."""
        arguments, outputs = len(self.arguments), len(self.outputs)
        ids = list(range(2 * outputs + arguments))
        with _user_code(f"{type(self.prop).__name__}.declare_backward_dependency"):
            needed = self.prop.declare_backward_dependency(ids[:outputs], ids[outputs:outputs + arguments],
                                                           ids[outputs + arguments:])
        return any(k in needed for k in ids[:outputs])

    def _answer(self, method: str, given: list) -> list[list]:
        """What infer_shape or infer_type says of [arguments, outputs, auxiliary states]."""
        where = f"{type(self.prop).__name__}.{method}"
        with _user_code(where):
            answer = getattr(self.prop, method)(given)
        if not isinstance(answer, (tuple, list)) or len(answer) not in (2, 3):
            raise MXNetError(f"{where} must return 2 or 3 lists, got {answer!r}")
        parts = [list(part) for part in (*answer, [])[:3]]
        for what, part, names in zip(("arguments", "outputs", "auxiliary states"), parts,
                                     (self.arguments, self.outputs, self.auxiliary), strict=True):
            if len(part) != len(names):
                raise MXNetError(f"{where} must return {len(names)} entries for the {what} "
                                 f"({', '.join(names) or 'none'}), got {len(part)}")
        return parts

    def shapes(self, of_arguments: Sequence[Sequence[int]]) -> list[list[tuple[int, ...]]]:
        """Shapes of [arguments, outputs, auxiliary states]: () for an unknown one, 0 for an unknown size."""
        parts = self._answer("infer_shape", [list(shape) for shape in of_arguments])
        return [[tuple(int(size) for size in shape) for shape in part] for part in parts]

    def input_shapes(self, shapes):
        """The `shapes=` rule of Custom."""
        known = shapes[:len(self.arguments)]
        try:
            arguments, _, auxiliary = self.shapes([shape or () for shape in known])
        except MXNetError:
            if all(shape and all(shape) for shape in known):
                raise
            return list(shapes)  # it does not cope with unknown shapes
        return [shape or None for shape in (*arguments, *auxiliary)]

    def dtypes(self, dtypes):
        """The `types=` rule of Custom: torch dtypes of inputs and outputs, None for unknown ones."""
        known = [None if dtype is None else TORCH_TO_NP[dtype] for dtype in dtypes[:len(self.arguments)]]
        try:
            parts = self._answer("infer_type", known)
        except MXNetError:
            if None not in known:
                raise
            return list(dtypes), [None] * len(self.outputs)
        arguments, outputs, auxiliary = ([None if t is None else torch_dtype(t) for t in part] for part in parts)
        return [*arguments, *auxiliary], outputs

    def compute(self, tensors: Sequence[torch.Tensor], train: bool, device, kept: dict | None):
        """The outputs.  kept: where the CustomOp is found again at the next call, as MXNet's executors keep it."""
        if len(tensors) != len(self.inputs):
            raise MXNetError(f"Operator Custom of type {self.op_type} expects {len(self.inputs)} inputs "
                             f"({', '.join(self.inputs)}), but got {len(tensors)} instead")
        if state.solver is not None and (device.type == "meta" or any(map(state.solver.is_fake, tensors))):
            return self._without_values(tensors, device)
        call = self._call(tensors, device, kept)
        call.train = train
        count = len(self.arguments)
        return list(_Bridge.apply(call, tensors[count:], *tensors[:count]))

    def _without_values(self, tensors, device):
        """Outputs of a shape inference, which learns what sizes the inputs must have."""
        from .graph.infer import UnknownSize

        sizes = [[size if type(size) is int else 0 for size in t.shape] for t in tensors]
        arguments, outputs, auxiliary = self.shapes(sizes[:len(self.arguments)])
        for tensor, shape in zip(tensors, (*arguments, *auxiliary), strict=True):
            for size, told in zip(tensor.shape, shape, strict=bool(shape)):
                if told:
                    state.solver.assume(size, told)
        if not all(shape and all(shape) for shape in outputs):
            raise UnknownSize(f"{type(self.prop).__name__}.infer_shape does not tell the shapes of the outputs")
        dtypes = self._output_dtypes(tensors)
        return [torch.empty(shape, dtype=t, device=device) for shape, t in zip(outputs, dtypes, strict=True)]

    def _output_dtypes(self, tensors) -> list[torch.dtype]:
        _, dtypes = self.dtypes([t.dtype for t in tensors])
        return [torch.float32 if dtype is None else dtype for dtype in dtypes]

    def _call(self, tensors, device, kept: dict | None) -> "_Call":
        key = (device, *((t.shape, t.dtype) for t in tensors))
        if kept is not None and key in kept:
            return kept[key].again()
        own = [tuple(t.shape) for t in tensors]
        arguments, outputs, auxiliary = self.shapes(own[:len(self.arguments)])
        for name, shape, told in zip(self.inputs, own, (*arguments, *auxiliary), strict=True):
            if shape != told:
                raise MXNetError(f"Operator Custom of type {self.op_type}: {name} has shape {shape}, "
                                 f"{type(self.prop).__name__}.infer_shape expects {told}")
        context, dtypes = of_device(device), self._output_dtypes(tensors)
        with _user_code(f"{type(self.prop).__name__}.create_operator"):
            operator = self.prop.create_operator(context, [list(shape) for shape in own],
                                                 [TORCH_TO_FLAG[t.dtype] for t in tensors])
        call = _Call(self.op_type, operator, context, list(zip(outputs, dtypes, strict=True)))
        if kept is not None:
            kept[key] = call
        return call


class _Call:
    """One use of a CustomOp: the operator, and all it needs to run."""

    def __init__(self, op_type: str, operator: CustomOp, context,
                 outputs: list[tuple[tuple[int, ...], torch.dtype]]):
        self.op_type, self.operator, self.context, self.outputs = op_type, operator, context, outputs
        self.train = False

    def again(self) -> "_Call":
        """Another use of the same CustomOp."""
        return _Call(self.op_type, self.operator, self.context, self.outputs)

    def arrays(self, tensors) -> list:
        return [wrap(t, self.context) for t in tensors]

    def new(self, shapes_and_dtypes) -> list:
        return self.arrays(torch.zeros(shape, dtype=dtype, device=self.context.device)
                           for shape, dtype in shapes_and_dtypes)

    def run(self, method: str, train: bool, **arguments):
        """Call `forward` or `backward` of the user's CustomOp."""
        shown = self.op_type if method == "forward" else f"_backward_{self.op_type}"
        shown_to_observer = contextlib.nullcontext() if watch.observer is None else watch.observer.user_code(shown)
        with _user_code(f"{type(self.operator).__name__}.{method}"), pause(train_mode=train), shown_to_observer:
            getattr(self.operator, method)(**arguments)


class _Bridge(torch.autograd.Function):
    """Carries a CustomOp through torch's engine."""

    @staticmethod
    def forward(ctx, call: _Call, auxiliary, *tensors):
        in_data = call.arrays(t.detach() for t in tensors)
        aux = call.arrays(t.detach() for t in auxiliary)
        out_data = call.new(call.outputs)
        call.run("forward", call.train, is_train=call.train, req=["write"] * len(out_data), in_data=in_data,
                 out_data=out_data, aux=aux)
        ctx.call, ctx.data = call, (in_data, out_data, aux)
        # torch must not see what the operator keeps come out as an output: hand it a fresh view
        outputs = tuple(a._t.view_as(a._t) for a in out_data)
        ctx.mark_non_differentiable(*(t for t in outputs if not t.is_floating_point()))
        return outputs

    @staticmethod
    def backward(ctx, *grads):
        call, (in_data, out_data, aux) = ctx.call, ctx.data
        wanted = ctx.needs_input_grad[2:]
        in_grad = call.new([(a.shape, a._t.dtype) for a in in_data])
        # copies: the tensors are shared with other parts of the backward, and users may write to what they get
        call.run("backward", True, req=["write" if w else "null" for w in wanted],
                 out_grad=call.arrays(g.clone() for g in grads), in_data=in_data, out_data=out_data, in_grad=in_grad,
                 aux=aux)
        return (None, None, *(a._t if w else None for a, w in zip(in_grad, wanted, strict=True)))


custom.set_finder(_UserOperator)


# ------------------------------------------------------------------------------------- operators of MXNet before 0.7


class PythonOp:
    """Base class of NumpyOp and NDArrayOp, the way to write operators before CustomOp; calling it makes a Symbol."""

    _count = itertools.count()

    def __init__(self, need_top_grad=True):
        kind = next(cls.__name__ for cls in type(self).__mro__ if cls.__module__ == __name__)
        warnings.warn(f"{kind} has been deprecated. Please use CustomOp", stacklevel=2)
        self.need_top_grad_ = need_top_grad

    def __call__(self, *args, **kwargs):
        return self.get_symbol(*args, **kwargs)

    def get_symbol(self, *args, **kwargs):
        """The Symbol of this operator applied to Symbols, by position or by the names of `list_arguments`."""
        name = f"_{type(self).__name__}{next(self._count)}"
        register(name)(type(name, (_PythonOpProp,), {"python_op": self}))
        return symbol.Custom(*args, op_type=name, **kwargs)

    def forward(self, in_data, out_data):
        """Compute out_data, which is written in place, from in_data; by default copies the first."""
        out_data[0][:] = in_data[0]

    def backward(self, out_grad, in_data, out_data, in_grad):
        """Compute in_grad, which is written in place; by default the first is 1."""
        in_grad[0][:] = 1.0

    def infer_shape(self, in_shape):
        """(shapes of the arguments, shapes of the outputs) from those of the arguments."""
        return in_shape, [in_shape[0]]

    def list_outputs(self):
        """Names of the outputs."""
        return ["output"]

    def list_arguments(self):
        """Names of the arguments."""
        return ["data"]

    def need_top_grad(self):
        """Whether `backward` uses out_grad."""
        return self.need_top_grad_

    def _run(self, method, *lists):
        method(*lists)


class NDArrayOp(PythonOp):
    """An operator on NDArrays; write a CustomOp instead."""

    def declare_backward_dependency(self, out_grad, in_data, out_data):
        """Those of the given ids that `backward` needs; it is given everything, whatever this says."""
        return [*(out_grad if self.need_top_grad() else []), *in_data, *out_data]


class NumpyOp(PythonOp):
    """An operator on NumPy arrays; write a CustomOp instead."""

    def _run(self, method, *lists):
        copies = [[array._values() for array in arrays] for arrays in lists]
        method(*copies)
        for array, result in zip(lists[-1], copies[-1], strict=True):  # the last list is the one to compute
            array[:] = result


class _PythonOpProp(CustomOpProp):
    """Describes a PythonOp, the attribute `python_op` of a subclass made for it."""

    python_op: PythonOp

    def infer_shape(self, in_shape):
        return self.python_op.infer_shape(in_shape)

    def list_outputs(self):
        return self.python_op.list_outputs()

    def list_arguments(self):
        return self.python_op.list_arguments()

    def create_operator(self, ctx, in_shapes, in_dtypes):
        return _PythonCustomOp(self.python_op)


class _PythonCustomOp(CustomOp):
    def __init__(self, python_op: PythonOp):
        self.python_op = python_op

    def forward(self, is_train, req, in_data, out_data, aux):
        self.python_op._run(self.python_op.forward, in_data, out_data)

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        self.python_op._run(self.python_op.backward, out_grad, in_data, out_data, in_grad)


# --------------------------------------------------------------------------------------- what operators there are

OperatorArguments = collections.namedtuple("OperatorArguments", ["narg", "names", "types"])


def get_all_registered_operators() -> list[str]:
    """The names of all operators, aliases included."""
    return sorted(registry.list_ops())


def get_operator_arguments(op_name: str) -> OperatorArguments:
    """Number, names and types of the inputs and attributes of an operator; MXNetError if there is none such."""
    op = registry.get(op_name)
    kind = "NDArray-or-Symbol[]" if op.variadic else "NDArray-or-Symbol"
    types = [*[kind] * len(op.inputs), *map(_attribute_type, op.attrs.values())]
    return OperatorArguments(len(types), [*[i.name for i in op.inputs], *op.attrs], types)


def _attribute_type(attr: Any) -> str:
    if attr.required:
        return f"{attr.type_name}, required"
    default = int(attr.default) if isinstance(attr.default, bool) else attr.default
    return f"{attr.type_name}, optional, default={default!r}"
