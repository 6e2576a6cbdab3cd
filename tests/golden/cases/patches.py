"""Windows of images: im2col, col2im, Correlation."""
from golden.case import case, raises

loose = {"rtol": 1e-4, "atol": 1e-5}
every = ("float32", "float64")

# im2col, col2im
for arguments, count in (("kernel=(2, 2)", 20), ("kernel=(3, 2)", 15), ("kernel=(3, 3), stride=(2, 1)", 8),
                         ("kernel=(3, 3), pad=(1, 2)", 5 * 8), ("kernel=(2, 3), dilate=(2, 2), pad=(1, 1)", 5 * 4),
                         ("kernel=(1, 1)", 30), ("kernel='(2, 2)', stride='[2, 2]'", 6)):
    window = {"2, 2": 4, "3, 2": 6, "3, 3": 9, "2, 3": 6, "1, 1": 1}[arguments.split("(")[1].split(")")[0]]
    case(f"nd.im2col(x, {arguments})", x=(1, 2, 5, 6), dtypes=every)
    case(f"nd.col2im(x, {arguments}, output_size=(5, 6))", x=(1, 2 * window, count), dtypes=every)
case("nd.im2col(x, kernel=(2, 2))", x=(2, 3, 5, 6), dtypes=("float16",))
raises("nd.im2col(x, kernel=(3,))", x=(2, 3, 5))
raises("nd.im2col(x, kernel=(2, 2, 2))", x=(1, 2, 3, 3, 3))
raises("nd.im2col(x, kernel=(5, 5))", x=(2, 3, 3, 3))
raises("nd.im2col(x, kernel=(2, 2), stride=(1,))", x=(2, 3, 3, 3))
raises("nd.im2col(x, kernel=(2, 2))", x=(2, 3, 3, 3), dtypes=("int32",))
raises("nd.im2col(x)", x=(2, 3, 3, 3))
raises("nd.col2im(x, output_size=(3, 3), kernel=(2, 2))", x=(1, 8, 9))
raises("nd.col2im(x, output_size=(3, 3), kernel=(2, 2))", x=(1, 7, 4))
raises("nd.col2im(x, output_size=(3, 3), kernel=(2, 2))", x=(8, 4))
raises("nd.col2im(x, kernel=(2, 2))", x=(1, 8, 4))

# Correlation
for arguments in ("", ", max_displacement=0", ", max_displacement=2", ", max_displacement=4, pad_size=4",
                  ", kernel_size=3, pad_size=2", ", kernel_size=3, stride1=2, pad_size=2",
                  ", max_displacement=4, stride2=2, pad_size=4", ", max_displacement=3, stride2=2, pad_size=3",
                  ", kernel_size=5, max_displacement=1, stride1=3, pad_size=3"):
    for multiply in ("", ", is_multiply=False"):
        case(f"nd.Correlation(x, y{arguments}{multiply})", x=(1, 2, 7, 8), y=(1, 2, 7, 8), **loose)
case("nd.Correlation(x, y)", x=(2, 3, 5, 6), y=(2, 3, 5, 6), dtypes=("float64",), **loose)
case("nd.Correlation(nd.relu(x), nd.relu(y), pad_size=1, is_multiply=False)", x=(1, 2, 4, 4), y=(1, 2, 4, 4), **loose)
raises("nd.Correlation(x, y, kernel_size=2)", x=(1, 2, 5, 5), y=(1, 2, 5, 5))
raises("nd.Correlation(x, y)", x=(1, 2, 2, 2), y=(1, 2, 2, 2))
raises("nd.Correlation(x, y, stride1=0)", x=(1, 2, 5, 5), y=(1, 2, 5, 5))
raises("nd.Correlation(x, y)", x=(2, 5, 5), y=(2, 5, 5))
