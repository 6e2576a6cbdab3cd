"""Records what MXNet 1.9.1 makes of each operator of mx.sym with the fewest attributes: run under it.

Writes operators.json: call -> answer (see `answer`).  What a call is made of stands in MXNet's own docstrings.
"""

import hashlib
import json
import os
import re
import warnings

import numpy as np

import mxnet as mx

SPACES = ("op", "_internal", "contrib", "linalg", "image", "sparse")
DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8")
VALUES = {"int": "2", "int (non-negative)": "2", "long": "2", "long (non-negative)": "2", "float": "0.5",
          "double": "0.5", "boolean": "1", "Shape(tuple)": "(2, 2)", "tuple of <float>": "(0.5, 0.5)",
          "tuple of <double>": "(0.5, 0.5)", "string": "'abc'", "int or None": "2", "float or None": "0.5",
          "Shape or None": "(2, 2)", "tuple of <int>": "(2, 2)", "tuple of <>": "(2, 2)"}
# calls that the docstrings do not tell, or that do not work with the values above
SPECIAL = {
    "RNN": ["mode='lstm', state_size=2, num_layers=2", "mode='gru', state_size=2, num_layers=1, state_outputs=1",
            "mode='lstm', state_size=2, num_layers=1, state_outputs=1, bidirectional=1",
            "mode='lstm', state_size=2, num_layers=1, use_sequence_length=1",
            "mode='lstm', state_size=2, num_layers=1, projection_size=3"],
    "LeakyReLU": ["", "act_type='prelu'", "act_type='gelu'", "act_type='rrelu'"],
    "UpSampling": [
        "a, scale=2, sample_type='nearest', num_args=1", "a, b, scale=2, sample_type='nearest', num_args=2",
        "scale=2, sample_type='bilinear', num_filter=3, num_args=2"],
    "Convolution": ["kernel=(2, 2), num_filter=3", "kernel=(2, 2), num_filter=3, no_bias=1"],
    "Deconvolution": ["kernel=(2, 2), num_filter=3", "kernel=(2, 2), num_filter=3, no_bias=0"],
    "FullyConnected": ["num_hidden=3", "num_hidden=3, no_bias=1"],
    "BatchNorm": ["", "output_mean_var=1", "fix_gamma=0"],
    "LayerNorm": ["", "output_mean_var=1"],
    "GroupNorm": ["", "output_mean_var=1"],
    "SoftmaxOutput": ["", "multi_output=1"],
    "softmax": ["", "use_length=1", "axis=1, dtype='float64'"],
    "topk": ["", "ret_typ='both'", "ret_typ='mask'", "ret_typ='value'", "ret_typ='indices', dtype='int32'",
             "ret_typ='both', dtype='int64'"],
    "SequenceMask": ["", "use_sequence_length=1"],
    "SequenceLast": ["", "use_sequence_length=1"],
    "SequenceReverse": ["", "use_sequence_length=1"],
    "CTCLoss": ["", "use_label_lengths=1", "use_data_lengths=1, use_label_lengths=1"],
    "SliceChannel": ["num_outputs=3", "num_outputs=1", "num_outputs=2, squeeze_axis=1"],
    "split": ["num_outputs=3"],
    "sort": [""], "argsort": ["", "dtype='int32'"],
    "Cast": ["dtype='int32'", "dtype='float16'"], "cast": ["dtype='int32'"],
    "Embedding": ["input_dim=5, output_dim=3", "input_dim=5, output_dim=3, dtype='float16'"],
    "Reshape": ["shape=(-1, 2)", "shape=(0, -3)"],
    "Dropout": ["", "p=0.2, mode='always'"],
    "SpatialTransformer": ["target_shape=(4, 4), transform_type='affine', sampler_type='bilinear'"],
    "Pad": ["mode='constant', pad_width=(0, 0, 0, 0, 1, 1, 1, 1)"],
    "pad": ["mode='edge', pad_width=(0, 0, 0, 0, 1, 1, 1, 1)"],
    "Crop": ["a, h_w=(2, 2), num_args=1", "a, b, num_args=2"],
    "norm": ["", "ord=1, axis=1"],
    "amp_multicast": ["a, b, num_outputs=2"],
    "_split_v2": ["sections=2, indices=()", "indices=(0, 1, 2)"],
    "_linspace": ["start=0, stop=1, num=5"],
    "_arange": ["start=0", "start=0, stop=5, dtype='int32'"],
    "_histogram": ["a, bin_cnt=5, range=(0, 1)", "a, b"],
    "_rnn_param_concat": ["a, b, num_args=2, dim=0"],
    "multi_sum_sq": ["a, b, num_arrays=2"],
    "reset_arrays": [],  # crashes
    "Pooling": ["kernel=(2, 2)", "kernel=(2, 2), pool_type='avg', global_pool=1"],
    "Pooling_v1": ["kernel=(2, 2)"],
    "amp_cast": ["dtype='float16'"],
    "_multi_lamb_update": [], "_multi_mp_lamb_update": [],  # variables of equal names
    "Custom": [], "_CustomFunction": [], "_foreach": [], "_while_loop": [], "_cond": [],
}
SKIP = re.compile(r"_np|_npi|_npx|_sg_|_trt|_contrib_quantiz|intgemm|dgl|_backward|quantized|_NDArray|_Native|"
                  r"_CachedOp|_FusedOp|_TensorRT|cuda|tvm|_set_value|_cvimread|_cvimdecode|_cvimresize|_cvcopyMakeBorder|"
                  r"requantize|calibrate_entropy|_imdecode|_broadcast_backward|_onehot_encode|_zeros_without_dtype|"
                  r"edge_id|getnnz|_crop_assign|_custom_|^_copyto|_grad$|_div_sqrt_dim_backward")
_UPDATES = ("_update", "_phase1", "_phase2", "_0index")  # make no variables


def calls(space, name, function):
    """The calls to record: source text over a, b (variables)."""
    if name in SPECIAL:
        return SPECIAL[name]
    doc = (function.__doc__ or "").split("Parameters\n")[-1].split("Returns\n")[0]
    inputs, attrs = [], []
    for line in doc.splitlines():
        found = re.match(r" *(\w+) : (.*)$", line)
        if not found:
            continue
        parameter, kind = found.groups()
        if kind.startswith(("Symbol[]", "NDArray-or-Symbol[]")):
            inputs = ["a", "b"]
        elif kind == "Symbol" and name.endswith(_UPDATES):
            inputs.append("var('{}')".format(parameter))
        elif kind.endswith("required") and "Symbol" not in kind:
            kind = kind[:-len(", required")]
            value = VALUES.get(kind)
            if kind.startswith("{"):
                value = kind[1:].split("}")[0].split(",")[0].strip()
            if value is None:
                return []
            attrs.append("{}={}".format(parameter, value))
    if inputs and "num_weights" in doc:
        return []
    if inputs and "num_arrays" in doc:
        attrs.append("num_arrays=2")
    return [", ".join(inputs + attrs)]


def answer(symbol):
    """op: its name and attributes.  inputs: [name, attributes].  The rest as the methods of Symbol say it.

    text: SHA-1 of tojson().  types: for each dtype of the first input, those of all arguments, outputs and auxiliary
    states, '?' for unknown; 'error' if MXNet refuses.
    """
    graph = json.loads(symbol.tojson())
    node = graph["nodes"][-1]
    return {
        "op": node["op"],
        "name": node["name"],
        "attrs": node.get("attrs", {}),
        "inputs": [[n["name"], n.get("attrs", {})] for n in graph["nodes"][:-1]],
        "row": graph["node_row_ptr"],
        "outputs": symbol.list_outputs(),
        "aux": symbol.list_auxiliary_states(),
        "internals": symbol.get_internals().list_outputs(),
        "text": hashlib.sha1(symbol.tojson().encode()).hexdigest(),
        "debug": hashlib.sha1(symbol.debug_str().encode()).hexdigest(),
        "types": {dtype: types(symbol, dtype) for dtype in DTYPES} if symbol.list_arguments() else
                 {"": types(symbol, None)},
    }


def types(symbol, dtype):
    """The dtypes (NumPy's letters) of arguments, outputs and auxiliary states, if the first argument is of one."""
    try:
        found = symbol.infer_type_partial(**({symbol.list_arguments()[0]: dtype} if dtype else {}))
    except (mx.MXNetError, TypeError, ValueError, KeyError):
        return "error"
    return ";".join("".join("?" if t is None else np.dtype(t).char for t in part) for part in found)


def main():
    warnings.simplefilter("ignore")
    answers = {}
    for space in SPACES:
        module = getattr(mx.sym, space)
        for name in sorted(dir(module)):
            function = getattr(module, name)
            if not callable(function) or isinstance(function, type) or not hasattr(function, "__doc__"):
                continue
            if SKIP.search(name) or (name.startswith("_") and space != "_internal"):
                continue
            for arguments in calls(space, name, function):
                call = "{}.{}({})".format(space, name, arguments)
                try:
                    with mx.name.NameManager():
                        names = {"function": function, "var": mx.sym.var, "a": mx.sym.var("a"), "b": mx.sym.var("b")}
                        symbol = eval("function({})".format(arguments), names)
                    if isinstance(symbol, mx.sym.Symbol):
                        answers[call] = answer(symbol)
                    else:
                        print("no symbol", call, type(symbol))
                except Exception as error:  # for SPECIAL
                    print("refused", call, str(error).splitlines()[-1][:150])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operators.json")
    lines = ["{}: {}".format(json.dumps(call), json.dumps(answers[call], sort_keys=True)) for call in answers]
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(answers), "calls")


if __name__ == "__main__":
    main()
