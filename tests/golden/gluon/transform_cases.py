"""Transforms of images to ask: by real MXNet in generate_transforms.py, by us in tests/gluon/data.

Runs on Python 3.8, where MXNet's wheel does, and later.
"""

import random

import numpy as np

# Expressions over `T`, each called on two images: a name of `images`.
VALUES = [
    ("T.Cast()", "colour"),
    ("T.Cast('float16')", "tensor"),
    ("T.Cast('uint8')", "float"),
    ("T.ToTensor()", "colour"),
    ("T.ToTensor()", "grey"),
    ("T.ToTensor()", "float"),
    ("T.ToTensor()", "batch"),
    ("T.Normalize()", "tensor"),
    ("T.Normalize(0.5, 2)", "tensor"),
    ("T.Normalize((0.1, 0.2, 0.3), [3, 2, 1])", "tensor"),
    ("T.Normalize([0.1, 0.2, 0.3], 0.5)", "tensors"),
    ("T.Resize(4)", "colour"),
    ("T.Resize(9)", "grey"),
    ("T.Resize((3, 8))", "colour"),
    ("T.Resize(3, True)", "colour"),
    ("T.Resize(3, keep_ratio=True)", "batch"),
    ("T.Resize((3, 4), True, 0)", "colour"),
    ("T.Resize((9, 4), interpolation=2)", "float"),
    ("T.Resize(4, interpolation=3)", "colour"),
    ("T.CropResize(1, 2, 3, 4)", "colour"),
    ("T.CropResize(1, 2, 3, 4)", "batch"),
    ("T.CropResize(0, 1, 4, 4, 3, 1)", "colour"),
    ("T.CropResize(0, 1, 4, 4, (3, 6), 0)", "batch"),
    ("T.CropResize(0, 0, 5, 6, interpolation=2)", "grey"),
    ("T.CenterCrop(4)", "colour"),
    ("T.CenterCrop((2, 3))", "grey"),
    ("T.CenterCrop((4, 12))", "colour"),
    ("T.CenterCrop([12, 3], 2)", "float"),
    ("T.RandomResizedCrop(4)", "colour"),
    ("T.RandomResizedCrop((4, 3), (0.3, 0.6), (0.9, 1.2))", "float"),
    ("T.RandomResizedCrop(4, 0.5)", "grey"),
    ("T.RandomResizedCrop(4, (3, 4))", "colour"),
    ("T.Rotate(30)", "tensor"),
    ("T.Rotate(-75.5, zoom_in=True)", "tensor"),
    ("T.Rotate(200, zoom_out=True)", "tensors"),
    ("T.RandomRotation([-40, 40])", "tensor"),
    ("T.RandomRotation((-40, 40), zoom_out=True)", "tensors"),
    ("T.RandomRotation((-40, 40), True, rotate_with_proba=0.5)", "tensor"),
    ("T.RandomRotation((-40, 40), rotate_with_proba=0)", "tensor"),
    ("T.RandomFlipLeftRight()", "even"),
    ("T.RandomFlipTopBottom()", "even"),
    ("T.RandomBrightness(0.4)", "colour"),
    ("T.RandomBrightness(3)", "float"),
    ("T.RandomContrast(0.4)", "colour"),
    ("T.RandomHue(0.2)", "colour"),
    ("T.RandomColorJitter(0.1, 0.2, 0, 0.3)", "colour"),
    ("T.RandomLighting(0.1)", "colour"),
    ("T.RandomLighting(0.5)", "float"),
    ("T.RandomApply(T.RandomBrightness(0.4), 0.5)", "colour"),
    ("T.RandomApply(T.Compose([T.Resize(4), T.RandomResizedCrop(3)]))", "colour"),
    ("T.RandomApply(T.Cast(), 0)", "colour"),
    ("T.RandomApply(T.Cast(), 1)", "colour"),
    ("T.Compose([T.Resize(5), T.CenterCrop(4), T.ToTensor(), T.Normalize(0.5, 0.25)])", "colour"),
    ("T.Compose([T.RandomResizedCrop(4), T.RandomFlipLeftRight(), T.RandomBrightness(0.3), T.RandomLighting(0.1),"
     " T.ToTensor(), T.RandomRotation((-9, 9)), T.Normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.4))])", "colour"),
]

# Expressions over `T` whose classes and printed text are asked for.
BLOCKS = [
    "T.Cast()", "T.ToTensor()", "T.Normalize()", "T.Resize(2)", "T.CropResize(0, 0, 1, 1)", "T.CenterCrop(3)",
    "T.RandomResizedCrop(3)", "T.Rotate(3)", "T.RandomRotation((1, 2))", "T.RandomFlipLeftRight()",
    "T.RandomFlipTopBottom()", "T.RandomBrightness(0.1)", "T.RandomContrast(0.1)", "T.RandomSaturation(0.1)",
    "T.RandomHue(0.1)", "T.RandomColorJitter(0.1)", "T.RandomLighting(0.1)", "T.RandomApply(T.Cast())",
    "T.RandomApply(T.Compose([T.Cast(), T.ToTensor()]), 0.1)",
    "T.Compose([])",
    "T.Compose([T.Cast()])",
    "T.Compose([T.Cast(), T.ToTensor()])",
    "T.Compose([T.Resize(2), T.ToTensor(), T.CenterCrop(2)])",
    "T.Compose([T.CenterCrop(2), T.Resize(2), T.Rotate(1), T.Cast(), T.ToTensor(), T.Normalize()])",
    "T.Compose([T.Compose([T.Cast(), T.CenterCrop(2)]), T.ToTensor()])",
]

# What is refused, at once or when called on an image.
REFUSED = [
    ("T.ToTensor()", "batch of batches"),
    ("T.Normalize((1, 2, 3), (1, 2, 3))", "colour"),
    ("T.Normalize((1, 2), (1, 2, 3))", "tensor"),
    ("T.Resize(-4)", "colour"),
    ("T.Resize('a')", "colour"),
    ("T.Resize((1, 2, 3))", "colour"),
    ("T.CropResize(0, 0, -3, 4)", "colour"),
    ("T.CropResize(0, 0, 30, 4)", "batch"),
    ("T.CropResize(0, 0, 3, 4, (-3, 3), 1)", "colour"),
    ("T.CenterCrop('a')", "colour"),
    ("T.RandomResizedCrop(4, ratio=2)", "colour"),
    ("T.Rotate(30)", "colour"),
    ("T.Rotate(30, True, True)", "tensor"),
    ("T.Rotate('a')", "tensor"),
    ("T.RandomRotation((10, -10))", "tensor"),
    ("T.RandomRotation(10)", "tensor"),
    ("T.RandomRotation((1, 2), rotate_with_proba=1.1)", "tensor"),
    ("T.RandomRotation((1, 2), rotate_with_proba=-0.3)", "tensor"),
    ("T.RandomRotation((1, 2))", "colour"),
    ("T.RandomBrightness(-3)", "colour"),
    ("T.RandomFlipLeftRight()", "batch"),
    ("T.RandomHue()", "colour"),
    ("T.Compose(T.Cast)", "colour"),
]


def images(mx):
    """Arrays by name: height 6, width 5."""
    rng = np.random.RandomState(1)

    def made(dtype, *shape):
        return mx.nd.array(rng.randint(0, 256, shape), dtype=dtype)

    return {
        "colour": made("uint8", 6, 5, 3),
        "even": made("uint8", 6, 4, 3),  # MXNet leaves the middle of what is odd unset when it flips
        "grey": made("uint8", 6, 5, 1),
        "float": made("float32", 6, 5, 3) + 0.25,
        "batch": made("uint8", 2, 6, 5, 3),
        "tensor": made("float32", 3, 6, 5) / 256,
        "tensors": made("float32", 2, 3, 6, 5) / 256,
        "batch of batches": made("uint8", 1, 1, 2, 2, 3),
    }


def make(mx, text):
    return eval(text, {"T": mx.gluon.data.vision.transforms})


def values(mx, text, name):
    """What a transform makes of an image, twice, and what the streams give next."""
    random.seed(7)
    np.random.seed(7)
    mx.random.seed(7)
    transform, image = make(mx, text), images(mx)[name]
    outs = [transform(image) for _ in range(2)]
    return {
        "dtype": [np.dtype(out.dtype).name for out in outs],
        "outs": [{"shape": list(out.shape), "data": [float(v) for v in out.asnumpy().ravel().astype("float64")]}
                 for out in outs],
        "next": [random.random(), float(np.random.rand()), float(mx.nd.random.uniform(shape=1).asscalar())],
    }


def describe(mx, text):
    """Classes, children and printed text."""
    def tree(block):
        return [type(block).__name__, isinstance(block, mx.gluon.HybridBlock), bool(getattr(block, "_active", False)),
                [[key, tree(child)] for key, child in block._children.items()]]

    block = make(mx, text)
    return {"tree": tree(block), "repr": repr(block)}
