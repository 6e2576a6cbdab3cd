"""Data that examples and tests download into the current folder; what is there already is used as it is."""

import bz2
import gzip
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np

from ..base import MXNetError
from ..io import DataIter, MNISTIter

__all__ = ["DummyIter", "download", "download_model", "get_bz2_data", "get_cifar10", "get_im2rec_path", "get_mnist",
           "get_mnist_iterator", "get_mnist_pkl", "get_mnist_ubyte", "get_zip_data"]

_SERVER = "http://data.mxnet.io/"

# model -> where it is on the server, without the ending
_MODELS = {
    "imagenet1k-inception-bn": ("imagenet/inception-bn/Inception-BN", 126),
    "imagenet1k-resnet-18": ("imagenet/resnet/18-layers/resnet-18", 0),
    "imagenet1k-resnet-34": ("imagenet/resnet/34-layers/resnet-34", 0),
    "imagenet1k-resnet-50": ("imagenet/resnet/50-layers/resnet-50", 0),
    "imagenet1k-resnet-101": ("imagenet/resnet/101-layers/resnet-101", 0),
    "imagenet1k-resnet-152": ("imagenet/resnet/152-layers/resnet-152", 0),
    "imagenet1k-resnext-50": ("imagenet/resnext/50-layers/resnext-50", 0),
    "imagenet1k-resnext-101": ("imagenet/resnext/101-layers/resnext-101", 0),
    "imagenet1k-resnext-101-64x4d": ("imagenet/resnext/101-layers/resnext-101-64x4d", 0),
    "imagenet11k-resnet-152": ("imagenet-11k/resnet-152/resnet-152", 0),
    "imagenet11k-place365ch-resnet-152": ("imagenet-11k-place365-ch/resnet-152", 0),
    "imagenet11k-place365ch-resnet-50": ("imagenet-11k-place365-ch/resnet-50", 0),
}


class DummyIter(DataIter):
    """An iterator without end that has read one batch of `real_iter` and gives that one: all cost but that of reading.

    The batch is `the_batch`; batch size, data and label descriptions are the real iterator's.
    """

    def __init__(self, real_iter):
        super().__init__(batch_size=real_iter.batch_size)
        self.real_iter = real_iter
        self.the_batch = real_iter.next()

    @property
    def provide_data(self):
        """The real iterator's."""
        return self.real_iter.provide_data

    @property
    def provide_label(self):
        """The real iterator's."""
        return self.real_iter.provide_label

    def next(self):
        """The one batch."""
        return self.the_batch


def download(url, fname=None, dirname=None, overwrite=False, retries=5):
    """Fetch a file unless it is there; returns its name.

    fname: what to call it, by default what the address calls it.  dirname: the folder, made where it is missing.
    overwrite: fetch it in any case.  retries: how often to try.
    MXNetError, which tells where to put the file by other means, if it cannot be had.
    """
    from ..gluon.utils import download as fetch

    target = fname or url.rpartition("/")[2]
    return fetch(url, path=os.path.join(dirname, target) if dirname else target, overwrite=overwrite, retries=retries)


def _published(model_name: str) -> dict[str, str] | None:
    """Where MXNet's server has a model's symbol and parameters."""
    if model_name not in _MODELS:
        return None
    stem, epoch = _MODELS[model_name]
    address = f"{_SERVER}models/{stem}"
    return {"symbol": f"{address}-symbol.json", "params": f"{address}-{epoch:04d}.params"}


def download_model(model_name, dst_dir="./", meta_info=None):
    """Fetch a model's symbol and parameters: (prefix, 0), which mx.model.load_checkpoint reads; (None, 0) if unknown.

    dst_dir: where to put them.  meta_info: model -> {'symbol': address, 'params': address}, instead of MXNet's own.
    AssertionError if meta_info lacks one of both.
    """
    addresses = _published(model_name) if meta_info is None else meta_info.get(model_name)
    if addresses is None:
        return None, 0
    missing = {"symbol", "params"}.difference(addresses)
    if missing:
        raise AssertionError(f"meta_info of {model_name} has no address of its {' and '.join(sorted(missing))}")
    for part, ending in (("symbol", "-symbol.json"), ("params", "-0000.params")):
        download(addresses[part], model_name + ending, dst_dir)
    return os.path.join(dst_dir, model_name), 0


# --------------------------------------------------------------------------------------------------- archives


def _extract(archive: str, folder: str):
    """Put what is in a zip file into a folder, unless all of it is there."""
    with zipfile.ZipFile(archive) as files:
        if _missing(folder, files.namelist()):
            files.extractall(folder)


def get_zip_data(data_dir, url, data_origin_name):
    """Fetch a zip file into the folder data_dir, where it is called data_origin_name, and extract it there."""
    _extract(download(url, data_origin_name, data_dir), data_dir)


def get_bz2_data(data_dir, data_name, url, data_origin_name):
    """Have data_name in the folder data_dir: what a bz2 file, fetched as data_origin_name, holds; that one is deleted.

    What is extracted gets its name when it is whole.
    """
    target = os.path.join(data_dir, data_name)
    if not os.path.exists(target):
        archive = download(url, fname=data_origin_name, dirname=data_dir)
        unfinished = f"{target}.unfinished"
        with bz2.open(archive) as packed, open(unfinished, "wb") as file:
            shutil.copyfileobj(packed, file)
        os.replace(unfinished, target)
        os.remove(archive)


_CIFAR = ("train.rec", "train.lst", "test.rec", "test.lst")


def get_cifar10():
    """Have CIFAR-10 as RecordIO, and lists of it, in data/cifar: train.rec, train.lst, test.rec, test.lst."""
    if _missing("data/cifar", _CIFAR):
        get_zip_data("data", f"{_SERVER}mxnet/data/cifar10.zip", "cifar10.zip")


def _missing(folder: str, names) -> list[str]:
    """Which files are not in a folder."""
    return [name for name in names if not os.path.exists(os.path.join(folder, name))]


# ------------------------------------------------------------------------------------------------------ MNIST

_MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def get_mnist():
    """MNIST as a dict of NumPy arrays: train_data, train_label, test_data, test_label.

    Images are float32 from 0 to 1, shape (n, 1, 28, 28), labels int8.  Four files are fetched into the current folder.
    """
    images, labels, test_images, test_labels = (_read_idx(download(f"{_SERVER}data/mnist/{name}.gz"))
                                                for name in _MNIST)
    return {"train_data": _as_input(images), "train_label": labels.astype("int8"),
            "test_data": _as_input(test_images), "test_label": test_labels.astype("int8")}


def _as_input(images: np.ndarray) -> np.ndarray:
    return images[:, None].astype("float32") / 255


def _read_idx(path: str) -> np.ndarray:
    """The bytes of a gzipped IDX file, in the shape that its beginning tells."""
    with gzip.open(path) as file:
        content = file.read()
    rank = content[3] if len(content) > 4 and content[:3] == b"\0\0\x08" else 0
    shape = np.frombuffer(content, ">u4", rank, 4) if len(content) >= 4 + 4 * rank else ()
    if not rank or len(content) != 4 + 4 * rank + np.prod(shape, dtype=int):
        raise MXNetError(f"{path} is no whole IDX file of bytes")
    return np.frombuffer(content, "uint8", offset=4 + 4 * rank).reshape(shape)


def get_mnist_pkl():
    """Fetch MNIST as a pickle, data/mnist.pkl.gz."""
    download("http://deeplearning.net/data/mnist/mnist.pkl.gz", dirname="data")


def get_mnist_ubyte():
    """Fetch MNIST as IDX files into the folder data."""
    if _missing("data", _MNIST):
        get_zip_data("data", f"{_SERVER}mxnet/data/mnist.zip", "mnist.zip")


def get_mnist_iterator(batch_size, input_shape, num_parts=1, part_index=0):
    """(training, validation) iterators over MNIST, shuffled; images are flat unless input_shape has three sizes.

    num_parts, part_index: into how many parts the data are cut, and which to take.
    """
    get_mnist_ubyte()
    return tuple(MNISTIter(image=f"data/{part}-images-idx3-ubyte", label=f"data/{part}-labels-idx1-ubyte",
                           input_shape=input_shape, batch_size=batch_size, shuffle=True, flat=len(input_shape) != 3,
                           num_parts=num_parts, part_index=part_index) for part in ("train", "t10k"))


def get_im2rec_path(home_env="MXNET_HOME"):
    """The path of tools/im2rec.py: of the MXNet whose folder the variable `home_env` names, else of this package.

    The folder may be MXNet's sources or the package in them.  OSError if there is none.
    """
    home = Path(os.environ.get(home_env) or Path(__file__).parents[1])
    places = [folder / "tools" / "im2rec.py" for folder in (home, home.parent.parent)]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise OSError(f"Could not find path to tools/im2rec.py: there is neither {places[0]} nor {places[1]}")
    return str(found)
