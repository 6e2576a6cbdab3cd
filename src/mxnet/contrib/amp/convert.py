"""Mixed precision: most operators in float32, those that gain from it in float16 or bfloat16, by the lists.

Graphs are converted as a whole: `convert_symbol`, `convert_model`, `convert_hybrid_block`.
"""

from ...base import FLAG_TO_TORCH, TORCH_TO_NAME, MXNetError, torch_dtype
from . import lists
from ._casts import with_casts

__all__ = ["convert_hybrid_block", "convert_model", "convert_symbol", "init", "list_conditional_fp32_ops",
           "list_fp32_ops", "list_loss_output_functions", "list_lp16_fp32_ops", "list_lp16_ops",
           "list_lp16_use_fp32_params", "list_widest_type_cast"]


def _name(target_dtype) -> str:
    """'float16' or 'bfloat16'; AssertionError for others."""
    name = TORCH_TO_NAME[torch_dtype(target_dtype)]
    assert name in ("float16", "bfloat16"), "Only target_dtype float16 and bfloat16 are supported currently"
    return name


def _listed(target_dtype, fp16, bf16):
    half = _name(target_dtype) == "float16"
    return list(getattr(lists.symbol_fp16, fp16) if half else getattr(lists.symbol_bf16, bf16))


def list_lp16_ops(target_dtype):
    """Names of operators that run in the target precision."""
    return _listed(target_dtype, "FP16_FUNCS", "BF16_FUNCS")


def list_fp32_ops(target_dtype):
    """Names of operators that run in float32."""
    return _listed(target_dtype, "FP32_FUNCS", "FP32_FUNCS")


def list_lp16_fp32_ops(target_dtype):
    """Names of operators that run in the precision of their inputs."""
    return _listed(target_dtype, "FP16_FP32_FUNCS", "BF16_FP32_FUNCS")


def list_conditional_fp32_ops(target_dtype):
    """(operator, attribute, values) of those that run in float32 where the attribute has one of the values."""
    return _listed(target_dtype, "CONDITIONAL_FP32_FUNCS", "CONDITIONAL_FP32_FUNCS")


def list_widest_type_cast(target_dtype):
    """Names of operators that run in the widest precision among their inputs."""
    return _listed(target_dtype, "WIDEST_TYPE_CASTS", "WIDEST_TYPE_CASTS")


def list_loss_output_functions(target_dtype):
    """Names of the losses."""
    return _listed(target_dtype, "LOSS_OUTPUT_FUNCTIONS", "LOSS_OUTPUT_FUNCTIONS")


def list_lp16_use_fp32_params(target_dtype):
    """For bfloat16, the inputs of operators that stay in float32; None for float16."""
    return None if _name(target_dtype) == "float16" else dict(lists.symbol_bf16.BF16_USE_FP32_PARAMS)


def convert_symbol(sym, target_dtype="float16", target_dtype_ops=None, fp32_ops=None, conditional_fp32_ops=None,
                   excluded_sym_names=None, data_names=None, cast_optional_params=False):
    """`sym` in mixed precision: with amp_cast and amp_multicast where precisions meet; outputs are float32.

    target_dtype_ops, fp32_ops, conditional_fp32_ops: names of operators in place of those of the lists.
    excluded_sym_names: of nodes that stay in float32.  cast_optional_params: variables but `data_names` are told the
    precision that they are read in.  AssertionError for operators in several lists, or in none.
    """
    target = _name(target_dtype)
    low = list_lp16_ops(target) if target_dtype_ops is None else list(target_dtype_ops)
    high = list_fp32_ops(target) if fp32_ops is None else list(fp32_ops)
    conditional = list_conditional_fp32_ops(target) if conditional_fp32_ops is None else conditional_fp32_ops
    _check_lists(target, set(low), set(high), {name for name, *_ in conditional})
    widest, excluded = set(list_widest_type_cast(target)), set(excluded_sym_names or ())
    low, high = set(low), set(high)

    def rule_of(node):
        names = {node.op.name, *node.op.aliases}
        if node.name in excluded or names & high or any(
                op in names and str(node.parsed.get(attr)) in values for op, attr, values in conditional):
            return "float32"
        return "target" if names & low else "widest" if names & widest else None

    if data_names is None:
        data_names = [name for name in sym.list_arguments() if name == "data" or name.endswith("label")]
    mark = set(sym.list_inputs()).difference(data_names) if cast_optional_params else ()
    return with_casts(sym, target, rule_of, mark)


def _check_lists(target, low, high, conditional):
    known = set(list_lp16_ops(target)) | set(list_fp32_ops(target)) | set(list_lp16_fp32_ops(target)) | {
        name for name, *_ in list_conditional_fp32_ops(target)}
    for one, other, what in ((low, high, "target_dtype_ops and fp32_ops"),
                             (low, conditional, "target_dtype_ops and conditional_fp32_ops"),
                             (high, conditional, "fp32_ops and conditional_fp32_ops")):
        common = one & other
        assert not common, f"Ops cannot be in two or more lists. Common ops in {what} {common}"
    strange = (low | high | conditional) - known
    assert not strange, ("Can only choose ops of amp.list_lp16_ops, list_fp32_ops, list_lp16_fp32_ops and "
                         f"list_conditional_fp32_ops for {target}; not {', '.join(sorted(strange))}")


def convert_model(sym, arg_params, aux_params, target_dtype="float16", target_dtype_ops=None, fp32_ops=None,
                  conditional_fp32_ops=None, excluded_sym_names=None, cast_optional_params=False):
    """A checkpoint (Symbol and dicts of parameters) in mixed precision; see `convert_symbol`.

    cast_optional_params: parameters that are read in the target precision alone are stored in it.
    """
    inputs = [name for name in sym.list_inputs() if name not in arg_params and name not in aux_params]
    sym = convert_symbol(sym, target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names,
                         inputs, cast_optional_params)
    return sym, _cast_like(sym, arg_params), _cast_like(sym, aux_params)


def _cast_like(sym, params):
    """The arrays in the dtypes that the variables of `sym` ask for."""
    attrs = sym.attr_dict()
    return {name: array.astype(TORCH_TO_NAME[FLAG_TO_TORCH[int(attrs[name]["__dtype__"])]], copy=False)
            if "__dtype__" in attrs.get(name, ()) else array for name, array in params.items()}


def convert_hybrid_block(block, target_dtype="float16", target_dtype_ops=None, fp32_ops=None,
                         conditional_fp32_ops=None, excluded_sym_names=None, ctx=None, cast_optional_params=False):
    """A SymbolBlock that does in mixed precision what a hybridized block does, which must have run once.

    ctx: where its parameters are; by default those of the block.  See `convert_symbol` for the rest.
    """
    from ...gluon import HybridBlock, SymbolBlock

    assert isinstance(block, HybridBlock), f"convert_hybrid_block needs a HybridBlock, got {type(block)}"
    if not block._cached_graph:
        raise RuntimeError("Please first call block.hybridize() and then run forward with this block at least once "
                           "before calling convert_hybrid_block.")
    inputs, sym = block._cached_graph
    sym = convert_symbol(sym, target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names,
                         [i.name for i in inputs], cast_optional_params)
    converted, params = SymbolBlock(sym, inputs), block.collect_params()
    arrays = _cast_like(sym, {name: params[name]._reduce() for name in converted.collect_params()})
    for name, param in converted.collect_params().items():
        param.cast(arrays[name].dtype)
        param._load_init(arrays[name], ctx or params[name].list_ctx())
    return converted


def init(target_dtype="float16", target_precision_ops=None, conditional_fp32_ops=None, fp32_ops=None):
    """Casts around every operator that runs eagerly: not available.  MXNetError says what there is instead."""
    raise MXNetError(f"amp.init(target_dtype={_name(target_dtype)!r}): operators that run one by one are not cast; "
                     "convert whole graphs with amp.convert_hybrid_block, convert_model or convert_symbol, or cast a "
                     "network with block.cast")
