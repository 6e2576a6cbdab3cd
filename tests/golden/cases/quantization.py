"""nd.contrib: int8 and uint8 arrays with ranges.  MXNet runs on its CPU kernels here, which refuse some combinations.

Where MXNet's own result is wrong there is no case, and tests/contrib/test_quantization.py has the right one: the range
of quantized_conv with uint8 data and its bias, sums of an int8 and a uint8 array, products that overflow int8.
"""
from golden.case import between, case, ints, raises, values


def eights(shape, dtype="int8", step=37):
    """All sorts of numbers of eight bits, without much of a pattern."""
    count = 1
    for n in shape:
        count *= n
    start = 0 if dtype == "uint8" else -128
    flat = [start + (i * step + i * i // 3) % 256 for i in range(count)]
    for n in reversed(shape[1:]):
        flat = [flat[i:i + n] for i in range(0, len(flat), n)]
    return ints(flat, dtype)


def exactly(code, **inputs):
    case(code, grad=False, **inputs)


def end(value):
    return values([value], "float32")


def wrong(code, **inputs):
    raises(code, **inputs)


RANGES = ((-1.0, 1.0), (-0.37, 0.81), (0.0, 3.3), (-7.7, 2.0))
WIDE_DATA = {"a": between(-8, 8, (5, 40))}

# ------------------------------------------------------------------------------------------------- to and from
for low, high in RANGES:
    for kind in ("int8", "uint8"):
        exactly(f"nd.contrib.quantize(a, l, h, out_type='{kind}')", **WIDE_DATA, l=end(low), h=end(high))
        exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}', min_calib_range={low}, max_calib_range={high})",
                **WIDE_DATA)
        exactly("nd.contrib.dequantize(a, l, h)", a=eights((4, 64), kind, 1), l=end(low), h=end(high))
    exactly(f"nd.contrib.quantize_v2(a, out_type='auto', min_calib_range={low}, max_calib_range={high})", **WIDE_DATA)
    exactly(f"nd.contrib.quantize_asym(a, min_calib_range={low}, max_calib_range={high})", a=between(-8, 8, (2, 3, 9)))
HALVES = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.4, 127.5, -127.5, -128.6, 1e9, -1e9, 254.5]
exactly("nd.contrib.quantize(a, l, h, out_type='int8')", a=values(HALVES), l=end(-127.0), h=end(127.0))
exactly("nd.contrib.quantize(a, l, h)", a=values(HALVES), l=end(0.0), h=end(255.0))
for kind, most in (("int8", 127.5), ("uint8", 255.5)):
    exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}', min_calib_range=0, max_calib_range={most})",
            a=values(HALVES))
    exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}')", a=(3, 5))
    exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}')", a=values([[0.0, 0.0], [0.0, 0.0]]))
    exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}', min_calib_range=-1)", a=(3, 5))
exactly("nd.contrib.quantize_v2(a)", a=values([[1.0, 2.0], [3.0, 0.5]]))
exactly("nd.contrib.quantize_v2(a, out_type='auto')", a=(3, 5))
exactly("nd.contrib.quantize_v2(a)", a=eights((3, 5)))
exactly("nd.contrib.quantize_v2(a, min_calib_range=-2, max_calib_range=3)", a=eights((3, 5)))
for kind in ("int8", "uint8", "auto"):
    exactly(f"nd.contrib.quantize_v2(a, out_type='{kind}')", a=eights((3, 5), "uint8"))
exactly("nd.contrib.quantize_asym(a)", a=between(-1, 3, (4, 3, 6)))
for kind in ("int8", "uint8", "auto"):
    for low, high in RANGES:
        exactly(f"nd.contrib.requantize(a, l, h, out_type='{kind}', min_calib_range={low}, max_calib_range={high})",
                a=ints([[-(2**31), -999999, -1234, -1, 0], [1, 77, 54321, 3456789, 2**31 - 1]]),
                l=end(-7000.0), h=end(3000.0))
    exactly(f"nd.contrib.requantize(a, l, h, out_type='{kind}')", a=ints([[-98765, -1234, 0], [1, 7777, 54321]]),
            l=end(-7000.0), h=end(3000.0))
exactly("nd.contrib.requantize(a, l, h)", a=ints([[0, 0], [0, 0]]), l=end(-7.0), h=end(3.0))
exactly("nd.contrib.requantize(a, l, h, min_calib_range=-0.1)", a=ints([[5, 600], [-7, 80]]), l=end(-7.0), h=end(3.0))

PAIR = values([-1.0, 1.0], "float32")
for name, data in (("quantize", (2, 3)), ("dequantize", eights((2, 3))), ("requantize", ints([[1, 2]]))):
    wrong(f"nd.contrib.{name}(a, l, h)", a=data, l=PAIR, h=end(1.0))
    wrong(f"nd.contrib.{name}(a, l, h)", a=ints([[1, 2]], "int64"), l=end(-1.0), h=end(1.0))
    wrong(f"nd.contrib.{name}(a, l, h)", a=data, l=values([1.0], "float64"), h=end(1.0))
    wrong(f"nd.contrib.{name}(a, l, h, out_type='int16')", a=data, l=end(-1.0), h=end(1.0))
wrong("nd.contrib.quantize_v2(a)", a=(2, 3), dtypes=("float16", "float64"))
wrong("nd.contrib.quantize_asym(a)", a=eights((2, 2, 2)))

# ------------------------------------------------------------------------------------------------------ layers
DATA = {"l": end(-2.0), "h": end(3.0)}
for kind in ("int8", "uint8"):
    exactly("nd.contrib.quantized_flatten(a, l, h)", a=eights((2, 3, 4), kind), **DATA)
    for options in ("kernel=(2, 2)", "kernel=(3, 3), stride=(2, 2), pad=(1, 1)", "kernel=(1, 1), global_pool=True",
                    "kernel=(3, 2), stride=(2, 2), pooling_convention='full'", "kernel=(2, 3), count_include_pad=False,"
                    " pad=(1, 1)"):
        for pool in ("max", "avg"):
            exactly(f"nd.contrib.quantized_pooling(a, l, h, {options}, pool_type='{pool}')",
                    a=eights((2, 3, 6, 6), kind), **DATA)
    exactly("nd.contrib.quantized_pooling(a, l, h, kernel=(2, 2, 2), pool_type='avg')", a=eights((1, 2, 3, 4, 4), kind),
            **DATA)
    for code in ("", ", eps=1e-5", ", fix_gamma=False", ", use_global_stats=True", ", momentum=0.5"):
        exactly("nd.contrib.quantized_batch_norm(a, g, b, m, v, l, h, min_calib_range=-2.3, max_calib_range=1.9"
                f"{code})", a=eights((2, 3, 4, 4), kind), g=between(0.5, 2, (3,)), b=(3,), m=(3,),
                v=between(0.2, 2, (3,)), **DATA)
exactly("nd.contrib.quantized_batch_norm(a, g, b, m, v, l, h, min_calib_range=0, max_calib_range=1.9)",
        a=eights((6, 3)), g=between(0.5, 2, (3,)), b=(3,), m=(3,),
                v=between(0.2, 2, (3,)), **DATA)
exactly("nd.contrib.quantized_flatten(a, l, h)", a=eights((5,)), **DATA)
exactly("nd.contrib.quantized_act(a, l, h, act_type='relu')", a=eights((3, 40)), **DATA)
exactly("nd.contrib.quantized_act(a, l, h, act_type='relu')", a=eights((3, 4, 2)), **DATA)
wrong("nd.contrib.quantized_act(a, l, h, act_type='tanh')", a=eights((3, 4)), **DATA)
wrong("nd.contrib.quantized_act(a, l, h)", a=eights((3, 4)), **DATA)
wrong("nd.contrib.quantized_act(a, l, h, act_type='relu')", a=ints([[1]], "int32"), **DATA)
wrong("nd.contrib.quantized_act(a, p, h, act_type='relu')", a=eights((3, 4)), p=PAIR, h=end(1.0))
wrong("nd.contrib.quantized_flatten(a, p, h)", a=eights((3, 4)), p=PAIR, h=end(1.0))
wrong("nd.contrib.quantized_pooling(a, l, h, kernel=(2, 2), pool_type='sum')", a=eights((1, 2, 3, 3)), **DATA)
wrong("nd.contrib.quantized_pooling(a, l, h, kernel=(2, 2))", a=ints([[[[1, 2], [3, 4]]]], "int32"), **DATA)
wrong("nd.contrib.quantized_batch_norm(a, g, g, g, g, l, h)", a=eights((2, 3)), g=(3,), **DATA)
wrong("nd.contrib.quantized_batch_norm(a, g, g, g, g, l, h, min_calib_range=-1, max_calib_range=1)",
      a=eights((2, 3)), g=(4,), **DATA)
for index in (ints([0, 1, 2, 5, -1], "int32"), ints([[0, 1], [3, 2]], "int64"), values([[0.0, 1.7], [2.0, 9.0]])):
    exactly("nd.contrib.quantized_embedding(i, w, l, h, input_dim=4, output_dim=3)", i=index, w=eights((4, 3)), **DATA)
exactly("nd.contrib.quantized_embedding(i, w, l, h, input_dim=4, output_dim=3, dtype='int8')", i=ints([3], "int8"),
        w=eights((4, 3)), **DATA)
wrong("nd.contrib.quantized_embedding(i, w, l, h, input_dim=4, output_dim=3)", i=ints([1]), w=eights((4, 3), "uint8"),
      **DATA)
wrong("nd.contrib.quantized_embedding(i, w, l, h, input_dim=5, output_dim=3)", i=ints([1]), w=eights((4, 3)), **DATA)

# ------------------------------------------------------------------------------------------------- two and more
for first, second in (("int8", "int8"), ("int8", "uint8"), ("uint8", "int8"), ("uint8", "uint8")):
    for low, high in RANGES:
        two = {"a": eights((3, 20), first), "b": eights((3, 20), second, 53), "l": end(low), "h": end(high),
               "m": end(-0.3), "n": end(0.77)}
        exactly("nd.contrib.quantized_concat(a, b, l, h, m, n, dim=1, num_args=2)", **two)
        if first == second:
            for options in ("", f", min_calib_range={low}, max_calib_range={high}", ", min_calib_range=-9"):
                exactly(f"nd.contrib.quantized_elemwise_add(a, b, l, h, m, n{options})", **two)
exactly("nd.contrib.quantized_concat(a, b, c, l, h, l, h, l, h, dim=0, num_args=3)", a=eights((1, 4)), b=eights((2, 4)),
        c=eights((1, 4), "uint8"), **DATA)
exactly("nd.contrib.quantized_concat(a, l, h, num_args=1)", a=eights((2, 3)), **DATA)
wrong("nd.contrib.quantized_concat(a, b, l, h, l, h, num_args=2)", a=eights((2, 3)), b=eights((3, 3)), **DATA)
wrong("nd.contrib.quantized_concat(a, a, l, h, num_args=2)", a=eights((2, 3)), **DATA)
wrong("nd.contrib.quantized_concat(a, a, l, h, l, h, num_args=2)", a=ints([[1]], "int32"), **DATA)
wrong("nd.contrib.quantized_elemwise_add(a, b, l, h, l, h)", a=eights((2, 3)), b=eights((1, 3)), **DATA)
wrong("nd.contrib.quantized_elemwise_add(a, a, l, h, l, h)", a=ints([[1]], "int32"), **DATA)
wrong("nd.contrib.quantized_elemwise_mul(a, b, l, h, l, h)", a=eights((2, 3)), b=eights((1, 3)), **DATA)
wrong("nd.contrib.quantized_elemwise_mul(a, a, l, h, l, h)", a=eights((2, 3), "uint8"), **DATA)
PRODUCT = "mx.sym.contrib.quantized_elemwise_mul(*map(mx.sym.var, 'abchmn'){}).bind(mx.cpu(), dict(a=a, b=b, c=c, " \
          "h=h, m=m, n=n)).forward()"  # MXNet cannot infer shapes eagerly here
for low, high in RANGES:
    for options in ("", ", min_calib_range=-40, max_calib_range=9", ", enable_float_output=True"):
        exactly(PRODUCT.format(options), a=eights((3, 20)), b=eights((3, 20), step=53), c=end(low), h=end(high),
                m=end(-0.3), n=end(0.77))

# ------------------------------------------------------------------------------------------------- sums of products
WEIGHT = {"m": end(-0.5), "n": end(0.4)}
for kind in ("int8", "uint8"):
    for low, high in RANGES:
        exactly("nd.contrib.quantized_fully_connected(a, w, b, l, h, m, n, o, p, num_hidden=4)",
                a=eights((3, 5, 2), kind), w=eights((4, 10), step=91), b=eights((4,)), l=end(low), h=end(high),
                o=end(-0.2), p=end(0.03), **WEIGHT)
    exactly("nd.contrib.quantized_fully_connected(a, w, b, l, h, m, n, o, p, num_hidden=4, flatten=False)",
            a=eights((3, 5, 2), kind), w=eights((4, 2), step=91), b=eights((4,)), o=end(-2.0), p=end(0.03), **DATA,
            **WEIGHT)
    exactly("nd.contrib.quantized_fully_connected(data=a, weight=w, min_data=l, max_data=h, min_weight=m, "
            "max_weight=n, num_hidden=4, no_bias=True)", a=eights((2, 600), kind), w=eights((4, 600), step=91), **DATA,
            **WEIGHT)
wrong("nd.contrib.quantized_fully_connected(a, a, a, l, h, l, h, l, h, num_hidden=4)", a=eights((2, 3)), **DATA)
wrong("nd.contrib.quantized_fully_connected(data=a, weight=a, min_data=l, max_data=h, min_weight=l, max_weight=h, "
      "num_hidden=2, no_bias=True)", a=eights((2, 3), "uint8"), **DATA)
for data, filters, options in (
        ((2, 3, 6, 6), (4, 3, 3, 3), "kernel=(3, 3)"),
        ((2, 3, 6, 6), (4, 3, 3, 3), "kernel=(3, 3), pad=(1, 1), stride=(2, 1)"),
        ((2, 3, 7, 6), (4, 3, 3, 2), "kernel=(3, 2), pad=(0, 1), dilate=(2, 3)"),
        ((1, 70, 4, 4), (4, 70, 3, 3), "kernel=(3, 3)"),
        ((1, 5, 4, 4), (4, 5, 1, 1), "kernel=(1, 1), layout='NCHW'"),
        ((1, 2, 3, 4, 5), (4, 2, 2, 2, 2), "kernel=(2, 2, 2), pad=(1, 0, 1)")):
    exactly("nd.contrib.quantized_conv(data=a, weight=w, min_data=l, max_data=h, min_weight=m, max_weight=n, "
            f"{options}, num_filter=4, no_bias=True)[0]", a=eights(data, "uint8"), w=eights(filters, step=91), **DATA,
            **WEIGHT)
wrong("nd.contrib.quantized_conv(data=a, weight=a, min_data=l, max_data=h, min_weight=l, max_weight=h, kernel=(2, 2), "
      "num_filter=2, no_bias=True)", a=eights((2, 2, 2, 2), "uint8"), **DATA)
wrong("nd.contrib.quantized_rnn(a, p, s, s, l, h, state_size=2, num_layers=1, mode='lstm')", a=eights((3, 2, 2)),
      p=(48,), s=(1, 2, 2), **DATA)
wrong("nd.contrib.quantized_rnn(a, p, s, s, l, h, state_size=2, num_layers=1, mode='gru')",
      a=eights((3, 2, 2), "uint8"), p=(36,), s=(1, 2, 2), **DATA)

# -------------------------------------------------------------------------------------------------- calibration
for hist, bins in (([9, 1, 2, 5, 3, 6, 4], 7), ([9, 1, 2, 5, 3, 0, 4], 6), ([9, 1, 2, 5, 3, 0, 4], 3),
                   ([0, 1, 2, 5, 3, 0, 4, 2, 1, 2, 0], 3), ([0, 0, 0, 5, 0, 0, 0], 3), ([0, 0, 0], 3), ([9, 1, 2], 1),
                   ([0] * 98 + [1000], 5)):
    exactly(f"nd.contrib.calibrate_entropy(a, nd.arange({len(hist) + 1}), num_quantized_bins={bins})",
            a=values(hist, "float32"))
wrong("nd.contrib.calibrate_entropy(a, nd.arange(7), num_quantized_bins=3)", a=(7,))
wrong("nd.contrib.calibrate_entropy(a, nd.arange(8), num_quantized_bins=3)", a=(7,), dtypes=("float64", "int32"))
