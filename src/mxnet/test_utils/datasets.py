"""Data that examples and tests download into the current folder; what is there already is used as it is."""

import bz2
import gzip
import os
import shutil
import zipfile

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
    """Gives the first batch of another iterator again and again, for measuring speed without the cost of reading."""

    def __init__(self, real_iter):
        super().__init__(real_iter.batch_size)
        self.real_iter = real_iter
        self.provide_data, self.provide_label = real_iter.provide_data, real_iter.provide_label
        self.the_batch = next(real_iter)

    def next(self):
        """The batch; there is no end."""
        return self.the_batch


def download(url, fname=None, dirname=None, overwrite=False, retries=5):
    """Fetch a file unless it is there; returns its name.

    fname: what to call it, by default what the address calls it.  dirname: the folder, made where it is missing.
    MXNetError, which tells where to put the file by other means, if it cannot be had.
    """
    from ..gluon.utils import download as fetch

    fname = url.split("/")[-1] if fname is None else fname
    return fetch(url, path=os.path.join(dirname or "", fname), overwrite=overwrite, retries=retries)


def download_model(model_name, dst_dir="./", meta_info=None):
    """Fetch a model's symbol and parameters: (prefix, 0), which mx.model.load_checkpoint reads; (None, 0) if unknown.

    dst_dir: where to put them.  meta_info: model -> {'symbol': address, 'params': address}, instead of MXNet's own.
    """
    if meta_info is None:
        meta_info = {name: {"symbol": f"{_SERVER}models/{stem}-symbol.json",
                            "params": f"{_SERVER}models/{stem}-{epoch:04d}.params"}
                     for name, (stem, epoch) in _MODELS.items()}
    if model_name not in meta_info:
        return None, 0
    addresses = meta_info[model_name]
    for part in ("symbol", "params"):
        assert part in addresses, f"meta_info of {model_name} has no address of its {part}"
    prefix = os.path.join(dst_dir, model_name)
    download(addresses["symbol"], prefix + "-symbol.json")
    download(addresses["params"], prefix + "-0000.params")
    return prefix, 0


# --------------------------------------------------------------------------------------------------- archives


def _extract(archive: str, folder: str):
    """Put what is in a zip file into a folder, unless all of it is there."""
    with zipfile.ZipFile(archive) as files:
        if not all(os.path.exists(os.path.join(folder, name)) for name in files.namelist()):
            files.extractall(folder)


def get_zip_data(data_dir, url, data_origin_name):
    """Fetch a zip file into the folder data_dir, where it is called data_origin_name, and extract it there."""
    _extract(download(url, data_origin_name, data_dir), data_dir)


def get_bz2_data(data_dir, data_name, url, data_origin_name):
    """Fetch a bz2 file and extract it as data_name into the folder data_dir; the fetched file is deleted."""
    target = os.path.join(data_dir, data_name)
    if os.path.exists(target):
        return
    packed = download(url, data_origin_name, data_dir)
    with bz2.open(packed) as source, open(target, "wb") as file:
        shutil.copyfileobj(source, file)
    os.remove(packed)


def get_cifar10():
    """Fetch CIFAR-10 as RecordIO: data/cifar/train.rec, test.rec, and lists of them."""
    if not all(os.path.exists(f"data/cifar/{name}") for name in ("train.rec", "test.rec", "train.lst", "test.lst")):
        get_zip_data("data", _SERVER + "mxnet/data/cifar10.zip", "cifar10.zip")


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
    if not all(os.path.exists(f"data/{name}") for name in _MNIST):
        get_zip_data("data", _SERVER + "mxnet/data/mnist.zip", "mnist.zip")


def get_mnist_iterator(batch_size, input_shape, num_parts=1, part_index=0):
    """(training, validation) iterators over MNIST, shuffled; images are flat unless input_shape has three sizes.

    num_parts, part_index: into how many parts the data are cut, and which to take.
    """
    get_mnist_ubyte()
    return tuple(MNISTIter(image=f"data/{part}-images-idx3-ubyte", label=f"data/{part}-labels-idx1-ubyte",
                           input_shape=input_shape, batch_size=batch_size, shuffle=True, flat=len(input_shape) != 3,
                           num_parts=num_parts, part_index=part_index) for part in ("train", "t10k"))


def get_im2rec_path(home_env="MXNET_HOME"):
    """The path of tools/im2rec.py of an MXNet whose folder $MXNET_HOME names, or next to this package.

    OSError if there is none.
    """
    home = os.environ.get(home_env, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for above in ("", os.path.join("..", "..")):
        path = os.path.join(home, above, "tools", "im2rec.py")
        if os.path.isfile(path):
            return path
    raise OSError(f"Could not find path to tools/im2rec.py: it is not in {home}")
