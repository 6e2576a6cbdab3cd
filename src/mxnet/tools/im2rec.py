"""From a folder of images to a list of them, and from a list to a RecordIO file: `python -m mxnet.tools.im2rec`.

    python -m mxnet.tools.im2rec --list --recursive data images/   # writes data.lst
    python -m mxnet.tools.im2rec --resize 256 data images/         # writes data.rec and data.idx
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from mxnet import recordio
from mxnet.ops.opencv import _opencv

__all__ = ["encode", "list_image", "main", "make_list", "make_record", "parse_args", "read_list", "write_list"]

_SEED = 100  # MXNet's: the same folder gives the same list everywhere

Item = tuple[int, str, list[float]]  # number, path below the root, labels


# ------------------------------------------------------------------------------------------------ lists


def list_image(root: str, recursive: bool, exts: Iterable[str]) -> Iterator[tuple[int, str, int]]:
    """(number, path, label) of each image below `root`, in order of names.

    The label numbers the folders that have images if `recursive`; if not, only those in `root` are found and it is 0.
    """
    exts = {ext.lower() for ext in exts}
    number = 0
    labels: dict[str, int] = {}
    for folder, folders, files in os.walk(root, followlinks=True):
        folders.sort()
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in exts:
                label = labels.setdefault(folder, len(labels)) if recursive else 0
                yield number, os.path.relpath(os.path.join(folder, name), root), label
                number += 1
        if not recursive:
            return
    for folder, label in sorted(labels.items(), key=lambda item: item[1]):
        print(os.path.relpath(folder, root), label)


def write_list(path_out: str, image_list: Iterable[tuple]) -> None:
    """A file of lines `number<tab>label<tab>...<tab>path`."""
    with open(path_out, "w") as file:
        for number, path, *labels in image_list:
            file.write("\t".join([str(number), *(f"{label:f}" for label in labels), path]) + "\n")


def read_list(path_in: str) -> Iterator[Item]:
    """The lines that `write_list` wrote; others are reported and passed over."""
    with open(path_in) as file:
        for number, line in enumerate(file, 1):
            words = [word.strip() for word in line.strip().split("\t")]
            try:
                labels = [float(word) for word in words[1:-1]]
                if not labels:
                    raise ValueError("expected a number, labels and a path, with tabs between them")
                yield int(words[0]), words[-1], labels
            except ValueError as error:
                print(f"{path_in}, line {number}: {error}: {line.strip()[:80]!r}; left out", file=sys.stderr)


def make_list(args: argparse.Namespace) -> None:
    """Write the lists: <prefix>.lst, in `chunks` and in _train, _test and _val as the ratios say."""
    images = list(list_image(args.root, args.recursive, args.exts))
    if args.shuffle:
        random.Random(_SEED).shuffle(images)
    size = -(-len(images) // args.chunks)
    for i in range(args.chunks):
        chunk = images[i * size:(i + 1) * size]
        name = f"{args.prefix}_{i}" if args.chunks > 1 else args.prefix
        if args.train_ratio == 1:
            write_list(f"{name}.lst", chunk)
            continue
        test = int(len(chunk) * args.test_ratio)
        train = test + int(len(chunk) * args.train_ratio)
        if args.test_ratio:
            write_list(f"{name}_test.lst", chunk[:test])
        if args.train_ratio + args.test_ratio < 1:
            write_list(f"{name}_val.lst", chunk[train:])
        write_list(f"{name}_train.lst", chunk[test:train])


# ------------------------------------------------------------------------------------------------ records


def encode(args: argparse.Namespace, item: Item) -> bytes:
    """The record of an image; ValueError for one that cannot be read."""
    number, path, labels = item
    header = recordio.IRHeader(0, labels if args.pack_label and len(labels) > 1 else labels[0], number, 0)
    with open(os.path.join(args.root, path), "rb") as file:
        content = file.read()
    if args.pass_through:
        return recordio.pack(header, content)
    cv2 = _opencv()
    image = cv2.imdecode(np.frombuffer(content, np.uint8), args.color) if content else None
    if image is None:
        raise ValueError("it holds no image that can be decoded")
    height, width = image.shape[:2]
    if args.center_crop:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        image = image[top:top + side, left:left + side]
        height = width = side
    if args.resize:
        size = ((args.resize, height * args.resize // width) if height > width
                else (width * args.resize // height, args.resize))
        image = cv2.resize(image, size)
    return recordio.pack_img(header, np.ascontiguousarray(image), args.quality, args.encoding)


def _encoded(args: argparse.Namespace, items: Iterable[Item]) -> Iterator[tuple[Item, bytes]]:
    """Items with their records, in order, made by threads; what cannot be read is reported and left out."""
    with ThreadPoolExecutor(args.num_thread) as pool:
        coming: deque[tuple[Item, Future[bytes]]] = deque()
        for item in items:
            coming.append((item, pool.submit(encode, args, item)))
            if len(coming) > 4 * args.num_thread:
                yield from _finished(*coming.popleft())
        while coming:
            yield from _finished(*coming.popleft())


def _finished(item, future):
    try:
        yield item, future.result()
    except (OSError, ValueError) as error:
        print(f"{item[1]}: {error}; left out", file=sys.stderr)


def make_record(args: argparse.Namespace, path_list: str) -> int:
    """Write the .rec and .idx files beside a list; how many images are in them."""
    base = os.path.splitext(path_list)[0]
    print(f"Creating .rec file from {path_list}")
    record = recordio.MXIndexedRecordIO(f"{base}.idx", f"{base}.rec", "w")
    count, start = 0, time.time()
    for (number, _, _), content in _encoded(args, read_list(path_list)):
        record.write_idx(number, content)
        count += 1
        if count % 1000 == 0:
            print(f"time: {time.time() - start:.2f} count: {count}")
    record.close()
    print(f"time: {time.time() - start:.2f} count: {count}")
    return count


# ------------------------------------------------------------------------------------------------ the command


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The options of the command line, by default this program's own."""
    parser = argparse.ArgumentParser(
        "im2rec", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Create an image list or make a record database by reading from an image list")
    parser.add_argument("prefix", help="prefix of the .lst, .rec and .idx files")
    parser.add_argument("root", help="folder of the images")
    lists = parser.add_argument_group("Options for creating image lists")
    lists.add_argument("--list", action="store_true",
                       help="create <prefix>.lst from the images in root; if not, read it and create <prefix>.rec")
    lists.add_argument("--exts", nargs="+", default=[".jpeg", ".jpg", ".png"], help="endings of images")
    lists.add_argument("--chunks", type=int, default=1, help="number of lists")
    lists.add_argument("--train-ratio", type=float, default=1.0, help="share of images for training")
    lists.add_argument("--test-ratio", type=float, default=0, help="share of images for testing")
    lists.add_argument("--recursive", action="store_true", help="walk through subfolders, with a label for each")
    lists.add_argument("--no-shuffle", dest="shuffle", action="store_false", help="leave images in order of names")
    records = parser.add_argument_group("Options for creating database")
    records.add_argument("--pass-through", action="store_true", help="pack files as they are")
    records.add_argument("--resize", type=int, default=0, help="length of the shorter edge, 0 to leave it")
    records.add_argument("--center-crop", action="store_true", help="cut out a square in the middle")
    records.add_argument("--quality", type=int, default=95, help="of JPEG, 1 to 100; compression of PNG, 1 to 9")
    records.add_argument("--num-thread", type=int, default=1, help="number of threads that encode")
    records.add_argument("--color", type=int, default=1, choices=[-1, 0, 1],
                         help="1: colour; 0: grey; -1: what the image has, alpha too")
    records.add_argument("--encoding", default=".jpg", choices=[".jpg", ".png"], help="how images are encoded")
    records.add_argument("--pack-label", action="store_true", help="pack all labels of an image, not the first")
    args = parser.parse_args(argv)
    args.prefix, args.root = os.path.abspath(args.prefix), os.path.abspath(args.root)
    for name in ("chunks", "num_thread"):
        if getattr(args, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1, got {getattr(args, name)}")
    return args


def main(argv: list[str] | None = None) -> int:
    """Make lists or records as the command line says; the exit code."""
    args = parse_args(argv)
    if args.list:
        make_list(args)
        return 0
    folder, start = os.path.split(args.prefix)
    lists = sorted(entry.path for entry in os.scandir(folder)
                   if entry.is_file() and entry.name.startswith(start) and entry.name.endswith(".lst"))
    if not lists:
        print(f"Did not find any list file with prefix {args.prefix}; make one with --list", file=sys.stderr)
        return 1
    for path in lists:
        make_record(args, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
