"""gluoncv 0.10.5: every model of its zoo, and what gluoncv_parts.py asks. Runs under Python 3.8, too."""

import sys

import nets
import numpy as np
import old_numpy

import mxnet as mx

nets.without_dropout()
old_numpy.restore()


def import_gluoncv():
    """gluoncv refuses torch 2, which it does not need; where torch is loaded, an older one is pretended meanwhile."""
    torch = sys.modules.get("torch")
    version = getattr(torch, "__version__", None)
    if torch is not None:
        torch.__version__ = "1.13.1"
    import gluoncv.data  # noqa: F401

    if torch is not None:
        torch.__version__ = version


import_gluoncv()
import gluoncv_parts  # noqa: E402
from gluoncv.model_zoo.model_zoo import _models  # noqa: E402

IMAGES = [(1, 3, size, size) for size in (64, 128, 224, 299)]  # 32 pixels become one, whose statistics are noise
CLIPS = [(1, 3, frames, size, size) for frames, size in ((8, 64), (16, 64), (16, 112), (36, 64), (32, 224))]
SHAPES = {  # of inputs, by family; the first that a model takes on MXNet is used
    "c3d": CLIPS,
    "i3d_resnet": CLIPS,
    "i3d_inceptionv1": CLIPS,
    "i3d_inceptionv3": CLIPS,
    "slowfast": CLIPS[3:],
    "p3d": CLIPS,
    "r2plus1d": CLIPS,
    "i3d_slow": CLIPS,
    "monodepth2": [(1, 3, 64, 128)],
    "monodepth2_posenet": [(1, 6, 64, 128)],
    "siam_net": [(1, 3, 127, 127)],
    "fast_pose": [(1, 3, 64, 64)],
}
DETECTORS = ("presets", "predefined_models", "doublehead_rcnn", "mask_rcnn", "yolo3", "center_net")
KEYWORDS = [  # of constructors, which take different ones
    {"pretrained_base": False, "classes": ["dog", "cat"]},
    {"pretrained_base": False},
    {"classes": ["dog", "cat"]},
    {},
]


def families():
    found = {name: family(name) for name in _models}
    found.update({name: "part_" + name for name in gluoncv_parts.PARTS})
    return found


def family(name):
    return _models[name].__module__.split(".")[-1]


def answer(name, full, reference):
    if name in gluoncv_parts.PARTS:
        mx.random.seed(nets.seed_of(name))
        np.random.seed(nets.seed_of(name))
        return gluoncv_parts.PARTS[name]()
    if not full:
        return nets.describe(build(name))
    shapes = SHAPES.get(family(name), IMAGES)
    if not reference.asking and reference.get("shape") is not None:
        shapes = [tuple(int(n) for n in reference.get("shape"))]
    for shape in shapes[:-1]:
        try:
            return run(name, shape, reference)
        except Exception:
            continue
    return run(name, shapes[-1], reference)


def build(name, shape=None):
    keywords = KEYWORDS if "custom" in name else KEYWORDS[1::2]
    if shape is not None and family(name) in ("fcn", "pspnet", "deeplabv3", "danet", "icnet", "fastscnn"):
        size = max(shape[-1], 64)
        keywords = [{"pretrained_base": False, "base_size": size, "crop_size": size}]
    for number, arguments in enumerate(keywords):
        mx.random.seed(nets.seed_of(name))
        np.random.seed(nets.seed_of(name))
        try:
            with mx.name.NameManager():
                return _models[name](pretrained=False, **arguments)
        except (TypeError, Warning):
            if number == len(keywords) - 1:
                raise
    raise AssertionError("there are no keywords to try")


def run(name, shape, reference):
    net = build(name, shape)
    net.initialize(mx.init.Uniform(0.1) if family(name) in DETECTORS else mx.init.Xavier())
    random = np.random.RandomState(3)
    inputs = [mx.nd.array(random.randn(*shape))]
    if family(name) == "siam_net":
        inputs.append(mx.nd.array(random.randn(1, 3, 287, 287)))
    net(*inputs)  # some weights have their shapes, and values, only now
    for parameter in net.collect_params().values() if family(name) in DETECTORS else ():
        if parameter.name.endswith(("gamma", "var")):  # as of a SymbolBlock they are random, below zero too
            parameter.set_data(mx.nd.ones(parameter.shape))
    found = predict(net, inputs) if family(name) in DETECTORS else nets.run(net, inputs, reference)
    found["shape"] = np.array(shape)
    return found


def predict(net, inputs):
    """What detectors find, eager and hybridized, unsuppressed: random scores nearly tie, and their order says nothing.

    In training they take boxes; gluoncv_parts.py does that. CenterNet gives its maps then, which are compared instead.
    """
    centers = type(net).__name__ == "CenterNet"
    if centers:
        net.apply(nets.fix_statistics)
    else:
        net.set_nms(nms_thresh=0, post_nms=-1)
    found = {}
    for way in ("output", "hybrid"):
        with mx.autograd.train_mode() if centers else mx.autograd.predict_mode():
            arrays = nets.flat(net(*inputs))
        found.update({f"{way}{i}": nets.sample([array]) for i, array in enumerate(arrays)})
        net.hybridize()
    return found
