"""Pooling, adaptive pooling, resizing and up-sampling."""
from golden.case import case, raises, values

for kind in ("max", "avg", "sum", "lp"):
    p = ", p_value=2" if kind == "lp" else ""
    case(f"nd.Pooling(x, kernel=(3,), stride=(2,), pool_type='{kind}'{p})", x=(2, 3, 10))
    for convention in ("valid", "full"):
        for pad in ((0, 0), (1, 1), (2, 1)):
            # MXNet's gradient of these means contradicts its forward pass, which counts only what is inside.
            contradiction = kind == "avg" and convention == "full" and pad == (0, 0)
            case(f"nd.Pooling(x, kernel=(3, 3), stride=(2, 2), pad={pad}, pool_type='{kind}'{p}, "
                 f"pooling_convention='{convention}')", x=(1, 2, 6, 7), grad=not contradiction)
    case(f"nd.Pooling(x, kernel=(2, 3, 2), stride=(2, 1, 2), pad=(1, 1, 0), pool_type='{kind}'{p}, "
         "pooling_convention='full')", x=(1, 2, 4, 4, 5))
    case(f"nd.Pooling(x, global_pool=True, pool_type='{kind}'{p})", x=(2, 3, 4, 5), dtypes=("float32", "float64"))
    case(f"nd.Pooling(x, global_pool=True, kernel=(2,), stride=(2,), pool_type='{kind}'{p})", x=(2, 3, 4))
    case(f"nd.Pooling(x, global_pool=True, pool_type='{kind}'{p})", x=(2, 2, 3, 2, 2))
    case(f"nd.Pooling(x, kernel=(2, 2), pool_type='{kind}'{p}, layout='NHWC')", x=(2, 4, 5, 3), grad=False)
    # Windows wholly outside of the data, which only "full" makes.
    case(f"nd.Pooling(x, kernel=(1,), stride=(3,), pool_type='{kind}'{p}, pooling_convention='full')", x=(1, 2, 5),
         grad=False)
for pad in (0, 1, 2):
    for convention in ("valid", "full"):
        case(f"nd.Pooling(x, kernel=(3,), stride=(2,), pad=({pad},), pool_type='avg', count_include_pad=False, "
             f"pooling_convention='{convention}')", x=(2, 2, 8))
case("nd.Pooling(x, kernel=(3, 3), pad=(1, 1), pool_type='avg', count_include_pad=True)", x=(1, 2, 4, 4))
case("nd.Pooling(x, kernel=(2,), pool_type='lp', p_value=1)", x=(1, 2, 5))
case("nd.Pooling(x, kernel=(2,), pool_type='lp', p_value=3)", x=(1, 2, 5), rtol=1e-4)
case("nd.Pooling(x, kernel=(3,))", x=values([[[1, 1, 1, 2, 2, 0, 3]]]))
case("nd.Pooling(x, kernel=(2, 2), stride=(2, 2))", x=(2, 3, 4, 4), dtypes=("float16", "float64"), grad=False)
case("nd.Pooling(x, kernel='(2, 2)', pool_type='avg', cudnn_off=True, layout='NCHW')", x=(2, 3, 4, 4))
raises("nd.Pooling(x)", x=(2, 3, 8))
raises("nd.Pooling(x, kernel=(2, 2), pool_type='lp')", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=(2, 2), pool_type='lp', p_value=4)", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=(2, 2), pad=(2, 2))", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=(9, 9))", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=(9, 9), pooling_convention='full')", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=2)", x=(2, 3, 8, 8))
raises("nd.Pooling(x, kernel=(2, 2))", x=(3, 8, 8))
raises("nd.Pooling(x, kernel=(2,), pad=(1,), pooling_convention='same')", x=(3, 8, 8))
raises("nd.Pooling(x, kernel=(2, 2), pool_type='min')", x=(2, 3, 8, 8))

case("nd.Pooling_v1(x, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type='avg')", x=(1, 2, 5, 5))
case("nd.Pooling_v1(x, kernel=(3, 3), stride=(2, 2), pooling_convention='full')", x=(1, 2, 6, 6))
case("nd.Pooling_v1(x, global_pool=True, kernel=(2, 2), pool_type='avg')", x=(1, 2, 5, 5))
raises("nd.Pooling_v1(x, kernel=(3,))", x=(2, 3, 8))

for size in ((2, 3), 3, (1,), (5, 5), (7, 2)):
    case(f"nd.contrib.AdaptiveAvgPooling2D(x, output_size={size})", x=(2, 2, 5, 6))
case("nd.contrib.AdaptiveAvgPooling2D(x)", x=(2, 2, 5, 6))

for attrs in ("height=5, width=6", "height=2, width=2, align_corners=False", "height=7, width=3, align_corners=False",
              "scale_height=2, scale_width=2", "scale_height=1.5, scale_width=0.5",
              "scale_height=2, scale_width=3, mode='odd_scale'", "mode='to_even_up'", "mode='to_even_down'",
              "mode='to_odd_up'", "mode='to_odd_down'", "height=1, width=1"):
    case(f"nd.contrib.BilinearResize2D(x, {attrs})", x=(1, 2, 3, 4), atol=1e-5)
case("nd.contrib.BilinearResize2D(x, y, mode='like')", x=(1, 2, 3, 4), y=(1, 1, 6, 7), grad=("x",), atol=1e-5)

case("nd.UpSampling(x, scale=2, sample_type='nearest')", x=(1, 2, 3, 2))
case("nd.UpSampling(x, scale=3, sample_type='nearest', num_args=1)", x=(2, 1, 2, 2), dtypes=("float64",))
case("nd.UpSampling(x, y, scale=2, sample_type='nearest', num_args=2)", x=(1, 2, 3, 3), y=(1, 3, 6, 6))
case("nd.UpSampling(x, y, scale=2, sample_type='nearest', multi_input_mode='sum', num_args=2)", x=(1, 2, 3, 3),
     y=(1, 2, 2, 2))
case("nd.UpSampling(x, w, scale=2, sample_type='bilinear', num_args=2, num_filter=2)", x=(1, 2, 3, 3), w=(2, 1, 4, 4))
case("nd.UpSampling(x, w, scale=3, sample_type='bilinear', num_args=2, num_filter=1)", x=(2, 1, 3, 2), w=(1, 1, 5, 5))
raises("nd.UpSampling(x, scale=2, sample_type='cubic')", x=(1, 2, 3, 3))

# Padding beyond the kernel, which MXNet takes for sums and where it has kernels of its own; halves over three axes.
case("nd.Pooling(x, kernel=(1, 2), pool_type='sum', pad=(3, 3))", x=(2, 2, 4, 7))
case("nd.Pooling(x, kernel=(2, 2), pool_type='max', pad=(1, 2))", x=(2, 2, 4, 5), dtypes=("float64",))
case("nd.Pooling(x, kernel=(1, 1), pool_type='max', pooling_convention='full', pad=(3, 0))", x=(1, 2, 7, 3),
     dtypes=("float16",))
case("nd.Pooling(x, kernel=(4, 2), pooling_convention='full', stride=(3, 1), pad=(3, 3), layout='NHWC')",
     x=(2, 4, 3, 2))
case("nd.Pooling(x, kernel=(3, 1, 1), pool_type='avg', stride=(2, 1, 1), pad=(1, 3, 2))", x=(2, 2, 1, 5, 4),
     dtypes=("float16",), grad=False)
case("nd.Pooling(x, kernel=(2, 1, 4), pool_type='lp', p_value=2, stride=(1, 3, 1))", x=(2, 2, 5, 5, 5),
     dtypes=("float16",), grad=False)
case("nd.Pooling(x, kernel=(4, 4, 4), pool_type='avg', stride=(2, 3, 2), pad=(2, 1, 2), layout='NDHWC')",
     x=(2, 1, 3, 7, 2), grad=False)
raises("nd.Pooling(x, kernel=(2, 2), layout='NCW')", x=(2, 3, 4, 5))
raises("nd.Pooling(x, global_pool=True, layout='NCW')", x=(2, 3, 4, 5))
for kind in ("max", "avg", "sum"):
    raises(f"nd.Pooling(x, kernel=(2, 2), pool_type='{kind}')", x=(2, 3, 4, 4), dtypes=("int32", "int64", "uint8"))
case("nd.Pooling_v1(x, kernel=(2, 2), pooling_convention='full', stride=(2, 1), pad=(1, 0))", x=(2, 2, 3, 4))
case("nd.Pooling_v1(x, kernel=(2, 1), pooling_convention='full', stride=(3, 2))", x=(2, 2, 3, 5), grad=False)
raises("nd.Pooling_v1(x, kernel=(2, 2, 1), pool_type='sum')", x=(2, 2, 3, 3, 1))
case("nd.contrib.AdaptiveAvgPooling2D(x, output_size=None)", x=(2, 2, 5, 6))
raises("nd.contrib.BilinearResize2D(x, scale_height=2)", x=(1, 2, 3, 5))
raises("nd.contrib.BilinearResize2D(x, height=3, width=5, mode='odd_scale')", x=(1, 2, 3, 5))
raises("nd.contrib.BilinearResize2D(x, height=0, width=5, mode='to_even_up')", x=(1, 2, 3, 5))
raises("nd.contrib.BilinearResize2D(x, height=3, width=5)", x=(1, 2, 3, 5), dtypes=("uint8",))
raises("nd.UpSampling(x, scale=2, sample_type='nearest')", x=(1, 2, 3, 2), dtypes=("uint8",))
raises("nd.UpSampling(x, scale=2, sample_type='nearest', num_args=2)", x=(1, 2, 3, 2))
raises("nd.UpSampling(x, y, scale=2, sample_type='nearest', num_args=2)", x=(1, 2, 3, 2), y=(1, 1, 4, 2))
raises("nd.UpSampling(x, y, scale=2, sample_type='nearest', num_args=2, multi_input_mode='sum')", x=(1, 2, 3, 2),
       y=(1, 1, 3, 2))
case("nd.Pooling(x, kernel=2, stride=2, pad=(0, 0, 0), pooling_convention='same')", x=(1, 2, 8))
raises("nd.Pooling(x, kernel=2, stride=2, pad=2, pooling_convention='same')", x=(1, 2, 7))
