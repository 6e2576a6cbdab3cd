"""Running torch on fake tensors: the modes of one shape inference, and the operators that need a rule.

Two layers: `InferenceMode` sees single kernels, `WholeOperators` sees the calls that a forward writes down.
"""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    UnsupportedOperatorException,
)
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from ._shape_env import Unknowns
from ._shape_example import shapes_by_example
from .infer import DataDependent, UnknownSize

Size = int | torch.SymInt
aten = torch.ops.aten
_FAKE_TENSOR_LOG = logging.getLogger("torch._subclasses.fake_tensor")


class Engine:
    """The unknowns of an inference and the modes under which torch finds them out."""

    def __init__(self):
        self.unknowns = Unknowns()
        self.mode = InferenceMode(self.unknowns)
        self._whole_operators = WholeOperators(self.unknowns)
        self._blocks: list[ExitStack] = []

    def unknown(self, shape: Sequence[int | None], dtype, device) -> torch.Tensor:
        sizes = [size if size is not None and size > 0 else self.unknowns.new_unknown() for size in shape]
        with self.mode, torch.no_grad():
            return torch.empty(sizes, dtype=dtype, device=device)

    def fake(self, real: torch.Tensor) -> torch.Tensor:
        return self.mode.twin(real)

    def assume(self, size: Size, value: Size) -> None:
        assume_equal(self.unknowns, size, value)

    @staticmethod
    def missing(error: BaseException) -> DataDependent | None:
        """What a forward cannot go on without, if that is what an error is about."""
        if isinstance(error, GuardOnDataDependentSymNode):
            return UnknownSize(f"forward needs a size that nothing has determined so far ({error.cond})")
        if isinstance(error, (TypeError, AttributeError)) and _SYMBOL.search(str(error)):
            return UnknownSize(f"forward computes with a size that nothing has determined so far ({error})")
        if isinstance(error, _NEEDS_VALUES):
            return DataDependent(f"forward needs the values of a tensor ({error})")
        return None

    def __enter__(self) -> "Engine":
        block = ExitStack()
        block.enter_context(_Quiet())
        block.enter_context(torch.no_grad())
        if not self._blocks:
            block.enter_context(_LIFTING)
            block.enter_context(self.mode)
            block.enter_context(self._whole_operators)
        self._blocks.append(block)
        return self

    def __exit__(self, *error) -> None:
        self._blocks.pop().close()


_SYMBOL = re.compile(r"\bSym(Int|Float|Bool)\b")
_NEEDS_VALUES = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
)


class _Quiet(logging.Filter):
    """Drops what this thread's fake tensors log about errors that are raised anyway."""

    def __enter__(self) -> None:
        self._thread = threading.get_ident()
        _FAKE_TENSOR_LOG.addFilter(self)

    def __exit__(self, *error) -> None:
        _FAKE_TENSOR_LOG.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


class _Lifting:
    """Keeps the one process-wide flag that a fake mode sets as it was, however threads overlap."""

    def __init__(self):
        self._lock = threading.Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._flag = torch._C._only_lift_cpu_tensors()
            self._inside += 1

    def __exit__(self, *error) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch._C._set_only_lift_cpu_tensors(self._flag)


_LIFTING = _Lifting()


class WholeOperators(TorchFunctionMode):
    """Calls an operator, and again with "is it 1?" answered yes where no led to a shape error.

    Also: sizes that are known by now read as plain ints, so that a forward can branch on them.
    """

    def __init__(self, unknowns: Unknowns):
        super().__init__()
        self._unknowns = unknowns

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _READS_VALUES and isinstance(args[0], FakeTensor):
            raise DataDependent(f"forward needs the values of a tensor ({func.__name__})")
        func = _IN_OTHER_WORDS.get(func, func)
        self._unknowns.refused_one = False
        try:
            result = func(*args, **kwargs)
        except (RuntimeError, ValueError, IndexError):
            if not self._unknowns.refused_one:
                raise
            result = self._again(func, args, kwargs)
            if result is NotImplemented:
                raise
        return self._with_numbers(result)

    def _again(self, func, args, kwargs):
        self._unknowns.accept_one = True
        try:
            return func(*args, **kwargs)
        except (RuntimeError, ValueError, IndexError):
            return NotImplemented
        finally:
            self._unknowns.accept_one = False

    def _with_numbers(self, result):
        if isinstance(result, torch.SymInt):
            number = self._unknowns.known(result)
            return result if number is None else number
        if isinstance(result, torch.Size):
            return torch.Size([self._with_numbers(size) for size in result])
        return result


def _bilinear(left, right, weight, bias=None):
    result = torch.einsum("...i,kij,...j->...k", left, weight, right)
    return result if bias is None else result + bias


def _chunk(data, chunks, dim=0):
    """Chunks of an unknown size are equal ones."""
    size = data.shape[dim]
    if not isinstance(size, torch.SymInt) or size.node.is_constant():
        return torch.chunk(data, chunks, dim)
    unknowns = size.node.shape_env
    if unknowns.known(size) is not None:
        return torch.chunk(data, chunks, dim)
    each = unknowns.new_unknown()
    assume_equal(unknowns, size, each * chunks)
    return data.split([each] * chunks, dim)


def _tensor_split(data, indices_or_sections, dim=0):
    if isinstance(indices_or_sections, int):
        return _chunk(data, indices_or_sections, dim)
    return torch.tensor_split(data, indices_or_sections, dim)


_READS_VALUES = {
    torch.Tensor.numpy,
    torch.Tensor.__array__,
    torch.Tensor.__dlpack__,
    torch.Tensor.data_ptr,
}
_IN_OTHER_WORDS = {
    torch.nn.functional.bilinear: _bilinear,
    torch.chunk: _chunk,
    torch.Tensor.chunk: _chunk,
    torch.tensor_split: _tensor_split,
    torch.Tensor.tensor_split: _tensor_split,
}


class InferenceMode(FakeTensorMode):
    """Fake tensors, with a rule for the few kernels whose checks on fake tensors say less than they could."""

    def __init__(self, unknowns: Unknowns):
        super().__init__(shape_env=unknowns, allow_non_fake_inputs=True, static_shapes=True)

    def twin(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor if self.is_our_fake(tensor) else self.from_tensor(tensor)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func not in self.lift_fns:  # torch.tensor() hands over the real tensor that it made
            # torch would compute some operators for real where all inputs are, and write to them.
            args, kwargs = tree_map_only(torch.Tensor, self.twin, (args, kwargs))
        rule = _RULES.get(func) or (_meet_ones if torch.Tag.pointwise in func.tags else None)
        if rule is not None and any(_is_symbolic(arg) for arg in args):
            rule(self.shape_env, *args, **kwargs)
        try:
            return self.dispatch(func, types, args, kwargs)
        except GuardOnDataDependentSymNode:
            shapes = shapes_by_example(self, func, args, kwargs)
            if shapes is None:
                raise
            return shapes


def _is_symbolic(value: object) -> bool:
    return isinstance(value, FakeTensor) and value._has_symbolic_sizes_strides


def assume_equal(unknowns: Unknowns, size: Size, value: Size, what: str = "size") -> None:
    """State that two sizes are equal; a RuntimeError when they cannot be."""
    unknowns.settle()
    torch._check(size == value, lambda: f"{what}: got {size}, expected {value}")


def _meet_ones(unknowns: Unknowns, *args, **kwargs) -> None:
    """Broadcasting: note every unknown size that meets nothing but sizes of 1."""
    shapes = [arg.shape for arg in args if isinstance(arg, torch.Tensor) and arg.dim()]
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = [shape[-axis] for shape in shapes if len(shape) >= axis]
        values = [unknowns.known(size) for size in sizes]
        if None in values and {value for value in values if value is not None} == {1}:
            for size, value in zip(sizes, values, strict=True):
                if value is None:
                    unknowns.meets_one |= unknowns.replace(size.node.expr).free_symbols


def _convolution(unknowns, data, weight, bias, *geometry) -> None:
    *_, transposed, _, groups = geometry
    first, second = weight.shape[0], weight.shape[1] * groups
    inputs, outputs = (first, second) if transposed else (second, first)
    assume_equal(unknowns, inputs, data.shape[1], "input channels of the convolution weight")
    if bias is not None:
        assume_equal(unknowns, bias.shape[0], outputs, "length of the convolution bias")


def _addmm(unknowns, bias, left, right, **scales) -> None:
    if _is_symbolic(bias) and bias.dim() == 1:
        assume_equal(unknowns, bias.shape[0], right.shape[1], "length of the bias")


def _slice(unknowns, data, dim=0, start=None, end=None, step=1) -> None:
    """`w[:5]` and `w[-5:]` of an unknown length: a slice that is written out is there whole."""
    size = data.shape[dim]
    if unknowns.known(size) is not None:
        return
    for bound in (start, end):
        if isinstance(bound, int) and abs(bound) < 2**31 and bound:
            unknowns.require((size >= abs(bound)).node.expr)


_RULES: dict[object, Callable] = {
    aten.convolution.default: _convolution,
    aten.addmm.default: _addmm,
    aten.slice.Tensor: _slice,
}
