"""Batch, layer, instance and group normalization, L2Normalization, LRN."""
from golden.case import between, case, raises, values

loose = {"rtol": 1e-4, "atol": 2e-5}


def batch_norm(attrs, x, channels, operator="BatchNorm", train=True, grad=("x", "g", "b"), **options):
    """With the moving statistics afterwards: MXNet moves them in the backward pass."""
    vector = (channels,)
    case(f"nd.{operator}(x, g, b, m, v{attrs})", x=x, g=between(0.5, 2, vector), b=vector, m=vector,
         v=between(0.5, 3, vector), train=train, grad=grad, after=("m", "v"), **loose, **options)


shapes = [((4, 3), 3, ""), ((4, 3, 5), 3, ", fix_gamma=False"), ((2, 3, 4, 4), 3, ", fix_gamma=False"),
          ((2, 3, 2, 3, 2), 3, ", fix_gamma=False"), ((3, 4, 5, 2), 2, ", axis=-1, fix_gamma=False"),
          ((3, 4, 5), 3, ", axis=0, fix_gamma=False")]
for shape, channels, attrs in shapes:
    batch_norm(attrs, shape, channels)
    batch_norm(attrs, shape, channels, train=False)
for attrs in ("", ", use_global_stats=True", ", use_global_stats=True, fix_gamma=False", ", eps=0.1, momentum=0.5",
              ", eps=1e-5, cudnn_off=True"):
    batch_norm(attrs, (3, 2, 2, 2), 2)
    batch_norm(attrs, (3, 2, 2, 2), 2, train=False, grad=False)
for train in (True, False):
    case("nd.BatchNorm(x, g, b, m, v, fix_gamma=False, output_mean_var=True)[0]", x=(3, 2, 3), g=(2,), b=(2,), m=(2,),
         v=between(1, 2, (2,)), train=train, grad=("x", "g", "b"), **loose)
    case("nd.BatchNorm(x, g, b, m, v, fix_gamma=False, output_mean_var=True)", x=(3, 2, 3), g=(2,), b=(2,), m=(2,),
         v=between(1, 2, (2,)), train=train, grad=False, **loose)
    # MXNet's gradient in predict mode is wrong.
    case("nd.contrib.BatchNormWithReLU(x, g, b, m, v, fix_gamma=False)", x=(3, 2, 3, 2), g=(2,), b=(2,), m=(2,),
         v=between(1, 2, (2,)), train=train, grad=("x", "g", "b") if train else False, **loose)
    case("nd.contrib.SyncBatchNorm(x, g, b, m, v, fix_gamma=False, key='bn', ndev=1)", x=(3, 2, 3, 2), g=(2,), b=(2,),
         m=(2,), v=between(1, 2, (2,)), train=train, grad=("x", "g", "b"), **loose)
batch_norm(", fix_gamma=False", (3, 2, 3), 2, dtypes=("float64",))
batch_norm("", (3, 2, 3), 2, grad=False)  # without a backward pass nothing moves
case("nd.BatchNorm(x, g, b, m, v)", x=values([[[1, 2]], [[3, 5]]], "float16"), g=(1,), b=(1,), m=(1,),
     v=between(1, 2, (1,)), grad=False)
batch_norm(", fix_gamma=False", (1, 3, 1, 1), 3)
raises("nd.BatchNorm(x, g, b, m, v)", x=(2,), g=(3,), b=(3,), m=(3,), v=(3,))
raises("nd.BatchNorm(x, g, b, m, v, axis=2)", x=(2, 3), g=(3,), b=(3,), m=(3,), v=(3,))

for shape, attrs, size in (((2, 3, 4), "", 4), ((2, 3, 4), ", axis=1", 3), ((2, 3, 4), ", axis=0, eps=0.1", 2),
                           ((5,), "", 5), ((3, 2), ", axis=-2", 3), ((2, 1, 3, 2), ", axis=-1", 2)):
    case(f"nd.LayerNorm(x, g, b{attrs})", x=shape, g=(size,), b=(size,), **loose)
    case(f"nd.LayerNorm(x, g, b{attrs}, output_mean_var=True)", x=shape, g=(size,), b=(size,), grad=False, **loose)
case("nd.LayerNorm(x, g, b)", x=(2, 3, 8), g=(8,), b=(8,), dtypes=("float16", "float64"), grad=False)
raises("nd.LayerNorm(x, g, b)", x=(2, 3), g=(2,), b=(3,))
raises("nd.LayerNorm(x, g, b, axis=2)", x=(2, 3), g=(3,), b=(3,))

for shape in ((2, 3, 4), (2, 3, 4, 5), (2, 3, 1), (1, 3, 2, 2, 3)):
    case("nd.InstanceNorm(x, g, b)", x=shape, g=(3,), b=(3,), **loose)
case("nd.InstanceNorm(x, g, b, eps=0.1)", x=(2, 3, 4), g=(3,), b=(3,), **loose)
raises("nd.InstanceNorm(x, g, b)", x=(2, 3), g=(3,), b=(3,))

for groups in (1, 2, 3, 6):
    case(f"nd.GroupNorm(x, g, b, num_groups={groups})", x=(2, 6, 4), g=(groups,), b=(groups,), **loose)
case("nd.GroupNorm(x, g, b, num_groups=2, eps=0.1)", x=(2, 4, 3, 2), g=(2,), b=(2,), **loose)
case("nd.GroupNorm(x, g, b, num_groups=2, output_mean_var=True)", x=(2, 4, 3), g=(2,), b=(2,), grad=False, **loose)
raises("nd.GroupNorm(x, g, b, num_groups=4)", x=(2, 6, 4), g=(4,), b=(4,))
raises("nd.GroupNorm(x, g, b, num_groups=3)", x=(2, 6), g=(3,), b=(3,))

for mode in ("instance", "channel", "spatial"):
    case(f"nd.L2Normalization(x, mode='{mode}')", x=(2, 3, 4), dtypes=("float32", "float64"))
    case(f"nd.L2Normalization(x, mode='{mode}', eps=0.5)", x=(2, 3, 2, 2))
case("nd.L2Normalization(x)", x=(2, 3))
case("nd.L2Normalization(x)", x=(3,), grad=False)
raises("nd.L2Normalization(x, mode='channel')", x=(2, 3))
raises("nd.L2Normalization(x, mode='spatial')", x=(2, 3))

for size in (1, 3, 5):
    case(f"nd.LRN(x, nsize={size})", x=(2, 6, 2, 3), **loose)
case("nd.LRN(x, nsize=3, alpha=0.5, beta=0.6, knorm=1)", x=(2, 4, 2, 2), **loose)
raises("nd.LRN(x, nsize=3)", x=(2, 3, 2))

# A gamma that is fixed becomes 1, in every mode
for train in (True, False):
    for op in ("BatchNorm(", "contrib.SyncBatchNorm(key='k', data="):
        case(f"nd.{op}x, gamma=g, beta=b, moving_mean=m, moving_var=v)", x=(2, 3, 2, 2), g=(3,), b=(3,), m=(3,),
             v=between(0.5, 2, (3,)), grad=("x", "g", "b"), train=train, after=("g",), rtol=1e-4, atol=1e-5)
raises("nd.BatchNorm(x, g, b, m, v)", x=(2, 3, 2, 2), g=(3,), b=(3,), m=(3,), v=(3,), dtypes=("float16",))
case("nd.GroupNorm(x, g, b, num_groups=2, output_mean_var=True)", x=(1, 4, 2, 2), g=(2,), b=(2,), rtol=1e-4, atol=1e-5)
case("nd.GroupNorm(x, g, b, output_mean_var=True)", x=(2, 2, 3), g=(1,), b=(1,), grad=("x",), rtol=1e-4, atol=1e-5)
for nsize in (2, 4):
    case(f"nd.LRN(x, nsize={nsize}, alpha=0.1)", x=(1, 7, 3, 1), rtol=1e-4, atol=1e-5)
raises("nd.L2Normalization(x)", x=(2, 3), dtypes=("int32",))

case("nd.contrib.SyncBatchNorm(x, g, b, m, v, key='k', output_mean_var=True)", x=(2, 3, 2, 2), g=(3,), b=(3,), m=(3,),
     v=between(0.5, 2, (3,)), grad=("g", "b"), rtol=1e-4, atol=1e-5)  # the variance
