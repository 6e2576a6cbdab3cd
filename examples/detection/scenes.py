"""Scenes made of what scikit-learn ships: its digits, pasted in all sizes onto parts of its two photographs.

Held-out scenes share neither a digit nor a spot of a photograph with those for training.
"""
from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from examples.digits import data
from mxnet import image, nd
from mxnet.gluon.data import DataLoader, Dataset, SimpleDataset, batchify

SIDE = 80  # of a scene, in pixels
SMALLEST, LARGEST, MOST = 18, 38, 3  # a digit's height in pixels; how many there are at most
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
CLASSES = [str(digit) for digit in range(10)]


def photographs(training: bool) -> list[np.ndarray]:
    """The left six tenths of each for training, the rest to hold out; uint8 (height, width, 3)."""
    parts = []
    for name in PHOTOGRAPHS:
        with as_file(files("sklearn.datasets.images") / name) as path:
            whole = image.imread(str(path)).asnumpy()
        border = whole.shape[1] * 6 // 10
        parts.append(whole[:, :border] if training else whole[:, border:])
    return parts


class Scenes(Dataset):
    """`count` scenes, each always the same: (image uint8 (SIDE, SIDE, 3), objects (n, 5)).

    An object is (class, left, top, right, bottom), its ink's box in fractions of the scene.
    """

    def __init__(self, count: int, training: bool = True):
        self.count, self.training = count, training
        digits = data.load()
        self.images, self.labels = ((digits.train_images, digits.train_labels) if training else
                                    (digits.test_images, digits.test_labels))
        self.photographs = photographs(training)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[nd.NDArray, np.ndarray]:
        rng = np.random.RandomState([index, self.training])
        photograph = self.photographs[rng.randint(len(self.photographs))]
        top, left = (rng.randint(size - SIDE) for size in photograph.shape[:2])
        scene = photograph[top:top + SIDE, left:left + SIDE].astype(np.float32)
        objects: list[list[float]] = []
        for _ in range(rng.randint(1, MOST + 1)):
            self._paste(scene, objects, rng)
        return nd.array(scene.round(), dtype="uint8"), np.array(objects, dtype=np.float32)

    def _paste(self, scene: np.ndarray, objects: list[list[float]], rng: np.random.RandomState) -> None:
        """One more digit, if a free place is found in a few attempts; light ink where it is dark, and else dark."""
        which = rng.randint(len(self.images))
        ink = cut_out(self.images[which, 0])
        height = rng.randint(SMALLEST, LARGEST + 1)
        width = max(4, round(height * ink.shape[1] / ink.shape[0]))
        ink = image.imresize(nd.array(ink[:, :, None]), width, height).asnumpy()
        for _ in range(10):
            top, left = rng.randint(SIDE - height), rng.randint(SIDE - width)
            box = [left / SIDE, top / SIDE, (left + width) / SIDE, (top + height) / SIDE]
            if all(apart(box, other[1:]) for other in objects):
                below = scene[top:top + height, left:left + width]
                colour = rng.uniform(0, 60, 3) if below.mean() > 128 else rng.uniform(195, 255, 3)
                below += ink * (colour - below)
                objects.append([float(self.labels[which]), *box])
                return


def cut_out(digit: np.ndarray) -> np.ndarray:
    """A digit without the empty rows and columns around it, its faintest strokes strengthened."""
    rows, columns = np.nonzero(digit > 0.2)
    return np.sqrt(digit[rows.min():rows.max() + 1, columns.min():columns.max() + 1])


def apart(one: list[float], other: list[float]) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


class Augment:
    """A scene as the network takes it, float32 (3, SIDE, SIDE), and its objects, after MXNet's augmenters."""

    def __init__(self, training: bool):
        more = {"rand_crop": 0.3, "min_object_covered": 0.95, "area_range": (0.5, 1.0), "brightness": 0.2,
                "contrast": 0.2} if training else {}
        self.augmenters = image.CreateDetAugmenter((3, SIDE, SIDE), mean=True, std=True, **more)

    def __call__(self, scene: nd.NDArray, objects: np.ndarray) -> tuple[nd.NDArray, np.ndarray]:
        for augmenter in self.augmenters:
            scene, objects = augmenter(scene, objects)
        return scene.transpose((2, 0, 1)), objects


def loader(scenes: Dataset, batch_size: int = 16, training: bool = False, workers: int = 0) -> DataLoader:
    """Batches of scenes and of their objects, the lists of objects filled up with rows of -1."""
    made = SimpleDataset([scenes[index] for index in range(len(scenes))])  # once, and not in every epoch
    return DataLoader(made.transform(Augment(training)), batch_size, shuffle=training, num_workers=workers,
                      last_batch="discard" if training else "keep",
                      batchify_fn=batchify.Tuple(batchify.Stack(), batchify.Pad(val=-1)))
