"""Images, augmenters and their iterators as code that runs under real MXNet and under ours.

A case is an expression and the seeds it is run with; of an array in its answer there are shape, dtype and some values.
"""

import base64
import os
import random
import struct
import warnings
import zlib

import numpy as np

PHOTO = np.random.RandomState(0).randint(0, 256, (37, 53, 3))
SMOOTH = np.add.outer(np.arange(40) * 3, np.arange(30) * 2)[:, :, None] + np.arange(3) * 9
BOXES = np.array([[1, .1, .2, .5, .6, 7], [2, .3, .3, .9, .95, 8], [0, .6, .1, .7, .2, 9]])
MEAN, STD = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
VECTORS = np.array([[-0.56, 0.71, 0.4], [-0.58, 0.0, -0.81], [-0.58, -0.69, 0.42]])
# 16 x 12, of four colours
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5a"
    "YVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAAR"
    "CAAMABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABgf/xAAfEAABAAsAAAAAAAAAAAAAAAAAAQIDBRQVU1Sho9H/xAAVAQEBAAAA"
    "AAAAAAAAAAAAAAADBP/EACIRAAAEBAcAAAAAAAAAAAAAAAMFERIAASFhAgQTMVFxwf/aAAwDAQACEQMRAD8ALwjenlA4kbzttivQ2VcEbMYj"
    "FNWjdkv2vEUmZcEE1s51Xy0f/9k=")

SIZED = ["ResizeAug(20, {})", "ForceResizeAug((20, 31), {})", "RandomCropAug((60, 31), {})",
         "RandomCropAug([3, 2], {})", "RandomSizedCropAug((20, 31), 0.08, (0.75, 4 / 3), {})",
         "RandomSizedCropAug((20, 31), (0.5, 1.5), (0.2, 5), {})", "CenterCropAug((70, 31), {})"]
COLOURS = ["BrightnessJitterAug(0.3)", "ContrastJitterAug(0.3)", "SaturationJitterAug(0.3)", "HueJitterAug(0.4)",
           "ColorJitterAug(0.3, 0.2, 0.4)", "ColorJitterAug(0.3, 0, 0.4)", "LightingAug(0.1, MEAN, VECTORS)",
           "ColorNormalizeAug(MEAN, STD)", "ColorNormalizeAug(nd.array(MEAN), None)", "RandomGrayAug(0.5)",
           "HorizontalFlipAug(0.5)", "CastAug('float16')", "CastAug('int32')",
           "SequentialAug([HorizontalFlipAug(0.5), CastAug(), HueJitterAug(0.2)])",
           "RandomOrderAug([HorizontalFlipAug(0.5), CastAug(), RandomCropAug((10, 10))])"]
CREATED = ["CreateAugmenter((3, 24, 28), 30, True, True, True, True, True, 0.2, 0.2, 0.2, 0.1, 0.1, 0.3, 10)",
           "CreateAugmenter((3, 24, 28), rand_crop=True, mean=MEAN, brightness=0.2, hue=0.1, inter_method=9)",
           "CreateAugmenter((3, 24, 28))"]
BOXED = ["DetRandomCropAug()", "DetRandomCropAug(0.9, (0.5, 2), (0.3, 0.9), 0.8, 20)",
         "DetRandomCropAug(0, 1.5, 0.3)",
         "DetRandomPadAug()", "DetRandomPadAug((0.5, 2), (1.5, 4), 20, (1, 2, 3))",
         "DetRandomPadAug(0.2, (1, 1.01), 3)",
         "DetHorizontalFlipAug(0.5)", "DetBorrowAug(HorizontalFlipAug(0.5))", "DetRandomSelectAug([], 0.3)",
         "DetRandomSelectAug([DetHorizontalFlipAug(0.5), DetRandomPadAug(), DetRandomCropAug()], 0.3)",
         "CreateMultiRandCropAugmenter([0.1, 0.5, 0.9], (0.5, 2), [(0.1, 1), (0.2, 0.7), (0.4, 1)], 0.3, 20, 0.2)"]
BOXED_LISTS = ["CreateDetAugmenter((3, 24, 28), 30, 0.5, 0.5, 0.3, True, True, True, 0.2, 0.2, 0.2, 0.1, 0.1, 10, "
               "[0.1, 0.5])",
               "CreateDetAugmenter((3, 24, 28), rand_crop=1, rand_pad=1, area_range=(1.5, 3))",
               "CreateDetAugmenter((3, 24, 28), mean=MEAN)"]

DRAWN = [f"{aug}(image(PHOTO, 'float32'))" for aug in
         [aug.format(interp) for aug in SIZED for interp in (1, 2, 9, 10)] + COLOURS]
DRAWN += [f"SequentialAug({made})(image(PHOTO))" for made in CREATED]
DRAWN += [f"{aug}(image(PHOTO), BOXES.copy())" for aug in BOXED]
DRAWN += [f"boxed({made})" for made in BOXED_LISTS]
DRAWN += ["random_crop(image(PHOTO), (17, 22))", "random_crop(image(PHOTO), (100, 22))",
          "random_size_crop(image(PHOTO), (17, 22), 0.3, (0.5, 2))",
          "random_size_crop(image(PHOTO), (17, 22), None, (0.5, 2), min_area=0.7)",
          "random_rotate(planes(PHOTO), (-20, 33))",
          "random_rotate(nd.stack(planes(PHOTO), planes(PHOTO)), (-9, 9), True)"]

TOLD = [f"imresize(image({source}, '{dtype}'), {w}, {h}, {interp})" for source in ("PHOTO", "SMOOTH")
        for dtype in ("uint8", "float32") for w, h in ((20, 10), (100, 80)) for interp in range(5)]
TOLD += [f"{aug}.dumps()" for aug in [aug.format(2) for aug in SIZED] + COLOURS + BOXED]
TOLD += [f"[aug.dumps() for aug in {made}]" for made in CREATED + BOXED_LISTS]
TOLD += [f"imdecode(turned({o}), {flag})" for o in (1, 3, 6, 8) for flag in (0, 1, 5, 7, 128, 129)]
TOLD += [f"imdecode(png({depth}, {kind}), {flag})" for depth, kind in ((8, 0), (8, 2), (8, 4), (8, 6), (16, 0), (16, 2))
         for flag in (0, 1, 2, 3, 4)]
TOLD += ["imdecode(JPEG[:-2])", "imdecode(JPEG, to_rgb=0)", "imdecode(JPEG, -1)", "imdecode(b'')", "imdecode(b'x')",
         "imread('no.jpg')", "imread(folder + '/4.png', 0)",
         "fixed_crop(image(PHOTO), 2, 3, 20, 25, (10, 12), 0)", "fixed_crop(image(PHOTO), 2, 3, 999, 999)",
         "fixed_crop(image(PHOTO), 200, 300, 20, 20)", "center_crop(image(PHOTO), (70, 50), 9)",
         "resize_short(image(PHOTO), 30, 7)", "random_crop(image(PHOTO)[0], (2, 2))",
         "copyMakeBorder(image(PHOTO), 1, 2, 3, 0, value=300.7)",
         "copyMakeBorder(image(PHOTO), 1, 2, 3, 4, 0, values=(1, 2, 3))",
         "random_size_crop(image(PHOTO), (17, 22), 0.3, (0.5, 2), foo=1)", "RandomSizedCropAug(2, 3, 4, foo=1)"]
TOLD += [f"imrotate(planes(PHOTO), {angle}, {zooms})" for angle in (0, 6, -30, 90, "nd.array([1, 2])")
         for zooms in ("False", "True", "False, True", "True, True")]
TOLD += ["imrotate(nd.stack(planes(PHOTO), planes(PHOTO)), nd.array([10, -20]))", "imrotate(nd.ones((2, 3)), 1)",
         "imrotate(nd.ones((2, 3, 4, 5)), nd.array([1, 2, 3]))", "imrotate(nd.ones((3, 4, 5), dtype='float64'), 1)",
         "Augmenter(a=nd.array([1]), b=MEAN, c='x', d=(1, 2)).dumps()", "Augmenter()(1)", "DetAugmenter()(1, 2)",
         "DetBorrowAug(len)", "DetRandomSelectAug([3])", "DetRandomPadAug(pad_val='a')",
         "DetRandomCropAug(area_range='a')", "CreateMultiRandCropAugmenter([1, 2], area_range=[(0, 1)] * 3)",
         "CreateAugmenter((3, 4, 5), rand_resize=True)",
         "CreateAugmenter((3, 4, 5), mean=[1, 2, 3])", "CreateAugmenter((3, 4, 5), std=np.ones(2))",
         "CreateDetAugmenter((3, 4, 5), mean=[1, 2, 3])"]

REC, REC_IDX = "path_imgrec=folder + '/a.rec'", "path_imgrec=folder + '/a.rec', path_imgidx=folder + '/a.idx'"
LIST = "imglist=[[i % 3, '%d.png' % i] for i in range(7)], path_root=folder"
BOX_REC = "path_imgrec=folder + '/boxes.rec', path_imgidx=folder + '/boxes.idx'"
ITERATED = [f"epochs(ImageIter({size}, (3, 16, 20), {source}, shuffle={shuffle}, last_batch_handle='{handle}'))"
            for handle in ("pad", "discard", "roll_over")
            for size, source, shuffle in ((3, REC, False), (3, REC_IDX, True), (4, LIST, True), (9, REC_IDX, False))]
ITERATED += [f"epochs(ImageIter(3, (3, 16, 20), {REC_IDX}, num_parts={parts}, part_index={part}))"
             for parts, part in ((2, 0), (2, 1), (9, 0), (3, 3))]
ITERATED += [
    "epochs(ImageIter(3, (3, 16, 20), path_imglist=folder + '/a.lst', path_root=folder, label_width=2, dtype='int32'))",
    f"epochs(ImageIter(3, (3, 16, 20), {REC_IDX}, path_imglist=folder + '/a.lst', label_width=2))",
    "epochs(ImageIter(2, (3, 16, 20), 2, imglist=[[1, 2, '0.png'], [[3, 4], '1.png']], path_root=folder))",
    f"epochs(ImageIter(3, (3, 16, 20), {REC_IDX}, shuffle=True, resize=40, rand_crop=True, rand_mirror=True, "
    "mean=True))",
    f"epochs(ImageIter(3, (3, 16, 20), {REC}, aug_list=[ForceResizeAug((20, 16))]))",
    f"epochs(ImageIter(3, (3, 16, 20), {REC}, aug_list=[]))", f"ImageIter(3, (3, 16, 20), {REC}, foo=1)",
    f"ImageIter(3, (3, 16), {REC})", f"ImageIter(3, (1, 16, 20), {REC})", "ImageIter(3, (3, 16, 20))",
    f"ImageIter(3, (3, 16, 20), {REC}, shuffle=True)", f"ImageIter(3, (3, 16, 20), {REC}, dtype='uint8')",
    "ImageIter(3, (3, 16, 20), path_imgrec='no.rec')", "ImageIter(3, (3, 16, 20), path_imglist='no.lst')",
    "epochs(ImageIter(1, (3, 16, 20), imglist=[[1, 'a.lst']], path_root=folder))",
    "epochs(ImageIter(1, (3, 16, 20), imglist=[[1, 'no.png']], path_root=folder))",
    "epochs(ImageIter(1, (3, 16, 20), imglist=[[1, '0.png']]))", "epochs(ImageIter(1, (3, 16, 20), imglist=[]))"]
ITERATED += [f"epochs(ImageDetIter({size}, (3, 16, 20), {BOX_REC}, shuffle={shuffle}, last_batch_handle='{handle}'))"
             for handle in ("pad", "discard", "roll_over") for size, shuffle in ((3, False), (4, True))]
ITERATED += [
    f"epochs(ImageDetIter(3, (3, 16, 20), {BOX_REC}, rand_crop=0.6, rand_pad=0.5, rand_mirror=True, mean=True, "
    "min_object_covered=[0.3, 0.6], inter_method=10))",
    "epochs(ImageDetIter(2, (3, 16, 20), imglist=[[4, 5, 9, 9, 1, .1, .2, .5, .7, '0.png']] * 3, path_root=folder))",
    "epochs(ImageDetIter(2, (3, 16, 20), imglist=[[2, 5, i, .1, .2, .5, .7, '0.png'] for i in (-1, 1)], "
    "path_root=folder))",
    "ImageDetIter(2, (3, 16, 20), imglist=[[2, 5, 1, .5, .5, .2, .2, '0.png']], path_root=folder)",
    "ImageDetIter(2, (3, 16, 20), imglist=[[2, 5, 1, .1, '0.png']], path_root=folder)",
    "ImageDetIter(2, (3, 16, 20), imglist=[[2, 5, 1, .1, .2, .5, .7, 3, '0.png']], path_root=folder)"]
ITERATED += [f"reshaped(ImageDetIter(3, (3, 16, 20), {BOX_REC}), {shapes})" for shapes in
             ("None, (8, 5)", "(3, 16, 20), (4, 5)", "None, (2, 5)", "None, (8, 6)", "None, (8,)", "(1, 2, 3)",
              "(3, 9, 9)")]
ITERATED += [f"synced(ImageDetIter(3, (3, 16, 20), {BOX_REC}), {other})" for other in
             ("ImageDetIter(1, (3, 9, 9), imglist=[[2, 5, 1, .1, .2, .5, .7, '0.png']], path_root=folder)",
              "ImageDetIter(1, (3, 9, 9), imglist=[[2, 6, 1, .1, .2, .5, .7, 3, '0.png']], path_root=folder)",
              f"ImageIter(1, (3, 9, 9), {REC})")]

CASES = [(code, seed) for code in DRAWN for seed in range(3)] + [(code, 0) for code in TOLD + ITERATED]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(pixels: np.ndarray, depth: int, kind: int) -> bytes:
    height, width = pixels.shape[:2]
    lines = pixels.astype(">u2" if depth == 16 else "u1").reshape(height, -1)
    raw = b"".join(b"\0" + line.tobytes() for line in lines)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)) + \
        _chunk(b"IDAT", zlib.compress(raw)) + _chunk(b"IEND", b"")


def png(depth: int, kind: int) -> bytes:
    """A PNG file of `kind` 0 grey, 2 colour, 4 grey and 6 colour with transparency."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    return _png(np.arange(4 * 5 * channels).reshape(4, 5, channels) * (3 if depth == 8 else 999), depth, kind)


def turned(orientation: int) -> bytes:
    """JPEG, with Exif data that say how the camera was held."""
    tiff = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x112, 3, 1, orientation, 0)
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff + JPEG[2:]


def make_files(folder: str) -> None:
    """Images, a list of them, and record files with classes and with boxes."""
    rs = np.random.RandomState(3)
    written: dict = {"a": [], "boxes": []}
    with open(os.path.join(folder, "a.lst"), "w") as lst:
        for i in range(7):
            height, width = rs.randint(18, 30, 2)
            image = _png(rs.randint(0, 256, (3, 4, 3)).repeat(height // 3, 0).repeat(width // 4, 1), 8, 2)
            with open(os.path.join(folder, f"{i}.png"), "wb") as f:
                f.write(image)
            low = rs.rand(1 + i % 4, 2).round(3) * 0.5
            boxes = np.hstack([rs.randint(0, 4, (len(low), 1)), low, low + 0.2 + rs.rand(len(low), 2).round(3) * 0.3])
            label = np.hstack([[2, 5], boxes.ravel()]).astype("f4")
            written["a"].append(struct.pack("<IfQQ", 0, i % 3, i, 0) + image)
            written["boxes"].append(struct.pack("<IfQQ", label.size, 0, i, 0) + label.tobytes() + image)
            lst.write(f"{i}\t{i % 3}\t{i}\t{i}.png\n")
    for name, records in written.items():
        with open(os.path.join(folder, name + ".rec"), "wb") as f, open(os.path.join(folder, name + ".idx"), "w") as g:
            for i, record in enumerate(records):
                g.write(f"{i}\t{f.tell()}\n")
                f.write(struct.pack("<II", 0xCED7230A, len(record)) + record + b"\0" * (-len(record) % 4))


def _epochs(it) -> list:
    told = [it.provide_data, it.provide_label, it.num_image]
    for _ in range(3):
        told.append([[batch.data[0], batch.label[0].asnumpy().tolist(), batch.pad] for batch in it])
        it.reset()
    return told


def _reshaped(it, *shapes) -> list:
    it.reshape(*shapes)
    return [it.provide_data, it.provide_label, it.data_shape, it.label_shape, it.next().label[0].asnumpy().tolist()]


def _synced(one, other) -> list:
    assert one.sync_label_shape(other) is other
    return [one.label_shape, other.label_shape, other.provide_label]


def _boxed(augmenters) -> list:
    import mxnet as mx
    image, boxes = mx.nd.array(PHOTO, dtype="uint8"), BOXES.copy()
    for aug in augmenters:
        image, boxes = aug(image, boxes)
    return [image, boxes]


def _plain(value):
    """`value` in JSON; of an array its shape, dtype and 7 values."""
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
        picked = value.ravel()[np.linspace(0, value.size - 1, 7).astype(int)] if value.size else value.ravel()
        return {"shape": list(value.shape), "dtype": str(value.dtype), "picked": _plain(picked)}
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value.tolist()]
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def run(mx, code: str, seed: int, folder: str):
    """The answer of a case, or the class of its error, and what the random streams say afterwards."""
    random.seed(seed)
    np.random.seed(seed)
    names = {name: getattr(mx.image, name) for name in dir(mx.image)}
    names.update(globals(), nd=mx.nd, np=np, folder=folder, epochs=_epochs, reshaped=_reshaped, synced=_synced,
                 boxed=_boxed, image=lambda pixels, dtype="uint8": mx.nd.array(pixels, dtype=dtype),
                 planes=lambda pixels: mx.nd.array(pixels.transpose(2, 0, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = _plain(eval(code, names))
        except Exception as error:
            return {"error": type(error).__name__}
    return [answer, random.random(), np.random.rand()]
