"""SymbolBlock: a block made from a Symbol, such as one that was read from a model file."""

import os

from .. import symbol
from .._state import state
from ..base import TORCH_TO_NP, MXNetError
from ..graph import types as _types
from ..ndarray import NDArray
from ..symbol import Group, Symbol
from ..symbol._compose import compose
from ..symbol._node import Entry
from .compiled import Graph, nested
from .hybrid_block import HybridBlock
from .parameter_dict import ParameterDict
from .structure import flatten

__all__ = ["SymbolBlock"]


class SymbolBlock(HybridBlock):
    """A block whose graph is given: `outputs` (a Symbol or a list of them) of `inputs` (variables).

    A list of one Symbol is as the Symbol alone; several outputs come as a list, those of a grouped Symbol too.
    The other variables become parameters under their own names, which may be loaded, initialized and trained.
    params: a ParameterDict to take them from.
    """

    _graph_is_given = True

    @staticmethod
    def imports(symbol_file, input_names, param_file=None, ctx=None, allow_missing=False, ignore_extra=False):
        """Read a model written by `HybridBlock.export`, `Module.save_checkpoint` or MXNet.

        input_names: the names of the inputs, one or a list.  param_file: the file of parameters, all of which are
        needed unless allow_missing, and used unless ignore_extra.  Raises MXNetError for a damaged file,
        AssertionError for missing and superfluous parameters.
        """
        sym = symbol.load(symbol_file)
        names = [input_names] if isinstance(input_names, str) else input_names
        # a type cannot be told from the file: it is that of the arrays, or of the parameters
        block = SymbolBlock(sym, [symbol.var(name) for name in names])
        if param_file is not None:
            try:
                block.collect_params().load(param_file, ctx, allow_missing, ignore_extra, cast_dtype=True,
                                            dtype_source="saved")
            except AssertionError as error:
                strange = [name for name in names if name not in sym.list_inputs()]
                if strange:  # then the true inputs count as parameters
                    raise AssertionError(f"{error} Besides, {symbol_file} has no variable called "
                                         f"{', '.join(map(repr, strange))} (in input_names).") from error
                raise
        return block

    def __init__(self, outputs, inputs, params=None):
        super().__init__(prefix=None, params=params)
        self._prefix = ""
        self._params = ParameterDict("", params)
        if isinstance(inputs, Symbol) and len(inputs) == 1:
            inputs = [inputs]
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        inputs, self._in_format = flatten(list(inputs), "input")
        flat, self._out_format = flatten(outputs, "output")
        out = Group(flat)
        for i in inputs:
            if len(i) != 1 or not i._entries[0].node.is_variable:
                raise AssertionError(f"Input symbols must be variable, but {i!r} is an output of operators")
        self._inputs, self._outputs = inputs, out
        self._input_names = {i.name for i in inputs}
        self._make_params(out)
        self._active = True

    def _make_params(self, out):
        dtypes = _types.solve(out, {})
        for nodes, options in ((out._arguments(), {}), (out._auxiliary(), {"grad_req": "null"})):
            for node in nodes:
                if node.name not in self._input_names:
                    if node.attrs.get("__storage_type__", "0") != "0":
                        raise AssertionError(f"SymbolBlock doesn't support Parameter '{node.name}' because it is "
                                             "sparse, by its attribute __storage_type__")
                    dtype = dtypes.get((id(node), 0))
                    if dtype is not None:
                        options = {**options, "dtype": TORCH_TO_NP[dtype]}
                    self.params.get(node.name, allow_deferred_init=True, **options)
        # in files they go without what all their names begin with, whatever the prefix was
        common = len(os.path.commonprefix(list(self.params.keys())))  # noqa: RUF071  (characters are meant)
        self._reg_params.update((name[common:], param) for name, param in self.params.items())

    def __repr__(self):
        return f"{type(self).__name__}(\n{self._outputs!r} : {len(self._inputs)} -> {len(self._outputs)}\n)"

    def _trace(self, flat, args, kwargs):
        if len(flat) != len(self._inputs):
            names = ", ".join(i.name for i in self._inputs)
            raise MXNetError(f"SymbolBlock expects {len(self._inputs)} inputs ({names}), but got {len(flat)}")
        nodes = {n.name: Symbol([e]) for e, n in _variables(self._outputs)}
        return Graph(self._outputs, [nodes.get(i.name, i) for i in self._inputs], self._out_format)

    def forward(self, x, *args):
        """The outputs for these inputs: arrays, or symbols that take the place of the variables."""
        flat, _ = flatten([x, *args], "input")
        if state.trace is not None:
            return self._traced(flat)
        if isinstance(flat[0], NDArray):
            return self._run_compiled((x, *args), {})
        if len(flat) != len(self._inputs):
            raise ValueError(f"SymbolBlock expects {len(self._inputs)} inputs, but got {len(flat)}")
        out = compose(self._outputs, {i.name: s for i, s in zip(self._inputs, flat, strict=True)
                                      if i.name in self._outputs.list_inputs()})
        return nested(iter(out), self._out_format)

    def _traced(self, arrays):
        """`forward` as a part of a graph that is being traced."""
        given = {i.name: a for i, a in zip(self._inputs, arrays, strict=True)}
        used = {name: given[name] if name in given else self._reg_params[name].data()
                for name in self._outputs.list_inputs()}
        return nested(iter(state.trace.graph(self._outputs, used)), self._out_format)

    def reset_ctx(self, ctx):
        """Move the parameters to other contexts: one or a list.  ValueError for a parameter without values."""
        self.collect_params().reset_ctx(ctx)
        self._forget()

    def hybridize(self, active=True, **kwargs):
        """A SymbolBlock always runs as a graph; only a backend makes a difference."""
        super().hybridize(True, **kwargs)


def _variables(out):
    """(entry, node) of all variables."""
    return [(Entry(n), n) for n in out._nodes() if n.is_variable]
