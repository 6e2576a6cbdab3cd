"""Deformable convolutions."""
from golden.case import between, case, formula, raises, values

loose = {"rtol": 1e-3, "atol": 1e-4}
every = ("float32", "float64")

# _contrib_DeformableConvolution, _contrib_ModulatedDeformableConvolution (which has no gradient on CPU in MXNet)
for arguments, kernel, channels, size, reach in (
        ("kernel=(3, 3)", 9, 4, (3, 4), 1.5),
        ("kernel=(3, 3), pad=(1, 1)", 9, 4, (5, 6), 0.9),
        ("kernel=(3, 3), pad=(2, 2), dilate=(2, 2)", 9, 4, (5, 6), 2.5),
        ("kernel=(2, 3), stride=(2, 1), pad=(1, 0), num_deformable_group=2", 6, 4, (3, 4), 1.5),
        ("kernel=(3, 2), num_group=2", 6, 2, (3, 5), 4),
        ("kernel=(1, 1), num_group=4, num_deformable_group=4", 1, 1, (5, 6), 8)):
    groups = int(arguments[-1]) if "deformable" in arguments else 1
    window = arguments.split("(")[1].split(")")[0].split(", ")
    shapes = {"x": (2, 4, 5, 6), "o": between(-reach, reach, (2, 2 * kernel * groups, *size)),
              "w": (4, channels, int(window[0]), int(window[1])), "b": (4,)}
    mask = between(0, 1, (2, kernel * groups, *size))
    case(f"nd.contrib.DeformableConvolution(x, o, w, b, num_filter=4, {arguments})", dtypes=every, **shapes, **loose)
    case(f"nd.contrib.ModulatedDeformableConvolution(x, o, m, w, b, num_filter=4, {arguments})", m=mask, grad=False,
         dtypes=every, **shapes, **loose)
plain = {"x": (1, 2, 4, 4), "w": (2, 2, 3, 3), "o": values([[[[0.0] * 4] * 4] * 18])}
case("nd.contrib.DeformableConvolution(x, o, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1))", **plain,
     **loose)
case("nd.contrib.DeformableConvolution(x, o, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1), layout='NCHW', "
     "workspace=256)", **plain, **loose)
case("nd.contrib.ModulatedDeformableConvolution(x, o, m, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1), "
     "im2col_step=1)", m=values([[[[1.0] * 4] * 4] * 9]), grad=False, **plain, **loose)
whole = values((formula((1, 18, 4, 4)) * 2).round().tolist())
case("nd.contrib.DeformableConvolution(x, o, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1))", x=(1, 2, 4, 4),
     w=(2, 2, 3, 3), o=whole, **loose)
case("nd.contrib.ModulatedDeformableConvolution(x, o, m, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1))",
     x=(1, 2, 4, 4), w=(2, 2, 3, 3), m=(1, 9, 4, 4), o=whole, grad=False, **loose)
raises("nd.contrib.DeformableConvolution(x, o, w, b, kernel=(3,), num_filter=3)", x=(1, 2, 5), o=(1, 6, 3), w=(3, 2, 3),
       b=(3,))
for offsets in ((1, 18, 5, 5), (1, 36, 3, 3), (1, 17, 3, 3)):
    raises("nd.contrib.DeformableConvolution(x, o, w, b, kernel=(3, 3), num_filter=3)", x=(1, 2, 5, 5), o=offsets,
           w=(3, 2, 3, 3), b=(3,))
raises("nd.contrib.DeformableConvolution(x, o, w, b, kernel=(3, 3), num_filter=3, num_deformable_group=2)",
       x=(1, 3, 5, 5), o=(1, 36, 3, 3), w=(3, 3, 3, 3), b=(3,))
raises("nd.contrib.DeformableConvolution(x, o, w, b, kernel=(3, 3), num_filter=3)", x=(1, 2, 5, 5), o=(1, 18, 3, 3),
       w=(3, 1, 3, 3), b=(3,))
raises("nd.contrib.ModulatedDeformableConvolution(x, o, m, w, b, kernel=(3, 3), num_filter=3, im2col_step=2)",
       x=(3, 2, 5, 5), o=(3, 18, 3, 3), m=(3, 9, 3, 3), w=(3, 2, 3, 3), b=(3,), match="im2col_step")
raises("nd.contrib.ModulatedDeformableConvolution(x, o, m, w, b, kernel=(3, 3), num_filter=3)",
       x=(3, 2, 5, 5), o=(3, 18, 3, 3), m=(3, 18, 3, 3), w=(3, 2, 3, 3), b=(3,))
