"""Iterators over images in record files: MXNet's pixels, labels and orders; chance that does not hang on threads."""

import gc
import json
import os
import threading

import numpy as np
import pytest

import mxnet as mx
from golden.record_cases import DETECTION, IMAGES, ORDERS, SHAPE, STEP
from mxnet import recordio
from mxnet.base import MXNetError

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
IMAGES_REC, IMAGES_IDX, BOXES_REC = (
    os.path.join(GOLDEN, "records", name) for name in ("images.rec", "images.idx", "boxes.rec")
)
with open(os.path.join(GOLDEN, "records.json")) as _file:
    ANSWERS = json.load(_file)


def images(**given):
    return mx.io.ImageRecordIter(**dict({"path_imgrec": IMAGES_REC, "data_shape": SHAPE, "batch_size": 5}, **given))


def labels(iterator):
    return [batch.label[0].asnumpy().tolist() for batch in iterator]


def flat_labels(iterator):
    return [label for batch in labels(iterator) for label in batch]


def pixels(**given):
    return next(images(**given)).data[0].asnumpy()


@pytest.mark.parametrize("name", IMAGES)
def test_pixels_are_mxnets(name):
    data = next(images(**IMAGES[name])).data[0]
    dtype, shape, values = ANSWERS["images"][name]
    assert (data.dtype.__name__, list(data.shape)) == (dtype, shape)
    tolerance = 1 if "lanczos" in name or "_2" in name else 1e-5  # floating point in other orders, rounded
    np.testing.assert_allclose(data.asnumpy().astype(float).ravel()[::STEP], values, atol=tolerance)


@pytest.mark.parametrize("name", ORDERS)
def test_orders_are_mxnets(name):
    given = dict({"batch_size": 2}, **ORDERS[name])
    if given.pop("path_imgidx", False):
        given["path_imgidx"] = IMAGES_IDX
    iterator = images(**given)
    for expected in ANSWERS["orders"][name]:
        assert labels(iterator) == expected
        iterator.reset()


@pytest.mark.parametrize("name", DETECTION)
def test_boxes_are_mxnets(name):
    batch = next(
        mx.io.ImageDetRecordIter(path_imgrec=BOXES_REC, batch_size=5, **dict({"data_shape": SHAPE}, **DETECTION[name]))
    )
    expected, values = ANSWERS["detection"][name]
    np.testing.assert_allclose(batch.label[0].asnumpy(), expected, atol=1e-5)
    np.testing.assert_allclose(batch.data[0].asnumpy().ravel()[::STEP], values, atol=1 if name == "resize" else 1e-5)


def test_boxes_follow_what_is_left_to_chance():
    """A white image with a black box: wherever it is put, the label says where it is."""
    header = recordio.IRHeader(0, [2, 5, 1, 0.25, 0.25, 0.75, 0.75], 0, 0)
    image = np.full((80, 80, 3), 255, np.uint8)
    image[20:60, 20:60] = 0
    path = os.path.join(os.environ["PYTEST_RECORDS"], "box.rec")
    writer = recordio.MXRecordIO(path, "w")
    writer.write(recordio.pack_img(header, image, 9, ".png"))
    writer.close()
    seen = set()
    for seed in range(12):
        batch = next(
            mx.io.ImageDetRecordIter(
                path_imgrec=path,
                data_shape=(3, 80, 80),
                batch_size=1,
                rand_pad_prob=0.5,
                max_pad_scale=2,
                fill_value=255,
                rand_crop_prob=0.7,
                min_crop_scales=0.4,
                max_crop_scales=0.9,
                rand_mirror_prob=0.5,
                seed_aug=seed,
            )
        )
        _, left, top, right, bottom = batch.label[0].asnumpy()[0, 6:11]
        rows, columns = np.nonzero(batch.data[0].asnumpy()[0, 0] < 128)
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / 80
        np.testing.assert_allclose([left, top, right, bottom], found, atol=0.07)
        seen.add(round(float(left), 3))
    assert len(seen) > 6


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_RECORDS", str(tmp_path))


CHANCE = {
    "rand_crop": True,
    "rand_mirror": True,
    "max_rotate_angle": 20,
    "max_shear_ratio": 0.1,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.2,
    "pca_noise": 0.1,
    "random_h": 10,
    "random_s": 10,
    "random_l": 10,
    "inter_method": 10,
    "min_random_scale": 0.8,
    "max_random_scale": 1.2,
    "max_aspect_ratio": 0.2,
    "max_random_contrast": 0.2,
    "max_random_illumination": 5,
}


def test_chance_depends_on_the_seed_and_not_on_threads():
    one, four = pixels(**CHANCE, preprocess_threads=1), pixels(**CHANCE, preprocess_threads=4)
    np.testing.assert_array_equal(one, four)
    assert (one != pixels(**CHANCE, seed_aug=5)).mean() > 0.5
    iterator = images(**CHANCE)
    first = next(iterator).data[0].asnumpy()
    iterator.reset()
    assert (first != next(iterator).data[0].asnumpy()).mean() > 0.5


@pytest.mark.parametrize(
    "given",
    [{k: v} for k, v in CHANCE.items() if k not in ("inter_method", "min_random_scale")]
    + [
        {
            "random_resized_crop": True,
            "min_random_area": 0.3,
            "max_random_area": 0.6,
            "min_aspect_ratio": 0.8,
            "max_aspect_ratio": 1.2,
        },
        {"min_crop_size": 20, "max_crop_size": 28},
    ],
)
def test_each_chance_changes_pixels(given):
    changed = pixels(**given, seed_aug=3)
    assert changed.shape == (5, *SHAPE) and np.isfinite(changed).all()
    assert (changed != pixels()).mean() > 0.1


def test_mirror_of_half_and_crops_of_everywhere():
    plain, turned = pixels(), pixels(mirror=True)
    sides = [
        min(np.abs(p[i] - plain[i]).max(), np.abs(p[i] - turned[i]).max()) == 0 and np.abs(p[i] - plain[i]).max() == 0
        for p in (pixels(rand_mirror=True, seed_aug=s) for s in range(10))
        for i in range(5)
    ]
    assert 10 < sum(sides) < 40


def test_last_batches():
    assert labels(images(batch_size=3)) == [[0, 1, 2], [3, 4, 0]]
    batches = list(images(batch_size=3, round_batch=False))
    assert batches[1].pad == 1 and batches[1].label[0].asnumpy().tolist() == [3, 4, 0]
    assert not batches[1].data[0].asnumpy()[2].any() and batches[1].index.tolist()[:2] == [3, 4]
    many = next(images(batch_size=12))
    assert many.pad == 7 and many.label[0].asnumpy().tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]


def test_reset_in_the_middle_begins_a_whole_pass():
    iterator = images(batch_size=2, shuffle=True)
    next(iterator)
    iterator.reset()
    assert sorted(flat_labels(iterator)[:5]) == [0, 1, 2, 3, 4]
    plain = images(batch_size=2)
    next(plain)
    plain.reset()
    assert labels(plain) == [[0, 1], [2, 3], [4, 0]]


@pytest.mark.parametrize("index", [None, IMAGES_IDX])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_make_up_the_whole(parts, index):
    found = [
        label
        for i in range(parts)
        for label in flat_labels(images(batch_size=1, num_parts=parts, part_index=i, path_imgidx=index))
    ]
    assert found == [0, 1, 2, 3, 4]


def test_several_files_and_folders(tmp_path):
    assert len(labels(images(path_imgrec=f"{IMAGES_REC};{IMAGES_REC}"))) == 2
    os.symlink(IMAGES_REC, tmp_path / "a.rec")
    assert labels(images(path_imgrec=str(tmp_path))) == [[0, 1, 2, 3, 4]]


def test_labels_of_a_list(tmp_path):
    path = tmp_path / "a.lst"
    path.write_text("".join(f"{i}\t{i * 10}\t{i + 1}\tx.jpg\n" for i in range(5)))
    assert labels(images(path_imglist=str(path), label_width=2))[0][3] == [30, 4]
    path.write_text("0\t1\tx.jpg\n")
    with pytest.raises(MXNetError, match="fail to find imagelabel for id 1"):
        images(path_imglist=str(path))
    path.write_text("zero\t1\tx.jpg\n")
    with pytest.raises(MXNetError, match=r"a\.lst, line 1"):
        images(path_imglist=str(path))


def test_mean_image_is_made_and_subtracted(tmp_path):
    path = str(tmp_path / "mean.bin")
    less = pixels(mean_img=path, scale=0.5)
    mean = mx.nd.load(path)["mean_img"].asnumpy()
    np.testing.assert_allclose(mean, pixels().mean(0), rtol=1e-5)
    np.testing.assert_allclose(less, (pixels() - mean) * 0.5, rtol=1e-5, atol=1e-4)
    turned = pixels(mean_img=path, mirror=True)
    np.testing.assert_allclose(turned, (pixels() - mean)[..., ::-1], rtol=1e-5, atol=1e-4)
    with pytest.raises(MXNetError, match="expected \\(3, 20, 20\\)"):
        images(mean_img=path, data_shape=(3, 20, 20))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path_imgrec": ""}, "must specify path_imgrec"),
        ({"path_imgrec": "nope.rec"}, "nope.rec"),
        ({"data_shape": None}, "data_shape"),
        ({"data_shape": (30, 30)}, "data_shape"),
        ({"batch_size": None}, "batch_size"),
        ({"data_shape": (2, 30, 30)}, "1, 3 or 4 channels"),
        ({"data_shape": (4, 30, 30)}, "expected 4 channels, got 3"),
        ({"label_width": 3}, "label_width is set to 3"),
        ({"resize": "x"}, "resize"),
        ({"preprocess_threads": 0}, "at least 1"),
        ({"part_index": 1}, "part_index=1"),
        ({"dtype": "int32"}, "unknown dtype int32"),
        ({"ctx": "tpu"}, "valid values"),
        ({"inter_method": 77}, "invalid inter_method"),
        ({"random_resized_crop": True, "rand_crop": True}, "conflicts"),
        ({"min_crop_size": 60, "max_crop_size": 60}, "smaller than max_crop_size"),
        ({"aug_seq": "mine"}, "aug_seq"),
        ({"path_imgidx": "nope.idx"}, "path_imgidx"),
    ],
)
def test_errors(given, message):
    with pytest.raises(MXNetError, match=message):
        images(**given)


def test_unknown_parameters_are_warned_of():
    with pytest.warns(UserWarning, match="takes no resise"):
        images(resise=3)


def test_damaged_records_are_named(tmp_path):
    path = str(tmp_path / "bad.rec")
    writer = recordio.MXRecordIO(path, "w")
    good = recordio.MXRecordIO(IMAGES_REC, "r").read()
    for content in (good, recordio.pack((0, 1.0, 17, 0), b"no image"), good, b"short", good):
        writer.write(content)
    writer.close()
    iterator = images(path_imgrec=path, batch_size=1)
    next(iterator)
    with pytest.raises(MXNetError, match=r"bad\.rec, record at offset \d+ \(id 17\) holds no image"):
        next(iterator)
    next(iterator)
    with pytest.raises(MXNetError, match="no packed image"):
        next(iterator)
    with open(path, "ab") as file:
        file.write(b"x" * 20)
    iterator = images(path_imgrec=path, batch_size=1)
    with pytest.raises(MXNetError, match="expected a record"):
        for _ in range(9):
            try:
                next(iterator)
            except MXNetError as error:
                if "image" not in str(error).replace("ImageRecordIter", ""):
                    raise


def test_no_thread_stays_behind():
    before = set(threading.enumerate())
    iterator = images(batch_size=1, preprocess_threads=2)
    next(iterator)
    own = set(threading.enumerate()) - before
    assert own
    del iterator
    gc.collect()
    for thread in own:
        thread.join(5)
        assert not thread.is_alive()


def test_uint8_and_kin():
    for kind, dtype in (
        (mx.io.ImageRecordUInt8Iter, np.uint8),
        (mx.io.ImageRecordInt8Iter, np.int8),
        (mx.io.ImageRecordIter_v1, np.float32),
        (mx.io.ImageRecordUInt8Iter_v1, np.uint8),
    ):
        iterator = kind(path_imgrec=IMAGES_REC, data_shape=SHAPE, batch_size=5, data_name="x", label_name="y")
        assert iterator.provide_data[0].name == "x" and iterator.provide_label[0] == ("y", (5,))
        data = next(iterator).data[0]
        assert data.dtype == dtype
        np.testing.assert_array_equal(
            data.asnumpy(), np.minimum(pixels(), np.iinfo(np.int8).max) if dtype == np.int8 else pixels()
        )


def test_det_errors():
    for given, message in (
        ({"label_pad_width": 5}, "smaller than estimated width: 17"),
        ({"label_width": 7}, "label_width"),
        ({"dtype": "uint8"}, "float32"),
        ({"path_imgrec": IMAGES_REC}, "Not enough label packed"),
        ({"rand_crop_prob": 1, "min_crop_scales": 0.5, "max_crop_scales": 0.5}, "max_crop_scales"),
    ):
        with pytest.raises(MXNetError, match=message):
            mx.io.ImageDetRecordIter(**dict({"path_imgrec": BOXES_REC, "data_shape": SHAPE, "batch_size": 5}, **given))
