"""mx.library: where MXNet loads plug-ins in C++; see mxnet.ops.left_out for what to use instead."""

from .ops.left_out import refusal

__all__ = ["load"]

load = refusal("mx.library.load")
