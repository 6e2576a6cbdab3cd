"""Writes the golden .params files beside this script; run it under MXNet 1.9.1 with NumPy < 1.24.

What MXNet saves, it saves itself.  The records of older versions it only reads, so those files are assembled
here from their layout, and MXNet's loading of them says whether they are right.  `expected.json` tells for
every file what MXNet found in it.
"""

import json
import os
import struct

import numpy as np

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
V1, V2 = 0xF993FAC8, 0xF993FAC9
BFLOAT16 = np.dtype([("bfloat16", np.uint16)])
DTYPES = ["float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"]
FLAGS = {name: flag for flag, name in enumerate(DTYPES)}


def path(name):
    return os.path.join(HERE, name)


def plain(values):
    """Nested lists of numbers; bfloat16 as its 16 bits."""
    return (values["bfloat16"] if values.dtype == BFLOAT16 else values).tolist()


def describe(array):
    dtype = np.dtype(array.dtype)
    name = "bfloat16" if dtype == BFLOAT16 else dtype.name
    parts = {"shape": array.shape, "dtype": name, "stype": array.stype}
    if array.stype == "default":
        return dict(parts, data=plain(array.asnumpy()))
    for name in ("data", "indices") + (("indptr",) if array.stype == "csr" else ()):
        parts[name] = plain(getattr(array, name).asnumpy())
    return parts


def expectation(name):
    loaded = mx.nd.load(path(name))
    names = list(loaded) if isinstance(loaded, dict) else []
    arrays = list(loaded.values()) if isinstance(loaded, dict) else loaded
    return {"names": names, "arrays": [describe(a) for a in arrays]}


def values(dtype, shape=(2, 3)):
    count = int(np.prod(shape))
    return (np.arange(count) * 3 % 7).reshape(shape).astype(dtype)


def saved():
    """name -> what goes to nd.save"""
    nd, sparse = mx.nd, mx.nd.sparse
    rows = sparse.row_sparse_array(([[1, 2], [3, 4]], [1, 3]), shape=(5, 2))
    cube = sparse.row_sparse_array((values("float64", (1, 2, 2)), [2]), shape=(3, 2, 2), dtype="float64")
    csr = sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 1, 3]), shape=(3, 4))
    matrix = nd.array(values("float32"))
    yield "list", [matrix, nd.array([4.5]), nd.array(values("int32", (1, 2, 1, 2)), dtype="int32")]
    yield "dict", {"arg:fc_weight": matrix, "aux:mean": nd.array([0.5, -1]), "가중치": nd.array([7])}
    yield "nothing", []
    yield "dtypes", {d: nd.array(values(d), dtype=d) for d in DTYPES}
    yield "bfloat16", [nd.array([0, 1, -2.5, 3e38], dtype="float32").astype(BFLOAT16)]
    yield "sparse", {"rows": rows, "cube": cube, "csr": csr, "dense": nd.array([1])}
    yield "sparse_empty", [sparse.zeros("row_sparse", (4, 2)), sparse.zeros("csr", (4, 2)), csr[1:1]]
    yield "zero_size", [nd.array(np.zeros((0, 3))), nd.array([1])]
    yield "devices", [nd.array([1], ctx=mx.cpu(1)), nd.array([2], ctx=mx.cpu_pinned(0))]


def saved_np_shape():
    empty = mx.nd.array(np.zeros((0, 3)), dtype="int8")
    yield "np_shape", [mx.nd.array(5.0), empty, mx.nd.array([1, 2])]


def old_record(version, array, device):
    array = np.ascontiguousarray(array)
    if version == 0:
        head = struct.pack(f"<I{array.ndim}I", array.ndim, *array.shape)
    else:
        head = struct.pack(f"<Ii{array.ndim}q", V1, array.ndim, *array.shape)
    return head + struct.pack("<iii", *device, FLAGS[array.dtype.name]) + array.tobytes()


def write_list(name, records, names):
    with open(path(name), "wb") as f:
        f.write(struct.pack("<QQQ", 0x112, 0, len(records)))
        f.writelines(records)
        f.write(struct.pack("<Q", len(names)))
        f.writelines(struct.pack("<Q", len(n.encode())) + n.encode() for n in names)


def write_old(version):
    """As a GPU, pinned memory and a CPU left them."""
    arrays = [values(d) for d in DTYPES[:5]] + [values("float32", (1, 2, 1, 3))]
    devices = [(2, 1), (3, 0), (1, 0), (1, 0), (1, 0), (2, 0)]
    records = [old_record(version, arrays[i], devices[i]) for i in range(len(arrays))]
    write_list(f"v{version}_list.params", records, [])
    write_list(f"v{version}_dict.params", records[:2], ["arg:w", "aux:b"])
    return [f"v{version}_list.params", f"v{version}_dict.params"]


def write_mixed():
    v2 = struct.pack("<Iiiq", V2, 0, 1, 1) + struct.pack("<iiif", 1, 0, 0, 2.5)
    write_list("mixed.params", [old_record(v, values("float32"), (1, 0)) for v in (0, 1)] + [v2], [])
    return ["mixed.params"]


def main():
    expected = {}

    def save(arrays_by_name):
        for name, arrays in arrays_by_name:
            mx.nd.save(path(name + ".params"), arrays)
            expected[name + ".params"] = expectation(name + ".params")

    save(saved())
    for name in write_old(0) + write_old(1) + write_mixed():
        expected[name] = expectation(name)
    with mx.util.np_shape(True):
        save(saved_np_shape())
    with open(path("pickled_handle.bin"), "wb") as f:
        f.write(mx.nd.array(values("float32")).__getstate__()["handle"])
    with open(path("expected.json"), "w") as f:
        lines = [f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in expected.items()]
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
