"""Shapes and orders of axes: reshape and its codes, transpose, flip, tile, repeat, pad, diag."""

from golden.case import case, raises

for shape in [(4, 0, 2), (2, 0, 0), (6, 1, -1), (3, -1, 8), (-2,), (2, -2), (-2, 1, 1), (-3, 4), (0, -3), (-3, -2),
              (-4, 1, 2, -2), (2, -4, -1, 3, -2), (-1,), (24,), (0, -4, 3, -1, 0)]:
    case(f"nd.reshape(a, shape={shape})", a=(2, 3, 4))
case("nd.reshape(a, shape=(-3, -3))", a=(2, 3, 4, 5))
for shape in [(-1, 0), (0, -1), (-1, 2, 0), (-2, 4), (-2, -3), (4, 2, -4, 0, 0), (-3, 0)]:
    case(f"nd.reshape(a, shape={shape}, reverse=True)", a=(8, 3, 4))
case("nd.Reshape(a, target_shape=(0, 6))", a=(2, 3, 4))
case("nd.Reshape(a, target_shape=(2, 0))", a=(2, 3, 4))
case("nd.Reshape(a, target_shape=(9, 0), keep_highest=True)", a=(2, 3, 4))
case("nd.Reshape(a, target_shape=(5, 5), shape=(-1,))", a=(2, 3, 4))
case("nd.reshape(a, shape=(3, 2))", a=(2, 3), dtypes=("int32", "float16", "uint8"))
case("nd.reshape(a, shape=(1, 2, 0, -1))", a=(2, 1, 3))
for shape in [(2, -4, -1, -1, -2), (-1, -1), (-5,), (0, 0, 0, 0), (-4, 2, 2, -2), (-3, -3), ()]:
    raises(f"nd.reshape(a, shape={shape})", a=(2, 3, 4))

case("nd.reshape_like(a, b)", a=(6,), b=(2, 3))
case("nd.reshape_like(a, b, lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=2)", a=(30, 7), b=(15, 2, 4))
case("nd.reshape_like(a, b, lhs_begin=0, lhs_end=-1, rhs_begin=-3, rhs_end=-1)", a=(30, 7), b=(15, 2, 4))
case("nd.reshape_like(a, b, lhs_end=1)", a=(8, 3), b=(2, 4))
raises("nd.reshape_like(a, b)", a=(6,), b=(2, 4))

case("nd.Flatten(a)", a=(2, 3, 4))
case("nd.flatten(a)", a=(3,))
case("nd.flatten(a)", a=(2, 3))
case("nd.flatten(a)", a=(2, 3, 2, 2), dtypes=("int32", "float64"))
for axis in (0, 1, 2, -1, -2, -3):
    case(f"nd.expand_dims(a, axis={axis})", a=(2, 3))
raises("nd.expand_dims(a, axis=3)", a=(2, 3))
raises("nd.expand_dims(a, axis=-4)", a=(2, 3))
for axis in (None, 0, -1, (0, 2), ()):
    case(f"nd.squeeze(a, axis={axis})", a=(1, 2, 1))
case("nd.squeeze(a)", a=(1, 1))
case("nd.squeeze(a)", a=(2, 1, 3), dtypes=("int32", "float16"))
case("nd.squeeze(a, axis=(0, 1))", a=(1, 1))
for axis in (1, 3, (0, 0)):
    raises(f"nd.squeeze(a, axis={axis})", a=(1, 2, 1))

for shape in [(3,), (2, 3), (2, 3, 4), (2, 1, 3, 2)]:
    case("nd.transpose(a)", a=shape)
for axes in [(1, 0, 2), (2, 0, 1), (0, 1, 2)]:
    case(f"nd.transpose(a, axes={axes})", a=(2, 3, 4))
case("nd.transpose(a, axes=(0, 2, 1))", a=(2, 3, 4), dtypes=("int32", "float16", "float64"))
for axes in [(1, 0), (-1, 0, 1), (0, 1, 3)]:
    raises(f"nd.transpose(a, axes={axes})", a=(2, 3, 4))
for dims in [(0, 2), (-1, 0), (1, 1)]:
    case(f"nd.swapaxes(a, dim1={dims[0]}, dim2={dims[1]})", a=(2, 3, 4))
case("nd.SwapAxis(a)", a=(2, 3))
raises("nd.swapaxes(a, dim1=0, dim2=3)", a=(2, 3, 4))
for axis in (0, 1, (0, 1), ()):
    case(f"nd.flip(a, axis={axis})", a=(2, 3))
case("nd.reverse(a, axis=1)", a=(2, 3), dtypes=("int32", "uint8"))
raises("nd.flip(a, axis=-1)", a=(2, 3))
raises("nd.flip(a, axis=2)", a=(2, 3))

for reps in (2, (2, 2), (3, 1, 2), ()):
    case(f"nd.tile(a, reps={reps})", a=(2, 2))
case("nd.tile(a, reps=(2, 2))", a=(3,), dtypes=("int32", "float64"))
raises("nd.tile(a, reps=-1)", a=(2, 2))
case("nd.repeat(a, repeats=2)", a=(2, 2))
for axis in (0, 1, -1):
    case(f"nd.repeat(a, repeats=3, axis={axis})", a=(2, 2), dtypes=("float32", "int32"))
case("nd.repeat(a, repeats=1)", a=(2, 2))
raises("nd.repeat(a, repeats=2, axis=2)", a=(2, 2))
raises("nd.repeat(a, repeats=-1)", a=(2, 2))

for mode in ("constant", "edge", "reflect"):
    case(f"nd.pad(a, mode={mode!r}, pad_width=(0, 0, 0, 0, 1, 1, 2, 0), constant_value=5)", a=(2, 1, 2, 3),
         dtypes=("float32", "float64"))
    case(f"nd.Pad(a, mode={mode!r}, pad_width=(0, 0, 0, 0, 1, 0, 1, 2, 0, 1))", a=(1, 2, 2, 3, 2))
    raises(f"nd.pad(a, mode={mode!r}, pad_width=(0, 0, 1, 1))", a=(2, 3))
    raises(f"nd.pad(a, mode={mode!r}, pad_width=(0, 0, 0, 0, 1, 1))", a=(1, 1, 2, 3))
    raises(f"nd.pad(a, mode={mode!r}, pad_width=(0, 0, 0, 1, 1, 1, 0, 0))", a=(1, 1, 2, 3))
case("nd.pad(a, mode='constant', pad_width=(0, 0, 0, 0, -1, 1, 2, 0))", a=(1, 1, 2, 3), grad=False)
raises("nd.pad(a, mode='reflect', pad_width=(0, 0, 0, 0, 2, 1, 2, 0))", a=(1, 1, 2, 3))
raises("nd.pad(a, mode='wrap', pad_width=(0, 0, 0, 0, 2, 1, 2, 0))", a=(1, 1, 2, 3))

case("nd.depth_to_space(a, 2)", a=(2, 8, 2, 3))
case("nd.depth_to_space(a, block_size=3)", a=(1, 9, 1, 2), dtypes=("float64", "int32"))
case("nd.space_to_depth(a, 2)", a=(2, 2, 4, 6))
case("nd.space_to_depth(a, block_size=3)", a=(1, 1, 3, 6), dtypes=("float64", "int32"))
case("nd.space_to_depth(a, 1)", a=(1, 2, 1, 2))
for op in ("depth_to_space", "space_to_depth"):
    raises(f"nd.{op}(a, 0)", a=(1, 4, 2, 2))
    raises(f"nd.{op}(a, 3)", a=(1, 4, 2, 2))
    raises(f"nd.{op}(a, 2)", a=(4, 2, 2))

for k in (0, 1, -2):
    case(f"nd.diag(a, k={k})", a=(3,))
    case(f"nd.diag(a, k={k})", a=(3, 4))
    case(f"nd.diag(a, k={k})", a=(4, 3), dtypes=("int32", "float64"))
for axes in [(0, 1), (0, 2), (-1, 0), (2, 1)]:
    case(f"nd.diag(a, axis1={axes[0]}, axis2={axes[1]})", a=(2, 3, 4))
case("nd.diag(a, k=4)", a=(3, 4), grad=False)
raises("nd.diag(a, k=5)", a=(3, 4))
raises("nd.diag(a, k=-4)", a=(3, 4))
raises("nd.diag(a, axis1=1, axis2=1)", a=(2, 3, 4))

# what fits, and which error it is that tells what does not
for wanted in ("(5, 5)", "(2, 3)", "('a', 24)", "(1, -2)"):
    raises(f"a.reshape({wanted})", a=(2, 3, 4))
raises("a.reshape((4, 6))", a=(0, 3), np_shape=True)
raises("nd.pad(a, mode='edge', pad_width=(0, 0, 0, 0, 1, 1, 2, 0))", a=(1, 2, 3, 3), dtypes=("int32",))

# One axis stays, even where there may be none.
for options in ("", ", axis=(0, 1)", ", axis=0"):
    case(f"nd.squeeze(a{options})", a=(1, 1), np_shape=True)
case("nd.squeeze(a)", a=(1, 0), np_shape=True)
