"""CTCLoss."""
from golden.case import case, ints, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}
case("nd.CTCLoss(a, n)", a=(4, 2, 3), n=ints([[1, 2], [2, 0]], "float32"), **loose)
case("nd.ctc_loss(a, n)", a=(4, 2, 3), n=ints([[1, 2], [2, 2]]), **loose)
case("nd.contrib.CTCLoss(a, n)", a=(4, 2, 4), n=ints([[1, 0, 2], [2, 1, 0]], "float32"), **loose)
case("nd.contrib.ctc_loss(a, n)", a=(6, 2, 4), n=ints([[1, 3, 2], [2, 1, 2]], "float32"), **loose)
case("nd.CTCLoss(a, n, blank_label='last')", a=(4, 2, 3), n=ints([[0, 1], [1, -1]], "float32"), **loose)
case("nd.CTCLoss(a, n, t, use_data_lengths=True)", a=(4, 2, 3), n=ints([[1, 2], [2, 1]], "float32"),
     t=ints([4, 2], "float32"), **loose)
case("nd.CTCLoss(a, n, label_lengths=t, use_label_lengths=True)", a=(4, 2, 3), n=ints([[1, 2], [2, 1]], "float32"),
     t=ints([1, 2], "float32"), **loose)
case("nd.CTCLoss(a, n, t, u, use_data_lengths=True, use_label_lengths=True)", a=(4, 2, 3),
     n=ints([[1, 2], [2, 1]], "float32"), t=ints([3, 4], "float32"), u=ints([1, 2], "float32"), **loose)
# what stands after the end of a sequence does not matter
case("nd.CTCLoss(a, n, t, use_data_lengths=True)", a=values([[[1.0, 2, 3]], [[0, 1, 0]], [[float("nan")] * 3]]),
     n=ints([[1, 2]], "float32"), t=ints([2], "float32"), grad=("a",), **loose)
case("nd.CTCLoss(a, n)", a=(4, 1, 3), n=ints([[1, 1, 2, 2]], "float32"), grad=False, **loose)  # cannot be aligned
raises("nd.CTCLoss(a, n)", a=(4, 2, 3), n=ints([[1, 2]] * 3, "float32"))
raises("nd.CTCLoss(a, n)", a=(1, 2, 3), n=ints([[1, 2]] * 2, "float32"))
raises("nd.CTCLoss(a, n)", a=(4, 3), n=ints([[1, 2]] * 2, "float32"))

case("nd.CTCLoss(x, l, n, use_label_lengths=True)", x=(4, 2, 3), l=ints([[1, 1, 2], [2, 1, 0]], "float32"),
     n=ints([2, 1], "float32"))  # the third input is the next that takes part
