"""python -m benchmarks pipelines [--mxnet INTERPRETER] [--rows a,b] [--rounds 5] [--images 2000]

Reads the same JPEGs through this package, through torch.utils.data and through real MXNet, in turns in one run, and
prints ratios of time, ours / theirs.  Each reads in a process of its own, which this file is as well.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

import numpy as np

BATCH, SIDE, CROP, WORKERS = 64, 256, 224, 2
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


# ------------------------------------------------------------------------------------------------ mxnet's rows


def read_records(mx, folder):
    """All records, one after the other."""
    reader = mx.recordio.MXRecordIO(os.path.join(folder, "images.rec"), "r")
    count = 0
    while reader.read() is not None:
        count += 1
    return count


def read_at_random(mx, folder):
    """All records by their keys, in another order."""
    reader = mx.recordio.MXIndexedRecordIO(os.path.join(folder, "images.idx"), os.path.join(folder, "images.rec"), "r")
    keys = np.random.RandomState(0).permutation(reader.keys)
    return sum(len(reader.read_idx(int(key))) > 0 for key in keys)


def record_iter(mx, folder, **given):
    """ImageRecordIter, with random crops, mirrored."""
    iterator = mx.io.ImageRecordIter(path_imgrec=os.path.join(folder, "images.rec"), data_shape=(3, CROP, CROP),
                                     batch_size=BATCH, preprocess_threads=WORKERS, rand_crop=True, rand_mirror=True,
                                     verbose=False, **given)
    count = 0
    for batch in iterator:
        batch.data[0].wait_to_read()
        count += BATCH - batch.pad
    return count


def record_iter_normalized(mx, folder):
    """The same with mean and deviation."""
    return record_iter(mx, folder, mean_r=123.68, mean_g=116.78, mean_b=103.94, std_r=58.4, std_g=57.1, std_b=57.4)


def image_loader(mx, folder):
    """DataLoader of an ImageRecordDataset with four transforms."""
    return load_images(mx, folder, "CenterCrop")


def training_loader(mx, folder):
    """The same with random crops that are resized, shuffled."""
    return load_images(mx, folder, "RandomResizedCrop", shuffle=True)


def load_images(mx, folder, crop, **given):
    from mxnet.gluon.data import DataLoader
    from mxnet.gluon.data.vision import ImageRecordDataset, transforms

    steps = transforms.Compose([getattr(transforms, crop)(CROP), transforms.RandomFlipLeftRight(),
                                transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    data = ImageRecordDataset(os.path.join(folder, "images.rec")).transform_first(steps)
    return sum(images.shape[0] for images, _ in DataLoader(data, BATCH, num_workers=WORKERS, **given))


def array_loader(mx, folder):
    """DataLoader of 10,000 small arrays in memory, two workers."""
    from mxnet.gluon.data import ArrayDataset, DataLoader

    data = ArrayDataset(*small_arrays())
    return sum(x.shape[0] for x, _ in DataLoader(data, BATCH, num_workers=WORKERS))


ROWS = {row.__name__: row for row in (read_records, read_at_random, record_iter, record_iter_normalized, image_loader,
                                      training_loader, array_loader)}


def small_arrays():
    return np.zeros((10000, 3, 16, 16), np.float32), np.arange(10000, dtype=np.float32)


# ------------------------------------------------------------------------------------------------ torch's rows


class TorchImages:
    """The images of the record file, for torch.utils.data: the same steps on OpenCV and torch."""

    def __init__(self, folder, crop):
        import torch

        import mxnet as mx

        self._reader = mx.recordio.MXIndexedRecordIO(os.path.join(folder, "images.idx"),
                                                     os.path.join(folder, "images.rec"), "r")
        self._unpack = mx.recordio.unpack
        self._crop = crop
        self._mean, self._std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]

    def __len__(self):
        return len(self._reader.keys)

    def __getitem__(self, i):
        import cv2
        import torch

        header, content = self._unpack(self._reader.read_idx(i))
        image = cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), 1), cv2.COLOR_BGR2RGB)
        image = torch.from_numpy(self._crop(image)).permute(2, 0, 1)
        if torch.rand(()) < 0.5:
            image = image.flip(2)
        return (image.float() / 255 - self._mean) / self._std, header.label


def middle(image):
    edge = (SIDE - CROP) // 2
    return image[edge:edge + CROP, edge:edge + CROP]


def random_part(image):
    """A part of random area and proportions, resized."""
    import cv2

    height, width = image.shape[:2]
    for _ in range(10):
        area = random.uniform(0.08, 1) * height * width
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if w <= width and h <= height:
            x, y = random.randint(0, width - w), random.randint(0, height - h)
            return cv2.resize(image[y:y + h, x:x + w], (CROP, CROP))
    return middle(image)


def torch_images(mx, folder):
    from torch.utils.data import DataLoader

    return sum(len(images) for images, _ in DataLoader(TorchImages(folder, middle), BATCH, num_workers=WORKERS))


def torch_training_images(mx, folder):
    from torch.utils.data import DataLoader

    loader = DataLoader(TorchImages(folder, random_part), BATCH, shuffle=True, num_workers=WORKERS)
    return sum(len(images) for images, _ in loader)


def torch_arrays(mx, folder):
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(*map(torch.from_numpy, small_arrays()))
    return sum(len(x) for x, _ in DataLoader(data, BATCH, num_workers=WORKERS))


TORCH_ROWS = {"image_loader": torch_images, "training_loader": torch_training_images, "array_loader": torch_arrays}


# ------------------------------------------------------------------------------------------------ processes


def serve(folder):
    """Answer `library row` lines with the seconds of a pass and how much it read."""
    import mxnet as mx

    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        library, name = line.split()
        start = time.perf_counter()
        count = (TORCH_ROWS if library == "torch" else ROWS)[name](mx, folder)
        answers.write(json.dumps([time.perf_counter() - start, count]) + "\n")
        answers.flush()


def write_images(folder, count):
    """`count` JPEGs with structure and noise, as photographs have them."""
    import cv2

    from mxnet import recordio

    rs = np.random.RandomState(0)
    writer = recordio.MXIndexedRecordIO(os.path.join(folder, "images.idx"), os.path.join(folder, "images.rec"), "w")
    for i in range(count):
        image = cv2.resize(rs.randint(0, 256, (32, 32, 3)).astype(np.uint8), (SIDE, SIDE),
                           interpolation=cv2.INTER_CUBIC)
        image = np.clip(image + rs.randint(-8, 8, image.shape), 0, 255).astype(np.uint8)
        writer.write_idx(i, recordio.pack_img((0, float(i % 10), i, 0), image, 95))
    writer.close()


class Reader:
    """A process that serves rows."""

    def __init__(self, interpreter, folder):
        self._process = subprocess.Popen([interpreter, __file__, "--serve", folder], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def seconds(self, library, name):
        self._process.stdin.write(f"{library} {name}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{library} cannot do {name}: run `python {__file__} --serve FOLDER` to see why")
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks pipelines", description=__doc__.split("\n\n")[1])
    parser.add_argument("--mxnet", default=os.environ.get("GLUEBALL_ORACLE"), help="an interpreter with real MXNet")
    parser.add_argument("--rows", default=",".join(ROWS), help="comma separated: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.serve:
        serve(args.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_images(folder, args.images)
        readers = {"ours": Reader(sys.executable, folder)}
        if args.mxnet:
            readers["mxnet"] = Reader(args.mxnet, folder)
        print(f"{'':64}{'ours s':>8}{'/ torch':>10}{'/ MXNet':>10}")
        for name in args.rows.split(","):
            report(name, readers, args.rounds)
        for reader in readers.values():
            reader.close()


def report(name, readers, rounds):
    """One row of the table: best times of each, taken in turns after one pass to warm up."""
    best, counts = {}, {}
    for turn in range(rounds + 1):
        for library in ("ours", "torch", "mxnet"):
            reader = readers.get("ours" if library == "torch" else library)
            if reader is None or (library == "torch" and name not in TORCH_ROWS):
                continue
            seconds, counts[library] = reader.seconds(library, name)
            if turn:
                best[library] = min(best.get(library, seconds), seconds)
    assert len(set(counts.values())) == 1, f"{name}: not all read as much: {counts}"
    cells = [f"{best['ours'] / best[other]:10.2f}" if other in best else f"{'-':>10}" for other in ("torch", "mxnet")]
    print(f"{ROWS[name].__doc__:64}{best['ours']:8.3f}{cells[0]}{cells[1]}", flush=True)


if __name__ == "__main__":
    main()
