"""Training with Module and its kin as code that runs under real MXNet and under ours; answers are plain JSON."""
import os
import tempfile

import numpy as np

rs = np.random.RandomState(0)
X = rs.uniform(-1, 1, (20, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32") + (X[:, 0] > 0.5)
IMAGES = rs.uniform(-1, 1, (9, 2, 6, 6)).astype("float32")
SEQUENCES = {k: rs.uniform(-1, 1, (3, k, 2)).astype("float32") for k in (2, 3, 5)}


def mlp(mx):
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=5, name="fc1")
    net = mx.sym.Activation(net, act_type="tanh", name="act")
    net = mx.sym.FullyConnected(net, num_hidden=3, name="fc2", attr={"__lr_mult__": "2"})
    return mx.sym.SoftmaxOutput(net, name="softmax")


def convnet(mx):
    net = mx.sym.Convolution(mx.sym.var("data"), num_filter=3, kernel=(3, 3), no_bias=True, name="conv")
    net = mx.sym.BatchNorm(net, fix_gamma=False, momentum=0.5, name="bn")
    net = mx.sym.Pooling(mx.sym.Activation(net, act_type="relu"), kernel=(2, 2), stride=(2, 2), pool_type="max")
    net = mx.sym.FullyConnected(mx.sym.Flatten(net), num_hidden=2, name="fc")
    return mx.sym.SoftmaxOutput(net, name="softmax")


def iterator(mx, **kwargs):
    return mx.io.NDArrayIter(X, Y, 8, **kwargs)


def params(symbol, seed=1, **shapes):
    """Values for all parameters, by name."""
    import mxnet as mx
    random = np.random.RandomState(seed)
    found = symbol.infer_shape(**shapes)
    args = {n: mx.nd.array(random.uniform(-0.5, 0.5, s)) for n, s in zip(symbol.list_arguments(), found[0])  # noqa: B905
            if n not in shapes and n != "softmax_label"}
    aux = {n: mx.nd.array(random.uniform(0.5, 1.5, s)) for n, s in zip(symbol.list_auxiliary_states(), found[2])}  # noqa: B905
    return args, aux


def plain(value):
    """Arrays as lists, in dicts, lists and tuples."""
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, np.ndarray):
        return [list(value.shape), value.astype("float64").ravel().tolist()]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def trained(mx, symbol, data, shape, **kwargs):
    """Parameters, score and predictions after three epochs."""
    how = {k: kwargs.pop(k) for k in ("context", "work_load_list", "fixed_param_names") if k in kwargs}
    mod = mx.mod.Module(symbol, **how)
    args, aux = params(symbol, data=shape)
    seen = []
    mod.fit(data, num_epoch=3, arg_params=args, aux_params=aux, eval_metric=["acc", "ce"],
            epoch_end_callback=lambda epoch, s, a, x: seen.append(epoch),
            batch_end_callback=lambda p: seen.append([p.epoch, p.nbatch, p.eval_metric.get()[1]]), **kwargs)
    return [plain(mod.get_params()), seen, mod.score(data, ["acc", "ce"]), mod.predict(data)]


MOMENTUM = {"optimizer_params": {"learning_rate": 0.3, "momentum": 0.9, "wd": 0.01}}


def fit_mlp(mx):
    return trained(mx, mlp(mx), iterator(mx), (8, 4), **MOMENTUM)


def fit_mlp_several_contexts(mx):
    return [trained(mx, mlp(mx), iterator(mx), (8, 4), kvstore=store, context=[mx.cpu(i) for i in range(n)],
                    work_load_list=loads, **MOMENTUM)
            for store, n, loads in (("local", 2, None), ("device", 3, [3, 2, 1]), (None, 2, [2, 1]))]


def fit_mlp_updated_outside_the_store(mx):
    os.environ["MXNET_UPDATE_ON_KVSTORE"] = "0"
    try:
        return trained(mx, mlp(mx), iterator(mx), (8, 4), context=[mx.cpu(0), mx.cpu(1)], optimizer="adam")
    finally:
        del os.environ["MXNET_UPDATE_ON_KVSTORE"]


def fit_fixed(mx):
    return trained(mx, mlp(mx), iterator(mx), (8, 4), fixed_param_names=["fc1_bias", "fc2_bias"], **MOMENTUM)


def fit_convnet(mx):
    data = mx.io.NDArrayIter(IMAGES, np.arange(9) % 2, 4, last_batch_handle="roll_over")
    return trained(mx, convnet(mx), data, IMAGES.shape, optimizer="adam")


def fit_convnet_two_contexts(mx):
    data = mx.io.NDArrayIter(IMAGES, np.arange(9) % 2, 5)
    return trained(mx, convnet(mx), data, IMAGES.shape, context=[mx.cpu(0), mx.cpu(1)], optimizer="rmsprop")


def initialized(mx):
    answers = []
    for initializer in (mx.init.Uniform(0.1), mx.init.Xavier(), mx.init.Mixed(["bias", ".*"], [
            mx.init.Constant(2), mx.init.Normal()])):
        mod = mx.mod.Module(convnet(mx))
        mod.bind([("data", IMAGES.shape)], [("softmax_label", (9,))])
        mx.random.seed(5)
        mod.init_params(initializer)
        answers.append(mod.get_params())
    return answers


def gradients(mx):
    answers = []
    for context, req in (([mx.cpu(0)], "write"), ([mx.cpu(0), mx.cpu(1)], "add")):
        symbol = mlp(mx)
        mod = mx.mod.Module(symbol, context=context)
        mod.bind([("data", (7, 4))], [("softmax_label", (7,))], inputs_need_grad=True, grad_req=req)
        mod.init_params(None, *params(symbol, data=(7, 4)))
        batch = mx.io.DataBatch([mx.nd.array(X[:7])], [mx.nd.array(Y[:7])])
        for _ in range(2):
            mod.forward_backward(batch)
        answers.append([mod.get_input_grads(), mod.get_outputs(), mod.get_outputs(False), mod._exec_group.grad_arrays])
    return answers


def head_gradients(mx):
    a, b = mx.sym.var("a"), mx.sym.var("b")
    mod = mx.mod.Module(mx.sym.Group([a * b, a + 2 * b]), ["b", "a"], None, context=[mx.cpu(0), mx.cpu(1)])
    mod.bind([("b", (3, 2)), ("a", (3, 2))], inputs_need_grad=True)
    mod.init_params()
    ones = mx.nd.ones((3, 2))
    mod.forward(mx.io.DataBatch([ones * 3, mx.nd.array(X[:3, :2])], None), is_train=True)
    mod.backward([ones * 2, mx.nd.array(X[3:6, 1:3])])
    return [mod.get_input_grads(), mod.get_outputs(), [shape for _, shape in mod.output_shapes]]


def other_shapes(mx):
    symbol = mlp(mx)
    mod = mx.mod.Module(symbol)
    mod.bind([("data", (6, 4))], [("softmax_label", (6,))])
    mod.init_params(None, *params(symbol, data=(6, 4)))
    mod.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 1, "momentum": 0.5})
    answers = []
    for begin, end in ((0, 6), (6, 8), (8, 18), (18, 20), (2, 8)):
        mod.forward_backward(mx.io.DataBatch([mx.nd.array(X[begin:end])], [mx.nd.array(Y[begin:end])]))
        mod.update()
        answers.append([plain(mod.get_outputs()), repr(mod.data_shapes), repr(mod.label_shapes), mod.output_shapes])
    return [answers, mod.get_params()]


def resumed(mx):
    """Training goes on from a checkpoint as if it had not stopped."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "net")
        symbol = mlp(mx)
        mod = mx.mod.Module(symbol)
        args, aux = params(symbol, data=(8, 4))
        save = mx.callback.module_checkpoint(mod, prefix, 1, True)
        mod.fit(iterator(mx), num_epoch=2, arg_params=args, aux_params=aux, epoch_end_callback=save, **MOMENTUM)
        files = sorted(os.listdir(folder))
        mod = mx.mod.Module.load(prefix, 1, load_optimizer_states=True)
        mod.fit(iterator(mx), begin_epoch=1, num_epoch=2, **MOMENTUM)
        again = mx.model.load_checkpoint(prefix, 2)
        return [files, mod.get_params(), again[1], again[0].list_arguments()]


def sequential(mx):
    body = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=5, name="fc1")
    head = mx.sym.FullyConnected(mx.sym.Activation(mx.sym.var("features"), act_type="relu"), num_hidden=3, name="fc2")

    def softmax_grad(scores, labels):
        grad = mx.nd.softmax(scores).asnumpy()
        grad[np.arange(len(grad)), labels.asnumpy().astype(int)] -= 1
        return grad

    seq = mx.mod.SequentialModule()
    seq.add(mx.mod.Module(body, label_names=None)).add(mx.mod.Module(head, ["features"], None), auto_wiring=True)
    seq.add(mx.mod.PythonLossModule(grad_func=softmax_grad), take_labels=True, auto_wiring=True)
    args = dict(params(body, data=(8, 4))[0], **params(head, features=(8, 5))[0])
    seq.bind(iterator(mx).provide_data, iterator(mx).provide_label)
    seq.init_params(None, args, {}, allow_missing=True)
    seq.init_optimizer(optimizer_params={"learning_rate": 0.2})
    data = iterator(mx)
    for batch in data:
        seq.forward_backward(batch)
        seq.update()
    return [seq.get_params(), seq.get_outputs(), seq.output_names]


def buckets(mx):
    def graph(length):
        net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, flatten=False, name="fc")
        net = mx.sym.sum(net, axis=1)
        return mx.sym.SoftmaxOutput(net, name="softmax"), ("data",), ("softmax_label",)

    def batch(length):
        return mx.io.DataBatch([mx.nd.array(SEQUENCES[length])], [mx.nd.array([0, 1, 2])], bucket_key=length,
                               provide_data=[("data", (3, length, 2))], provide_label=[("softmax_label", (3,))])

    mod = mx.mod.BucketingModule(graph, default_bucket_key=5, context=[mx.cpu(0), mx.cpu(1)])
    mod.bind([("data", (3, 5, 2))], [("softmax_label", (3,))])
    mod.init_params(None, *params(graph(5)[0], data=(3, 5, 2)))
    mod.init_optimizer(optimizer_params={"learning_rate": 0.2, "momentum": 0.9})
    outputs = []
    for length in (2, 5, 3, 2, 3, 5):
        mod.forward_backward(batch(length))
        mod.update()
        outputs.append(plain(mod.get_outputs()))
    return [outputs, mod.get_params(), mod.score([batch(2), batch(3)], "ce", reset=False)]


def states(mx):
    data, state = mx.sym.var("data"), mx.sym.var("state", shape=(0, 3))
    new = mx.sym.Activation(mx.sym.FullyConnected(data, num_hidden=3, name="in")
                            + mx.sym.FullyConnected(state, num_hidden=3, name="rec"), act_type="tanh")
    mod = mx.mod.Module(new, label_names=None, state_names=["state"], context=[mx.cpu(0), mx.cpu(1)])
    mod.bind([("data", (4, 4))], for_training=False)
    mod.init_params(None, *params(mx.sym.Group([new]), data=(4, 4), state=(4, 3)))
    mod.set_states(value=0.5)
    answers = [plain(mod.get_states(False))]
    for k in range(2):
        mod.forward(mx.io.DataBatch([mx.nd.array(X[4 * k:4 * k + 4])], []))
        mod.set_states(states=mod.get_outputs(False))
        answers.append(plain(mod.get_states(False)))
    return answers


def feed_forward(mx):
    np.random.seed(2)
    symbol = mlp(mx)
    args, aux = params(symbol, data=(8, 4))
    model = mx.model.FeedForward(symbol, num_epoch=3, numpy_batch_size=8, arg_params=args, aux_params=aux,
                                 learning_rate=0.3, momentum=0.9, ctx=[mx.cpu(0), mx.cpu(1)])
    seen = []
    model.fit(X, Y, eval_data=(X, Y), batch_end_callback=lambda p: seen.append([p.epoch, p.nbatch]))
    ended = mx.io.NDArrayIter(X, Y, 8)
    counted = mx.model.FeedForward(symbol, num_epoch=4, epoch_size=2, arg_params=args, aux_params=aux, wd=0.1)
    counted.fit(ended, eval_metric="ce", batch_end_callback=lambda p: seen.append([p.epoch, p.nbatch]))
    return [model.arg_params, model.predict(X), model.score(ended), seen, counted.arg_params,
            counted.predict(ended, num_batch=2, return_data=True)]


CASES = [fit_mlp, fit_mlp_several_contexts, fit_mlp_updated_outside_the_store, fit_fixed, fit_convnet,
         fit_convnet_two_contexts, initialized, gradients, head_gradients, other_shapes, resumed, sequential, buckets,
         states, feed_forward]
