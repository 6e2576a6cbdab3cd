"""FullyConnected."""
from golden.case import between, case, raises

both = ("float32", "float64")
case("nd.FullyConnected(x, w, b, num_hidden=5)", x=(2, 4), w=(5, 4), b=(5,), dtypes=both)
case("nd.FullyConnected(x, w, num_hidden=5, no_bias=True)", x=(2, 4), w=(5, 4), dtypes=both)
case("nd.FullyConnected(x, w, b, num_hidden=3)", x=(2, 3, 4), w=(3, 12), b=(3,))
case("nd.FullyConnected(x, w, b, num_hidden=3, flatten=False)", x=(2, 3, 4), w=(3, 4), b=(3,), dtypes=both)
case("nd.FullyConnected(x, w, num_hidden=3, flatten=False, no_bias=True)", x=(2, 2, 2, 4), w=(3, 4))
case("nd.FullyConnected(x, w, b, num_hidden=5)", x=(4,), w=(5, 1), b=(5,))
case("nd.FullyConnected(x, w, b, num_hidden=5, flatten=False)", x=(4,), w=(5, 4), b=(5,))
case("nd.FullyConnected(data=x, weight=w, bias=b, num_hidden='1', no_bias='False')", x=(3, 2), w=(1, 2), b=(1,))
case("nd.FullyConnected(x, w, b, num_hidden=2).sum()", x=between(-1, 1, (4, 3)), w=(2, 3), b=(2,))
raises("nd.FullyConnected(x, w, num_hidden=5)", x=(2, 4), w=(5, 4))
raises("nd.FullyConnected(x, w, b, num_hidden=5, no_bias=True)", x=(2, 4), w=(5, 4), b=(5,))
raises("nd.FullyConnected(x, w, b, num_hidden=6)", x=(2, 4), w=(5, 4), b=(5,), match="num_hidden=6")
raises("nd.FullyConnected(x, w, b, num_hidden=5)", x=(2, 3), w=(5, 4), b=(5,))
raises("nd.FullyConnected(x, w, b, num_hidden=5)", x=(2, 3, 4), w=(5, 4), b=(5,))
raises("nd.FullyConnected(x, w, b)", x=(2, 4), w=(5, 4), b=(5,))

raises("nd.FullyConnected(x, w, b, num_hidden=4)", x=(2, 3), w=(4, 3), b=(1,))
raises("nd.FullyConnected(x, w, b, num_hidden=4)", x=(2, 3), w=(4, 3), b=(4,), dtypes=("int32", "uint8"))
raises("nd.FullyConnected(x, w, b, num_hidden=0)", x=(2, 3), w=(0, 3), b=(0,), np_shape=True)
