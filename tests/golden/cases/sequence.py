"""Operators on batches of sequences of unequal length."""

from golden.case import case, ints, raises

# MXNet's gradients read lengths of another dtype than the data's as garbage: only values are compared there.
DTYPES = ("float32", "float64", "int32")

case("nd.SequenceMask(a)", a=(3, 2, 2))
for lengths, grad in ((ints([1, 2], "float32"), ("a",)), (ints([0, 3], "int32"), False),
                      (ints([3, 1], "int64"), False)):
    case("nd.SequenceMask(a, n, use_sequence_length=True)", a=(3, 2, 2), n=lengths, grad=grad)
    case("nd.SequenceMask(a, n, use_sequence_length=True, value=-1)", a=(3, 2), n=lengths, grad=grad)
    case("nd.SequenceMask(a, n, True, 2, axis=1)", a=(2, 3, 2), n=lengths, grad=grad)
case("nd.SequenceMask(a, n, use_sequence_length=True, value=7)", a=(3, 2), n=ints([1, 2], "float32"), dtypes=DTYPES,
     grad=False)

# MXNet crashes in the gradient of SequenceLast without lengths.
case("nd.SequenceLast(a)", a=(3, 2, 2), grad=False)
case("nd.SequenceLast(a)", a=(3, 2), grad=False)
case("nd.SequenceLast(a, axis=1)", a=(2, 3, 2), grad=False)
for lengths, grad in ((ints([1, 2], "float32"), ("a",)), (ints([3, 1], "int32"), False)):
    case("nd.SequenceLast(a, n, use_sequence_length=True)", a=(3, 2, 2), n=lengths, grad=grad)
    case("nd.SequenceLast(a, n, use_sequence_length=True)", a=(3, 2), n=lengths, grad=False, dtypes=DTYPES)
    case("nd.SequenceLast(a, n, use_sequence_length=True, axis=1)", a=(2, 3, 2), n=lengths, grad=grad)

case("nd.SequenceReverse(a)", a=(3, 2, 2))
case("nd.SequenceReverse(a)", a=(3, 2), dtypes=DTYPES, grad=False)
for lengths in ([1, 2], [0, 3], [3, 1]):
    case("nd.SequenceReverse(a, n, use_sequence_length=True)", a=(3, 2, 2), n=ints(lengths, "float32"), grad=("a",))
    case("nd.SequenceReverse(a, n, use_sequence_length=True)", a=(3, 2), n=ints(lengths, "float32"), grad=("a",))

for op in ("SequenceMask", "SequenceLast", "SequenceReverse"):
    raises(f"nd.{op}(a, n)", a=(3, 2), n=ints([1, 2], "float32"))
    raises(f"nd.{op}(a, use_sequence_length=True)", a=(3, 2))
    raises(f"nd.{op}(a, axis=2)", a=(3, 2, 2))
    raises(f"nd.{op}(a)", a=(3,))
    raises(f"nd.{op}(a, n, use_sequence_length=True)", a=(3, 2), n=ints([1, 2, 3], "float32"))
raises("nd.SequenceReverse(a, axis=1)", a=(3, 2))

# Values that the integers do not have wrap around or lose their fraction.
case("nd.SequenceMask(a, n, use_sequence_length=True, value=1e4)", a=(3, 2, 2), n=ints([1, 2]),
     dtypes=("uint8", "int32", "int64"), grad=False)
case("nd.SequenceMask(a, n, use_sequence_length=True, value=-1.7, axis=1)", a=(2, 3), n=ints([1, 2]),
     dtypes=("int8", "int32"), grad=False)
