"""nd.image.* where MXNet 1.9.1 is wrong, so that golden cases cannot tell, and its draws and gradients."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd

PHOTO = np.arange(5 * 3 * 3).reshape(5, 3, 3) * 37 % 256


@pytest.fixture
def photo():
    return nd.array(PHOTO)


def gradient(function, array):
    """Of the sum of function(array) times 0, 1, 2, ..."""
    array.attach_grad()
    with autograd.record():
        out = function(array)
    out.backward(nd.arange(out.size).reshape(out.shape))
    return array.grad.asnumpy()


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_flips_of_odd_sizes_keep_the_middle(dtype):
    given = nd.array(PHOTO, dtype=dtype)
    np.testing.assert_array_equal(nd.image.flip_left_right(given).asnumpy(), PHOTO[:, ::-1])
    np.testing.assert_array_equal(nd.image.flip_top_bottom(given).asnumpy(), PHOTO[::-1])


def test_one_channel_has_no_colours_to_change():
    given = nd.array(PHOTO[:, :, :1], dtype="uint8")
    for out in (nd.image.random_hue(given, 0, 1), nd.image.random_saturation(given, 0, 1),
                nd.image.random_lighting(given, 1), nd.image.adjust_lighting(given, (1, 2, 3))):
        np.testing.assert_array_equal(out.asnumpy(), PHOTO[:, :, :1])


def test_saturation_0_is_grey_and_the_same_grey_as_contrast_has(photo):
    grey = PHOTO @ np.array([0.299, 0.587, 0.114])
    out = nd.image.random_saturation(photo, 0, 0).asnumpy()
    np.testing.assert_allclose(out, np.repeat(grey[:, :, None], 3, 2), rtol=1e-5)
    out = nd.image.random_contrast(photo, 0, 0).asnumpy()
    np.testing.assert_allclose(out, np.full((5, 3, 3), grey.mean()), rtol=1e-5)


def test_jitter_by_nothing_is_a_copy(photo):
    out = nd.image.random_color_jitter(photo, 0, 0, 0, 0)
    np.testing.assert_array_equal(out.asnumpy(), PHOTO)
    out[:] = 0
    assert photo[0, 0, 1].asscalar() == 37


def test_hue_once_around_is_the_image(photo):
    for turns in (1, 3):
        np.testing.assert_allclose(nd.image.random_hue(photo, turns, turns).asnumpy(), PHOTO, rtol=1e-3, atol=1e-2)


def test_gradients_are_those_of_what_was_done(photo):
    weights = np.arange(45).reshape(5, 3, 3)
    np.testing.assert_array_equal(gradient(nd.image.flip_left_right, photo), weights[:, ::-1])
    np.testing.assert_array_equal(gradient(nd.image.flip_top_bottom, photo), weights[::-1])
    np.testing.assert_allclose(gradient(lambda x: nd.image.random_brightness(x, 0.5, 0.5), photo), weights * 0.5)
    np.testing.assert_allclose(gradient(nd.image.random_lighting, photo), weights)
    turned = np.moveaxis(np.arange(45).reshape(3, 5, 3), 0, 2)
    np.testing.assert_allclose(gradient(nd.image.to_tensor, photo), turned / 255, rtol=1e-6)
    blend = gradient(lambda x: nd.image.random_saturation(x, 0.5, 0.5), photo)
    grey = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(blend, weights * 0.5 + weights.sum(2, keepdims=True) * grey * 0.5, rtol=1e-5)


def test_resizing_has_no_gradient(photo):
    pytest.importorskip("cv2")
    for resize in (lambda x: nd.image.resize(x, 2), lambda x: nd._internal._cvimresize(x, 2, 2)):
        with pytest.raises(mx.MXNetError, match="no gradient"):
            gradient(resize, photo)


def test_a_seed_brings_the_same_images(photo):
    def images():
        mx.random.seed(9)
        return [f(photo).asnumpy() for f in (nd.image.random_flip_left_right, nd.image.random_lighting,
                                             lambda x: nd.image.random_color_jitter(x, 1, 1, 1, 1))]

    for first, second in zip(images(), images(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_shape_inference_draws_nothing(photo):
    mx.random.seed(2)
    expected = nd.image.random_brightness(photo, 0, 1).asnumpy()
    mx.random.seed(2)
    x = mx.sym.Variable("x")
    assert mx.sym.image.random_flip_top_bottom(x).infer_shape(x=(5, 3, 3))[1] == [(5, 3, 3)]
    with pytest.raises(mx.MXNetError):
        mx.sym.image.random_color_jitter(x, 1, 1, 1, 1).infer_shape(x=(5, 3))
    np.testing.assert_array_equal(nd.image.random_brightness(photo, 0, 1).asnumpy(), expected)


def test_rectangles_that_begin_before_the_image(photo):
    for x, y in ((-1, 0), (0, -1)):
        with pytest.raises(mx.MXNetError, match="not within"):
            nd.image.crop(photo, x, y, 2, 2)


def test_no_image_in_a_batch():
    pytest.importorskip("cv2")
    with mx.util.np_shape(True):
        assert nd.image.resize(nd.zeros((0, 4, 5, 3)), (3, 2)).shape == (0, 2, 3, 3)
        assert nd.image.crop(nd.zeros((0, 4, 5, 3)), 0, 0, 3, 2).shape == (0, 2, 3, 3)
        assert nd.image.to_tensor(nd.zeros((0, 4, 5, 3))).shape == (0, 3, 4, 5)


def test_a_shape_that_only_the_bytes_tell():
    with pytest.raises(mx.MXNetError, match="cannot be told"):
        mx.sym._internal._cvimdecode(mx.sym.Variable("x", dtype="uint8")).infer_shape(x=(70,))
