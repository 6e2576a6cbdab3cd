"""gluon.data.vision.transforms: values, draws, printed text and errors are MXNet's."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import transform_cases as cases
from golden.gluon.answers import check, check_refused, recorded
from mxnet import gluon, nd
from mxnet.gluon.data.vision import transforms as T

ANSWERS = recorded("transforms")


def together(several, kind):
    return list(zip(several, ANSWERS[kind], strict=True))


@pytest.mark.parametrize(("case", "wanted"), together(cases.VALUES, "values"), ids=lambda v: str(v)[:60])
def test_values(case, wanted):
    got = cases.values(mx, *case)
    assert got["dtype"] == wanted["dtype"]
    check(got["outs"], wanted["outs"], atol=2e-5 if "otat" in case[0] else 2e-6)
    np.testing.assert_allclose(got["next"], wanted["next"], rtol=1e-6, err_msg="as much is drawn")


@pytest.mark.parametrize(("text", "wanted"), together(cases.BLOCKS, "blocks"), ids=lambda v: str(v)[:60])
def test_what_a_transform_is(text, wanted):
    check(cases.describe(mx, text), wanted)


@pytest.mark.parametrize(("case", "wanted"), together(cases.REFUSED, "refused"), ids=lambda v: str(v)[:60])
def test_what_is_refused(case, wanted):
    text, name = case
    with pytest.raises(Exception) as caught:
        cases.make(mx, text)(cases.images(mx)[name])
    check_refused(caught.value, "TypeError" if "Compose" in text else wanted)


def image(*shape):
    return nd.array(np.random.RandomState(3).randint(0, 256, shape), dtype="uint8")


def test_saturation_blends_with_grey():
    """MXNet's takes for grey only what blue adds to it, so that images turn dark; here grey is as bright as colours."""
    mx.random.seed(2)
    x = image(6, 5, 3)
    out = T.RandomSaturation(0.9)(x).asnumpy().astype(float)
    grey = x.asnumpy() @ (0.299, 0.587, 0.114)
    assert abs(out @ (0.299, 0.587, 0.114) - grey).max() < 12  # but for what 8 bits cut off
    assert (out != x.asnumpy()).any()


def test_jitter_of_nothing_is_the_image():
    """MXNet's is whatever lies in memory."""
    x = image(4, 5, 3)
    np.testing.assert_array_equal(T.RandomColorJitter()(x).asnumpy(), x.asnumpy())


def test_a_flip_of_an_odd_number_keeps_the_middle():
    x = image(3, 5, 3)
    outs = [T.RandomFlipLeftRight()(x).asnumpy() for _ in range(20)]
    assert {out.tobytes() for out in outs} == {x.asnumpy().tobytes(), x.asnumpy()[:, ::-1].tobytes()}


def test_crop_resize_is_bilinear_unless_told():
    """As MXNet's documentation says; its code refuses a size without an interpolation."""
    x = image(8, 9, 3)
    np.testing.assert_array_equal(T.CropResize(1, 2, 5, 4, (7, 3))(x).asnumpy(),
                                  T.CropResize(1, 2, 5, 4, (7, 3), 1)(x).asnumpy())


def test_compose_takes_other_callables_and_leaves_the_list():
    several = [T.Cast(), lambda x: x + 1, T.Cast("float64"), T.Cast("float16")]
    out = T.Compose(several)(image(2, 2, 3))
    assert out.dtype == np.float16 and len(several) == 4


def test_random_apply_takes_a_list():
    """As MXNet's documentation says; its code takes a single transform."""
    random.seed(1)
    transform = T.RandomApply([T.Cast(), T.ToTensor()], 0.5)
    assert {transform(image(2, 3, 1)).shape for _ in range(20)} == {(2, 3, 1), (1, 2, 3)}


def test_hybrid_compose():
    transform = T.HybridCompose([T.Resize(4), T.ToTensor(), T.Normalize(0.5, 0.5)])
    x = image(5, 6, 3)
    wanted = T.Compose([T.Resize(4), T.ToTensor(), T.Normalize(0.5, 0.5)])(x)
    np.testing.assert_array_equal(transform(x).asnumpy(), wanted.asnumpy())
    assert isinstance(transform, gluon.HybridBlock)
    with pytest.raises(ValueError, match="CenterCrop"):
        T.HybridCompose([T.Resize(4), T.CenterCrop(2)])


@pytest.mark.parametrize("hybridize", [False, True])
def test_hybrid_random_apply(hybridize):
    mx.random.seed(1)
    transform, x = T.HybridRandomApply(T.Normalize(1.0, 1.0), 0.25), nd.ones((3, 2, 2))
    if hybridize:
        transform.hybridize()
    outs = [float(transform(x).sum().asscalar()) for _ in range(100)]
    assert set(outs) == {0.0, 12.0} and 10 <= outs.count(0) <= 40
    with pytest.raises(TypeError, match="HybridRandomApply takes a HybridBlock"):
        T.HybridRandomApply(T.CenterCrop(2))


@pytest.mark.parametrize("hybridize", [False, True])
def test_random_gray(hybridize):
    mx.random.seed(1)
    transform, x = T.RandomGray(0.5), image(3, 4, 3)
    if hybridize:
        transform.hybridize()
    outs = {out.tobytes(): out for out in (transform(x).asnumpy() for _ in range(20))}
    grey = (x.asnumpy() @ (0.299, 0.587, 0.114))[..., None].repeat(3, 2)
    assert len(outs) == 2
    coloured, grey_out = sorted(outs.values(), key=lambda out: -out.std(2).max())
    np.testing.assert_array_equal(coloured, x.asnumpy())
    np.testing.assert_allclose(grey_out, grey, rtol=1e-5)


def test_random_crop():
    random.seed(1)
    x = nd.array(np.arange(30).reshape(5, 6, 1), dtype="uint8")
    outs = [T.RandomCrop((3, 2))(x).asnumpy() for _ in range(30)]
    assert {out.shape for out in outs} == {(2, 3, 1)}
    corners = {int(out[0, 0, 0]) for out in outs}
    assert len(corners) > 5 and corners <= {r * 6 + c for r in range(4) for c in range(4)}
    assert all((np.diff(out[..., 0], axis=1) == 1).all() for out in outs)
    padded = [T.RandomCrop((6, 5), pad=2, pad_value=99)(x).asnumpy() for _ in range(20)]
    assert {out.shape for out in padded} == {(5, 6, 1)} and any((out == 99).any() for out in padded)
    assert T.RandomCrop((8, 5), pad=((0, 0), (1, 1), (0, 0)), pad_value=9)(x)[:, 0, 0].asnumpy().tolist() == [9] * 5


def test_images_of_other_sizes_one_after_the_other():
    transform = T.Compose([T.Resize(4, keep_ratio=True), T.ToTensor()])
    assert [transform(image(h, w, 3)).shape for h, w in ((8, 6), (6, 9), (8, 6))] == [(3, 5, 4), (3, 4, 6), (3, 5, 4)]


def test_a_transform_that_was_used_can_be_pickled():
    """As workers that are not forked need it."""
    transform, x = T.Compose([T.Resize(4), T.ToTensor(), T.Normalize(0.5, 0.5)]), image(5, 6, 3)
    wanted = transform(x).asnumpy()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(transform))(x).asnumpy(), wanted)
    np.testing.assert_array_equal(transform(x).asnumpy(), wanted)


@pytest.mark.parametrize("workers", [0, 2])
def test_in_a_data_loader(workers):
    data = gluon.data.ArrayDataset(image(6, 7, 5, 3), np.arange(6))
    transform = T.Compose([T.Resize(4), T.CenterCrop(3), T.ToTensor(), T.Normalize(0.5, 0.5)])
    loader = gluon.data.DataLoader(data.transform_first(transform), 4, num_workers=workers)
    batches = list(loader)
    assert [batch.shape for batch, _ in batches] == [(4, 3, 3, 3), (2, 3, 3, 3)]
    np.testing.assert_array_equal(batches[1][0][1].asnumpy(), transform(data[5][0]).asnumpy())
    assert batches[1][1].asnumpy().tolist() == [4, 5]
