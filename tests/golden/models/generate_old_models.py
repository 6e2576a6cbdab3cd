"""Write the files that no installable release writes: `python generate_old_models.py`, plain Python 3, no MXNet.

`old/` gets the 0.9.5 models in the form of 0.8 and before, and hand-made files, each for one rule of reading old
files; `malformed/cases.json` the texts that a reader has to refuse or to survive.
"""
from __future__ import annotations

import glob
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OLD_NAMES = {"elemwise_add": "_Plus", "_plus": "_Plus", "_minus": "_Minus", "_mul": "_Mul",
             "elemwise_sub": "_Minus", "elemwise_mul": "_Mul", "_plus_scalar": "_PlusScalar",
             "_mul_scalar": "_MulScalar", "add_n": "ElementWiseSum", "SoftmaxOutput": "Softmax"}
AUXILIARY = {"BatchNorm": 3}  # operators whose auxiliary states were no nodes yet: inputs that stay
HIDDEN = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")


# ---------------------------------------------------------------- the form of 0.8


def node(op, name, inputs=(), param=None, attr=None, **more):
    """A node as 0.8 wrote it; `inputs` are node numbers or pairs."""
    made = {"op": op, "param": param or {}, "name": name,
            "inputs": [[i, 0] if isinstance(i, int) else list(i) for i in inputs], "backward_source_id": -1}
    if attr:
        made["attr"] = attr
    return {**made, **more}


def graph(*nodes, heads=None, version=None, **more):
    made = {"nodes": list(nodes), "arg_nodes": [i for i, n in enumerate(nodes) if n.get("op") == "null"],
            "heads": heads or [[len(nodes) - 1, 0]]}
    if version:
        made["attrs"] = {"mxnet_version": ["int", version]}
    return {**made, **more}


def as_before_0_9(new):
    """A graph of 0.9.5 as 0.8 would have written it."""
    kept, number = [], {}
    used = _used(new)
    for i, old in enumerate(new["nodes"]):
        if i not in used:
            continue
        number[i] = len(kept)
        attr = old.get("attr", {})
        own = {key: value for key, value in attr.items() if key.startswith("__")}
        param = {} if old["op"] == "null" else {k: v for k, v in attr.items() if k not in own}
        user = {(key.strip("_") if key.strip("_") in HIDDEN else key): value for key, value in own.items()}
        inputs = old["inputs"][:AUXILIARY.get(old["op"])]
        kept.append(node(OLD_NAMES.get(old["op"], old["op"]), old["name"],
                         [[number[i], j] for i, j, *_ in inputs], param, user))
    return graph(*kept, heads=[[number[i], j] for i, j, *_ in new["heads"]])


def _used(new):
    """Numbers of the nodes that are left when auxiliary states are no longer inputs."""
    used, todo = set(), [i for i, *_ in new["heads"]]
    while todo:
        i = todo.pop()
        if i not in used:
            used.add(i)
            one = new["nodes"][i]
            todo += [j for j, *_ in one["inputs"][:AUXILIARY.get(one["op"])]]
    return used


# ---------------------------------------------------------------- one rule, one file

DATA = node("null", "data")
W, B = node("null", "fc_weight"), node("null", "fc_bias")
FC = {"num_hidden": "4", "no_bias": "False"}
CONV = {"kernel": "(3L, 3L)", "num_filter": "2", "no_bias": "True", "pad": "(1L,1L)", "stride": "(1, 1)"}


def dense(attr=None, weight=None, bias=None):
    return graph(DATA, node("null", "fc_weight", attr=weight), node("null", "fc_bias", attr=bias),
                 node("FullyConnected", "fc", [0, 1, 2], FC, attr))


def conv(**param):
    return graph(node("null", "data"), node("null", "conv_weight"),
                 node("Convolution", "conv", [0, 1], {**CONV, **param}))


def argmax(op, version=None, **param):
    return graph(DATA, node(op, "pos", [0], param), version=version)


FLAT, IMAGE = {"data": [2, 3]}, {"data": [2, 3, 6, 6]}
RULES = {
    # inputs that were not written
    "bn_aux_missing": (graph(DATA, node("null", "bn_gamma"), node("null", "bn_beta"), node(
        "BatchNorm", "bn", [0, 1, 2], {"eps": "0.001", "fix_gamma": "False", "momentum": "0.9"},
        {"ctx_group": "g", "lr_mult": "2"})), IMAGE),
    "bn_all_missing": (graph(DATA, node("BatchNorm", "bn", [0], {"eps": "0.001"})), IMAGE),
    "weights_missing": (graph(DATA, node("FullyConnected", "fc", [0], FC, {"__init__": "zeros", "lr_mult": "3"})),
                        FLAT),
    "no_bias_missing": (graph(DATA, node("FullyConnected", "fc", [0], {"num_hidden": "4", "no_bias": "1"})), FLAT),
    "prelu_missing": (graph(DATA, node("LeakyReLU", "act", [0], {"act_type": "prelu", "slope": "0.25"})), IMAGE),
    "leaky_complete": (graph(DATA, node("LeakyReLU", "act", [0], {"act_type": "leaky", "slope": "0.3"})), IMAGE),
    "label_missing": (graph(DATA, node("Softmax", "softmax", [0], {"grad_scale": "1", "multi_output": "False"})),
                      FLAT),
    "regression_missing": (graph(DATA, node("LinearRegressionOutput", "lro", [0], {"grad_scale": "1"})), FLAT),
    "embedding_missing": (graph(DATA, node("Embedding", "embed", [0], {"input_dim": "9", "output_dim": "2"})),
                          {"data": [[2, 3], 9]}),
    "norm_missing": (graph(DATA, node("InstanceNorm", "in", [0], {"eps": "0.001"})), IMAGE),
    **{f"bn_missing_{v}": (graph(DATA, node("BatchNorm", "bn", [0], {"eps": "0.001"}), version=v), IMAGE)
       for v in (800, 803)},
    **{f"prelu_{v or 0}": (graph(DATA, node("null", "act_gamma"), node(
        "LeakyReLU", "act", [0, 1], {"act_type": "prelu"}), version=v), IMAGE) for v in (None, 903, 904, 905)},
    **{f"bn_complete_{v or 0}": (graph(
        DATA, *[node("null", f"bn_{s}") for s in ("gamma", "beta", "moving_mean", "moving_var")],
        node("BatchNorm", "bn", [0, 1, 2, 3, 4], {"eps": "0.001"}), version=v), IMAGE)
        for v in (None, 900, 903, 904, 905)},
    "prelu_init": (graph(DATA, node("null", "act_gamma", attr={"__init__": "[\"zero\", {}]"}), node(
        "LeakyReLU", "act", [0, 1], {"act_type": "prelu"})), IMAGE),
    "bn_init": (graph(DATA, *[node("null", f"bn_{s}", attr={"__init__": "[\"uniform\", {}]"}) for s in (
        "gamma", "beta", "moving_mean", "moving_var")], node("BatchNorm", "bn", [0, 1, 2, 3, 4], {"eps": "0.001"})),
                IMAGE),
    "bn_not_variables": (graph(DATA, node("null", "g"), node("null", "b"), node("null", "m"), node("null", "v"), node(
        "_PlusScalar", "p", [4], {"scalar": "1"}), node("BatchNorm", "bn", [0, 1, 2, 3, 5], {"eps": "0.001"})), IMAGE),
    "bn_v1_missing": (graph(DATA, node("BatchNorm_v1", "bn", [0], {"eps": "0.001"})), IMAGE),
    "deconv_missing": (graph(DATA, node("Deconvolution", "up", [0], {
        "kernel": "(2, 2)", "num_filter": "2", "no_bias": "False"})), IMAGE),
    "concat_missing": (graph(DATA, node("Concat", "cat", [0, 0], {"num_args": "2", "dim": "1"})), IMAGE),
    # hidden keys
    "keys_on_operator": (dense({"ctx_group": "a", "lr_mult": "0.5", "wd_mult": "0.2", "force_mirroring": "True",
                                "mirror_stage": "True"}), FLAT),
    "strange_key_on_operator": (dense({"owner": "me"}), FLAT),
    "keys_on_variable": (dense(weight={"ctx_group": "a", "lr_mult": "0.5", "wd_mult": "0.2", "owner": "me"}), FLAT),
    "weight_key": (dense({"weight_lr_mult": "3"}), FLAT),
    "weight_key_on_both": (dense({"weight_lr_mult": "3"}, {"lr_mult": "4", "weight_lr_mult": "5"}), FLAT),
    "bias_key": (dense({"bias_wd_mult": "0", "weight_wd_mult": "0.5", "lr_mult": "7"}), FLAT),
    "weight_key_on_variable": (dense(None, {"weight_lr_mult": "1.2"}, {"weight_lr_mult": "1.2"}), FLAT),
    "weight_group_key": (dense({"weight_ctx_group": "b", "ctx_group": "a"}), FLAT),
    "weight_mirror_key": (dense({"weight_force_mirroring": "True"}), FLAT),
    "data_key": (dense({"data_lr_mult": "3"}), FLAT),
    "data_key_on_operator": (graph(DATA, node("Flatten", "flat", [0]), W, B, node(
        "FullyConnected", "fc", [1, 2, 3], FC, {"data_lr_mult": "3"})), FLAT),
    "missing_key": (dense({"gamma_lr_mult": "3"}), FLAT),
    "both_spellings": (dense({"lr_mult": "2", "__lr_mult__": "3"}), FLAT),
    "both_spellings_on_variable": (dense(None, {"lr_mult": "2", "__lr_mult__": "3"}), FLAT),
    "hidden_in_param": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {**FC, "lr_mult": "2"})), FLAT),
    "same_key_twice": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], FC, {"num_hidden": "5"})), FLAT),
    "attrs_and_attr": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "4"},
                                              {"lr_mult": "2"}, attrs={"no_bias": "False"})), FLAT),
    "activation_user_key": (graph(DATA, node("Activation", "act", [0], {"act_type": "relu"}, {"lr_mult": "2"})),
                            FLAT),
    "operator_without_attributes": (graph(DATA, node("Flatten", "flat", [0], {}, {"mood": "good"})), FLAT),
    **{f"keys_{v}": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], FC, {
        "lr_mult": "2", "weight_lr_mult": "3"}), version=v), FLAT)
        for v in (905, 1000, 10000, 10200, 10900, 10901, 20000)},
    **{f"variable_keys_{v}": (graph(DATA, node("null", "fc_weight", attr={"lr_mult": "2"}), B, node(
        "FullyConnected", "fc", [0, 1, 2], FC), version=v), FLAT) for v in (905, 10901)},
    # argmax and argmin
    **{f"argmax_{v or 0}": (argmax("argmax", v, axis="-1"), FLAT) for v in (None, 900, 904, 905, 10901)},
    "argmin_old": (argmax("argmin", axis="-1", keepdims="True"), FLAT),
    "argmax_axis_1": (argmax("argmax", axis="1"), FLAT),
    "argmax_none": (argmax("argmax"), FLAT),
    # spelling of attributes
    "tuple_list": (conv(pad="[1, 1]", kernel="[3,3]"), IMAGE),
    "tuple_comma": (conv(pad="(1,1,)", kernel="( 3 , 3 )"), IMAGE),
    "bool_number": (conv(no_bias="1"), IMAGE),
    "bool_lower": (conv(no_bias="true"), IMAGE),
    "bool_upper": (conv(no_bias="TRUE"), IMAGE),
    "workspace": (conv(workspace="1024", num_group="1", dilate="(1L, 1L)"), IMAGE),
    "float_exponent": (graph(DATA, node("LeakyReLU", "act", [0], {"act_type": "elu", "slope": "1e-1"})), FLAT),
    "spaces": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": " 4 "})), FLAT),
    "int_long": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "4L"})), FLAT),
    "int_float": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "4.0"})), FLAT),
    "bool_word": (conv(no_bias="yes"), IMAGE),
    "optional_none": (graph(DATA, node("clip", "c", [0], {"a_min": "-0.2", "a_max": "0.2"}), node(
        "slice_axis", "s", [1], {"axis": "1", "begin": "1", "end": "None"})), FLAT),
    "reshape_target": (graph(DATA, node("Reshape", "r", [0], {"target_shape": "(2,0)"})), IMAGE),
    "reshape_keep": (graph(DATA, node("Reshape", "r", [0], {"target_shape": "(0,0)", "keep_highest": "True"})),
                     IMAGE),
    "crop_old": (graph(DATA, node("Crop", "c", [0], {"h_w": "(4,4)", "offset": "(0,0)", "center_crop": "True",
                                                     "num_args": "1"})), IMAGE),
    # old names
    **{f"name_{op.strip('_')}": (graph(DATA, node(op, "it", [0, 0])), FLAT)
       for op in ("_Plus", "_Minus", "_Mul", "_Div", "_Maximum", "_Minimum", "_Power", "_plus", "_sub", "_grad_add")},
    **{f"name_{op.strip('_')}": (graph(DATA, node(op, "it", [0], {"scalar": "2.5"})), FLAT)
       for op in ("_PlusScalar", "_MinusScalar", "_RMinusScalar", "_MulScalar", "_DivScalar", "_RDivScalar",
                  "_MaximumScalar", "_MinimumScalar")},
    "name_ElementWiseSum": (graph(DATA, node("ElementWiseSum", "it", [0, 0, 0], {"num_args": "3"})), FLAT),
    "name_element_wise_sum": (graph(DATA, node("_sum", "it", [0], {"axis": "1"})), FLAT),
    "name_v1": (graph(DATA, W, node("Convolution_v1", "c", [0, 1], CONV), node(
        "Pooling_v1", "p", [2], {"kernel": "(2,2)", "stride": "(2,2)", "pool_type": "max"})), IMAGE),
    "name_SoftmaxActivation": (graph(DATA, node("SoftmaxActivation", "it", [0], {"mode": "channel"})), IMAGE),
    "name_BlockGrad": (graph(DATA, node("BlockGrad", "it", [0])), FLAT),
    # the shape of the graph
    "unordered": (graph(node("null", "b"), node("_Minus", "m", [2, 0]), node("null", "a"), heads=[[1, 0]]),
                  {"a": [2, 2], "b": [2, 2]}),
    "unused": (graph(DATA, node("null", "lost"), node("Activation", "act", [0], {"act_type": "tanh"}),
                     node("FullyConnected", "gone", [0], FC), heads=[[2, 0]]), FLAT),
    "shared_head": (graph(DATA, node("Activation", "act", [0], {"act_type": "tanh"}), heads=[[1, 0], [1, 0], [0, 0]]),
                    FLAT),
    "same_name": (graph(DATA, node("null", "data"), node("_Plus", "p", [0, 1])), FLAT),
    "variable_alone": (graph(DATA), FLAT),
    "wrong_arg_nodes": (graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], FC), arg_nodes=[3]), FLAT),
    "wrong_row_ptr": (graph(DATA, node("Flatten", "f", [0]), node_row_ptr=[7]), FLAT),
    "future_version": (graph(DATA, node("Flatten", "f", [0]), version=20000), FLAT),
    "np_shape": (graph(DATA, node("Flatten", "f", [0]), attrs={"mxnet_version": ["int", 10901],
                                                               "is_np_shape": ["int", 1]}), FLAT),
    "graph_notes": (graph(DATA, node("Flatten", "f", [0]), attrs={"mxnet_version": ["int", 10901],
                                                                  "writer": ["str", "me"]}), FLAT),
    # variables that say something about themselves
    "shape_gives_way": (graph(node("null", "data", attr={"__shape__": "(1, 3)"}), W, B, node(
        "FullyConnected", "fc", [0, 1, 2], FC), version=905), FLAT),
    "shape_helps": (graph(node("null", "data", attr={"__shape__": "(2, 3)"}), W, B, node(
        "FullyConnected", "fc", [0, 1, 2], FC), version=905), {}),
    "init_unknown": (dense(None, {"__init__": "[\"lost_initializer\", {}]"}), FLAT),
    "zeros_infer": (graph(DATA, node("_zeros", "z", [], {"shape": "(0, 3)", "dtype": "float32"}), node(
        "elemwise_add", "s", [0, 1]), version=905), FLAT),
    "dtype_note": (graph(node("null", "data", attr={"__dtype__": "0", "__shape__": "(2, 3)"}), node(
        "Flatten", "f", [0]), version=10901), {}),
    "profiler_scope": (graph(node("null", "data", attr={"__profiler_scope__": "x:"}), node(
        "Flatten", "f", [0]), version=10901), FLAT),
}


# ---------------------------------------------------------------- what is no good file

GOOD = graph(DATA, node("Activation", "act", [0], {"act_type": "relu"}), version=10901)


def with_node(**changes):
    """The good graph with its operator's node changed; None drops a key."""
    changed = {**GOOD["nodes"][1], **changes}
    return graph(DATA, {k: v for k, v in changed.items() if v is not None}, version=10901)


def with_graph(**changes):
    return {k: v for k, v in {**GOOD, **changes}.items() if v is not None}


MALFORMED = {
    "empty_text": "", "spaces": "   ", "null": "null", "number": "3", "list": "[]", "string": '"x"', "word": "hello",
    "empty_object": "{}", "truncated": json.dumps(GOOD)[:150], "truncated_end": json.dumps(GOOD)[:-1],
    "trailing_comma": json.dumps(GOOD)[:-1] + ",}", "trailing_text": json.dumps(GOOD) + " garbage",
    "byte_order_mark": "\ufeff" + json.dumps(GOOD), "single_quotes": json.dumps(GOOD).replace('"', "'"),
    "not_a_number": json.dumps(GOOD).replace("[0, 0]", "[NaN, 0]"),
    "binary": "\x00\x01\x02\x7f", "html": "<html><body>404</body></html>",
    "lfs_pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
    "no_nodes": with_graph(nodes=None), "nodes_empty": with_graph(nodes=[], arg_nodes=[], heads=[]),
    "nodes_object": with_graph(nodes={}), "nodes_number": with_graph(nodes=5),
    "node_not_object": with_graph(nodes=[3, 4]), "node_null": with_graph(nodes=[None]),
    "no_heads": with_graph(heads=None), "heads_empty": with_graph(heads=[]), "heads_flat": with_graph(heads=[1]),
    "heads_object": with_graph(heads={}), "head_out_of_range": with_graph(heads=[[9, 0, 0]]),
    "head_negative": with_graph(heads=[[-1, 0, 0]]), "head_huge": with_graph(heads=[[2 ** 70, 0, 0]]),
    "head_output_out_of_range": with_graph(heads=[[1, 5, 0]]), "head_float": with_graph(heads=[[1.5, 0, 0]]),
    "head_string": with_graph(heads=[["1", "0", "0"]]), "head_short": with_graph(heads=[[1]]),
    "head_long": with_graph(heads=[[1, 0, 0, 0]]),
    "no_arg_nodes": with_graph(arg_nodes=None), "arg_nodes_out_of_range": with_graph(arg_nodes=[0, 99]),
    "arg_nodes_text": with_graph(arg_nodes=["a"]), "no_attrs": with_graph(attrs=None),
    "unknown_key": with_graph(author="me"), "node_unknown_key": with_node(colour="red"),
    "version_text": with_graph(attrs={"mxnet_version": ["int", "x"]}),
    "version_negative": with_graph(attrs={"mxnet_version": ["int", -3]}),
    "version_bare": with_graph(attrs={"mxnet_version": 10901}),
    "version_type": with_graph(attrs={"mxnet_version": ["str", "10901"]}),
    "attrs_list": with_graph(attrs=[1]),
    "no_op": with_node(op=None), "op_number": with_node(op=3), "op_unknown": with_node(op="NoSuchOperator"),
    "op_empty": with_node(op=""), "op_case": with_node(op="activation"), "op_custom": with_node(op="Custom"),
    "no_name": with_node(name=None), "name_number": with_node(name=3), "name_empty": with_node(name=""),
    "no_inputs": with_node(inputs=None), "inputs_empty": with_node(inputs=[]), "inputs_text": with_node(inputs="0"),
    "input_flat": with_node(inputs=[0, 0]), "input_out_of_range": with_node(inputs=[[7, 0]]),
    "input_negative": with_node(inputs=[[-1, 0]]), "input_huge": with_node(inputs=[[2 ** 40, 0]]),
    "input_output_out_of_range": with_node(inputs=[[0, 3]]), "input_output_negative": with_node(inputs=[[0, -1]]),
    "input_too_many": with_node(inputs=[[0, 0], [0, 0]]), "input_float": with_node(inputs=[[0.0, 0]]),
    "input_null": with_node(inputs=[None]), "input_itself": with_node(inputs=[[1, 0]]),
    "cycle": graph(DATA, node("_Plus", "a", [0, 2]), node("_Plus", "b", [0, 1]), version=10901),
    "forward_reference": graph(node("Flatten", "f", [1]), DATA, heads=[[0, 0]], version=10901),
    "variable_with_inputs": graph(DATA, node("null", "v", [0]), version=10901),
    "too_few_inputs": graph(DATA, node("elemwise_add", "s", [0]), version=10901),
    "too_few_variadic": graph(DATA, node("add_n", "s", [0, 0], {"num_args": "3"}), version=10901),
    "no_aux": graph(DATA, W, B, node("BatchNorm", "bn", [0, 1, 2]), version=10901),
    "attribute_unknown": with_node(param={"act_type": "relu", "colour": "red"}),
    "attribute_missing": with_node(param={}), "attribute_wrong_choice": with_node(param={"act_type": "rleu"}),
    "attribute_number": with_node(param={"act_type": 3}), "attribute_object": with_node(param={"act_type": {}}),
    "attribute_list": with_node(param=[1]), "attribute_null": with_node(param=None, attrs=None),
    "attribute_not_int": graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "2.0"}),
                               version=10901),
    "attribute_negative": graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "-2"}),
                                version=10901),
    "attribute_huge": graph(DATA, W, B, node("FullyConnected", "fc", [0, 1, 2], {"num_hidden": "9" * 40}),
                            version=10901),
    "attribute_tuple": conv(kernel="(3, 3"), "attribute_tuple_text": conv(kernel="(a, b)"),
    "attribute_code": with_node(param={"act_type": "__import__('os').getcwd()"}),
    "unknown_attribute_plain_operator": graph(DATA, node("Flatten", "f", [0], {"colour": "red"}), version=10901),
    "duplicate_key": json.dumps(GOOD).replace('"name": "act"', '"name": "act", "name": "act2"'),
    "subgraph_missing": graph(DATA, node("_foreach", "loop", [0], {
        "num_args": "2", "num_outputs": "1", "num_out_data": "1", "in_state_locs": "[]", "in_data_locs": "[0]",
        "remain_locs": "[]"}), version=10901),
    "subgraph_wrong": with_node(subgraphs=[3]), "subgraph_on_plain_operator": with_node(subgraphs=[GOOD]),
    "control_deps": with_node(control_deps=[0]), "control_deps_wrong": with_node(control_deps=[77]),
    "deep": "[" * 3000, "deep_object": '{"nodes":' * 3000,
}


def text(case) -> str:
    return case if isinstance(case, str) else json.dumps(case)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="\n") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def _with_kind(shapes):
    """{name: [shape, kind]}, see formula.fill."""
    return {k: v if isinstance(v[0], list) else [v, None] for k, v in shapes.items()}


def main():
    for path in sorted(glob.glob(os.path.join(HERE, "by_version", "0.9.5", "*-symbol.json"))):
        with open(path) as file:
            write(os.path.join(HERE, "old", os.path.basename(path)), as_before_0_9(json.load(file)))
    write(os.path.join(HERE, "rules.json"), {k: {"graph": v[0], "inputs": _with_kind(v[1])} for k, v in RULES.items()})
    write(os.path.join(HERE, "malformed.json"), {k: text(v) for k, v in MALFORMED.items()})


if __name__ == "__main__":
    main()
