"""Trained weights of the model zoo: a folder of `.params` files, filled from the network where one is missing."""

import logging
import os
import shutil
import tempfile
import zipfile

from ... import base
from ...base import MXNetError
from .._download import locked
from ..utils import _get_repo_file_url, apache_repo_url, check_sha1, download, replace_file  # noqa: F401

__all__ = ["get_model_file", "purge"]

ROOT = os.path.join(base.data_dir(), "models")
"""Where weights are kept by default: $MXNET_HOME/models, ~/.mxnet/models."""

# SHA-1 of the .params file of each model; its first 8 digits are part of the file's name.
_model_sha1 = {
    "alexnet": "44335d1f0046b328243b32a26a4fbd62d9057b45",
    "densenet121": "f27dbf2dbd5ce9a80b102d89c7483342cd33cb31",
    "densenet161": "b6c8a95717e3e761bd88d145f4d0a214aaa515dc",
    "densenet169": "2603f878403c6aa5a71a124c4a3307143d6820e9",
    "densenet201": "1cdbc116bc3a1b65832b18cf53e1cb8e7da017eb",
    "inceptionv3": "ed47ec45a937b656fcc94dabde85495bbef5ba1f",
    "mobilenet0.25": "9f83e440996887baf91a6aff1cccc1c903a64274",
    "mobilenet0.5": "8e9d539cc66aa5efa71c4b6af983b936ab8701c3",
    "mobilenet0.75": "529b2c7f4934e6cb851155b22c96c9ab0a7c4dc2",
    "mobilenet1.0": "6b8c5106c730e8750bcd82ceb75220a3351157cd",
    "mobilenetv2_0.25": "ae8f9392789b04822cbb1d98c27283fc5f8aa0a7",
    "mobilenetv2_0.5": "aabd26cd335379fcb72ae6c8fac45a70eab11785",
    "mobilenetv2_0.75": "e2be7b72a79fe4a750d1dd415afedf01c3ea818d",
    "mobilenetv2_1.0": "36da4ff1867abccd32b29592d79fc753bca5a215",
    "resnet101_v1": "d988c13d6159779e907140a638c56f229634cb02",
    "resnet101_v2": "18e93e4f48947e002547f50eabbcc9c83e516aa6",
    "resnet152_v1": "671c637a14387ab9e2654eafd0d493d86b1c8579",
    "resnet152_v2": "f2695542de38cf7e71ed58f02893d82bb409415e",
    "resnet18_v1": "a0666292f0a30ff61f857b0b66efc0228eb6a54b",
    "resnet18_v2": "a81db45fd7b7a2d12ab97cd88ef0a5ac48b8f657",
    "resnet34_v1": "48216ba99a8b1005d75c0f3a0c422301a0473233",
    "resnet34_v2": "9d6b80bbc35169de6b6edecffdd6047c56fdd322",
    "resnet50_v1": "0aee57f96768c0a2d5b23a6ec91eb08dfb0a45ce",
    "resnet50_v2": "ecdde35339c1aadbec4f547857078e734a76fb49",
    "squeezenet1.0": "264ba4970a0cc87a4f15c96e25246a1307caf523",
    "squeezenet1.1": "33ba0f93753c83d86e1eb397f38a667eaf2e9376",
    "vgg11": "dd221b160977f36a53f464cb54648d227c707a05",
    "vgg11_bn": "ee79a8098a91fbe05b7a973fed2017a6117723a8",
    "vgg13": "6bc5de58a05a5e2e7f493e2d75a580d83efde38c",
    "vgg13_bn": "7d97a06c3c7a1aecc88b6e7385c2b373a249e95e",
    "vgg16": "e660d4569ccb679ec68f1fd3cce07a387252a90a",
    "vgg16_bn": "7f01cf050d357127a73826045c245041b0df7363",
    "vgg19": "ad2f660d101905472b83590b59708b71ea22b2e5",
    "vgg19_bn": "f360b758e856f1074a85abd5fd873ed1d98297c3",
}


def short_hash(name: str) -> str:
    """The 8 digits in the name of a model's file; ValueError where there are no weights of that name."""
    if name not in _model_sha1:
        raise ValueError(f"Pretrained model for {name} is not available.")
    return _model_sha1[name][:8]


def get_model_file(name: str, root: str = ROOT) -> str:
    """The path of a model's weights: in `root` if they are there already, else downloaded to it.

    name: a model as `vision.get_model` knows it.  The server is $MXNET_GLUON_REPO, by default MXNet's.
    ValueError for an unknown name and for a download whose SHA-1 is not the expected one; MXNetError, which tells
    where to put the file by other means, where the server cannot be reached.
    """
    stem = f"{name}-{short_hash(name)}"
    root = os.path.expanduser(root)
    path = os.path.join(root, stem + ".params")
    if _is_there(path, name):
        return path
    if os.path.exists(path):
        logging.warning("Mismatch in the content of model file detected. Downloading again.")
    else:
        logging.info("Model file not found. Downloading to %s.", path)
    os.makedirs(root, exist_ok=True)
    with locked(path + ".lock"):
        if _is_there(path, name):
            return path  # from another process, which this one waited for
        # On the same file system, so that the checked file appears whole under its name.
        with tempfile.TemporaryDirectory(dir=root) as folder:
            archive = _fetch(stem, folder, path)
            replace_file(_unpack(archive, stem + ".params", folder, _model_sha1[name]), path)
    return path


def _is_there(path: str, name: str) -> bool:
    return os.path.exists(path) and check_sha1(path, _model_sha1[name])


def _fetch(stem: str, folder: str, path: str) -> str:
    """Download the archive of a model into `folder`."""
    url = _get_repo_file_url("gluon/models", stem + ".zip")
    try:
        return download(url, path=os.path.join(folder, stem + ".zip"), overwrite=True)
    except MXNetError as error:
        raise MXNetError(f"The weights cannot be downloaded from {url}. Put them at {path} by other means, or let "
                         "MXNET_GLUON_REPO name a server that has them under gluon/models/.") from error


def _unpack(archive: str, member: str, folder: str, sha1: str) -> str:
    """Take the one file out of the archive that it is there for, and check it."""
    target = os.path.join(folder, member)
    try:
        with zipfile.ZipFile(archive) as files, files.open(member) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"Downloaded file is no archive with {member}: {error}. Please try again.") from error
    if not check_sha1(target, sha1):
        raise ValueError(f"Downloaded file has different hash. Please try again. ({member}, expected {sha1})")
    return target


def purge(root: str = ROOT) -> None:
    """Delete all `.params` files in `root`."""
    root = os.path.expanduser(root)
    for name in os.listdir(root):
        if name.endswith(".params"):
            os.remove(os.path.join(root, name))
