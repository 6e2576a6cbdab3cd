"""Copies with the axes in another order, by every permutation: what torch.permute says, also of gradients."""

import itertools

import pytest
import torch

from mxnet.ops.shape import swap_axis, transpose


@pytest.mark.parametrize("shape", [(64, 80), (300, 200), (3, 50, 60), (8, 16, 20, 30), (2, 9, 8, 10, 11)])
def test_every_order_of_axes(shape):
    torch.manual_seed(0)
    data = torch.randn(shape, requires_grad=True)
    for axes in itertools.permutations(range(len(shape))):
        ours, theirs = transpose(data, axes=axes), data.permute(axes)
        assert ours.is_contiguous() and torch.equal(ours, theirs)
        assert torch.equal(transpose(data.detach(), axes=axes), theirs)
        head = torch.randn(ours.shape)
        first, = torch.autograd.grad((ours.square() * head).sum(), data, create_graph=True)
        again, = torch.autograd.grad((first * data.detach()).sum(), data)
        torch.testing.assert_close(first, 2 * data * head.permute(*torch.tensor(axes).argsort()))
        torch.testing.assert_close(again, first / data * data.detach())


def test_swapped_axes_of_many_matrices():
    data = torch.randn(3, 70, 90)
    assert torch.equal(swap_axis(data, dim1=2, dim2=1), data.mT)


def test_bits_of_nan_stay():
    bits = torch.arange(0x7F800001, 0x7F800001 + 6400, dtype=torch.int32).view(80, 80)
    assert torch.equal(transpose(bits.view(torch.float32)).view(torch.int32), bits.t())
