"""Arrays from nothing, and histograms."""
from golden.case import case, ints, raises, values

DTYPES = ("float16", "float32", "float64", "int32", "int64", "int8", "uint8")
INTERNAL = "nd._internal."

for name in ("_zeros", "_ones"):
    for shape in ("(2, 3)", "3", "(1,)", "'(2, 3)'", "[2, 3]"):
        case(f"{INTERNAL}{name}(shape={shape})")
    for dtype in (*DTYPES, "bool"):
        case(f"{INTERNAL}{name}(shape=(2, 3), dtype='{dtype}')")
    raises(f"{INTERNAL}{name}(shape=())")
    raises(f"{INTERNAL}{name}(shape=(2, 'x'))")
    case(f"{INTERNAL}{name}(shape=())", np_shape=True)
    case(f"{INTERNAL}{name}(shape=(0, 3))", np_shape=True)
for dtype in DTYPES:
    case(f"{INTERNAL}_full(shape=(2, 3), value=7, dtype='{dtype}')")
case(f"{INTERNAL}_full(shape=(2,), value=1.5)")
case(f"{INTERNAL}_full(shape=(2,), value=1.5, dtype='int32')")
case(f"{INTERNAL}_full(shape=(2,), value=2, dtype='bool')")
case(f"{INTERNAL}_full(shape=(2,), value=float('inf'))")
raises(f"{INTERNAL}_full(shape=(2,))")

for options in ("start=0, stop=5", "start=5", "start=0, stop=1, step=0.25", "start=5, stop=0, step=-2",
                "start=0, stop=5, repeat=2", "start=-1.5, stop=1", "start=1, stop=1.5",
                "start=0, stop=1, step=0.1", "start=0, stop=3, step=2"):
    case(f"{INTERNAL}_arange({options})")
    case(f"{INTERNAL}_arange({options}, dtype='float64')")
for dtype in DTYPES:
    case(f"{INTERNAL}_arange(start=1, stop=9, step=3, dtype='{dtype}')")
for options in ("start=0, stop=2.5", "start=0.5, stop=4", "start=0, stop=3, step=0.5",
                "start=5, stop=0, step=-2"):
    case(f"{INTERNAL}_arange({options}, dtype='int32')")
for wrong in ("start=3, stop=3", "start=5, stop=0", "start=0, stop=5, step=-1", "start=0, stop=3, step=0",
              "stop=3"):
    raises(f"{INTERNAL}_arange({wrong})")

for options in ("N=3", "N=2, M=3, k=1", "N=3, M=2, k=-1", "N=3, k=5", "N=3, M=4, k=-2"):
    case(f"{INTERNAL}_eye({options})")
for dtype in DTYPES:
    case(f"{INTERNAL}_eye(N=3, dtype='{dtype}')")
raises(f"{INTERNAL}_eye(N=-1)")
raises(f"{INTERNAL}_eye()")

for options in ("num=5", "num=5, endpoint=False", "num=1", "num=4, dtype='float64'", "num=4, dtype='int32'"):
    case(f"{INTERNAL}_linspace(start=0, stop=10, {options})")
    case(f"{INTERNAL}_linspace(start=2.5, stop=-1, {options})")
raises(f"{INTERNAL}_linspace(start=0, stop=10, num=-1)")

case(f"{INTERNAL}_histogram(a, bin_cnt=4, range=(0, 4))", a=values([1, 2, 2.5, 3, 7, -1, 0, 4]), grad=False)
case(f"{INTERNAL}_histogram(a, bin_cnt=3, range=(-2, 2))", a=(4, 5), grad=False,
     dtypes=("float32", "float64"))
case(f"{INTERNAL}_histogram(a, b)", a=values([1, 2, 2.5, 3, 7, -1, 8]), b=values([0, 2, 3, 8]),
     grad=False)
for low, high, count in ((0, 7, 10), (0.5, 2.5, 3), (-2.75, 9.25, 5)):
    case(f"{INTERNAL}_histogram(a, bin_cnt={count}, range=({low}, {high}))", a=ints([-3, -2, 0, 1, 2, 2, 4, 7, 9]),
         grad=False)
raises(f"{INTERNAL}_histogram(a, bin_cnt=4)", a=(3,))
raises("nd.zeros((2,), dtype='x')")
case("nd.array([2 ** 40 + 3, -1], dtype='int32')")
case("nd.array([300, -1], dtype='uint8')")
