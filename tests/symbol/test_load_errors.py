"""Damaged and hostile -symbol.json files: an MXNetError that says where and what, never anything else."""

import copy
import json
import os
import random
import time

import pytest

import mxnet as mx

HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "golden", "models")


def _json(name):
    with open(os.path.join(HERE, name)) as file:
        return json.load(file)


MALFORMED, ANSWERS = _json("malformed.json"), _json("malformed_answers.json")

# What MXNet 1.9.1 reads all the same, to fail or crash later, and we do not
STRICTER = {
    "truncated_end", "trailing_text", "inputs_empty", "input_output_out_of_range", "input_output_negative",
    "input_too_many", "input_itself", "cycle", "variable_with_inputs", "too_few_inputs", "too_few_variadic", "no_aux",
    "subgraph_missing", "head_output_out_of_range",
}
# What it refuses for the range of an attribute; here whoever uses the symbol is told
LATER = {"attribute_negative"}


@pytest.mark.parametrize("name", MALFORMED)
def test_refused_or_read_as_by_mxnet(name):
    text, answer = MALFORMED[name], ANSWERS[name]
    if name in STRICTER or ("refused" in answer and name not in LATER):
        with pytest.raises(mx.MXNetError):
            mx.sym.load_json(text)
    else:
        symbol = mx.sym.load_json(text)
        if name not in LATER:
            assert [symbol.list_arguments(), symbol.list_outputs()] == answer["accepted"]


# ---------------------------------------------------------------- what messages say


@pytest.mark.parametrize("name, said", [
    ("truncated", ["no JSON", "char 148"]),
    ("head_out_of_range", ["head 0", "0 to 1", "got 9"]),
    ("input_out_of_range", ["node 1 ('act')", "input 0", "0 to 1", "got 7"]),
    ("no_name", ["node 1", "'name' is missing", "a string"]),
    ("name_number", ["node 1", "'name'", "a string", "got 3"]),
    ("attribute_number", ["node 1 ('act')", "'act_type'", "a string", "got 3"]),
    ("op_unknown", ["node 1 ('act')", "NoSuchOperator"]),
    ("attribute_unknown", ["node 1 ('act')", "'colour'", "act_type"]),
    ("attribute_wrong_choice", ["node 1 ('act')", "'rleu'", "'relu'"]),
    ("attribute_not_int", ["node 3 ('fc')", "num_hidden", "int", "'2.0'"]),
    ("cycle", ["node 1 ('a')", "node 2 ('b')", "without cycles"]),
    ("too_few_inputs", ["node 1 ('s')", "elemwise_add", "2 inputs (lhs, rhs)", "got 1"]),
    ("too_few_variadic", ["node 1 ('s')", "num_args=3", "got 2"]),
    ("no_aux", ["node 3 ('bn')", "moving_mean, moving_var", "got 3"]),
    ("input_output_out_of_range", ["node 1 ('act')", "input 0", "output 3 of 'data'", "which has 1"]),
    ("head_output_out_of_range", ["head 0 is output 5 of 'act'", "which has 1"]),
    ("subgraph_wrong", ["node 1 ('act'), subgraph 0", "an object", "got 3"]),
    ("version_text", ["'mxnet_version'", '["int", <number>]']),
    ("attribute_tuple", ["node 2 ('conv')", "kernel", "Shape(tuple)", "'(3, 3'"]),
])
def test_message_names_file_and_place(tmp_path, name, said):
    path = tmp_path / "net-symbol.json"
    path.write_text(MALFORMED[name])
    with pytest.raises(mx.MXNetError) as caught:
        mx.sym.load(str(path))
    for part in [str(path), *said]:
        assert part in str(caught.value)


def test_file_that_is_not_there_or_no_text(tmp_path):
    missing = str(tmp_path / "missing-symbol.json")
    with pytest.raises(mx.MXNetError, match=r"missing-symbol\.json.*No such file"):
        mx.sym.load(missing)
    with pytest.raises(mx.MXNetError, match=tmp_path.name):
        mx.sym.load(str(tmp_path))
    params = tmp_path / "net-0000.params"
    mx.nd.save(str(params), {"arg:x": mx.nd.array([-1.5, 2.25e9])})
    with pytest.raises(mx.MXNetError, match=r"net-0000\.params"):
        mx.sym.load(str(params))


def test_messages_stay_short():
    graph = {"nodes": [{"op": "x" * 10**6, "name": "y" * 10**6, "inputs": []}], "arg_nodes": [], "heads": []}
    for node in ({}, {"attrs": {"z": "z" * 10**6}, "op": "Activation"}, {"inputs": ["w" * 10**6]}):
        graph["nodes"][0].update(node)
        with pytest.raises(mx.MXNetError) as caught:
            mx.sym.load_json(json.dumps(graph))
        assert len(str(caught.value)) < 1500


# ---------------------------------------------------------------- parameters that do not fit

EXPORTED = os.path.join(HERE, "checkpoints", "1.7.0", "gluon")
MLP = os.path.join(HERE, "checkpoints", "1.7.0", "mlp")


def changed(path, params, drop=None, **add):
    """A copy of a .params file without one array, and with others."""
    arrays = mx.nd.load(params)
    arrays.pop(drop, None)
    mx.nd.save(str(path), {**arrays, **{name.replace("_", ":", 1): array for name, array in add.items()}})
    return str(path)


@pytest.mark.parametrize("change, said", [
    ({"drop": "arg:net_dense0_bias"}, ["'net_dense0_bias' is missing", "'net_conv0_weight'"]),
    ({"arg_other": mx.nd.ones(2)}, ["'other'", "is not present", "ignore_extra"]),
])
def test_imports_of_wrong_parameters(tmp_path, change, said):
    params = changed(tmp_path / "changed.params", f"{EXPORTED}-0000.params", **change)
    with pytest.raises(AssertionError) as caught:
        mx.gluon.SymbolBlock.imports(f"{EXPORTED}-symbol.json", "data", params)
    for part in [params, *said]:
        assert part in str(caught.value)
    mx.gluon.SymbolBlock.imports(f"{EXPORTED}-symbol.json", "data", params, allow_missing=True, ignore_extra=True)


def test_imports_with_a_wrong_input_name():
    with pytest.raises(AssertionError, match=r"'data' is missing.*no variable called 'image' \(in input_names\)"):
        mx.gluon.SymbolBlock.imports(f"{EXPORTED}-symbol.json", "image", f"{EXPORTED}-0000.params")


@pytest.mark.parametrize("change, error, said", [
    ({"drop": "arg:fc1_bias"}, RuntimeError, ["fc1_bias is not presented", "(6,)", "fc1_weight"]),
    ({"drop": "aux:bn1_moving_mean"}, RuntimeError, ["bn1_moving_mean is not presented", "bn1_moving_var"]),
    ({"arg_fc1_bias": mx.nd.ones(9)}, mx.MXNetError, ["fc1_bias", "expected shape (6,)", "got (9,)"]),
])
def test_module_keeps_its_parameters_if_others_do_not_fit(tmp_path, change, error, said):
    params = changed(tmp_path / "mlp-0004.params", f"{MLP}-0003.params", arg_fc2_weight=mx.nd.zeros((4, 6)), **change)
    module = mx.mod.Module(*mx.model.load_checkpoint(MLP, 3)[:1])
    module.bind([("data", (2, 3, 4))], [("softmax_label", (2,))])
    module.set_params(*mx.model.load_checkpoint(MLP, 3)[1:])
    before = {name: array.asnumpy() for part in module.get_params() for name, array in part.items()}
    with pytest.raises(error) as caught:
        module.set_params(*mx.model.load_params(params[:-len("-0004.params")], 4))
    for part in said:
        assert part in str(caught.value)
    for part in module.get_params():
        for name, array in part.items():
            assert (array.asnumpy() == before[name]).all()


def test_checkpoint_files_that_are_no_checkpoints(tmp_path):
    prefix = str(tmp_path / "net")
    with pytest.raises(mx.MXNetError, match=r"net-symbol\.json.*No such file"):
        mx.model.load_checkpoint(prefix, 4)
    with pytest.raises(mx.MXNetError, match=r"net-0004\.params: cannot be read: No such file"):
        mx.model.load_params(prefix, 4)
    mx.nd.save(f"{prefix}-0004.params", {"weight": mx.nd.ones(2)})
    with pytest.raises(ValueError, match=r"net-0004\.params.*'weight'.*arg:NAME"):
        mx.model.load_params(prefix, 4)
    with open(f"{MLP}-0003.params", "rb") as file:
        whole = file.read()
    (tmp_path / "net-0004.params").write_bytes(whole[:400])
    with pytest.raises(mx.MXNetError, match=r"net-0004\.params: array \d of 7, .*expected"):
        mx.model.load_params(prefix, 4)


# ---------------------------------------------------------------- hostile ones


def chain(length, op="Flatten"):
    nodes = [{"op": "null", "name": "data", "inputs": []}]
    nodes += [{"op": op, "name": f"n{i}", "inputs": [[i, 0, 0]]} for i in range(length)]
    return {"nodes": nodes, "arg_nodes": [0], "heads": [[length, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}}


def test_long_chains_are_no_problem():
    graph = chain(20000)
    graph["nodes"].reverse()  # every reference points forward
    for node in graph["nodes"]:
        node["inputs"] = [[20000 - i, 0, 0] for i, _, _ in node["inputs"]]
    graph["arg_nodes"], graph["heads"] = [20000], [[0, 0, 0]]
    symbol = mx.sym.load_json(json.dumps(graph))
    assert symbol.list_arguments() == ["data"]
    assert len(mx.sym.load_json(symbol.tojson()).get_internals()) == 20001


@pytest.mark.parametrize("depth", [3, 99, 150, 400])
def test_subgraphs_within_subgraphs(depth):
    graph = chain(1)
    graph["nodes"][1]["subgraphs"] = ["HERE"]
    head, tail = json.dumps(graph).split('"HERE"')
    text = head * depth + json.dumps(chain(1)) + tail * depth
    if depth < 100:
        assert mx.sym.load_json(text).list_outputs() == ["n0_output"]
    else:
        with pytest.raises(mx.MXNetError, match=r"subgraph|recursion"):
            mx.sym.load_json(text)


@pytest.mark.parametrize("value", ["(" * 5000 + ")" * 5000, "-" * 100000 + "1", "[" * 200 + "]" * 200, "9" * 5000,
                                   "(1, " * 100, "1e400", "(9" + "9" * 30 + ",)", "\x00", "{}" * 1000,
                                   "().__class__.__bases__"])
def test_hostile_attributes(value):
    nodes = [{"op": "null", "name": "data", "inputs": []}, {"op": "null", "name": "w", "inputs": []},
             {"op": "Convolution", "name": "c", "inputs": [[0, 0, 0], [1, 0, 0]],
              "attrs": {"kernel": value, "num_filter": "1", "no_bias": "1"}}]
    graph = {"nodes": nodes, "arg_nodes": [0, 1], "heads": [[2, 0, 0]]}
    with pytest.raises(mx.MXNetError, match=r"node 2 \('c'\).*kernel"):
        mx.sym.load_json(json.dumps(graph))


def test_announced_numbers_take_no_memory():
    nodes = [{"op": "null", "name": "data", "inputs": []},
             {"op": "SliceChannel", "name": "s", "inputs": [[0, 0, 0]], "attrs": {"num_outputs": str(2**31 - 1)}}]
    graph = {"nodes": nodes, "arg_nodes": [0], "heads": [[1, 2**31 - 2, 0]]}
    start = time.perf_counter()
    assert mx.sym.load_json(json.dumps(graph)).list_outputs() == [f"s_output{2**31 - 2}"]
    nodes[1] = {"op": "Concat", "name": "c", "inputs": [[0, 0, 0]], "attrs": {"num_args": "9" * 5000}}
    graph["heads"] = [[1, 0, 0]]
    with pytest.raises(mx.MXNetError, match=r"node 1 \('c'\)"):
        mx.sym.load_json(json.dumps(graph))
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("name", ["x=print('!')", "conv/w:0", "0", "class", "_train", "self", "a\nb", "*x", "",
                                  "데이터"])
def test_names_are_never_code(name):
    graph = chain(1)
    graph["nodes"][0]["name"] = graph["nodes"][1]["name"] = name
    symbol = mx.sym.load_json(json.dumps(graph))
    out, = symbol.bind(mx.cpu(), {name: mx.nd.ones((2, 3, 4))}).forward()
    assert out.shape == (2, 12)


# ---------------------------------------------------------------- at random

JUNK = [None, True, -1, 0, 7, 2**40, 2**70, 1.5, float("nan"), "", "x", "(1, 1)", [], [[]], [0], [[0, 0, 0]], {},
        {"a": "b"}, {"a": {}}]


def damaged(graph, rng):
    """A copy of a graph with one to three things in it replaced, dropped, doubled or exchanged."""
    graph = copy.deepcopy(graph)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(graph))
        holder, key = rng.choice(places)
        if key not in (range(len(holder)) if isinstance(holder, list) else holder):
            continue
        what = rng.randrange(4)
        if what == 0:
            holder[key] = copy.deepcopy(rng.choice(JUNK))
        elif what == 1:
            del holder[key]
        elif what == 2 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            other, at = rng.choice(places)
            if at in (range(len(other)) if isinstance(other, list) else other):
                holder[key] = copy.deepcopy(other[at])
    return graph


def _places(value):
    """(container, key) of everything in a JSON value."""
    for key in range(len(value)) if isinstance(value, list) else list(value):
        yield value, key
        if isinstance(value[key], (list, dict)):
            yield from _places(value[key])


@pytest.mark.parametrize("model", ["by_version/0.9.5/mlp", "by_version/1.0.0/attributes", "old/convnet", "old/mlp",
                                   "by_version/0.9.5/many_outputs", "by_version/1.3.1/loop_foreach"])
def test_damaged_graphs(model):
    graph, rng = _json(f"{model}-symbol.json"), random.Random(model)
    for _ in range(300):
        text = json.dumps(damaged(graph, rng))
        try:
            symbol = mx.sym.load_json(text)
            again = symbol.tojson()
            assert mx.sym.load_json(again).tojson() == again
            symbol.attr_dict(), symbol.list_arguments(), symbol.list_outputs()
        except mx.MXNetError as error:
            assert str(error)


@pytest.mark.parametrize("model", ["by_version/0.9.5/mlp", "old/mlp"])
def test_damaged_bytes(tmp_path, model):
    with open(os.path.join(HERE, f"{model}-symbol.json"), "rb") as file:
        whole = file.read()
    rng, path = random.Random(model), tmp_path / "net-symbol.json"
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[:rng.randrange(len(data))] if rng.random() < 0.3 else data)
        try:
            mx.sym.load(str(path)).tojson()
        except mx.MXNetError as error:
            assert "net-symbol.json" in str(error)
