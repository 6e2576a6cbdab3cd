"""Pooling by passes over the axes, and convolutions by oneDNN: what torch's own kernels compute."""

import pytest
import torch
import torch.nn.functional as F

from mxnet.ops.conv import convolution, deconvolution
from mxnet.ops.pooling import pooling, up_sampling


def _same(ours, theirs, *inputs):
    """Values, gradients, and gradients of gradients."""
    tensors = [t.requires_grad_() for t in inputs]
    with torch.no_grad():
        torch.testing.assert_close(ours(*tensors), theirs(*tensors), rtol=1e-5, atol=1e-5)
    results = []
    for fn in (ours, theirs):
        out = fn(*tensors)
        head = torch.linspace(-1, 1, out.numel()).view(out.shape)
        first = torch.autograd.grad(out, tensors, head, retain_graph=True)
        again = torch.autograd.grad((out * head).square().sum(), tensors, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in again), tensors)
        results.append((out, *first, *second))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4 * float(b.detach().abs().max()))


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("kernel, stride, pad", [
    ((2, 2), (2, 2), (0, 0)), ((3, 3), (2, 2), (1, 1)), ((3, 5), (1, 3), (0, 2)), ((1, 4), (2, 5), (0, 1)),
    ((2, 3, 2), (2, 1, 3), (1, 0, 1))])
def test_pooling(kind, kernel, stride, pad):
    torch.manual_seed(0)
    data = torch.randn(2, 200, *((17, 18) if len(kernel) == 2 else (7, 8, 9)))
    for with_pad in (True, False):
        own = {"max": {2: F.max_pool2d, 3: F.max_pool3d}, "avg": {2: F.avg_pool2d, 3: F.avg_pool3d}}[kind][len(kernel)]
        extra = () if kind == "max" else (False, with_pad)
        _same(lambda x, with_pad=with_pad: pooling(x, kernel=kernel, stride=stride, pad=pad, pool_type=kind,
                                                   count_include_pad=with_pad),
              lambda x, own=own, extra=extra: own(x, kernel, stride, pad, *extra), data.clone())


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("sizes, kernel, stride, pad", [
    ((17, 19), (3, 3), (2, 2), (0, 0)), ((18, 20), (3, 3), (2, 2), (0, 0)), ((19, 19), (4, 3), (3, 2), (1, 1)),
    ((8, 8, 9), (2, 3, 2), (2, 2, 2), (0, 0, 0)), ((17, 19), (17, 19), (1, 1), (0, 0))])
def test_windows_that_reach_beyond_the_data(kind, sizes, kernel, stride, pad):
    torch.manual_seed(0)
    own = {"max": {2: F.max_pool2d, 3: F.max_pool3d}, "avg": {2: F.avg_pool2d, 3: F.avg_pool3d}}[kind][len(kernel)]
    _same(lambda x: pooling(x, kernel=kernel, stride=stride, pad=pad, pool_type=kind, pooling_convention="full"),
          lambda x: own(x, kernel, stride, pad, ceil_mode=True), torch.randn(2, 200, *sizes))


def test_windows_are_not_lost_at_nan():
    data = torch.zeros(1, 64, 16, 16)
    data[0, 0, 0, 0] = torch.nan
    assert pooling(data, kernel=(2, 2), stride=(2, 2)).isnan().sum() == 1


def test_convolution_over_three_axes():
    torch.manual_seed(0)
    _same(lambda x, w, b: convolution(x, w, b, kernel=(3, 2, 3), stride=(2, 1, 1), pad=(1, 0, 1), num_filter=4),
          lambda x, w, b: F.conv3d(x, w, b, (2, 1, 1), (1, 0, 1)),
          torch.randn(1, 6, 9, 10, 11), torch.randn(4, 6, 3, 2, 3), torch.randn(4))


@pytest.mark.parametrize("size, channels, filters, kernel, stride, pad", [
    ((2, 5, 6), 6, 4, (3, 2), (2, 1), (1, 0)), ((1, 28, 28), 3, 8, (5, 5), (1, 1), (2, 2)),
    ((2, 9), 6, 4, (3,), (2,), (1,)),
    ((2, 70, 70), 2, 4, (7, 7), (2, 2), (3, 3))])
def test_convolutions_of_small_images_and_few_channels(size, channels, filters, kernel, stride, pad):
    torch.manual_seed(0)
    by_torch = F.conv1d if len(kernel) == 1 else F.conv2d
    _same(lambda x, w, b: convolution(x, w, b, kernel=kernel, stride=stride, pad=pad, num_filter=filters),
          lambda x, w, b: by_torch(x, w, b, stride, pad),
          torch.randn(size[0], channels, *size[1:]), torch.randn(filters, channels, *kernel), torch.randn(filters))


def test_narrow_images_enlarged():
    data = torch.randn(4, 32, 14, 14)
    assert torch.equal(up_sampling(data, scale=3, sample_type="nearest"), F.interpolate(data, scale_factor=3))


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pooling_with_the_channels_last(kind):
    data = torch.randn(4, 50, 9, 8)
    data[1, 2, 3, 4] = torch.nan
    own = F.max_pool2d if kind == "max" else F.avg_pool2d
    ours = pooling(data, kernel=(3, 2), stride=(2, 1), pad=(1, 0), pool_type=kind)
    assert ours.is_contiguous()
    torch.testing.assert_close(ours, own(data, (3, 2), (2, 1), (1, 0)), equal_nan=True)
    _same(lambda x: pooling(x, kernel=(3, 3), stride=(2, 1), pad=(1, 0), pool_type=kind),
          lambda x: own(x, (3, 3), (2, 1), (1, 0)), torch.randn(2, 30, 30, 31))


def test_transposed_convolution_of_small_images():
    torch.manual_seed(0)
    _same(lambda x, w, b: deconvolution(x, w, b, kernel=(4, 3), stride=(2, 1), dilate=(1, 2), pad=(1, 0), adj=(1, 0),
                                        num_filter=5, no_bias=False),
          lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 1), (1, 0), (1, 0), 1, (1, 2)),
          torch.randn(2, 6, 3, 4), torch.randn(6, 5, 4, 3), torch.randn(5))
