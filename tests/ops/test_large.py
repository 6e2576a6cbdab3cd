"""What operators do in another way on arrays that are large enough, against the plain way."""

import numpy as np
import pytest
import torch

from mxnet.ops.ordering import topk
from mxnet.ops.sequence import sequence_mask


@pytest.mark.parametrize("axis", [0, 1])
def test_long_sequences_are_masked(axis):
    data = torch.randn(40, 3, 500, requires_grad=True)
    given = data if axis == 0 else data.transpose(0, 1).contiguous()
    lengths = torch.tensor([0.0, 7.0, 90.0])
    out = sequence_mask(given, lengths, use_sequence_length=True, value=-1.0, axis=axis)
    out = out if axis == 0 else out.transpose(0, 1)
    past = (torch.arange(40)[:, None] >= lengths)[:, :, None]
    assert torch.equal(out, data.masked_fill(past, -1.0))
    assert torch.equal(torch.autograd.grad(out.sum(), data)[0], (~past).float().expand_as(data))


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("values", ["distinct", "equal", "nan"])
@pytest.mark.parametrize("kind", ["value", "indices"])
def test_the_largest_of_many(values, ascending, kind):
    numbers = np.random.default_rng(0).permutation(3000).astype(np.float32)
    if values == "equal":
        numbers //= 100
    if values == "nan":
        numbers[[5, 77]] = np.nan
    data = torch.from_numpy(numbers.reshape(3, 1000))
    order = torch.sort(data, descending=not ascending, stable=True)
    found = topk(data, k=20, ret_typ=kind, is_ascend=ascending)
    expected = order[0] if kind == "value" else order[1].float()
    torch.testing.assert_close(found, expected[:, :20], equal_nan=True)
