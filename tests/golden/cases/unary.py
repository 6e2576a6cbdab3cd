"""Functions of one array, element by element."""
from golden.case import case, values

case("nd.sqrt(a)", a=values([0, 1, 2.25]), dtypes=("float16", "float32", "float64", "int32"))
