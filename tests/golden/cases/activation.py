"""Activation and LeakyReLU."""
from golden.case import case, raises, values

points = values([[-2, -0.5, 0, 1], [3, 30, -30, 0.125]])
for kind in ("relu", "sigmoid", "softrelu", "softsign", "tanh"):
    case(f"nd.Activation(a, act_type='{kind}')", a=points, dtypes=("float32", "float64"))
    case(f"nd.Activation(a, act_type='{kind}')", a=(2, 3, 4), dtypes=("float16", "float32"), rtol=5e-3, atol=1e-3)
for attrs in ("", ", slope=0.1", ", act_type='elu'", ", act_type='elu', slope=1", ", act_type='gelu'"):
    case(f"nd.LeakyReLU(a{attrs})", a=points, atol=1e-5)
    case(f"nd.LeakyReLU(a{attrs})", a=(2, 3), dtypes=("float64",), rtol=1e-5)
# MXNet's gradient of selu is not that of its forward pass.
case("nd.LeakyReLU(a, act_type='selu')", a=points, grad=False)
case("nd.LeakyReLU(a, act_type='rrelu')[0]", a=points, grad=False, train=False)
case("nd.LeakyReLU(a, act_type='rrelu', lower_bound=0.2, upper_bound=0.4)[0]", a=points, grad=False, train=False)
for shape in ((2, 3), (2, 3, 4), (2, 3, 2, 2)):
    case("nd.LeakyReLU(a, g, act_type='prelu')", a=shape, g=(3,))
    case("nd.LeakyReLU(a, g, act_type='prelu')", a=shape, g=(1,))
case("nd.LeakyReLU(a, g, act_type='prelu')", a=(3,), g=(1,))
case("nd.LeakyReLU(a, g, act_type='prelu')", a=(3,), g=(3,))
raises("nd.Activation(a, act_type='swish')", a=(2,))
raises("nd.Activation(a)", a=(2,))
raises("nd.LeakyReLU(a, act_type='prelu')", a=(2, 3))
raises("nd.LeakyReLU(a, g, act_type='leaky')", a=(2, 3), g=(3,))

# gamma over other axes than the channels; what MXNet refuses
case("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3, 4), g=(2,))
case("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3), g=(1, 3))
case("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3), g=(2, 3))
case("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3, 4), g=(1, 1))
raises("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3, 4), g=(4,))
raises("nd.LeakyReLU(x, g, act_type='prelu')", x=(2, 3, 4), g=(1, 1, 1))
raises("nd.Activation(x, act_type='relu')", x=(2, 3), dtypes=("int32", "uint8"))
raises("nd.Dropout(x, p=0, axes=(-1,))", x=(2, 3))
raises("nd.Dropout(x, axes=(5,))", x=(2, 3))
