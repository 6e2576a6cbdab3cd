"""ImageIter, ImageDetIter and augmenters of boxes: what users write, and what MXNet says less well."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import mxnet as mx
from golden import image_cases
from mxnet import image, nd

cv2 = pytest.importorskip("cv2")

BOXES = np.array([[1, 0.1, 0.2, 0.5, 0.6]])


@pytest.fixture
def folder(tmp_path):
    image_cases.make_files(str(tmp_path))
    return tmp_path


@pytest.fixture
def photo():
    return nd.array(image_cases.PHOTO, dtype="uint8")


def iterator(folder, size=3, **kwargs):
    return image.ImageIter(size, (3, 16, 20), path_imgrec=str(folder / "a.rec"), **kwargs)


def test_a_loop_over_batches(folder):
    it = iterator(folder, path_imgidx=str(folder / "a.idx"))
    assert it.provide_data == [("data", (3, 3, 16, 20))] and it.provide_label == [("softmax_label", (3,))]
    for _ in range(2):
        batches = list(it)
        assert [batch.pad for batch in batches] == [0, 0, 2]
        assert batches[0].data[0].shape == (3, 3, 16, 20) and batches[0].data[0].dtype == np.float32
        assert batches[1].label[0].asnumpy().tolist() == [0, 1, 2]
        it.reset()
    assert next(it).label[0].shape == it.next().label[0].shape == (3,)


def test_batches_feed_a_module(folder):
    hidden = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3)
    module = mx.mod.Module(mx.sym.SoftmaxOutput(hidden, name="softmax"))
    module.fit(iterator(folder, path_imgidx=str(folder / "a.idx"), shuffle=True), num_epoch=1)
    assert module.predict(iterator(folder)).shape == (7, 3)


def test_subclasses_say_how_images_are_read(folder):
    class Flat(image.ImageIter):
        def next_sample(self):
            label, content = super().next_sample()
            return label + 10, content

        def check_valid_image(self, data):
            super().check_valid_image(data)
            if data.shape[0] < 24:
                raise RuntimeError("too low")

        def augmentation_transform(self, data):
            return super().augmentation_transform(data) * 0 + 5

        def postprocess_data(self, datum):
            return super().postprocess_data(datum) + 1

    heights = [cv2.imread(str(folder / f"{i}.png")).shape[0] for i in range(7)]
    it = Flat(1, (3, 16, 20), path_imgrec=str(folder / "a.rec"))
    batches = list(it)
    assert [batch.label[0].asscalar() for batch in batches] == [10 + i % 3 for i in range(7) if heights[i] >= 24]
    assert (batches[0].data[0].asnumpy() == 6).all()


def test_the_broken_image_is_named(folder):
    (folder / "bad.png").write_bytes(b"none")
    it = image.ImageIter(1, (3, 16, 20), imglist=[[1, "0.png"], [2, "bad.png"]], path_root=str(folder))
    it.next()
    with pytest.raises(RuntimeError, match=r"filename: bad\.png"):
        it.next()
    record = mx.recordio.MXRecordIO(str(folder / "bad.rec"), "w")
    record.write(mx.recordio.pack(mx.recordio.IRHeader(0, 1.0, 0, 0), b"none"))
    record.close()
    with pytest.raises(RuntimeError, match=r"bad\.rec"):
        image.ImageIter(1, (3, 16, 20), path_imgrec=str(folder / "bad.rec")).next()
    with pytest.raises(TypeError, match="path_root"):
        image.ImageIter(1, (3, 16, 20), imglist=[[1, "0.png"]]).next()


@pytest.mark.parametrize(("arguments", "error", "match"), [
    ({"last_batch_handle": "foo"}, ValueError, "foo"),
    ({"num_parts": 2}, AssertionError, "path_imgidx"),
    ({"dtype": "int8"}, AssertionError, "int8"),
])
def test_bad_arguments(folder, arguments, error, match):
    with pytest.raises(error, match=match):
        iterator(folder, **arguments)
    with pytest.raises(ValueError, match="at least 1"):
        image.ImageIter(1, (3, 0, 2), imglist=[])


def test_lists_may_be_shapes_and_float_labels_may_be_int(folder):
    (folder / "b.lst").write_text("3\t1.000000\t0.png\n")
    it = image.ImageIter(1, [3, 16, 20], path_imglist=str(folder / "b.lst"), path_root=str(folder), dtype="int32")
    assert it.data_shape == (3, 16, 20)
    label, content = it.next_sample()
    assert label.dtype == np.int32 and label.asnumpy().tolist() == [1]
    assert content == (folder / "0.png").read_bytes()


# ------------------------------------------------------------------------------------------------ objects in images


def test_the_log_says_which_images_are_left_out(folder, caplog):
    labels = [[2, 5, kind, 0.1, 0.2, 0.5, 0.7, "0.png"] for kind in (-1, 1)]
    with caplog.at_level(logging.DEBUG):
        it = image.ImageDetIter(1, (3, 16, 20), imglist=labels, path_root=str(folder))
        assert len(list(it)) == 1
    assert "skipping:  Invalid label" in caplog.text
    with pytest.raises(RuntimeError, match="no images"):
        image.ImageDetIter(1, (3, 16, 20), imglist=[], path_root="")
    with pytest.raises(RuntimeError, match="annotation width 4"):
        image.ImageDetIter(1, (3, 16, 20), imglist=[[2, 4, 1, 0.1, 0.2, 0.5, 0.1, "0.png"]], path_root=str(folder))


def test_boxes_are_drawn(folder):
    def drawn(**kwargs):
        it = image.ImageDetIter(1, (3, 40, 50), imglist=[[2, 5, 1, 0.1, 0.2, 0.5, 0.7, "0.png"]] * 2,
                                path_root=str(folder), mean=True, std=True)
        return list(it.draw_next(mean=True, std=True, **kwargs))

    first, second = drawn(color=(255, 0, 9), thickness=1)
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.uint8 and first.shape == (40, 50, 3)
    assert first[8, 5].tolist() == first[27, 25].tolist() == [9, 0, 255]
    plain = cv2.resize(cv2.imread(str(folder / "0.png")), (50, 40), interpolation=cv2.INTER_CUBIC)
    assert np.abs(first[30:].astype(int) - plain[30:]).max() <= 2
    assert (drawn(color=(255, 0, 9), thickness=1, id2labels={1: "dog"})[0] == 255).all(2).any()
    assert len(drawn()) == 2


def test_margins_of_one_number(photo):
    wide, boxes = image.DetRandomPadAug(area_range=(2, 3), pad_val=7)(photo, BOXES)
    assert wide.shape[0] > 38 and (wide.asnumpy()[[0, -1]][:, [0, -1]] == 7).any((0, 1)).all()
    assert boxes.shape == BOXES.shape and (boxes != BOXES).any()


def test_augmenters_leave_the_given_label_alone(photo):
    before = BOXES.copy()
    flipped = image.DetHorizontalFlipAug(1)(photo, BOXES)[1]
    np.testing.assert_allclose(flipped, [[1, 0.5, 0.2, 0.9, 0.6]])
    np.testing.assert_array_equal(BOXES, before)


@pytest.mark.parametrize("make", [lambda: image.DetRandomCropAug(area_range=(0.5, 0.2)),
                                  lambda: image.DetRandomCropAug(aspect_ratio_range=(2, 1)),
                                  lambda: image.DetRandomPadAug(area_range=0.5)])
def test_ranges_that_hold_nothing_are_skipped(photo, make):
    with pytest.warns(UserWarning, match=r"Skip DetRandom\w+ due to invalid"):
        aug = make()
    assert not aug.enabled
    assert aug(photo, BOXES)[0] is photo


def test_a_range_of_ranges_is_none():
    with pytest.raises(TypeError, match="aspect ratio must be a number or two"):
        image.DetRandomPadAug(aspect_ratio_range=[(0.5, 2), (1, 2)])
