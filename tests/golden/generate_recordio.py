"""Record what real MXNet 1.9.1 makes of record files and images: `python tests/golden/generate_recordio.py`."""

import json
import os
import sys
import tempfile

import cv2
import numpy as np

import mxnet as mx
from mxnet import recordio

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from record_cases import DETECTION, IMAGES, LABELS, ORDERS, PAYLOADS, SHAPE, STEP  # noqa: E402

SIZES = [(40, 50), (50, 40), (64, 64), (33, 47), (32, 32)]


def write_images(prefix):
    """images.rec and .idx, and boxes.rec with the same images and boxes."""
    rs = np.random.RandomState(0)
    plain = recordio.MXIndexedRecordIO(prefix + "images.idx", prefix + "images.rec", "w")
    boxes = recordio.MXRecordIO(prefix + "boxes.rec", "w")
    for i, (height, width) in enumerate(SIZES):
        image = cv2.resize(
            rs.randint(0, 256, (height // 6, width // 6, 3)).astype("u1"),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        quality, fmt = (90, ".jpg") if i % 2 == 0 else (9, ".png")
        record = recordio.pack_img(recordio.IRHeader(0, float(i), i, 0), image, quality, fmt)
        plain.write_idx(i, record)
        label = [2, 5]
        for k in range(i % 3 + 1):
            label += [i, 0.1 * k, 0.2, 0.5 + 0.1 * k, 0.6]
        boxes.write(recordio.pack(recordio.IRHeader(0, label, i, 0), recordio.unpack(record)[1]))
    plain.close()
    boxes.close()


def sample(array):
    return [round(float(v), 5) for v in array.asnumpy().ravel()[::STEP]]


def main():
    data = os.path.join(HERE, "records", "")
    write_images(data)
    record = {"files": {}, "images": {}, "orders": {}, "detection": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.rec")
        writer = recordio.MXRecordIO(path, "w")
        for payload in PAYLOADS:
            writer.write(payload)
        writer.close()
        with open(path, "rb") as file:
            record["files"]["payloads"] = file.read().hex()
    record["files"]["packed"] = [recordio.pack(recordio.IRHeader(0, label, 7, 3), b"abc").hex() for label in LABELS]
    for name, given in IMAGES.items():
        given = dict({"data_shape": SHAPE, "batch_size": len(SIZES), "preprocess_threads": 1}, **given)
        batch = next(mx.io.ImageRecordIter(path_imgrec=data + "images.rec", **given))
        record["images"][name] = [batch.data[0].dtype.__name__, list(batch.data[0].shape), sample(batch.data[0])]
    for name, given in ORDERS.items():
        given = dict({"data_shape": SHAPE, "batch_size": 2, "preprocess_threads": 1}, **given)
        if given.pop("path_imgidx", False):
            given["path_imgidx"] = data + "images.idx"
        iterator = mx.io.ImageRecordIter(path_imgrec=data + "images.rec", **given)
        record["orders"][name] = []
        for _ in range(3):
            record["orders"][name].append([b.label[0].asnumpy().tolist() for b in iterator])
            iterator.reset()
    for name, given in DETECTION.items():
        given = dict({"data_shape": SHAPE, "batch_size": len(SIZES), "preprocess_threads": 1}, **given)
        batch = next(mx.io.ImageDetRecordIter(path_imgrec=data + "boxes.rec", **given))
        labels = [[round(float(v), 5) for v in row] for row in batch.label[0].asnumpy()]
        record["detection"][name] = [labels, sample(batch.data[0])]
    with open(os.path.join(HERE, "records.json"), "w") as file:
        json.dump(record, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
