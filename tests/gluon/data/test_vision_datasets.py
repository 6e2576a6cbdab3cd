"""gluon.data.vision: data sets from their published files, from folders of pictures and from RecordIO files."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import subprocess
import sys
import tarfile

import numpy as np
import pytest

import mxnet as mx
from mxnet import gluon, nd, recordio
from mxnet.gluon.data import vision
from web import serving

cv2 = pytest.importorskip("cv2")

PIXELS = np.random.RandomState(0).randint(0, 256, (5, 28, 28)).astype(np.uint8)


def sha1(path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


def idx(values) -> bytes:
    values = np.asarray(values, np.uint8)
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def write_digits(folder):
    """The four files, 5 images to train and 3 to test; returns (name, SHA-1) by the names of attributes."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    for kind, stem, number in (("train", "train", 5), ("test", "t10k", 3)):
        for what, suffix, values in (("data", "images-idx3-ubyte.gz", PIXELS[:number]),
                                     ("label", "labels-idx1-ubyte.gz", range(number))):
            path = folder / f"{stem}-{suffix}"
            path.write_bytes(gzip.compress(idx(values)))
            names[f"_{kind}_{what}"] = (path.name, sha1(path))
    return names


def write_batches(folder, names, labels):
    """Files of 2 pictures each, whose labels count from 0; returns [(name, SHA-1)]."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, files = np.random.RandomState(1), []
    for number, name in enumerate(names):
        samples = rng.randint(0, 256, (2, labels + 3072)).astype(np.uint8)
        for label in range(labels):
            samples[:, label] = [2 * number + 10 * label, 2 * number + 10 * label + 1]
        samples.tofile(folder / name)
        files.append((name, sha1(folder / name)))
    return files


def with_hashes(monkeypatch, cls, hashes):
    for name, value in hashes.items():
        monkeypatch.setattr(cls, name, value)


@pytest.fixture
def web(tmp_path, monkeypatch):
    with serving(tmp_path / "served") as web:
        monkeypatch.setenv("MXNET_GLUON_REPO", web.url)
        yield web


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("MXNET_GLUON_REPO", "http://127.0.0.1:9/")


@pytest.mark.usefixtures("offline")
class TestDigits:
    @pytest.mark.parametrize("cls", [vision.MNIST, vision.FashionMNIST])
    @pytest.mark.parametrize("train", [True, False])
    def test_samples(self, tmp_path, monkeypatch, cls, train):
        with_hashes(monkeypatch, cls, write_digits(tmp_path))
        data = cls(str(tmp_path), train)
        assert len(data) == (5 if train else 3)
        image, label = data[1]
        assert type(image) is nd.NDArray and image.dtype == np.uint8 and image.shape == (28, 28, 1)
        np.testing.assert_array_equal(image.asnumpy()[..., 0], PIXELS[1])
        assert type(label) is np.int32 and [label for _, label in data] == list(range(len(data)))
        images, labels = data[:2]
        assert images.shape == (2, 28, 28, 1) and labels.tolist() == [0, 1]
        with pytest.raises(IndexError):
            data[5]

    def test_transform(self, tmp_path, monkeypatch):
        with_hashes(monkeypatch, vision.MNIST, write_digits(tmp_path))
        data = vision.MNIST(str(tmp_path), transform=lambda image, label: (image.astype("float32") / 255, label + 1))
        assert data[4][0].dtype == np.float32 and data[4][1] == 5
        transformed = vision.MNIST(str(tmp_path), False).transform_first(vision.transforms.ToTensor())
        [(images, labels)] = gluon.data.DataLoader(transformed, 3)
        assert images.shape == (3, 1, 28, 28) and labels.dtype == np.int32

    def test_default_folder(self, tmp_path):
        script = "import mxnet as mx; print(mx.gluon.data.vision.MNIST.__init__.__defaults__[0])"
        out = subprocess.run([sys.executable, "-c", script], env={**os.environ, "MXNET_HOME": str(tmp_path)},
                             capture_output=True, text=True, check=True).stdout
        assert out.strip() == str(tmp_path / "datasets" / "mnist")

    def test_unpacked_files(self, tmp_path):
        for name, _ in write_digits(tmp_path).values():
            path = tmp_path / name
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
        assert vision.MNIST(str(tmp_path))[4][1] == 4

    def test_without_a_network_the_error_says_which_files_are_wanted(self, tmp_path, capsys):
        with pytest.raises(mx.MXNetError) as caught:
            vision.MNIST(str(tmp_path / "new"))
        for name, sha1_hash in (vision.MNIST._train_data, vision.MNIST._train_label):
            assert f"http://127.0.0.1:9/gluon/dataset/mnist/{name} (SHA-1 {sha1_hash})" in str(caught.value)
        assert str(tmp_path / "new") in str(caught.value) and (tmp_path / "new").is_dir()

    def test_wrong_content(self, tmp_path, capsys):
        files = write_digits(tmp_path)
        with pytest.raises(mx.MXNetError) as caught:
            vision.MNIST(str(tmp_path))
        assert files["_train_data"][1] in str(caught.value) and vision.MNIST._train_data[1] in str(caught.value)

    @pytest.mark.parametrize(("content", "message"), [
        (b"plain", "no gzip file"),
        (gzip.compress(idx(PIXELS))[:-99], "no gzip file"),
        (gzip.compress(b"\0\0\x08"), "no IDX file of bytes: it begins with 000008"),
        (gzip.compress(b"\0\0\x0d" + idx(PIXELS)[3:]), "no IDX file"),
        (gzip.compress(idx(PIXELS)[:-1]), r"should have \(5, 28, 28\) bytes after its head, but has 3919"),
        (gzip.compress(struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3)), "bytes after its head, but has 0"),
        (gzip.compress(idx(PIXELS[:4])), r"have shapes \(4, 28, 28\) and \(5,\)"),
    ])
    def test_damaged_files(self, tmp_path, monkeypatch, content, message):
        files = write_digits(tmp_path)
        path = tmp_path / files["_train_data"][0]
        path.write_bytes(content)
        with_hashes(monkeypatch, vision.MNIST, {**files, "_train_data": (path.name, sha1(path))})
        with pytest.raises(mx.MXNetError, match=message):
            vision.MNIST(str(tmp_path))


class TestDownloaded:
    def test_digits(self, web, tmp_path, monkeypatch):
        with_hashes(monkeypatch, vision.MNIST, write_digits(web.folder / "gluon/dataset/mnist"))
        root = tmp_path / "root"
        web.cuts = [100]
        assert len(vision.MNIST(str(root), train=False)) == 3
        assert sorted(path.name for path in root.iterdir()) == [vision.MNIST._test_data[0], vision.MNIST._test_label[0]]
        assert len(web.asked) == 3
        (root / vision.MNIST._test_label[0]).write_bytes(b"other")
        assert len(vision.MNIST(str(root), train=False)) == 3
        assert web.asked[3:] == [f"/gluon/dataset/mnist/{vision.MNIST._test_label[0]}"]

    def test_wrong_content(self, web, tmp_path):
        write_digits(web.folder / "gluon/dataset/mnist")
        with pytest.raises(UserWarning, match="the content hash does not match"):
            vision.MNIST(str(tmp_path / "root"))

    @pytest.mark.parametrize("folder", ["", "cifar-10-batches-bin/"])
    def test_pictures(self, web, tmp_path, monkeypatch, folder):
        served = web.folder / "gluon/dataset/cifar10"
        train = write_batches(served, [f"data_batch_{i}.bin" for i in range(1, 6)], 1)
        test = write_batches(served, ["test_batch.bin"], 1)
        archive = served / "cifar-10-binary.tar.gz"
        with tarfile.open(archive, "w:gz") as files:
            for name, _ in train + test:
                files.add(served / name, folder + name)
            files.add(served, "../outside", recursive=False)
        with_hashes(monkeypatch, vision.CIFAR10, {"_train_data": train, "_test_data": test,
                                                  "_archive_file": (archive.name, sha1(archive))})
        root = tmp_path / "root"
        data = vision.CIFAR10(str(root))
        assert len(data) == 10 and data._label.tolist() == list(range(10))
        assert sorted(path.name for path in root.iterdir()) == sorted([archive.name, *(n for n, _ in train + test)])
        assert len(vision.CIFAR10(str(root), train=False)) == 2 and len(web.asked) == 1
        (root / "test_batch.bin").write_bytes(b"other")
        assert len(vision.CIFAR10(str(root))) == 10 and len(web.asked) == 1  # from the archive that is there
        assert sha1(root / "test_batch.bin") == test[0][1]


@pytest.mark.usefixtures("offline")
class TestPictures:
    def test_samples(self, tmp_path, monkeypatch):
        train = write_batches(tmp_path, [f"data_batch_{i}.bin" for i in range(1, 6)], 1)
        with_hashes(monkeypatch, vision.CIFAR10, {
            "_train_data": train, "_test_data": write_batches(tmp_path, ["test_batch.bin"], 1)})
        data = vision.CIFAR10(str(tmp_path))
        image, label = data[3]
        assert type(image) is nd.NDArray and image.dtype == np.uint8 and image.shape == (32, 32, 3)
        assert type(label) is np.int32 and label == 3
        planes = np.fromfile(tmp_path / "data_batch_2.bin", np.uint8)[3073 + 1:].reshape(3, 32, 32)
        np.testing.assert_array_equal(image.asnumpy(), planes.transpose(1, 2, 0))
        assert vision.CIFAR10(str(tmp_path), False, lambda image, label: label)[1] == 1

    def test_labels_of_100_classes(self, tmp_path, monkeypatch):
        with_hashes(monkeypatch, vision.CIFAR100, {"_train_data": write_batches(tmp_path, ["train.bin"], 2),
                                                   "_test_data": write_batches(tmp_path, ["test.bin"], 2)})
        assert vision.CIFAR100(str(tmp_path))._label.tolist() == [0, 1]
        data = vision.CIFAR100(str(tmp_path), fine_label=True, train=False)
        assert data._label.tolist() == [10, 11] and data[0][0].shape == (32, 32, 3)

    def test_without_a_network_the_error_says_which_file_is_wanted(self, tmp_path, capsys):
        with pytest.raises(mx.MXNetError) as caught:
            vision.CIFAR100(str(tmp_path))
        name, sha1_hash = vision.CIFAR100._archive_file
        assert f"http://127.0.0.1:9/gluon/dataset/cifar100/{name} (SHA-1 {sha1_hash})" in str(caught.value)

    def test_damaged_files(self, tmp_path, monkeypatch, capsys):
        (tmp_path / "train.bin").write_bytes(b"abc")
        with_hashes(monkeypatch, vision.CIFAR100, {"_train_data": [("train.bin", sha1(tmp_path / "train.bin"))],
                                                   "_test_data": []})
        with pytest.raises(mx.MXNetError, match=r"train.bin should be of samples of 3074 bytes, but has 3 bytes"):
            vision.CIFAR100(str(tmp_path))
        archive = tmp_path / vision.CIFAR10._archive_file[0]
        archive.write_bytes(gzip.compress(b"no tar"))
        with pytest.raises(mx.MXNetError, match=f"What is there now has SHA-1 {sha1(archive)}"):
            vision.CIFAR10(str(tmp_path))


PICTURE = (np.arange(60).reshape(4, 5, 3) * 4).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two classes, of 3 and 1 pictures, and things that are none."""
    for name in ("b/2.PNG", "b/10.png", "b/1.jpeg", "a/x.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(cv2.imencode(path.suffix, PICTURE)[1].tobytes())
    (tmp_path / "b" / "notes.txt").touch()
    (tmp_path / "b" / "inner.jpg.d").mkdir()
    (tmp_path / "readme.jpg").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.filterwarnings("ignore:Ignoring")
class TestImageFolder:
    def test_items(self, folder):
        data = vision.ImageFolderDataset(str(folder))
        assert data.synsets == ["a", "b", "empty"]
        assert data.items == [(str(folder / name), label) for name, label in
                              (("a/x.jpg", 0), ("b/1.jpeg", 1), ("b/10.png", 1), ("b/2.PNG", 1))]
        assert len(data) == 4

    def test_samples(self, folder):
        image, label = vision.ImageFolderDataset(str(folder))[2]
        np.testing.assert_array_equal(image.asnumpy(), PICTURE[..., ::-1])
        assert type(image) is nd.NDArray and (type(label), label) == (int, 1)
        assert vision.ImageFolderDataset(str(folder), 0)[0][0].shape == (4, 5, 1)
        data = vision.ImageFolderDataset(str(folder), transform=lambda image, label: (image.shape, label))
        assert data[0] == ((4, 5, 3), 0)

    def test_what_is_passed_over(self, folder):
        with pytest.warns(UserWarning) as warned:
            vision.ImageFolderDataset(str(folder))
        supported = "Only support .jpg, .jpeg, .png"
        assert [str(w.message) for w in warned] == [
            f"Ignoring {folder / 'b' / 'inner.jpg.d'} of type .d. {supported}",
            f"Ignoring {folder / 'b' / 'notes.txt'} of type .txt. {supported}",
            f"Ignoring {folder / 'readme.jpg'}, which is not a directory."]
        assert {w.filename for w in warned} == {__file__}

    def test_refused(self, folder):
        with pytest.raises(FileNotFoundError):
            vision.ImageFolderDataset(str(folder / "none"))
        (folder / "a" / "x.jpg").write_bytes(b"no picture")
        with pytest.raises(mx.MXNetError):
            vision.ImageFolderDataset(str(folder))[0]


def test_image_records(tmp_path):
    path = str(tmp_path / "a.rec")
    record = recordio.MXIndexedRecordIO(str(tmp_path / "a.idx"), path, "w")
    for i, label in enumerate((3.0, np.array([1, 2], np.float32))):
        header = recordio.IRHeader(0, label, i, 0)
        record.write_idx(i, recordio.pack_img(header, PICTURE, img_fmt=".png"))
    record.close()
    data = vision.ImageRecordDataset(path)
    assert isinstance(data, gluon.data.RecordFileDataset) and len(data) == 2
    image, label = data[0]
    np.testing.assert_array_equal(image.asnumpy(), PICTURE[..., ::-1])
    assert (type(label), label) == (float, 3.0)
    assert data[1][1].tolist() == [1, 2]
    assert vision.ImageRecordDataset(path, 0)[0][0].shape == (4, 5, 1)
    assert vision.ImageRecordDataset(path, transform=lambda image, label: (image.shape, label))[0] == ((4, 5, 3), 3.0)
    tensors = data.transform_first(vision.transforms.Compose([vision.transforms.Resize(3),
                                                              vision.transforms.ToTensor()]))
    loaded = gluon.data.DataLoader(gluon.data.SimpleDataset([tensors[0][0], tensors[1][0]]), 2)
    assert next(iter(loaded)).shape == (2, 3, 3, 3)
