"""Record what MXNet 1.9.1 makes of the models here: `python generate_answers.py [FOLDER]`.

With FOLDER, which holds what generate_models.py wrote under several releases (FOLDER/0.9.5/mlp-symbol.json, ...),
first renews `by_version/`: of files that differ in nothing but the version number the oldest is kept.  Each file
is read in a process of its own, as some end MXNet's.  Writes answers.json, one line a file.
"""
from __future__ import annotations

import glob
import hashlib
import json
import os
import sys

from formula import fill, summary
from generate_checkpoints import gluon_net
from generate_models import MODELS

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))

os.environ.setdefault("MXNET_SUBGRAPH_BACKEND", "NONE")  # with its default some detection nets come out wrong


def keep_what_differs(folder):
    """Copy FOLDER/<release>/<model> to by_version/, the oldest of each run of equal files."""
    releases = sorted(os.listdir(folder), key=lambda name: [int(part) for part in name.split(".")[:3]])
    for name in MODELS:
        last = None
        for release in releases:
            path = os.path.join(folder, release, name + "-symbol.json")
            if not os.path.exists(path):
                continue
            with open(path) as file:
                text = file.read()
            graph = json.loads(text)
            del graph["attrs"]["mxnet_version"]
            if graph != last:
                target = os.path.join(HERE, "by_version", ".".join(release.split(".")[:3]))
                os.makedirs(target, exist_ok=True)
                with open(os.path.join(target, name + "-symbol.json"), "w", newline="\n") as file:
                    file.write(text)
            last = graph


# ---------------------------------------------------------------- one file


def apart(function, *args):
    """The function's answer from a process of its own, or {"died": ...}."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiving)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            with os.fdopen(sending, "w") as file:
                json.dump(function(*args), file, separators=(",", ":"), sort_keys=True)
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"died": True}


def refusal(error):
    return {"refused": type(error).__name__}


def look(text, inputs):
    """All that is recorded of a symbol: its lists, shapes, its JSON when written anew, its outputs."""
    try:
        symbol = mx.sym.load_json(text)
    except Exception as error:
        return refusal(error)
    again = symbol.tojson()
    graph = json.loads(again)
    answer = {"arguments": symbol.list_arguments(), "outputs": symbol.list_outputs(),
              "auxiliary": symbol.list_auxiliary_states(), "attr_dict": symbol.attr_dict(),
              "graph": {key: graph[key] for key in ("nodes", "heads", "arg_nodes", "node_row_ptr")},
              "sha1": hashlib.sha1(again.encode()).hexdigest(), "inputs": inputs}
    shapes = {name: tuple(shape) for name, (shape, _) in inputs.items() if name in symbol.list_inputs()}
    try:
        found = symbol.infer_shape(**shapes)
        answer["shapes"] = [None if part is None else [list(shape) for shape in part] for part in found]
    except Exception as error:
        answer["shapes"] = refusal(error)
    try:
        answer["values"], answer["gradients"] = run(symbol, shapes, inputs)
    except Exception as error:
        answer["values"] = answer["gradients"] = refusal(error)
    return answer


def run(symbol, shapes, inputs):
    """Outputs in predict mode, and gradients in train mode for head gradients by the formula."""
    kinds = {name: kind for name, (_, kind) in inputs.items()}
    names, auxiliary = symbol.list_arguments(), symbol.list_auxiliary_states()
    found = symbol.infer_shape_partial(**shapes)  # simple_bind cannot decide what lies within a branch or loop

    def filled(names, shapes):
        return {name: mx.nd.array(fill(name, shape, kinds.get(name))) for name, shape in zip(names, shapes)}

    args, states = filled(names, found[0]), filled(auxiliary, found[2])
    predicting = symbol.bind(mx.cpu(), args, aux_states=states, grad_req="null")
    values = [summary(out.asnumpy()) for out in predicting.forward()]
    try:
        grads = {name: mx.nd.zeros(args[name].shape) for name in names if not kinds.get(name)}
        wanted = {name: "write" if name in grads else "null" for name in names}
        training = symbol.bind(mx.cpu(), args, grads, wanted, states)
        training.forward(is_train=True)
        training.backward([mx.nd.array(fill("head%d" % i, out.shape), dtype=out.dtype)
                           for i, out in enumerate(training.outputs)])
        gradients = {name: summary(array.asnumpy(), 4) for name, array in sorted(grads.items())}
    except Exception as error:
        gradients = refusal(error)
    return values, gradients


def with_kind(inputs):
    """{name: [shape, kind]} of the shapes that generate_models.py declares."""
    return {name: [list(given[0]), given[1]] if isinstance(given[0], tuple) else [list(given), None]
            for name, given in inputs.items()}


def files():
    """(key, text, inputs) of every model and rule."""
    for path in sorted(p for folder in ("by_version/*", "old") for p in glob.glob(
            os.path.join(HERE, folder, "*-symbol.json"))):
        with open(path) as file:
            name = os.path.basename(path)[:-len("-symbol.json")]
            yield os.path.relpath(path, HERE), file.read(), with_kind(MODELS[name][1])
    with open(os.path.join(HERE, "rules.json")) as file:
        for name, rule in json.load(file).items():
            yield "rules/" + name, json.dumps(rule["graph"]), rule["inputs"]


def read_checkpoints(folder):
    """The outputs of the models in checkpoints/RELEASE, for an input by the formula."""
    symbol, args, states = mx.model.load_checkpoint(os.path.join(folder, "mlp"), 3)
    bound = symbol.simple_bind(mx.cpu(), grad_req="null", data=(2, 3, 4))
    bound.copy_params_from(args, states)
    answers = {"mlp": summary(bound.forward(data=mx.nd.array(fill("data", (2, 3, 4))))[0].asnumpy())}
    image = mx.nd.array(fill("data", (2, 3, 4, 4)))
    if os.path.exists(os.path.join(folder, "gluon.params")):
        net = gluon_net(mx)
        net.load_parameters(os.path.join(folder, "gluon.params"))
        answers["gluon"] = summary(net(image).asnumpy())
    if os.path.exists(os.path.join(folder, "gluon-symbol.json")):
        net = mx.gluon.SymbolBlock.imports(os.path.join(folder, "gluon-symbol.json"), ["data"],
                                           os.path.join(folder, "gluon-0000.params"))
        answers["export"] = summary(net(image).asnumpy())
    return answers


def try_malformed(text):
    """Whether MXNet refuses a text, when it reads it or at the latest when it looks at its lists."""
    try:
        symbol = mx.sym.load_json(text)
        return {"accepted": [symbol.list_arguments(), symbol.list_outputs()]}
    except Exception as error:
        return refusal(error)


def write(name, answers):
    with open(os.path.join(HERE, name), "w", newline="\n") as file:
        lines = ["%s: %s" % (json.dumps(key), json.dumps(value, separators=(",", ":"), sort_keys=True))
                 for key, value in answers.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    if len(sys.argv) > 1:
        keep_what_differs(sys.argv[1])
    write("answers.json", {key: apart(look, text, inputs) for key, text, inputs in files()})
    write("checkpoint_answers.json", {os.path.basename(folder): apart(read_checkpoints, folder)
                                      for folder in sorted(glob.glob(os.path.join(HERE, "checkpoints", "*")))})
    with open(os.path.join(HERE, "malformed.json")) as file:
        write("malformed_answers.json", {key: apart(try_malformed, text) for key, text in json.load(file).items()})


if __name__ == "__main__":
    main()
