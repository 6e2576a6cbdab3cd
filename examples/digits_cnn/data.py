"""The digits of the demo as gluon.data has them: datasets, transforms, loaders."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from examples.digits import data
from mxnet import image, nd
from mxnet.gluon.data import ArrayDataset, DataLoader
from mxnet.gluon.data.vision import transforms

SIDE = 16  # 8 pixels are too few to be turned

augment = transforms.Compose([
    transforms.RandomCrop(SIDE, pad=2),
    transforms.RandomBrightness(0.3),
    transforms.ToTensor(),
    transforms.RandomRotation((-12, 12)),
])


class Loaders(NamedTuple):
    """The held-out quarter is looked at once, at the end; when to stop is decided on `validation`."""

    training: DataLoader
    validation: DataLoader
    held_out: DataLoader


def dataset(images: np.ndarray, labels: np.ndarray) -> ArrayDataset:
    """Images (n, 1, 8, 8) in [0, 1] as an image file would give them: uint8, (height, width, 1), larger."""
    pixels = (images.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    enlarged = [image.imresize(nd.array(one, dtype="uint8"), SIDE, SIDE) for one in pixels]
    return ArrayDataset(nd.stack(*enlarged), labels)


def load(batch_size: int = 64, workers: int = 0) -> Loaders:
    """`workers` processes make the training batches; with 0 it is done here, which small images do not mind."""
    digits = data.load()
    images, chosen, labels, chosen_labels = train_test_split(
        digits.train_images, digits.train_labels, test_size=200, random_state=0, stratify=digits.train_labels)
    training = dataset(images, labels).transform_first(augment)
    validation, held_out = (dataset(*pair).transform_first(transforms.ToTensor())
                            for pair in ((chosen, chosen_labels), (digits.test_images, digits.test_labels)))
    return Loaders(DataLoader(training, batch_size, shuffle=True, last_batch="discard", num_workers=workers),
                   DataLoader(validation, batch_size=200), DataLoader(held_out, batch_size=450))
