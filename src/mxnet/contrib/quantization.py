"""mx.contrib.quantization: models on floats made into models on int8 arrays, calibrated by some examples.

The graph is rewritten in quantization_pass.py, ranges are found in quantization_calibration.py; the layers are the
operators nd.contrib.quantized_*.
"""

import itertools
import logging
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import context, symbol
from ..io import DataIter, NDArrayIter
from ..ndarray import NDArray, concat, contrib, save, zeros
from ..symbol import Symbol
from . import quantization_calibration as calibration
from . import quantization_pass
from .quantization_calibration import combine_histogram

__all__ = ["calib_graph", "combine_histogram", "quantize_graph", "quantize_model", "quantize_model_mkldnn",
           "quantize_net", "quantize_net_v2"]

# by these names MXNet's own tests know them
_get_optimal_threshold = calibration.optimal_threshold
_get_optimal_thresholds = calibration.optimal_thresholds
_calibrate_quantized_sym = quantization_pass.calibrate

_Params = Mapping[str, NDArray]


def quantize_model(sym: str | Symbol, arg_params: _Params, aux_params: _Params, data_names=("data",),
                   label_names=("softmax_label",), ctx=None, excluded_sym_names: Sequence[str] | None = None,
                   excluded_op_names: Sequence[str] | None = None, calib_mode: str = "entropy",
                   calib_data: DataIter | None = None, num_calib_examples: int | None = None,
                   quantized_dtype: str = "int8", quantize_mode: str = "smart",
                   quantize_granularity: str = "tensor-wise", logger=None):
    """(symbol, arg_params, aux_params) of a model whose layers compute with int8 arrays.

    sym: the model on floats, or its file.  Convolutions and dense layers are quantized, and what lies between them
    where that can be; with quantize_mode "full" all that can be.  excluded_sym_names, excluded_op_names: nodes and
    operators that stay as they are.
    calib_mode: "none" has the ranges of activations measured whenever the model runs; "naive" takes the extremes that
    `calib_data`, a DataIter, leads to, in `num_calib_examples` of its examples (default: all); "entropy" saturates
    where nd.contrib.calibrate_entropy says.  quantized_dtype: "int8", "uint8", or "auto" for uint8 where the range has
    no negative numbers.  quantize_granularity is accepted and changes nothing, nor do data_names and label_names.
    ValueError for arguments that make no sense.
    """
    calibrated = calib_mode is not None and calib_mode != "none"
    quantized, args, states, collector = quantize_graph(
        sym, arg_params, aux_params, ctx, excluded_sym_names, excluded_op_names, calib_mode, quantized_dtype,
        quantize_mode, quantize_granularity, logger=logger)
    if calibrated:
        if calib_data is None:
            raise ValueError(f"calib_data must be provided when calib_mode={calib_mode}")
        if not isinstance(calib_data, DataIter):
            raise ValueError(f"calib_data must be of DataIter type when calib_mode={calib_mode}, "
                             f"while received type {type(calib_data)}")
        _measure(collector, _load(sym), arg_params, aux_params, calib_data, ctx, num_calib_examples, logger)
        return calib_graph(quantized, args, states, collector, calib_mode, quantized_dtype, logger)
    return quantized, args, states


def quantize_model_mkldnn(sym, arg_params, aux_params, data_names=("data",), label_names=("softmax_label",), ctx=None,
                          excluded_sym_names=None, excluded_op_names=None, calib_mode="entropy", calib_data=None,
                          num_calib_examples=None, quantized_dtype="int8", quantize_mode="smart",
                          quantize_granularity="tensor-wise", logger=None):
    """As quantize_model; the kernels are chosen when the model runs.  ValueError on another device than the CPU."""
    if ctx is not None and ctx.device_type != "cpu":
        raise ValueError(f"quantize_model_mkldnn only supports Intel cpu platform with MKL-DNN Backend, got {ctx}")
    return quantize_model(sym, arg_params, aux_params, data_names, label_names, ctx, excluded_sym_names,
                          excluded_op_names, calib_mode, calib_data, num_calib_examples, quantized_dtype,
                          quantize_mode, quantize_granularity, logger)


def quantize_graph(sym: str | Symbol, arg_params: _Params, aux_params: _Params, ctx=None,
                   excluded_sym_names: Sequence[str] | None = None, excluded_op_names: Sequence[str] | None = None,
                   calib_mode: str = "entropy", quantized_dtype: str = "int8", quantize_mode: str = "full",
                   quantize_granularity: str = "tensor-wise", LayerOutputCollector: Any = None, logger=None):
    """(symbol, arg_params, aux_params, collector) of a quantized model that is not calibrated yet; see quantize_model.

    Show the collector the outputs of the model on floats, by `collector.collect(name, array)` or as callback of an
    executor's monitor, and give it to calib_graph.  With calib_mode "none" it is None, with "customize" it is
    `LayerOutputCollector`.
    """
    excluded = _names("excluded_sym_names", "symbols", excluded_sym_names)
    excluded_operators = _names("excluded_op_names", "operators", excluded_op_names)
    quantized, wanted = _quantize_symbol(_load(sym), ctx, excluded, excluded_operators, list(arg_params),
                                         quantized_dtype, quantize_mode, quantize_granularity)
    collector = _collector(calib_mode, quantized_dtype, wanted, LayerOutputCollector, logger)
    return quantized, _quantize_params(quantized, arg_params, {}), dict(aux_params), collector


def calib_graph(qsym: str | Symbol, arg_params: _Params, aux_params: _Params, collector, calib_mode: str = "entropy",
                quantized_dtype: str = "int8", logger=logging):
    """(symbol, arg_params, aux_params) of a quantized model that knows the ranges that its collector has seen.

    A collector of the user's own has them in its attribute `min_max_dict`.  ValueError for an unknown calib_mode.
    """
    if calib_mode is None or calib_mode == "none":
        raise ValueError(f"calib_graph needs a calib_mode, got {calib_mode}")
    if calib_mode not in _MODES:
        raise _unknown_mode(calib_mode)
    ranges = collector.min_max_dict if calib_mode == "customize" else collector.ranges(quantized_dtype)
    made = quantization_pass.calibrate(_load(qsym), ranges)
    return made, _quantize_params(made, arg_params, {}), dict(aux_params)


# --------------------------------------------------------------------------------------------------------- Gluon


def quantize_net_v2(network, quantized_dtype: str = "auto", quantize_mode: str = "full",
                    quantize_granularity: str = "tensor-wise", exclude_layers: Sequence[str] | None = None,
                    exclude_layers_match: Sequence[str] | None = None,
                    exclude_operators: Sequence[str] | None = None, calib_data=None, data_shapes=None,
                    calib_mode: str = "none", num_calib_examples: int | None = None, ctx=None,
                    LayerOutputCollector: Any = None, logger=None):
    """A SymbolBlock that computes with int8 arrays what a HybridBlock computes with floats; see quantize_model.

    calib_data: a DataIter or DataLoader, whose batches begin with the inputs of the network.  data_shapes: instead of
    it, with calib_mode "none", a list of DataDesc of the inputs.  exclude_layers_match: parts of the names of nodes
    that stay as they are.  ValueError for arguments that make no sense.
    """
    from ..gluon import SymbolBlock

    ctx = ctx or context.cpu()
    if calib_mode not in _MODES:
        raise _unknown_mode(calib_mode)
    if calib_data is not None:
        calib_data = _as_data_iter(network, calib_data, ctx)
        data_shapes = calib_data.provide_data
    if data_shapes is None:
        raise ValueError("data_shapes required")
    names = [d[0] for d in data_shapes]
    network(*[zeros(d[1], ctx=ctx) for d in data_shapes])  # parameters know their shapes afterwards
    made = network(*[symbol.var(name) for name in names])
    model = made if isinstance(made, Symbol) else symbol.Group(list(made))
    params = {name: p.data(ctx).as_in_context(context.cpu()) for name, p in network.collect_params().items()}
    states = {name: params[name] for name in model.list_auxiliary_states()}
    args = {name: params[name] for name in model.list_arguments() if name in params}
    excluded = [*(exclude_layers or ()), *_matching(model, exclude_layers_match or ())]
    if calib_mode != "none" and calib_data is None:
        raise ValueError(f"calib_data must be provided when calib_mode={calib_mode}")
    quantized, qargs, qstates, collector = quantize_graph(
        model, args, states, ctx, excluded, exclude_operators, calib_mode, quantized_dtype, quantize_mode,
        quantize_granularity, LayerOutputCollector, logger)
    if collector is not None:
        _measure(collector, model, args, states, calib_data, ctx, num_calib_examples, logger)
        quantized, qargs, qstates = calib_graph(quantized, qargs, qstates, collector, calib_mode, quantized_dtype,
                                                logger)
    with tempfile.TemporaryDirectory() as folder:
        model_file, params_file = os.path.join(folder, "model-symbol.json"), os.path.join(folder, "model-0000.params")
        quantized.save(model_file)
        save(params_file, {**{f"arg:{k}": v for k, v in qargs.items()}, **{f"aux:{k}": v for k, v in qstates.items()}})
        return SymbolBlock.imports(model_file, names, params_file, ctx)


def quantize_net(network, quantized_dtype="auto", quantize_mode="full", exclude_layers=None, exclude_layers_match=None,
                 exclude_operators=None, calib_data=None, data_shapes=None, calib_mode="none", num_calib_examples=None,
                 ctx=None, logger=None):
    """As quantize_net_v2, which has more arguments."""
    return quantize_net_v2(network, quantized_dtype, quantize_mode, "tensor-wise", exclude_layers,
                           exclude_layers_match, exclude_operators, calib_data, data_shapes, calib_mode,
                           num_calib_examples, ctx, None, logger)


def _matching(model: Symbol, parts: Sequence[str]) -> list[str]:
    """The names of nodes that have one of these parts."""
    found = {name for name in model.get_internals().list_outputs() if any(part in name for part in parts)}
    return [node.name for node in model._nodes() if not node.is_variable and node.output_name(0) in found]


def _as_data_iter(network, data, ctx) -> DataIter:
    """`data` as DataIter that has the inputs of the network and nothing else."""
    if isinstance(data, DataIter):
        return data
    batches = [batch if isinstance(batch, (list, tuple)) else [batch] for batch in data]
    count = next((n for n in range(len(batches[0]), 0, -1) if _accepts(network, batches[0][:n], ctx)), None)
    if count is None:
        raise ValueError("calib_data: the network takes none of the arrays of its batches")
    inputs = [concat(*(batch[i] for batch in batches), dim=0) for i in range(count)]
    names = ["data"] if count == 1 else [f"data{i}" for i in range(count)]
    return NDArrayIter(dict(zip(names, inputs, strict=True)), batch_size=len(batches[0][0]),
                       last_batch_handle="roll_over" if len(batches[-1][0]) < len(batches[0][0]) else "pad")


def _accepts(network, arrays, ctx) -> bool:
    try:
        network(*(array.as_in_context(ctx) for array in arrays))
    except Exception:  # whatever it is that a network says to too many inputs
        return False
    return True


# --------------------------------------------------------------------------------------------------------- parts

_MODES = ("none", "naive", "entropy", "customize")


def _unknown_mode(mode) -> ValueError:
    return ValueError(f"unknown calibration mode {mode} received, expected `none`, `naive`, `entropy` or `customize`")


def _load(sym: str | Symbol) -> Symbol:
    return symbol.load(sym) if isinstance(sym, str) else sym


def _names(argument: str, what: str, names: Sequence[str] | None) -> Collection[str]:
    if names is not None and not isinstance(names, (list, tuple, set)):
        raise ValueError(f"{argument} must be a list of strings representing the names of the {what} that will not be "
                         f"quantized, while received type {type(names)}")
    return names or ()


def _collector(mode, dtype: str, wanted: list[str], custom, logger):
    if mode is None or mode == "none":
        return None
    if mode == "naive":
        return calibration.MinMaxCollector(dtype, wanted, logger)
    if mode == "entropy":
        return calibration.HistogramCollector(include_layer=wanted, logger=logger)
    if mode == "customize" and custom is not None:
        custom.include_layer = wanted
        return custom
    raise _unknown_mode(mode)


def _measure(collector, sym: Symbol, args: _Params, states: _Params, data: DataIter, ctx, most, logger):
    count = calibration.collect(collector, sym, collector.include_layer, args, states, data, ctx or context.cpu(), most)
    if logger:
        logger.info("Collected layer outputs from FP32 model using %d examples", count)


def _quantize_symbol(sym: Symbol, ctx=None, excluded_symbols=None, excluded_operators=None, offline_params=None,
                     quantized_dtype="int8", quantize_mode="smart", quantize_granularity="tensor-wise"):
    """(the quantized graph, outputs of `sym` whose ranges it would like to know); see quantize_model."""
    if quantized_dtype not in ("int8", "uint8", "auto"):
        raise ValueError(f"unknown quantized_dtype {quantized_dtype} received, expected `int8`, `uint8` or `auto`")
    if quantize_granularity not in ("tensor-wise", "channel-wise"):
        raise ValueError(f"unknown quantize_granularity {quantize_granularity} received, expected `tensor-wise` or "
                         "`channel-wise`.")
    return quantization_pass.quantize(sym, excluded_symbols or (), excluded_operators or (), offline_params or (),
                                      quantized_dtype, quantize_mode)


def _quantize_params(qsym: Symbol, params: _Params, th_dict: Mapping[str, tuple]) -> dict[str, NDArray]:
    """The parameters of a quantized graph: those that it has, and int8 ones with their ranges.

    th_dict: ranges of parameters, by their names on floats, instead of their extremes.
    """
    made: dict[str, NDArray] = {}
    for name in itertools.chain(qsym.list_arguments(), qsym.list_auxiliary_states()):
        original = name.removesuffix("_quantize")
        if name in params:
            made[name] = params[name]
        elif name != original and original in params:
            values = params[original]
            low, high = th_dict.get(original, (values.min(), values.max()))
            low, high = (end if isinstance(end, NDArray) else zeros((1,)) + end for end in (low, high))
            quantized = contrib.quantize(values, low, high, out_type="int8")
            made.update(zip((name, f"{name}_min", f"{name}_max"), quantized, strict=True))
    return made
