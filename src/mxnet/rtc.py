"""mx.rtc: where MXNet compiles kernels in CUDA C; see mxnet.ops.left_out for what to use instead."""

from .ops.left_out import refusal

__all__ = ["CudaKernel", "CudaModule"]

CudaModule, CudaKernel = refusal("mx.rtc.CudaModule"), refusal("mx.rtc.CudaKernel")
