"""What is asked of a network of a client package, whichever package it is from. Runs under Python 3.8, too."""
import os
import zlib

import numpy as np

import mxnet as mx

SAVED_UP_TO = 4000000  # parameters of a network whose weights are also handed over as a file


def without_dropout():
    """From now on Dropout keeps everything: which values it drops is not MXNet's choice of random numbers."""
    for namespace in (mx.nd, mx.sym):
        def keep(data, p=0.5, original=namespace.Dropout, **arguments):
            return original(data, p=0.0, **arguments)

        namespace.Dropout = keep


def describe(net):
    """Names, order and shapes of the parameters, their names by structure, and the printed network."""
    params = net.collect_params()
    by_structure = net._collect_params_with_prefix()
    return {
        "params": "\n".join(f"{p.name} {p.shape} {np.dtype(p.dtype).name} {p.grad_req}" for p in params.values()),
        "structure": "\n".join(f"{key} {p.name}" for key, p in sorted(by_structure.items())),
        "text": repr(net),
    }


def run(net, inputs, reference):
    """The seeded weights in figures; outputs in training and inference, eager and hybridized; gradients in figures."""
    weights = {p.name: p.data() for p in net.collect_params().values()}
    found = {"weights": figures(weights)}
    hand_over(net, sum(w.size for w in weights.values()), reference)
    found["output"] = sample(flat(net(*inputs)))
    for stage in (hybrid, training, gradients):
        try:
            found[stage.__name__] = stage(net, inputs)
        except Exception as error:  # MXNet 1.9.1 cannot train some of these networks
            found[stage.__name__] = f"error: {type(error).__name__}"
    return found


def training(net, inputs):
    """Outputs by the statistics of the batch, and then by the running ones that the batch has moved."""
    mx.random.seed(2)
    np.random.seed(2)
    with mx.autograd.record():
        outputs = flat(net(*inputs))
        loss = weigh(outputs)
    loss.backward()  # MXNet moves the running statistics only now
    return sample(outputs + flat(net(*inputs)))


def gradients(net, inputs):
    """By the statistics of a batch of one, gradients are noise; and MXNet's max pooling has none in predict mode."""
    net.apply(fix_statistics)
    with mx.autograd.record():
        loss = weigh(flat(net(*inputs)))
    loss.backward()
    return figures({p.name: p.grad() for p in net.collect_params().values() if p.grad_req != "null"})


def hybrid(net, inputs):
    net.hybridize()
    outputs = sample(flat(net(*inputs)))
    net.hybridize(active=False)
    return outputs


def fix_statistics(block):
    if isinstance(block, mx.gluon.nn.BatchNorm):
        block._kwargs["use_global_stats"] = True


def hand_over(net, size, reference):
    """MXNet writes its weights to a file, and it is read here: format and names of the file fit."""
    path = reference.path + ".params"
    if reference.asking and size <= SAVED_UP_TO:
        net.save_parameters(path)
    elif not reference.asking and os.path.exists(path):
        net.load_parameters(path)


def flat(outputs):
    if isinstance(outputs, (list, tuple)):
        return [array for output in outputs for array in flat(output)]
    return [outputs]


def weigh(outputs):
    """One number of all outputs. Each value has a weight of its own between -1 and 1, the same everywhere."""
    total = 0
    for output in outputs:
        weights = np.cos(np.arange(output.size) * 12.9898).astype("float32").reshape(output.shape)
        total = total + (output.astype("float32") * mx.nd.array(weights)).sum()
    return total


def sample(arrays, most=20000):
    """Up to `most` of the values of each array, one after the other; a million pixels say no more."""
    parts = []
    for array in arrays:
        values = array.asnumpy().astype("float32").ravel()
        parts.append(values[::max(1, -(-values.size // most))])
    return np.concatenate(parts)


def figures(arrays):
    """A row for each array: its norm, and what it sums up to with signs. One wrong place shows in these."""
    rows = []
    for array in arrays.values():
        values = array.asnumpy().astype("float64").ravel()
        signs = np.cos(np.arange(values.size) * 12.9898)
        rows.append((np.sqrt((values * values).sum()), (values * signs).sum()))
    return np.array(rows, dtype="float64").reshape(-1, 2)


def seed_of(name):
    return zlib.crc32(name.encode()) % 10000
