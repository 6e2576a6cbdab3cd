"""mx.image: reading, resizing, cropping and turning single images (pixels are MXNet 1.9.1's)."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import mxnet as mx
from mxnet import image, nd

pytest.importorskip("cv2")

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000001549444154081d6364e09552"
                    "0703c6d2a67e753000001e7603848c2b09040000000049454e44ae426082")
PIXELS = np.arange(0, 2 * 3 * 3 * 13, 13).reshape(2, 3, 3)


@pytest.fixture
def photo():
    """(5, 8, 3) of uint8."""
    return nd.array(np.arange(5 * 8 * 3).reshape(5, 8, 3) * 2 % 251, dtype="uint8")


@pytest.mark.parametrize("kind", [bytes, bytearray, lambda b: np.frombuffer(b, np.uint8),
                                  lambda b: nd.array(np.frombuffer(b, np.uint8), dtype="uint8")])
def test_imdecode_takes_bytes_of_any_kind(kind):
    decoded = image.imdecode(kind(PNG))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded.asnumpy(), PIXELS)


def test_imread_tells_the_order_of_colours(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    np.testing.assert_array_equal(mx.img.imread(str(tmp_path / "a.png"), to_rgb=False).asnumpy(), PIXELS[:, :, ::-1])
    assert image.imread(tmp_path / "a.png", flag=0).shape == (2, 3, 1)
    out = nd.zeros((2, 3, 3), dtype="uint8")
    assert image.imread(tmp_path / "a.png", out=out) is out
    np.testing.assert_array_equal(out.asnumpy(), PIXELS)


def test_files_and_bytes_that_are_no_images(tmp_path):
    (tmp_path / "a.jpg").write_text("not one")
    with pytest.raises(mx.MXNetError, match=r"a\.jpg.*no image"):
        image.imread(tmp_path / "a.jpg")
    with pytest.raises(mx.MXNetError, match="couldn't open"):
        image.imread(tmp_path / "b.jpg")
    for bad in (b"", b"abc"):
        with pytest.raises(mx.MXNetError, match="imdecode"):
            image.imdecode(bad)
    with pytest.raises(ValueError, match="bytes"):
        image.imdecode("abc")


def test_imresize(photo):
    np.testing.assert_array_equal(image.imresize(photo, 3, 2).asnumpy(),
                                  [[[41, 43, 45], [57, 59, 61], [73, 75, 77]],
                                   [[161, 163, 165], [177, 179, 181], [193, 195, 197]]])
    assert image.imresize(photo[:, :, :1], 3, 2).shape == (2, 3, 1)
    assert image.imresize(photo.astype("float32"), 3, 2).dtype == np.float32
    for bad in ((0, 2), (2.5, 2)):
        with pytest.raises(mx.MXNetError, match=r"\bw\b"):
            image.imresize(photo, *bad)
    with pytest.raises(mx.MXNetError, match="shape"):
        image.imresize(photo.reshape((5, 24)), 3, 2)
    with pytest.raises(mx.MXNetError, match="int32"):
        image.imresize(photo.astype("int32"), 3, 2)


def test_copy_make_border_fills_the_margins():
    photo = nd.array(np.arange(6).reshape(1, 2, 3), dtype="uint8")
    wide = image.copyMakeBorder(photo, 0, 1, 1, 0, values=(7, 8))
    assert wide.asnumpy().tolist() == [[[7, 8, 0], [0, 1, 2], [3, 4, 5]], [[7, 8, 0]] * 3]
    out = nd.zeros((1, 4, 3), dtype="uint8")
    assert image.copyMakeBorder(photo, 0, 0, 1, 1, type=1, out=out) is out
    assert out[0, :, 0].asnumpy().tolist() == [0, 0, 3, 3]


def test_resize_short_keeps_proportions(photo):
    assert image.resize_short(photo, 3, interp=1)[:, :, 0].asnumpy().tolist() == \
        [[19, 31, 43, 55], [99, 111, 123, 135], [179, 191, 203, 215]]
    assert image.resize_short(photo, 3, interp=9)[:, :, 0].asnumpy().tolist() == \
        [[22, 34, 46, 58], [99, 111, 123, 135], [176, 188, 200, 212]]
    assert image.resize_short(photo.transpose((1, 0, 2)), 7).shape == (11, 7, 3)


def test_crops(photo):
    crop, place = image.center_crop(photo, (4, 3))
    assert place == (2, 1, 4, 3)
    assert crop[:, :, 1].asnumpy().tolist() == [[62, 68, 74, 80], [110, 116, 122, 128], [158, 164, 170, 176]]
    crop, place = image.center_crop(photo, (12, 6), interp=1)
    assert crop.shape == (6, 12, 3) and place == (0, 0, 8, 4)
    assert image.fixed_crop(photo, 1, 2, 3, 2)[:, :, 2].asnumpy().tolist() == [[106, 112, 118], [154, 160, 166]]
    assert image.fixed_crop(photo, 1, 2, 3, 2, (2, 1), 0).asnumpy().tolist() == [[[102, 104, 106], [108, 110, 112]]]
    assert [image.scale_down((640, 480), size) for size in ((720, 120), (100, 100), (3, 999))] == \
        [(640, 106), (100, 100), (1, 480)]


def test_crops_are_copies(photo):
    before = photo.asnumpy()
    image.fixed_crop(photo, 1, 2, 3, 2)[:] = 0
    image.random_crop(photo, (2, 2))[0][:] = 0
    np.testing.assert_array_equal(photo.asnumpy(), before)
    with pytest.raises(mx.MXNetError, match="columns 9 to 12"):
        image.fixed_crop(photo, 9, 2, 3, 2)
    with pytest.raises(ValueError, match="height, width, channels"):
        image.random_crop(photo[0], (2, 2))


def test_jpegs_that_were_cut_off_are_decoded(photo):
    import cv2
    whole = cv2.imencode(".jpg", np.random.RandomState(0).randint(0, 256, (64, 64, 3), dtype=np.uint8))[1].tobytes()
    np.testing.assert_array_equal(image.imdecode(whole[:-2]).asnumpy(), image.imdecode(whole).asnumpy())
    half = image.imdecode(whole[:len(whole) // 2]).asnumpy()
    np.testing.assert_array_equal(half[:15], image.imdecode(whole)[:15].asnumpy())
    with pytest.raises(mx.MXNetError, match="no image"):
        image.imdecode(whole[:20])


def test_resizing_leaves_opencv_as_it_was(photo):
    import cv2
    for used in (False, True):
        cv2.ipp.setUseIPP(used)
        expected = cv2.ipp.useIPP()  # where there is no IPP, it stays off
        image.imresize(photo, 3, 2, 2)
        with pytest.raises(mx.MXNetError):
            image.imresize(photo.astype("int32"), 3, 2)
        assert cv2.ipp.useIPP() == expected


def test_turning_a_line_of_pixels():
    line = nd.array(np.arange(5, dtype=np.float32).reshape(1, 1, 5))
    np.testing.assert_allclose(image.imrotate(line, 0).asnumpy(), line.asnumpy())  # MXNet divides by 0
    np.testing.assert_allclose(image.imrotate(line, 180).asnumpy()[0, 0], [4, 3, 2, 1, 0], atol=1e-5)
    batch = nd.stack(line, line)
    np.testing.assert_allclose(image.imrotate(batch, [0, 180]).asnumpy()[:, 0, 0], [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]],
                               atol=1e-5)
    with pytest.raises(ValueError, match=r"2 images and angles of shape \(\)"):
        image.imrotate(batch, "x")


def test_min_area_is_an_old_name(photo):
    with pytest.warns(DeprecationWarning, match="min_area"):
        image.random_size_crop(photo, (2, 2), None, (0.5, 2), min_area=0.2)
    with pytest.warns(DeprecationWarning, match="min_area"):
        assert image.RandomSizedCropAug((2, 2), None, (0.5, 2), min_area=0.2)(photo).shape == (2, 2, 3)


def test_color_normalize_changes_its_image(photo):
    given = photo.astype("float32")
    normal = image.color_normalize(given, nd.array([1, 2, 3]), nd.array([1, 2, 4]))
    assert normal is given
    np.testing.assert_allclose(normal[0, 1].asnumpy(), [5, 3, 1.75])


def test_without_opencv_the_error_says_what_to_install(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ImportError, match="opencv-python-headless"):
        image.imresize(photo, 3, 2)
