"""CachedOp: a Symbol as a function of arrays (mx.nd.CachedOp), what hybridized blocks were built on in MXNet."""

from . import _rng, ndarray
from ._state import state
from .base import MXNetError
from .graph.lower import lower
from .ndarray import NDArray
from .ndarray._wrap import fill, in_use, wrap

__all__ = ["CachedOp"]


class CachedOp:
    """`CachedOp(symbol)(*arrays)` computes the outputs from arrays in the order of `symbol.list_inputs()`.

    It is recorded by autograd.  Gives one NDArray, or a list for several outputs.  flags are accepted and ignored.
    """

    def __init__(self, sym, flags=(), thread_safe=False):
        self._names = sym.list_inputs()
        self._program = lower(sym)

    def __call__(self, *args, out=None, default_ctx=None):
        """MXNetError for a wrong number of arrays, AssertionError for what is no NDArray."""
        if len(args) != len(self._names):
            raise MXNetError(f"CachedOp expects {len(self._names)} inputs ({', '.join(self._names)}), "
                             f"but got {len(args)}")
        for name, array in zip(self._names, args, strict=True):
            if not isinstance(array, NDArray):
                raise AssertionError(f"CachedOp: input {name} must be an NDArray, got {type(array)}")
        ctx = args[0]._ctx.results if args else default_ctx
        if ctx is None:
            from .context import current_context
            ctx = current_context()
        results = self._program.run([in_use(a) for a in args], state.training,
                                    _rng.generator(ctx.device_type, ctx.device_id), ctx.device)
        if out is not None:
            return fill("CachedOp", results, out)
        rg = bool(state.recording) and any(a._rg for a in args)
        arrays = [wrap(t, ctx, None, rg) for t in results]
        return arrays[0] if len(arrays) == 1 else arrays


ndarray.CachedOp = CachedOp  # type: ignore[attr-defined]  # its place in MXNet
