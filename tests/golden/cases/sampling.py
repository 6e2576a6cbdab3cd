"""Images sampled at points: GridGenerator, BilinearSampler, SpatialTransformer."""
from golden.case import between, case, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}
every = ("float32", "float64")

# GridGenerator
for size in ("(2, 3)", "(4, 4)", "(1, 3)", "(3, 1)", "(5, 2)"):
    case(f"nd.GridGenerator(x, transform_type='affine', target_shape={size})", x=(3, 6), **loose)
    case(f"nd.GridGenerator(x, transform_type='warp', target_shape={size})", x=(2, 2, 3, 5), **loose)
case("nd.GridGenerator(x, transform_type='warp')", x=(1, 2, 1, 4), **loose)
raises("nd.GridGenerator(x, transform_type='affine')", x=(2, 6))
raises("nd.GridGenerator(x, transform_type='affine', target_shape=(2, 2))", x=(2, 5))
raises("nd.GridGenerator(x, transform_type='affine', target_shape=(2, 2))", x=(2, 6), dtypes=("float16", "float64"))
raises("nd.GridGenerator(x, transform_type='warp')", x=(1, 3, 4, 4))
raises("nd.GridGenerator(x, transform_type='warp')", x=(1, 2, 4))
raises("nd.GridGenerator(x, transform_type='warped')", x=(1, 2, 4, 4))
raises("nd.GridGenerator(x)", x=(1, 2, 4, 4))

# BilinearSampler
edges = values([[[[-1, 1, -1, 1, 0, 0.5]], [[-1, -1, 1, 1, 0, 0.5]]]])
for low, high in ((-1, 1), (-1.6, 1.6), (0, 5)):
    case("nd.BilinearSampler(x, y)", x=(2, 3, 4, 5), y=between(low, high, (2, 2, 3, 4)), dtypes=every, **loose)
    case("nd.BilinearSampler(x, y, cudnn_off=True)", x=(1, 1, 7, 3), y=between(low, high, (1, 2, 6, 6)), **loose)
case("nd.BilinearSampler(x, y)", x=(1, 2, 4, 5), y=edges, grad=("x",), **loose)
case("nd.BilinearSampler(x, y)", x=(1, 2, 5, 5), y=edges, **loose)
case("nd.BilinearSampler(x, y)", x=(1, 2, 1, 1), y=edges, **loose)
raises("nd.BilinearSampler(x, y)", x=(2, 2, 3, 3), y=(1, 2, 2, 2))
raises("nd.BilinearSampler(x, y)", x=(2, 2, 3, 3), y=(2, 3, 2, 2))
raises("nd.BilinearSampler(x, y)", x=(2, 3, 3), y=(2, 2, 2, 2))

# SpatialTransformer
transformer = "nd.SpatialTransformer(x, y, transform_type='affine', sampler_type='bilinear'"
for size in ("(2, 3)", "(4, 4)", "(7, 5)"):
    case(f"{transformer}, target_shape={size})", x=(3, 2, 5, 6), y=(3, 6), dtypes=every, **loose)
    case(f"{transformer}, target_shape={size}, cudnn_off=True)", x=(2, 2, 6, 4), y=between(-0.7, 0.7, (2, 6)), **loose)
case(f"{transformer}, target_shape=(1, 3))", x=(1, 2, 5, 6), y=(1, 6), grad=False)
case(f"{transformer}, target_shape=(5, 6))", x=(1, 2, 5, 6), y=values([[1, 0, 0, 0, 1, 0]]), grad=("x",), **loose)
case(f"{transformer}, target_shape=(5, 6))", x=(1, 2, 5, 6), y=values([[1, 0, 0.5, 0, -1, 0]]), grad=("x",), **loose)
raises(f"{transformer})", x=(1, 2, 5, 6), y=(1, 6))
raises(f"{transformer}, target_shape=(2,))", x=(1, 2, 5, 6), y=(1, 6))
raises(f"{transformer}, target_shape=(2, 2))", x=(1, 2, 5, 6), y=(1, 5))
raises(f"{transformer}, target_shape=(2, 2))", x=(2, 2, 5, 6), y=(1, 6))
raises(f"{transformer}, target_shape=(2, 2))", x=(2, 5, 6), y=(1, 6))
raises("nd.SpatialTransformer(x, y, target_shape=(2, 2))", x=(1, 2, 5, 6), y=(1, 6))
