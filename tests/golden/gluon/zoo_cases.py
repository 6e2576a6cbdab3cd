"""Networks of the model zoo to ask: by real MXNet in generate_zoo.py, by us in tests/gluon/test_model_zoo.py.

A description is what its hash is made of. Runs on Python 3.8, where MXNet's wheel does, and later.
"""

import hashlib
import json

import numpy as np

NAMES = """alexnet densenet121 densenet161 densenet169 densenet201 inceptionv3 mobilenet0.25 mobilenet0.5
mobilenet0.75 mobilenet1.0 mobilenetv2_0.25 mobilenetv2_0.5 mobilenetv2_0.75 mobilenetv2_1.0 resnet101_v1
resnet101_v2 resnet152_v1 resnet152_v2 resnet18_v1 resnet18_v2 resnet34_v1 resnet34_v2 resnet50_v1 resnet50_v2
squeezenet1.0 squeezenet1.1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn""".split()

# Expressions over `vision`; in the name scope of a parent `net_`.
MODELS = [f"vision.get_model({name!r})" for name in NAMES] + [
    "vision.get_model('ResNet18_V2', classes=7, prefix='own_')",
    "vision.resnet18_v1(thumbnail=True)",
    "vision.resnet50_v2(thumbnail=True, classes=10)",
    "vision.ResNetV1(vision.BasicBlockV1, [1, 1], [4, 8, 8])",
    "vision.ResNetV2(vision.BottleneckV2, [1, 2, 1], [4, 8, 16, 16], classes=3, thumbnail=True)",
    "vision.BasicBlockV1(8, 2, True, 4)",
    "vision.BottleneckV1(8, 1)",
    "vision.BasicBlockV2(8, 1, in_channels=8, prefix='own_')",
    "vision.BottleneckV2(8, 2, True, 4)",
    "vision.get_vgg(11, batch_norm=True, classes=3)",
    "vision.VGG([1, 2], [4, 8], batch_norm=True)",
    "vision.DenseNet(8, 4, [2, 1], bn_size=2, dropout=0.3, classes=5)",
    "vision.MobileNet(0.33, classes=3)",
    "vision.MobileNetV2(0.33)",
    "vision.MobileNetV2(1.4)",
    "vision.get_mobilenet_v2(0.4)",
    "vision.SqueezeNet('1.1', classes=2)",
]

REFUSED = [
    "vision.get_model('resnet')",
    "vision.get_model(3)",
    "vision.get_resnet(3, 18)",
    "vision.get_resnet(1, 19)",
    "vision.get_vgg(12)",
    "vision.ResNetV1(vision.BasicBlockV1, [1, 1], [1, 1])",
    "vision.VGG([1], [4, 8])",
    "vision.SqueezeNet('1.2')",
    "vision.get_mobilenet(0.3, pretrained=True)",
    "mx.gluon.model_zoo.model_store.get_model_file('abc')",
]

# expression, height and width of the images
RUNS = [
    ("vision.alexnet(classes=10)", 63),
    ("vision.VGG([1, 1, 2], [8, 16, 16], batch_norm=True, classes=10)", 32),
    ("vision.densenet121(classes=10)", 224),
    ("vision.inception_v3(classes=10)", 299),
    ("vision.mobilenet0_25(classes=10)", 64),
    ("vision.mobilenet_v2_0_25(classes=10)", 64),
    ("vision.resnet18_v1(classes=10)", 64),
    ("vision.resnet18_v2(classes=10)", 64),
    ("vision.resnet50_v1(classes=10)", 64),
    ("vision.resnet50_v2(classes=10, thumbnail=True)", 32),
    ("vision.squeezenet1_0(classes=10)", 224),
    ("vision.squeezenet1_1(classes=10)", 224),
]


def digest(value):
    return hashlib.sha1(json.dumps(value).encode()).hexdigest()[:12]


def make(mx, text):
    parent = mx.gluon.nn.HybridSequential(prefix="net_")
    with parent.name_scope():
        return eval(text, {"mx": mx, "vision": mx.gluon.model_zoo.vision})


def describe(mx, text):
    """Hashes of the printed text and of what each parameter is, in order, beside their number."""
    net = make(mx, text)
    params = [[p.name, list(p.shape), p.grad_req] for p in net.collect_params().values()]
    paths = list(net._collect_params_with_prefix())
    return {"repr": digest(repr(net)), "params": digest(params), "paths": digest(paths), "number": len(params)}


def graph(mx, text):
    """Hashes of the names of all outputs, and of operators with their attributes and inputs."""
    symbol = make(mx, text)(mx.sym.var("data"))
    nodes = json.loads(symbol.tojson())["nodes"]
    wiring = [[n["op"], n["name"], sorted(n.get("attrs", {}).items()) if n["op"] != "null" else [], n["inputs"]]
              for n in nodes]
    return {"outputs": digest(symbol.get_internals().list_outputs()), "wiring": digest(wiring)}


def fractions(count, salt):
    """Irregular numbers in (-0.5, 0.5): multiples of the golden ratio, modulo one."""
    return (((np.arange(count) + 1 + 7 * salt) * 0.6180339887498949 + 0.05 * salt) % 1.0 - 0.5).astype("float32")


def fill(mx, net):
    """Weights by formula, of a size that keeps activations about one."""
    for salt, (name, param) in enumerate(net.collect_params().items()):
        shape = param.shape
        values = fractions(int(np.prod(shape)), salt).reshape(shape)
        if name.endswith("weight"):
            values *= (24.0 / np.prod(shape[1:])) ** 0.5
        elif name.endswith(("gamma", "var")):
            values = 1 + values
        param.set_data(mx.nd.array(values))


def run(mx, text, size):
    """Scores of two images."""
    net = make(mx, text)
    net.initialize()
    images = mx.nd.array(fractions(2 * 3 * size * size, 3).reshape(2, 3, size, size))
    net(images)
    fill(mx, net)
    out = net(images).asnumpy()
    return {"shape": list(out.shape), "data": [float(f"{number:.6g}") for number in out.ravel()]}
