"""Data sets of images: those that everybody knows, from files as they are published, and one's own pictures."""

from __future__ import annotations

import gzip
import os
import struct
import tarfile
import warnings
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from .... import base, image, recordio
from .... import ndarray as nd
from ....base import MXNetError
from ....ndarray.params_file import write_atomically
from ...utils import _get_repo_file_url, check_sha1, download
from .. import dataset

__all__ = ["CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "ImageFolderDataset", "ImageRecordDataset"]


def _default_root(name: str) -> str:
    """Where a data set is kept: $MXNET_HOME/datasets, ~/.mxnet/datasets."""
    return os.path.join(base.data_dir(), "datasets", name)


def _fetch(namespace: str, files: Iterable[tuple[str, str]], root: str) -> list[str]:
    """The paths of files in `root`, given as (name, SHA-1), downloaded where they are missing or wrong.

    MXNetError that tells which files to put where, if they cannot be downloaded.
    """
    files = list(files)
    try:
        return [download(_get_repo_file_url(f"gluon/dataset/{namespace}", name), path=root, sha1_hash=sha1)
                for name, sha1 in files]
    except MXNetError as error:
        wanted = "".join(f"\n    {_get_repo_file_url(f'gluon/dataset/{namespace}', name)} (SHA-1 {sha1})"
                         for name, sha1 in files)
        raise MXNetError(f"The data set {namespace} is not in {root} and cannot be downloaded. Put there by other "
                         f"means:{wanted}\nThe download said: {error}") from error


# -------------------------------------------------------------------------------------------------------- MNIST


def _read_idx(path: str) -> np.ndarray:
    """The bytes of an IDX file, in their shape; MXNetError for what is none.

    Two bytes 0, 8 for unsigned bytes, the number of dimensions, each of them in 4 bytes with the highest first.
    """
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            content = file.read()
    except (EOFError, gzip.BadGzipFile) as error:
        raise MXNetError(f"{path} is no gzip file, or not a whole one: {error}") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise MXNetError(f"{path} is no IDX file of bytes: it begins with {content[:4].hex()}")
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    data = np.frombuffer(content, np.uint8, offset=start)
    if data.size != np.prod(shape, dtype=object):
        raise MXNetError(f"{path} should have {shape} bytes after its head, but has {data.size}")
    return data.reshape(shape)


class MNIST(dataset._DownloadedDataset):
    """Handwritten digits: 60000 to train and 10000 to test, of 28 x 28 pixels.  Source: http://yann.lecun.com/exdb/mnist

    A sample is (NDArray (28, 28, 1) uint8, int32 label).

    root: folder with the four files *-ubyte.gz (or without .gz, unpacked), which are downloaded if need be; by default
    $MXNET_HOME/datasets/mnist.  train: the training set, or the other one.  transform: function of data and label.
    MXNetError without a network, which tells where to put which files, and for files that are damaged.
    """

    _train_data = ("train-images-idx3-ubyte.gz", "6c95f4b05d2bf285e1bfb0e7960c31bd3b3f8a7d")
    _train_label = ("train-labels-idx1-ubyte.gz", "2a80914081dc54586dbdf242f9805a6b8d2a15fc")
    _test_data = ("t10k-images-idx3-ubyte.gz", "c3a25af1f52dad7f726cce8cacb138654b760d48")
    _test_label = ("t10k-labels-idx1-ubyte.gz", "763e7fa3757d93b0cdec073cef058b2004252c17")
    _namespace = "mnist"

    def __init__(self, root: str = _default_root("mnist"), train: bool = True, transform: Callable | None = None):
        self._train = train
        super().__init__(root, transform)

    def _get_data(self):
        files = (self._train_data, self._train_label) if self._train else (self._test_data, self._test_label)
        unpacked = [os.path.join(self._root, name.removesuffix(".gz")) for name, _ in files]
        packed = any(os.path.exists(path + ".gz") for path in unpacked)
        there = not packed and all(map(os.path.exists, unpacked))
        paths = unpacked if there else _fetch(self._namespace, files, self._root)
        data, label = map(_read_idx, paths)
        if data.ndim != 3 or label.shape != data.shape[:1]:
            raise MXNetError(f"{paths[0]} and {paths[1]} should have images and their labels, but have shapes "
                             f"{data.shape} and {label.shape}")
        self._data = nd.array(data[..., None], dtype=data.dtype)
        self._label = label.astype(np.int32)


class FashionMNIST(MNIST):
    """Pictures of clothes in place of digits; else as `MNIST`.  Source: https://github.com/zalandoresearch/fashion-mnist

    root: by default $MXNET_HOME/datasets/fashion-mnist.
    """

    _train_data = ("train-images-idx3-ubyte.gz", "0cf37b0d40ed5169c6b3aba31069a9770ac9043d")
    _train_label = ("train-labels-idx1-ubyte.gz", "236021d52f1e40852b06a4c3008d8de8aef1e40b")
    _test_data = ("t10k-images-idx3-ubyte.gz", "626ed6a7c06dd17c0eec72fa3be1740f146a2863")
    _test_label = ("t10k-labels-idx1-ubyte.gz", "17f9ab60e7257a1620f4ad76bbbaf857c3920701")
    _namespace = "fashion-mnist"

    def __init__(self, root: str = _default_root("fashion-mnist"), train: bool = True,
                 transform: Callable | None = None):
        super().__init__(root, train, transform)


# -------------------------------------------------------------------------------------------------------- CIFAR


class CIFAR10(dataset._DownloadedDataset):
    """Pictures of 10 classes: 50000 to train and 10000 to test, of 32 x 32 pixels.

    A sample is (NDArray (32, 32, 3) uint8, int32 label).  Source: https://www.cs.toronto.edu/~kriz/cifar.html

    root: folder with the files *.bin, or with cifar-10-binary.tar.gz, which is downloaded if need be; by default
    $MXNET_HOME/datasets/cifar10.  train: the training set, or the other one.  transform: function of data and label.
    MXNetError without a network, which tells where to put which file, and for files that are damaged.
    """

    _archive_file = ("cifar-10-binary.tar.gz", "fab780a1e191a7eda0f345501ccd62d20f7ed891")
    _train_data = [("data_batch_1.bin", "aadd24acce27caa71bf4b10992e9e7b2d74c2540"),
                   ("data_batch_2.bin", "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795"),
                   ("data_batch_3.bin", "1dd00a74ab1d17a6e7d73e185b69dbf31242f295"),
                   ("data_batch_4.bin", "aab85764eb3584312d3c7f65fd2fd016e36a258e"),
                   ("data_batch_5.bin", "26e2849e66a845b7f1e4614ae70f4889ae604628")]
    _test_data = [("test_batch.bin", "67eb016db431130d61cd03c7ad570b013799c88c")]
    _namespace = "cifar10"

    _labels, _label_at = 1, 0  # how many bytes of labels go before the pixels, and which of them is wanted

    def __init__(self, root: str = _default_root("cifar10"), train: bool = True, transform: Callable | None = None):
        self._train = train
        super().__init__(root, transform)

    def _read_batch(self, filename: str) -> tuple[np.ndarray, np.ndarray]:
        """The images and the labels of a file."""
        content, size = np.fromfile(filename, np.uint8), self._labels + 3 * 32 * 32
        if content.size % size:
            raise MXNetError(f"{filename} should be of samples of {size} bytes, but has {content.size} bytes")
        samples = content.reshape(-1, size)
        images = samples[:, self._labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return images, samples[:, self._label_at].astype(np.int32)

    def _get_data(self):
        files = self._train_data + self._test_data
        if not all(self._is_right(*file) for file in files):
            self._unpack(files)
        chosen = self._train_data if self._train else self._test_data
        data, label = zip(*(self._read_batch(os.path.join(self._root, name)) for name, _ in chosen), strict=True)
        self._data = nd.array(np.concatenate(data), dtype=np.uint8)
        self._label = np.concatenate(label)

    def _is_right(self, name: str, sha1: str) -> bool:
        path = os.path.join(self._root, name)
        return os.path.exists(path) and check_sha1(path, sha1)

    def _unpack(self, files: list[tuple[str, str]]) -> None:
        """Take files from the archive, MXNet's or the original one, where they lie in a folder."""
        path = os.path.join(self._root, self._archive_file[0])
        if not (os.path.exists(path) and self._extract(path, files)):
            [path] = _fetch(self._namespace, [self._archive_file], self._root)
            if not self._extract(path, files):
                raise MXNetError(f"{path} does not have the files with the expected SHA-1: {files}")

    def _extract(self, path: str, files: list[tuple[str, str]]) -> bool:
        """Whether all files were in the archive and are as they should be."""
        wanted = [name for name, _ in files]
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    name = os.path.basename(member.name)
                    content = archive.extractfile(member)  # None for folders
                    if content and name in wanted:
                        write_atomically(os.path.join(self._root, name), iter(partial(content.read, 1 << 20), b""))
        except (tarfile.TarError, EOFError, gzip.BadGzipFile):
            return False
        return all(self._is_right(*file) for file in files)


class CIFAR100(CIFAR10):
    """Pictures of 100 classes, in 20 groups: 50000 to train and 10000 to test, of 32 x 32 pixels.

    fine_label: labels are the classes, not the groups.  root: folder with the files *.bin, or with
    cifar-100-binary.tar.gz; by default $MXNET_HOME/datasets/cifar100.  Else as `CIFAR10`.
    """

    _archive_file = ("cifar-100-binary.tar.gz", "a0bb982c76b83111308126cc779a992fa506b90b")
    _train_data = [("train.bin", "e207cd2e05b73b1393c74c7f5e7bea451d63e08e")]
    _test_data = [("test.bin", "8fb6623e830365ff53cf14adec797474f5478006")]
    _namespace = "cifar100"

    _labels = 2

    def __init__(self, root: str = _default_root("cifar100"), fine_label: bool = False, train: bool = True,
                 transform: Callable | None = None):
        self._fine_label = fine_label
        self._label_at = int(fine_label)
        super().__init__(root, train, transform)


# --------------------------------------------------------------------------------------------- one's own pictures


class ImageRecordDataset(dataset.RecordFileDataset):
    """The images of a RecordIO file (.rec, with its index .idx beside it), as tools/im2rec.py writes it.

    A sample is (NDArray (height, width, channels) uint8, label: a float, or a NumPy array of several).

    flag: 0 for images in grey (1 channel), 1 for coloured ones (3).  transform: function of data and label.
    """

    def __init__(self, filename: str, flag: int = 1, transform: Callable | None = None):
        super().__init__(filename)
        self._flag = flag
        self._transform = transform

    def __getitem__(self, idx):
        header, content = recordio.unpack(super().__getitem__(idx))
        data = image.imdecode(content, self._flag)
        return (data, header.label) if self._transform is None else self._transform(data, header.label)


class ImageFolderDataset(dataset.Dataset):
    """Image files in folders, one for each class: root/car/0001.jpg, root/bus/123.png, ...

    A sample is (NDArray (height, width, channels) uint8, number of the class).  Classes and files are in alphabetical
    order; what is no folder, and files other than .jpg, .jpeg and .png, are passed over with a warning.

    root: path of the folder.  flag: 0 for images in grey (1 channel), 1 for coloured ones (3).
    transform: function of data and label.

    `synsets` are the names of the classes, `items` the images as (path, number of the class).
    """

    def __init__(self, root: str, flag: int = 1, transform: Callable | None = None):
        self._root = os.path.expanduser(root)
        self._flag = flag
        self._transform = transform
        self._exts = [".jpg", ".jpeg", ".png"]
        self._list_images(self._root)

    def _list_images(self, root: str) -> None:
        self.synsets: list[str] = []
        self.items: list[tuple[str, int]] = []
        for folder in sorted(os.listdir(root)):
            path = os.path.join(root, folder)
            if not os.path.isdir(path):
                warnings.warn(f"Ignoring {path}, which is not a directory.", stacklevel=3)
                continue
            label = len(self.synsets)
            self.synsets.append(folder)
            for name in sorted(os.listdir(path)):
                filename = os.path.join(path, name)
                extension = os.path.splitext(name)[1]
                if extension.lower() in self._exts:
                    self.items.append((filename, label))
                else:
                    warnings.warn(f"Ignoring {filename} of type {extension}. Only support {', '.join(self._exts)}",
                                  stacklevel=3)

    def __getitem__(self, idx):
        filename, label = self.items[idx]
        data = image.imread(filename, self._flag)
        return (data, label) if self._transform is None else self._transform(data, label)

    def __len__(self):
        return len(self.items)
