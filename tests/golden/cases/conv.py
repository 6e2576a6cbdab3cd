"""Convolution and Deconvolution over one, two and three axes."""
from golden.case import case, raises

loose = {"rtol": 1e-4, "atol": 1e-5}

# Convolution
case("nd.Convolution(x, w, b, kernel=(3,), num_filter=2)", x=(2, 3, 7), w=(2, 3, 3), b=(2,), **loose)
case("nd.Convolution(x, w, b, kernel=(3,), num_filter=2, stride=(2,), pad=(1,), dilate=(2,), layout='NCW')",
     x=(2, 3, 9), w=(2, 3, 3), b=(2,), **loose)
case("nd.Convolution(x, w, b, kernel=(3, 2), num_filter=4)", x=(2, 3, 5, 6), w=(4, 3, 3, 2), b=(4,),
     dtypes=("float32", "float64"), **loose)
case("nd.Convolution(x, w, kernel=(3, 3), num_filter=2, no_bias=True, pad=(1, 1))", x=(1, 2, 5, 5), w=(2, 2, 3, 3),
     **loose)
case("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=2, stride=(2, 1), pad=(1, 2), dilate=(1, 2))",
     x=(1, 2, 7, 7), w=(2, 2, 3, 3), b=(2,), **loose)
case("nd.Convolution(x, w, b, kernel=(2, 2), num_filter=6, num_group=2)", x=(2, 4, 4, 4), w=(6, 2, 2, 2), b=(6,),
     **loose)
case("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4, num_group=4, layout='NCHW', workspace=256, "
     "cudnn_tune='off', cudnn_off=True)", x=(2, 4, 5, 5), w=(4, 1, 3, 3), b=(4,), **loose)
case("nd.Convolution(x, w, b, kernel=(1, 1), num_filter=3)", x=(2, 2, 3, 4), w=(3, 2, 1, 1), b=(3,), **loose)
case("nd.Convolution(x, w, b, kernel=(2, 3, 2), num_filter=2, stride=(1, 2, 1), pad=(0, 1, 1))",
     x=(1, 2, 4, 5, 4), w=(2, 2, 2, 3, 2), b=(2,), **loose)
case("nd.Convolution(x, w, b, kernel='(3, 3)', num_filter='4', stride='[1, 1]')", x=(1, 3, 4, 4), w=(4, 3, 3, 3),
     b=(4,), grad=False, **loose)
case("nd.Convolution_v1(x, w, b, kernel=(3, 3), num_filter=4, pad=(1, 1))", x=(1, 3, 4, 4), w=(4, 3, 3, 3), b=(4,),
     **loose)
raises("nd.Convolution(x, w, b, kernel=(3,), num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,), match="axes")
raises("nd.Convolution(x, w, b, kernel=3, num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), stride=2, num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), stride=(0, 0), num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4)", x=(2, 3, 2, 2), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4)", x=(2, 4, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(5, 5), num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=5)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, kernel=(3, 3), num_filter=4)", x=(2, 3, 8, 8), w=(4, 3, 3, 3))
raises("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4, no_bias=True)", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4, layout='NWHC')", x=(2, 3, 8, 8), w=(4, 3, 3, 3), b=(4,))
raises("nd.Convolution_v1(x, w, b, kernel=(3,), num_filter=4)", x=(2, 3, 8), w=(4, 3, 3), b=(4,))

# Deconvolution
case("nd.Deconvolution(x, w, kernel=(3,), num_filter=2)", x=(2, 3, 5), w=(3, 2, 3), **loose)
case("nd.Deconvolution(x, w, b, kernel=(3,), num_filter=2, stride=(2,), pad=(1,), adj=(1,), no_bias=False)",
     x=(2, 3, 5), w=(3, 2, 3), b=(2,), **loose)
case("nd.Deconvolution(x, w, kernel=(3, 2), num_filter=4)", x=(2, 3, 4, 5), w=(3, 4, 3, 2),
     dtypes=("float32", "float64"), **loose)
case("nd.Deconvolution(x, w, b, kernel=(4, 4), num_filter=2, stride=(2, 2), pad=(1, 1), no_bias=False)",
     x=(1, 3, 3, 4), w=(3, 2, 4, 4), b=(2,), **loose)
case("nd.Deconvolution(x, w, kernel=(2, 2), num_filter=6, num_group=2, stride=(3, 2))", x=(1, 4, 3, 3),
     w=(4, 3, 2, 2), **loose)
case("nd.Deconvolution(x, w, kernel=(3, 3), num_filter=2, dilate=(2, 2))", x=(1, 2, 4, 4), w=(2, 2, 3, 3), **loose)
case("nd.Deconvolution(x, w, kernel=(2, 2, 2), num_filter=2, stride=(2, 1, 2))", x=(1, 2, 2, 3, 2),
     w=(2, 2, 2, 2, 2), **loose)
raises("nd.Deconvolution(x, w, kernel=(3, 3), num_filter=4, stride=(2, 2), adj=(2, 2))", x=(2, 3, 8, 8), w=(3, 4, 3, 3))
raises("nd.Deconvolution(x, w, kernel=(3, 3), num_filter=4, stride=(2, 2), target_shape=(18, 18))",
       x=(2, 3, 8, 8), w=(3, 4, 3, 3))
raises("nd.Deconvolution(x, w, b, kernel=(3, 3), num_filter=4)", x=(2, 3, 8, 8), w=(3, 4, 3, 3), b=(4,))
raises("nd.Deconvolution(x, w, kernel=(3, 3), num_filter=4)", x=(2, 2, 8, 8), w=(3, 4, 3, 3))

# What fits no kernel of MXNet's
raises("nd.Convolution(x, w, kernel=(2, 2), num_filter=4, no_bias=True, layout='NCW')", x=(2, 4, 4, 4), w=(4, 4, 2, 2))
raises("nd.Deconvolution(x, w, kernel=(2, 2), num_filter=4, layout='NCW')", x=(2, 4, 4, 4), w=(4, 4, 2, 2))
raises("nd.Deconvolution(x, w, kernel=(3,), num_filter=1, target_shape=(4,))", x=(1, 1, 3), w=(1, 1, 3), match="adj",
       dtypes=("float64",))
raises("nd.Convolution(x, w, b, kernel=(2, 2), num_filter=3)", x=(2, 3, 4, 4), w=(3, 3, 2, 2), b=(3,),
       dtypes=("int32", "int64"))
raises("nd.Deconvolution(x, w, kernel=(2, 2), num_filter=3)", x=(2, 3, 4, 4), w=(3, 3, 2, 2),
       dtypes=("int32", "int64", "int8"))
