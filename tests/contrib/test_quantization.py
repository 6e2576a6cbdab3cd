"""Layers on int8 arrays where MXNet's own results are wrong or missing, and models that are made of such layers."""
import json

import numpy as np
import pytest

import mxnet as mx
from mxnet.contrib import quantization
from mxnet.ops import quantization_layers

nd, sym = mx.nd, mx.sym


def numbers(shape, salt=0, low=-1.0, high=1.0):
    """Irregular values, the same everywhere."""
    fractions = ((np.arange(np.prod(shape)) + 1 + 7 * salt) * 0.6180339887498949) % 1.0
    return nd.array((low + (high - low) * fractions).reshape(shape))


def eights(shape, dtype, salt=0):
    low, high = (0, 255) if dtype == "uint8" else (-128, 127)
    return nd.array(numbers(shape, salt, low, high + 1).floor(), dtype=dtype)


def ends(low, high):
    return nd.array([low]), nd.array([high])


# ------------------------------------------------------------------------------------------------------- operators


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(("data", "weight", "options"), [
    ((2, 3, 7, 6), (4, 3, 3, 2), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0), "dilate": (1, 2)}),
    ((2, 6, 5, 5), (4, 3, 3, 3), {"kernel": (3, 3), "num_group": 2}),
    ((1, 8, 5, 5), (8, 1, 3, 3), {"kernel": (3, 3), "num_group": 8, "pad": (1, 1)}),
    ((2, 5, 5, 3), (4, 2, 2, 3), {"kernel": (2, 2), "layout": "NHWC"}),
    ((2, 3, 9), (4, 3, 4), {"kernel": (4,)}),
    ((1, 200, 4, 4), (4, 200, 3, 3), {"kernel": (3, 3)}),
])
@pytest.mark.parametrize("fast", [True, False])
def test_convolution_is_exact(dtype, data, weight, options, fast, monkeypatch):
    """MXNet on a CPU takes no int8 data, groups and other layouts; sums reach beyond 2**24, where float32 rounds."""
    if not fast:
        monkeypatch.setattr(quantization_layers, "_int8_kernel_is_exact", lambda: False)
    x, w = eights(data, dtype), eights(weight, "int8", 3)
    filters = weight[0]
    got, _, _ = nd.contrib.quantized_conv(data=x, weight=w, min_data=nd.array([-1]), max_data=nd.array([1]),
                                          min_weight=nd.array([-1]), max_weight=nd.array([1]), num_filter=filters,
                                          no_bias=True, **options)
    exact = nd.Convolution(x.astype("float64"), w.astype("float64"), num_filter=filters, no_bias=True, **options)
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got.asnumpy(), exact.asnumpy())


@pytest.mark.parametrize("fast", [True, False])
def test_dense_layer_is_exact(fast, monkeypatch):
    if not fast:
        monkeypatch.setattr(quantization_layers, "_int8_kernel_is_exact", lambda: False)
    x, w = nd.array(np.full((3, 5000), 255), dtype="uint8"), nd.array(np.full((2, 5000), -127), dtype="int8")
    got = nd.contrib.quantized_fully_connected(data=x, weight=w, min_data=nd.array([0]), max_data=nd.array([1]),
                                               min_weight=nd.array([-1]), max_weight=nd.array([1]), num_hidden=2,
                                               no_bias=True)[0]
    assert (got.asnumpy() == -5000 * 255 * 127).all()


@pytest.mark.parametrize(("dtype", "low"), [("int8", -1.0), ("uint8", 0.0)])
def test_convolution_stands_for_the_one_on_floats(dtype, low):
    """MXNet 1.9.1 is off by 2 for uint8 data and adds the bias in units of its own."""
    x, w, b = numbers((2, 3, 6, 6), 1, low), numbers((4, 3, 3, 3), 2), numbers((4,), 3)
    data = nd.contrib.quantize(x, *ends(low, 1), out_type=dtype)
    weight, bias = (nd.contrib.quantize(v, *ends(-1, 1), out_type="int8") for v in (w, b))
    out = nd.contrib.quantized_conv(data[0], weight[0], bias[0], *data[1:], *weight[1:], *bias[1:], kernel=(3, 3),
                                    num_filter=4)
    got = nd.contrib.dequantize(*nd.contrib.requantize(*out))
    expected = nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4)
    np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), atol=0.06)


@pytest.mark.parametrize("calibrated", [{}, {"min_calib_range": -3, "max_calib_range": 3}])
def test_sum_of_int8_and_uint8(calibrated):
    """MXNet 1.9.1 forgets the uint8 array."""
    a, b = eights((4, 9), "int8", 1), eights((4, 9), "uint8", 2)
    got = nd.contrib.quantized_elemwise_add(a, b, *ends(-1, 1), *ends(0, 2), **calibrated)
    real = a.asnumpy() / 127.5 + b.asnumpy() / 255.5 * 2
    if calibrated:
        assert got[0].dtype == np.int8
        np.testing.assert_allclose(nd.contrib.dequantize(*got).asnumpy(), real, atol=0.02)
    else:
        np.testing.assert_allclose(got[0].asnumpy() * (3 / 2**31), real, atol=1e-6)


def test_products_saturate():
    """MXNet 1.9.1 lets them run over, from 128 to -128."""
    a = nd.array([127, 127, -127, 10], dtype="int8")
    b = nd.array([127, -127, 127, -10], dtype="int8")
    got = nd.contrib.quantized_elemwise_mul(a, b, *ends(-1, 1), *ends(-1, 1), min_calib_range=-0.5, max_calib_range=0.5)
    assert got[0].asnumpy().tolist() == [127, -128, -128, -1]


def test_activation_keeps_uint8():
    """MXNet 1.9.1 says int8 of the same bytes."""
    out, low, high = nd.contrib.quantized_act(nd.array([0, 127, 255], dtype="uint8"), *ends(0, 2), act_type="relu")
    assert out.dtype == np.uint8 and out.asnumpy().tolist() == [0, 127, 255]
    assert (low.asscalar(), high.asscalar()) == (0, 2)


def test_batch_norm_over_another_axis():
    """MXNet 1.9.1 takes axis 1 whatever is asked for."""
    x = eights((2, 4, 5, 3), "int8")
    vectors = [numbers((3,), i, 0.2, 1.5) for i in range(4)]
    kwargs = {"min_calib_range": -3, "max_calib_range": 3}
    last = nd.contrib.quantized_batch_norm(x, *vectors, *ends(-1, 1), axis=3, **kwargs)[0]
    first = nd.contrib.quantized_batch_norm(x.transpose((0, 3, 1, 2)), *vectors, *ends(-1, 1), **kwargs)[0]
    np.testing.assert_array_equal(last.asnumpy(), first.transpose((0, 2, 3, 1)).asnumpy())


def test_no_gradient():
    x = numbers((4, 3))
    x.attach_grad()
    with mx.autograd.record():
        rounded = nd.contrib.dequantize(*nd.contrib.quantize_v2(x))
        y = rounded * x
    y.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), rounded.asnumpy())


def test_no_elements():
    with mx.util.np_shape(True):
        assert nd.contrib.quantize_v2(nd.zeros((0, 3)), min_calib_range=-1, max_calib_range=1)[0].shape == (0, 3)
        out = nd.contrib.quantized_fully_connected(eights((0, 3), "int8"), eights((2, 3), "int8"), *ends(0, 1),
                                                   *ends(0, 1), num_hidden=2, no_bias=True)
        assert out[0].shape == (0, 2)
        with pytest.raises(mx.MXNetError, match="has no range"):
            nd.contrib.quantize_v2(nd.zeros((0, 3)))


@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (1, True), (2, True)])
def test_lstm_is_near_the_one_on_floats(layers, bidirectional):
    """MXNet has this on some processors only."""
    directions = 2 if bidirectional else 1
    size = sum(directions * 4 * 16 * ((8 if layer == 0 else directions * 16) + 18) for layer in range(layers))
    x, packed = numbers((5, 2, 8)), numbers((size,), 1, -0.5, 0.5)
    states = [numbers((layers * directions, 2, 16), i) for i in (2, 3)]
    options = {"state_size": 16, "num_layers": layers, "bidirectional": bidirectional, "mode": "lstm",
               "state_outputs": True}
    data, scale, shift = nd.contrib.quantize_asym(x)
    got = nd.contrib.quantized_rnn(data, packed, *states, scale, shift, **options)
    for ours, exact in zip(got, nd.RNN(x, packed, *states, **options), strict=True):
        np.testing.assert_allclose(ours.asnumpy(), exact.asnumpy(), atol=0.03)


@pytest.mark.parametrize(("name", "options", "inputs", "outputs"), [
    ("quantized_conv", {"kernel": (3, 3), "num_filter": 2},
     "weight bias min_data max_data min_weight max_weight min_bias max_bias", "output min_output max_output"),
    ("quantized_conv", {"kernel": (3, 3), "num_filter": 2, "no_bias": True},
     "weight min_data max_data min_weight max_weight", "output min_output max_output"),
    ("quantized_fully_connected", {"num_hidden": 2},
     "weight bias min_data max_data min_weight max_weight min_bias max_bias", "output min_output max_output"),
    ("quantized_pooling", {"kernel": (2, 2)}, "min_data max_data", "output min_output max_output"),
    ("quantized_concat", {}, "arg0_min arg0_max", "output min_output max_output"),
    ("quantized_elemwise_mul", {"enable_float_output": True}, "rhs lhs_min lhs_max rhs_min rhs_max", "output"),
    ("quantized_embedding", {"input_dim": 2, "output_dim": 2}, "weight min_weight max_weight",
     "output min_output max_output"),
    ("quantized_rnn", {"state_size": 2, "num_layers": 1, "mode": "lstm", "state_outputs": True},
     "parameters state state_cell min_data max_data", "output state_output statecell_ouput"),
    ("quantize", {}, "min_range max_range", "output0 output1 output2"),
    ("quantize_v2", {}, "", "output0 output1 output2"),
    ("quantize_asym", {}, "", "output scale shift"),
    ("calibrate_entropy", {}, "hist_edges", "threshold divergence"),
])
def test_names_of_inputs_and_outputs(name, options, inputs, outputs):
    made = getattr(sym.contrib, name)(sym.var("x"), name="n", **options)
    assert made.list_arguments() == ["x", *(f"n_{i}" for i in inputs.split())]
    assert made.list_outputs() == [f"n_{o}" for o in outputs.split()]


# ---------------------------------------------------------------------------------------------------------- models


def dense_net():
    hidden = sym.FullyConnected(sym.var("data"), num_hidden=5, name="fc1")
    hidden = sym.Activation(hidden, act_type="relu", name="relu1")
    params = {"fc1_weight": numbers((5, 7), 1), "fc1_bias": numbers((5,), 2), "fc2_weight": numbers((3, 5), 3),
              "fc2_bias": numbers((3,), 4)}
    return sym.FullyConnected(hidden, num_hidden=3, name="fc2"), params, numbers((4, 7), 5)


def lenet():
    x = sym.var("data")
    for i, filters in enumerate((4, 8), 1):
        x = sym.Convolution(x, kernel=(3, 3), num_filter=filters, name=f"conv{i}")
        x = sym.Activation(sym.BatchNorm(x, fix_gamma=False, name=f"bn{i}"), act_type="relu", name=f"relu{i}")
        x = sym.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max" if i == 1 else "avg", name=f"pool{i}")
    net = sym.FullyConnected(sym.Flatten(x, name="flat"), num_hidden=10, name="fc")
    shapes, _, states = net.infer_shape(data=(8, 1, 14, 14))
    params = {name: numbers(shape, i, -0.5, 0.5) for i, (name, shape)
              in enumerate(zip(net.list_arguments(), shapes, strict=True)) if name != "data"}
    aux = {name: numbers(shape, i, 0.1, 0.4) for i, (name, shape)
           in enumerate(zip(net.list_auxiliary_states(), states, strict=True))}
    return net, params, aux, numbers((8, 1, 14, 14), 5)


def run(net, params, x, aux=None):
    return net.bind(mx.cpu(), {**params, "data": x}, aux_states=aux or {}).forward(is_train=False)[0].asnumpy()


def operators(net):
    nodes = json.loads(net.tojson())["nodes"]
    return [(n["op"].removeprefix("_contrib_"), n["name"]) for n in nodes if n["op"] != "null"]


@pytest.mark.parametrize(("mode", "expected"), [
    ("none", [-3.66456, -3.28945, -2.88548, 2.1064, 1.67358, -2.51037, 0.95221, 0.25969, -0.66366, -3.63571, -3.28945,
              -2.85663]),
    ("naive", [-3.67613, -3.29983, -2.89459, 2.11305, 1.67886, -2.51829, 0.95521, 0.26051, -0.63681, -3.61823, -3.27088,
               -2.86564])])
@pytest.mark.parametrize("dtype", ["int8", "auto"])
def test_dense_net_gives_what_mxnet_gives(mode, expected, dtype):
    net, params, x = dense_net()
    data = mx.io.NDArrayIter(x, batch_size=2) if mode != "none" else None
    made, qparams, _ = quantization.quantize_model(net, params, {}, calib_mode=mode, calib_data=data,
                                                   quantized_dtype=dtype)
    assert operators(made) == [
        ("quantize_v2", "data_quantize"), ("quantized_fully_connected", "quantized_fc1"),
        ("requantize", "requantize_fc1"), ("quantized_act", "quantized_relu1"),
        ("quantized_fully_connected", "quantized_fc2"), ("requantize", "requantize_fc2"),
        ("dequantize", "fc2_dequantize")]
    assert qparams["fc1_weight_quantize"].dtype == np.int8 and "fc1_weight" not in qparams
    np.testing.assert_allclose(run(made, qparams, x).ravel(), expected, atol=3e-5)
    if mode == "naive":
        attrs = made.attr_dict()["requantize_fc1"]
        assert (attrs["min_calib_range"], attrs["max_calib_range"]) == ("-1.422600", "3.353572")


@pytest.mark.parametrize("mode", ["naive", "entropy"])
@pytest.mark.parametrize("dtype", ["int8", "auto"])
def test_lenet_stays_near_itself(mode, dtype):
    net, params, aux, x = lenet()
    made, qparams, qaux = quantization.quantize_model(net, params, aux, calib_mode=mode, quantized_dtype=dtype,
                                                      calib_data=mx.io.NDArrayIter(x, batch_size=4))
    exact = run(net, params, x, aux)
    got = run(made, qparams, x, qaux)
    assert np.abs(got - exact).max() < 0.1 * np.abs(exact).max()
    assert "quantized_bn1" in [name for _, name in operators(made)]
    read = sym.load_json(made.tojson())
    np.testing.assert_array_equal(run(read, qparams, x, qaux), got)


@pytest.mark.parametrize(("options", "absent"), [
    ({"excluded_sym_names": ["fc"]}, ["quantized_fc", "quantized_flat", "quantized_pool2", "quantized_relu2"]),
    ({"excluded_op_names": ["Pooling"]}, ["quantized_pool1", "quantized_pool2", "quantized_bn1", "quantized_flat"]),
    ({"excluded_op_names": ["Pooling"], "quantize_mode": "full"}, ["quantized_pool1", "quantized_pool2"]),
])
def test_what_is_left_out(options, absent):
    net, params, aux, _ = lenet()
    made = quantization.quantize_model(net, params, aux, calib_mode="none", **options)[0]
    names = {name for _, name in operators(made)}
    assert not names & set(absent) and "quantized_conv1" in names


def test_steps_one_by_one():
    net, params, x = dense_net()
    made, qparams, _, collector = quantization.quantize_graph(net, params, {}, calib_mode="naive")
    executor = net.bind(mx.cpu(), {**params, "data": x})
    executor.set_monitor_callback(collector.collect, monitor_all=True)
    executor.forward(is_train=False)
    whole = quantization.calib_graph(made, qparams, {}, collector, "naive")
    data = mx.io.NDArrayIter(x, batch_size=4)
    at_once = quantization.quantize_model(net, params, {}, calib_mode="naive", calib_data=data, quantize_mode="full")
    assert whole[0].tojson() == at_once[0].tojson()
    assert set(whole[1]) == set(at_once[1])


def test_histograms_grow():
    first = (np.array([1, 2, 3]), np.array([-1.5, -0.5, 0.5, 1.5]), -1.5, 1.5, 1.5)
    counts, edges, low, high, end = quantization.combine_histogram(first, np.array([0.0, 2.2, -1]), -1, 2.2, 2.2)
    assert counts.tolist() == [0, 2, 3, 3, 1] and edges.tolist() == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    assert (low, high, end) == (-1.5, 2.2, 2.5)


@pytest.mark.parametrize(("wrong", "error"), [
    ({"calib_mode": "naive"}, ValueError), ({"calib_mode": "naive", "calib_data": [1]}, ValueError),
    ({"calib_mode": "best"}, ValueError), ({"calib_mode": "none", "quantized_dtype": "int4"}, ValueError),
    ({"calib_mode": "none", "excluded_sym_names": "fc1"}, ValueError),
    ({"calib_mode": "none", "excluded_op_names": "Flatten"}, ValueError),
    ({"calib_mode": "none", "quantize_granularity": "x"}, ValueError),
    ({"calib_mode": "none", "quantize_mode": "x"}, mx.MXNetError)])
def test_wrong_arguments(wrong, error):
    net, params, _ = dense_net()
    with pytest.raises(error):
        quantization.quantize_model(net, params, {}, **wrong)


@pytest.mark.parametrize("mode", ["none", "naive", "entropy"])
def test_gluon_net(mode):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3, activation="relu"), mx.gluon.nn.Flatten(), mx.gluon.nn.Dense(3))
    net.initialize(mx.init.Uniform(0.5))
    x = numbers((8, 1, 6, 6))
    if mode == "none":
        made = quantization.quantize_net(net, "int8", data_shapes=[mx.io.DataDesc("data", x.shape)])
    else:
        batches = [(x[:4], nd.zeros((4,))), (x[4:], nd.zeros((4,)))]
        made = quantization.quantize_net(net, "auto", calib_data=batches, calib_mode=mode)
    exact = net(x).asnumpy()
    assert any(name.endswith("weight_quantize") for name in made.collect_params())
    assert np.abs(made(x).asnumpy() - exact).max() < 0.1 * np.abs(exact).max()
