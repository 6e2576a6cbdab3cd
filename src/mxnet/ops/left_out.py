"""What MXNet 1.9.1 has and this package leaves out on purpose: one table of names, reasons and what to use instead.

The names are functions in nd and sym like any others, but MXNetError is what calling them gives, and what loading a
model that has them gives.  docs/left-out.md is `markdown()`; a test says when it is not.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..base import MXNetError

__all__ = ["TABLE", "LeftOut", "explain", "find", "markdown", "names", "refusal"]


class LeftOut(NamedTuple):
    """A group of names; `*` at the end of one stands for anything."""

    what: str
    names: tuple[str, ...]
    reason: str
    instead: str


TABLE = (
    LeftOut("Sampling of graphs for DGL",
            ("_contrib_dgl_adjacency", "_contrib_dgl_csr_neighbor_non_uniform_sample",
             "_contrib_dgl_csr_neighbor_uniform_sample", "_contrib_dgl_graph_compact", "_contrib_dgl_subgraph"),
            "it served DGL when MXNet was one of the libraries that DGL ran on",
            "DGL or PyTorch Geometric to sample the graph, and NDArrays made from the result by nd.from_dlpack"),
    LeftOut("Kernels compiled by TVM",
            ("_contrib_tvm_vadd", "_contrib_tvm_dot", "_contrib_tvm_dot_fallback"),
            "TVM compiles them while MXNet is built",
            "nd.broadcast_add and nd.dot, and hybridize() to have a block compiled"),
    LeftOut("Integer products by intgemm",
            ("_contrib_intgemm_maxabsolute", "_contrib_intgemm_prepare_data", "_contrib_intgemm_prepare_weight",
             "_contrib_intgemm_take_weight", "_contrib_intgemm_fully_connected"),
            "the layout of their weights is private to the intgemm library and to one CPU",
            "nd.contrib.quantize_v2 and nd.contrib.quantized_fully_connected"),
    LeftOut("Nodes fused by oneDNN",
            ("_sg_mkldnn_conv", "_sg_mkldnn_fully_connected", "_sg_mkldnn_selfatt_qk", "_sg_mkldnn_selfatt_valatt"),
            "MXNet makes them of a graph while it binds it; PyTorch chooses such kernels by itself",
            "the model file from before get_backend_symbol('MKLDNN') or optimize_for('MKLDNN')"),
    LeftOut("Nodes of TensorRT", ("_TensorRT",),
            "they hold an engine of one version of TensorRT for one GPU",
            "the model file from before optimize_for('TensorRT'), and hybridize()"),
    LeftOut("Kernels in CUDA C", ("mx.rtc.CudaModule", "mx.rtc.CudaKernel"),
            "they are compiled against MXNet's own memory and streams",
            "mx.operator.CustomOp, in which PyTorch, CuPy or Triton can run a kernel on arrays passed by DLPack"),
    LeftOut("Plug-ins in C++", ("mx.library.load",),
            "they are compiled against MXNet's own structures",
            "mx.operator.CustomOp, or torch.utils.cpp_extension called from one"),
    LeftOut("Decoding images the old way", ("_imdecode", "imdecode"),
            "MXNet 1.9.1 itself decodes no image with them under Python 3",
            "mx.image.imdecode"),
    LeftOut("Calls back into one process", ("_Native", "_NDArray", "_CustomFunction"),
            "their attributes are addresses in the memory of the process that made them",
            "mx.operator.CustomOp, mx.operator.NumpyOp, mx.operator.NDArrayOp or mx.autograd.Function"),
    LeftOut("Hybridized blocks as nodes", ("_CachedOp", "_CachedOpThreadSafe"),
            "their graph exists only in the process that hybridized the block",
            "HybridBlock.hybridize() and HybridBlock.export()"),
    LeftOut("What MXNet inserts into graphs", ("_CrossDeviceCopy", "_NoGradient"),
            "they are nodes without arguments of their own, made while a graph is bound",
            "NDArray.as_in_context and BlockGrad"),
    LeftOut("Gradients as operators",
            ("_contrib_backward_gradientmultiplier", "_contrib_backward_hawkesll", "_contrib_backward_index_copy",
             "_contrib_backward_quadratic", "_broadcast_backward", "_split_v2_backward", "_backward_*"),
            "PyTorch differentiates the operators; MXNet made these nodes of its gradients",
            "autograd.record() with backward(), autograd.grad(), or Executor.backward()"),
)


def names() -> Iterator[str]:
    """The operators of the table that have functions, by their registered names."""
    for group in TABLE:
        yield from (name for name in group.names if not name.startswith("mx.") and not name.endswith("*"))


def find(name: str) -> LeftOut | None:
    """The entry of a name, if it is left out."""
    for group in TABLE:
        if any(name == n or (n.endswith("*") and name.startswith(n[:-1])) for n in group.names):
            return group
    return None


def explain(name: str, group: LeftOut) -> str:
    """What a user of `name` is told."""
    kind = "" if name.startswith("mx.") else "Operator "
    return f"{kind}{name} is left out on purpose: {group.reason}. Use {group.instead} instead."


def refusal(name: str) -> Callable:
    """The function that stands where MXNet has `name`."""
    group = find(name)
    assert group is not None, name
    text = explain(name, group)

    def refuse(*args, **kwargs):
        raise MXNetError(text)

    refuse.__name__ = refuse.__qualname__ = name.rpartition(".")[2]
    refuse.__doc__ = f"MXNetError: {text}"
    return refuse


def markdown() -> str:
    """The table as a document."""
    rows = "".join(f"| {g.what} | {', '.join(f'`{n}`' for n in g.names)} | {g.reason} | {g.instead} |\n"
                   for g in TABLE)
    return ("# Left out on purpose\n\n"
            "Made by `markdown()` of `src/mxnet/ops/left_out.py`; do not edit.\n"
            "Calling one of these, or loading a model that has it, is an MXNetError that says what stands here.\n"
            "`_contrib_x` is `nd.contrib.x` and `sym.contrib.x`; other names with `_` are in `nd._internal`.\n\n"
            "| What | Names | Why | Instead |\n|---|---|---|---|\n" + rows)
