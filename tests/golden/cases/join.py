"""Putting arrays together and taking them apart: concat, stack, split, Crop."""

from golden.case import case, raises

for dim in (0, 1, -1, -2):
    case(f"nd.concat(a, b, dim={dim})", a=(2, 3), b=(2, 3))
case("nd.concat(a, b)", a=(2, 3), b=(2, 1))
case("nd.Concat(a, b, c, dim=2)", a=(2, 1, 3), b=(2, 1, 1), c=(2, 1, 2))
case("nd.concat(a, b, dim=0)", a=(2,), b=(3,), dtypes=("float16", "float64", "int32", "uint8"))
case("nd.concat(a)", a=(2, 3))
raises("nd.concat(a, b)", a=(3,), b=(3,))
raises("nd.concat(a, b)", a=(2, 3), b=(3, 3))
raises("nd.concat(a, b, dim=0)", a=(2, 3), b=(3,))
raises("nd.concat(a, b, dim=2)", a=(2, 3), b=(2, 3))
raises("nd.concat(a, b.astype('int32'))", a=(2, 3), b=(2, 3))
raises("nd.concat()")
case("nd._internal._rnn_param_concat(a, b, dim=0)", a=(3,), b=(2,))
case("nd._internal._rnn_param_concat(a, b)", a=(1, 3), b=(1, 2))

for axis in (0, 1, 2, -1, -3):
    case(f"nd.stack(a, b, axis={axis})", a=(2, 3), b=(2, 3))
case("nd.stack(a, b)", a=(3,), b=(3,), dtypes=("int32", "float64"))
raises("nd.stack(a, b, axis=3)", a=(2, 3), b=(2, 3))
raises("nd.stack(a, b)", a=(2, 3), b=(2, 2))
raises("nd.stack(a, b.astype('float64'))", a=(2, 3), b=(2, 3))

case("nd.split(a, num_outputs=2)", a=(2, 4))
case("nd.split(a, num_outputs=2, axis=0, squeeze_axis=True)", a=(2, 4))
case("nd.SliceChannel(a, num_outputs=4, axis=-1, squeeze_axis=1)", a=(2, 4))
case("nd.split(a, num_outputs=3, axis=2)", a=(1, 2, 6), dtypes=("int32", "float64"))
case("nd.split(a, num_outputs=1)", a=(2, 4))
raises("nd.split(a, num_outputs=3)", a=(2, 4))
raises("nd.split(a, num_outputs=2, squeeze_axis=True)", a=(2, 4))
raises("nd.split(a, num_outputs=1, axis=2)", a=(2, 4))

case("nd._internal._split_v2(a, indices=(0, 1, 3), axis=1)", a=(2, 4))
case("nd._internal._split_v2(a, indices=(0,), axis=1, sections=2)", a=(2, 4))
case("nd._internal._split_v2(a, indices=(0, 1), axis=0, squeeze_axis=True)", a=(2, 3))
case("nd._internal._split_v2(a, indices=(0, 2), axis=-1)", a=(2, 2, 3), dtypes=("int32", "float64"))
raises("nd._internal._split_v2(a, indices=(1, 3), axis=1)", a=(2, 4))
raises("nd._internal._split_v2(a, indices=(0, 3, 1), axis=1)", a=(2, 4))
raises("nd._internal._split_v2(a, indices=(0, 1, 9), axis=1)", a=(2, 4))
raises("nd._internal._split_v2(a, indices=(0, 2), axis=-1, squeeze_axis=True)", a=(2, 4))

case("nd.Crop(a, h_w=(2, 2), num_args=1)", a=(1, 2, 4, 4))
case("nd.Crop(a, h_w=(2, 1), offset=(1, 3), num_args=1)", a=(2, 1, 4, 4))
case("nd.Crop(a, b, num_args=2, offset=(1, 2))", a=(1, 1, 4, 4), b=(1, 1, 2, 2), grad=("a",))
case("nd.Crop(a, b, num_args=2, center_crop=True)", a=(1, 1, 4, 4), b=(1, 1, 3, 1), grad=("a",))
case("nd.Crop(a, num_args=1, center_crop=True, h_w=(3, 2))", a=(1, 1, 5, 5))
raises("nd.Crop(a, num_args=1, center_crop=True, h_w=(3, 5))", a=(1, 1, 4, 4))
raises("nd.Crop(a, num_args=1, offset=(2, 0), h_w=(3, 3))", a=(1, 1, 4, 4))
raises("nd.Crop(a, num_args=1)", a=(1, 1, 4, 4))
raises("nd.Crop(a, num_args=1, h_w=(2, 2))", a=(4, 4))
case("nd.split(a, 2, axis=0)", a=(0, 2), np_shape=True)
