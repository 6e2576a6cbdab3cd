"""The .params format: files that MXNet wrote, its exact bytes, hostile files, MXNet itself if there.

The environment variable GLUEBALL_ORACLE may name an interpreter that has MXNet 1.9.1.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import stat
import struct
import subprocess
import time
from pathlib import Path

import pytest
import torch

from mxnet.base import NAME_TO_TORCH, MXNetError
from mxnet.ndarray.params_file import Record, dumps, dumps_one, loads_one, read, write

GOLDEN = Path(__file__).parents[1] / "golden" / "params"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
OLD = [name for name in EXPECTED if name[:2] in ("v0", "v1") or name == "mixed.params"]
CURRENT = [name for name in EXPECTED if name not in OLD]


def dense(values, dtype=torch.float32, **more) -> Record:
    return Record.of(torch.tensor(values, dtype=dtype), **more)


def plain(tensor: torch.Tensor):
    """Nested lists; bfloat16 as its 16 bits, the way the golden values have it."""
    return (tensor.view(torch.uint16) if tensor.dtype is torch.bfloat16 else tensor).tolist()


def describe(record: Record) -> dict:
    name = next(n for n, t in NAME_TO_TORCH.items() if t is record.dtype)
    parts = {"shape": list(record.shape), "dtype": name, "stype": record.stype, "data": plain(record.data)}
    return parts | {k: v.tolist() for k, v in record.aux.items()}


def from_description(parts: dict, **more) -> Record:
    dtype = NAME_TO_TORCH[parts["dtype"]]
    shape = tuple(parts["shape"])
    if dtype is torch.bfloat16:
        data = torch.tensor(parts["data"], dtype=torch.uint16).view(dtype)
    else:
        data = torch.tensor(parts["data"], dtype=dtype)
    if parts["stype"] != "csr":  # an empty nested list has lost its inner dimensions
        data = data.reshape(shape if parts["stype"] == "default" else (len(data), *shape[1:]))
    aux = {k: torch.tensor(parts[k], dtype=torch.int64) for k in ("indices", "indptr") if k in parts}
    return Record(shape, dtype, data, parts["stype"], aux, **more)


# ---------------------------------------------------------------- what MXNet wrote


@pytest.mark.parametrize("name", EXPECTED)
def test_reads_what_mxnet_reads(name):
    records, names = read(GOLDEN / name)
    assert names == EXPECTED[name]["names"]
    assert [describe(r) for r in records] == EXPECTED[name]["arrays"]
    for r in records:
        assert r.data.dtype is r.dtype
        assert r.np_shape == (name == "np_shape.params")


@pytest.mark.parametrize("name", CURRENT)
def test_same_bytes_after_a_round_trip(name):
    assert dumps(*read(GOLDEN / name)) == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", [n for n in CURRENT if n != "devices.params"])
def test_same_bytes_from_values(name):
    expected = EXPECTED[name]
    records = [from_description(a, np_shape=name == "np_shape.params") for a in expected["arrays"]]
    assert dumps(records, expected["names"]) == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", OLD)
def test_old_records_are_written_as_current_ones(name):
    records, names = read(GOLDEN / name)
    again, names_again = read(dumps(records, names))
    assert struct.unpack_from("<I", dumps(records, names), 24) == (0xF993FAC9,)
    assert names_again == names
    assert [describe(r) for r in again] == [describe(r) for r in records]


def test_pickled_handle_is_a_lone_record():
    handle = (GOLDEN / "pickled_handle.bin").read_bytes()
    record = loads_one(bytearray(handle))
    assert record.data.tolist() == [[0, 3, 6], [2, 5, 1]]
    assert dumps_one(record) == handle


def test_device_is_kept_as_a_note():
    records, _ = read(GOLDEN / "devices.params")
    assert [r.device for r in records] == [(1, 1), (3, 0)]
    assert all(r.data.device.type == "cpu" for r in records)


# ---------------------------------------------------------------- sources and tensors


def test_every_kind_of_source(tmp_path):
    raw = (GOLDEN / "dict.params").read_bytes()
    pipe_in, pipe_out = os.pipe()
    os.write(pipe_out, raw)
    os.close(pipe_out)
    (tmp_path / "x.gz").write_bytes(gzip.compress(raw))
    with open(pipe_in, "rb") as pipe, gzip.open(tmp_path / "x.gz") as zipped, \
            open(GOLDEN / "dict.params", "rb", buffering=0) as unbuffered:
        for source in (raw, bytearray(raw), memoryview(raw), str(GOLDEN / "dict.params"), io.BytesIO(raw),
                       pipe, zipped, unbuffered):
            records, names = read(source)
            assert names == EXPECTED["dict.params"]["names"]
            assert [describe(r) for r in records] == EXPECTED["dict.params"]["arrays"]


def test_file_object_is_read_from_its_position_and_left_after_the_list():
    raw = dumps([dense([1.0])], ["a"])
    file = io.BytesIO(b"head" + raw + raw)
    file.seek(4)
    assert read(file)[1] == ["a"]
    assert file.tell() == 4 + len(raw)
    assert read(file)[1] == ["a"]


def test_text_file_is_refused(tmp_path):
    (tmp_path / "t").write_text("x")
    with open(tmp_path / "t") as file, pytest.raises(TypeError, match="rb"):
        read(file)


def test_arrays_are_writable_and_independent():
    raw = bytearray(dumps([dense([1.0, 2.0]), dense([3.0])], []))
    first, second = read(raw)[0]
    raw[:] = bytes(len(raw))
    first.data.add_(1)
    assert first.data.tolist() == [2, 3]
    assert second.data.tolist() == [3]


def test_bool_bytes_become_zero_or_one():
    raw = bytearray(dumps_one(dense([True, False], torch.bool)))
    raw[-2] = 200
    assert loads_one(raw).data.view(torch.uint8).tolist() == [1, 0]


@pytest.mark.parametrize("dtype", NAME_TO_TORCH.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 0), (2, 3, 4)], ids=str)
def test_round_trip_of_any_dtype_and_shape(dtype, shape):
    data = (torch.arange(24)[:max(1, torch.Size(shape).numel())] % 5).to(dtype)
    data = data[:torch.Size(shape).numel()].reshape(shape)
    result = loads_one(dumps_one(Record.of(data)))
    assert result.shape == shape
    assert result.np_shape == (shape == ())
    assert torch.equal(result.data.double(), data.double())


def test_strided_and_differentiable_tensors_are_saved_in_row_order():
    data = torch.arange(6.0).reshape(2, 3).requires_grad_().t()
    assert loads_one(dumps_one(Record.of(data))).data.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_names_may_repeat_and_bytes_may_follow():
    raw = dumps([dense([1.0]), dense([2.0])], ["a", "a"])
    assert read(raw + b"more")[1] == ["a", "a"]


# ---------------------------------------------------------------- writing files


def test_write_is_what_dumps_says(tmp_path):
    path = tmp_path / "x.params"
    write(path, [dense([1.0, 2.0])], ["arg:w"])
    assert path.read_bytes() == dumps([dense([1.0, 2.0])], ["arg:w"])
    assert os.listdir(tmp_path) == ["x.params"]


def test_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "x.params"
    write(path, [dense([1.0])], [])
    before = path.read_bytes()
    with pytest.raises(MXNetError, match="complex64"):
        write(path, [dense([2.0]), dense([1j], torch.complex64)], [])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.params"]


def test_interrupted_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "x.params"
    write(path, [dense([1.0])], [])
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write(path, [dense([2.0])], [])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.params"]


def test_write_to_a_missing_folder(tmp_path):
    with pytest.raises(MXNetError, match=r"nowhere.x\.params: cannot be written"):
        write(tmp_path / "nowhere" / "x.params", [dense([1.0])], [])


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_and_links_survive(tmp_path):
    path, link = tmp_path / "x.params", tmp_path / "link"
    umask = os.umask(0o027)
    try:
        write(path, [dense([1.0])], [])
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    link.symlink_to(path)
    write(link, [dense([2.0])], [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert link.is_symlink()
    assert read(path)[0][0].data.tolist() == [2]


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_is_written_to_not_replaced():
    write("/dev/null", [dense([1.0])], [])
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("record, message", [
    (Record((2,), torch.float32, torch.zeros(3)), r"shape \(3,\)"),
    (Record((3,), torch.float64, torch.zeros(3)), "float32 elements"),
    (Record((3,), torch.float32, torch.zeros(3), "coo"), "'coo'"),
    (Record((3, 2), torch.float32, torch.zeros(1, 2), "row_sparse"), "needs indices"),
    (Record((3, 2), torch.float32, torch.zeros(1, 2), "row_sparse", np_shape=True), "np shape"),
])
def test_contradictory_records_are_not_written(record, message):
    with pytest.raises(MXNetError, match=message):
        dumps([record], [])


def test_too_few_names():
    with pytest.raises(MXNetError, match="2 arrays under 1 names"):
        dumps([dense([1.0])] * 2, ["a"])


# ---------------------------------------------------------------- hostile files

V2, V3 = 0xF993FAC9, 0xF993FACA


def listing(record: bytes, names: bytes = struct.pack("<Q", 0), count: int = 1) -> bytes:
    return struct.pack("<QQQ", 0x112, 0, count) + record + names


def v2(*dims: int, magic=V2, stype=0, ndim=None, flag=0, data=b"") -> bytes:
    ndim = len(dims) if ndim is None else ndim
    return struct.pack(f"<Iii{len(dims)}qiii", magic, stype, ndim, *dims, 1, 0, flag) + data


def csr(indptr, indices, shape=(2, 3), values=2, flag=6) -> bytes:
    head = struct.pack("<Iiiqiqqiii", V2, 2, 1, values, 2, *shape, 1, 0, 0)
    head += struct.pack("<iiqiiq", 6, 1, len(indptr), flag, 1, len(indices)) + bytes(4 * values)
    return head + struct.pack(f"<{len(indptr)}q{len(indices)}q", *indptr, *indices)


ONE = v2(1, data=bytes(4))

HOSTILE = {
    "empty file": (b"", "magic number at byte 0: got only 0 more bytes, expected 8"),
    "other format": (b"PK\3\4" + bytes(40), "got 0x4034b50, expected 0x112"),
    "record magic": (listing(struct.pack("<I", 0xDEADBEEF) + bytes(40)), "magic at byte 24: got 0xdeadbeef"),
    "absurd count": (listing(ONE, count=2**63), "number of arrays at byte 16: got 9223372036854775808"),
    "a count too many": (listing(ONE, count=2), "array 1 of 2, ndim of shape at byte 60: got 0"),
    "absurd dimension": (listing(v2(2**40, data=bytes(4))), "expected 4398046511104 for shape"),
    "overflowing dimensions": (listing(v2(2**32, 2**32, data=bytes(4))), r"fewer than 2\*\*60"),
    "overflowing beside a zero": (listing(v2(0, 2**62, 2**62)), r"fewer than 2\*\*60"),
    "negative dimension": (listing(v2(-1, 2)), r"shape at byte 36: got \(-1, 2\), expected no negative"),
    "absurd ndim": (listing(v2(1, ndim=2**31 - 1, data=bytes(400))), "shape at byte 32: got 2147483647"),
    "negative ndim": (listing(v2(1, ndim=-1, data=bytes(400))), "got -1, expected 1 to 64"),
    "never allocated": (listing(v2()), "ndim of shape at byte 32: got 0, expected 1"),
    "never allocated, V0": (listing(bytes(24)), "ndim of shape at byte 24: got 0, expected 1"),
    "unknown dtype": (listing(v2(1, flag=99, data=bytes(4))), r"flag at byte 52: got 99, .* 0 \(float32\)"),
    "unknown storage": (listing(v2(1, stype=3)), r"at byte 28: got 3, expected 0 \(default\) or 1"),
    "sparse np shape": (listing(v2(1, magic=V3, stype=1)), r"got 1, expected 0 \(default\)$"),
    "names unlike arrays": (listing(ONE, struct.pack("<QQQ", 2, 0, 0)), "at byte 60: got 2, expected 0 or 1"),
    "absurd name count": (listing(ONE, struct.pack("<Q", 2**60)), "at byte 60: got 1152921504606846976"),
    "absurd name": (listing(ONE, struct.pack("<QQ", 1, 2**50)), "at byte 68: got 1125899906842624"),
    "name not UTF-8": (listing(ONE, struct.pack("<QQ", 1, 2) + b"a\xff"), r"got b'a\\xff', expected UTF-8"),
    "no names part": (listing(ONE, b""), "number of names at byte 60: got only 0 more bytes"),
    "csr index outside": (listing(csr([0, 1, 2], [0, 3])), "indices from 0 to 3, expected 0 to 2"),
    "csr index negative": (listing(csr([0, 1, 2], [-1, 1])), "indices from -1 to 1, expected 0 to 2"),
    "csr falling indptr": (listing(csr([0, 3, 2], [0, 1])), "indptr at byte .* rise from 0 to 2"),
    "csr wrapping indptr": (listing(csr([0, 2**63 - 1, -2, 2], [0, 1], (3, 3))), "rise from 0 to 2"),
    "csr short indptr": (listing(csr([0, 2], [0, 1])), "indptr at byte .*: got 2 numbers, expected 3"),
    "csr without indptr": (listing(csr([], [0, 1])), "indptr at byte .*: got 0 numbers, expected 3"),
    "csr few indices": (listing(csr([0, 1, 2], [0])), "indices at byte .*: got 1 numbers, expected 2"),
    "csr float indices": (listing(csr([0, 1, 2], [0, 1], flag=0)), "flag of indices at byte .*: got float32"),
    "csr of 3 dimensions": (
        listing(struct.pack("<Iiiqiqqqiii", V2, 2, 1, 0, 3, 1, 1, 1, 1, 0, 0)),
        r"got \(1, 1, 1\), expected a shape that agrees with csr storage",
    ),
    "rows unlike the array": (
        listing(struct.pack("<Iiiqqiqqiii", V2, 1, 2, 1, 5, 2, 3, 2, 1, 0, 0)),
        r"got \(3, 2\), expected a shape that agrees with row_sparse storage of shape \(1, 5\)",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_file(case, tmp_path):
    raw, message = HOSTILE[case]
    path = tmp_path / "bad.params"
    path.write_bytes(raw)
    with pytest.raises(MXNetError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", EXPECTED)
def test_truncated_at_every_byte(name):
    raw = (GOLDEN / name).read_bytes()
    for length in range(len(raw)):
        with pytest.raises(MXNetError):
            read(raw[:length])


def test_random_damage_never_raises_anything_else():
    rng = random.Random(0)
    seeds = [(GOLDEN / name).read_bytes() for name in EXPECTED]
    refused = 0
    start = time.perf_counter()
    for _ in range(4000):
        raw = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(raw))
            raw[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, raw[at] ^ 1 << rng.randrange(8)))
        if rng.random() < 0.2:
            del raw[rng.randrange(len(raw)):]
        try:
            read(raw)
        except MXNetError:
            refused += 1
    assert 1000 < refused < 4000
    assert time.perf_counter() - start < 30  # no damage makes it allocate or loop


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "no.params", tmp_path):
        with pytest.raises(MXNetError, match="cannot be read") as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_file_that_shrinks_while_it_is_read():
    class Shrinking(io.BytesIO):
        def readinto(self, buffer):
            return 0 if self.tell() > 30 else super().readinto(buffer)

    with pytest.raises(MXNetError, match="shrank"):
        read(Shrinking(listing(ONE)))


# ---------------------------------------------------------------- MXNet itself

ORACLE = os.environ.get("GLUEBALL_ORACLE")
LOAD_AND_SAVE = """
import sys
import mxnet as mx
with mx.util.np_shape(sys.argv[3] == "np_shape"):
    mx.nd.save(sys.argv[2], mx.nd.load(sys.argv[1]))
"""


@pytest.mark.skipif(not ORACLE, reason="GLUEBALL_ORACLE names no interpreter with MXNet 1.9.1")
@pytest.mark.parametrize("semantics", ["legacy", "np_shape"])
def test_mxnet_loads_our_file_and_saves_the_same_bytes(semantics, tmp_path):
    np_shape = semantics == "np_shape"
    names = ["float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool", "bfloat16"]
    generator = torch.Generator().manual_seed(3)
    bits = torch.randint(0, 2, (4, 5), generator=generator)
    dtypes = [NAME_TO_TORCH[n] for n in names]
    records = [Record((4, 5), t, bits.to(t), np_shape=np_shape) for t in dtypes]
    if np_shape:
        records.append(dense(2.5, np_shape=True))
        names.append("zero-dimensional")
    else:
        records += read(GOLDEN / "sparse.params")[0]
        names += ["rows", "cube", "csr", "dense"]
    ours, theirs = tmp_path / "ours.params", tmp_path / "theirs.params"
    write(ours, records, names)
    command = [ORACLE, "-E", "-c", LOAD_AND_SAVE, ours, theirs, semantics]  # -E: not our mxnet by PYTHONPATH
    subprocess.run(command, check=True, timeout=120, cwd=tmp_path)
    assert theirs.read_bytes() == ours.read_bytes()
    loaded, loaded_names = read(theirs)
    assert loaded_names == names
    assert [describe(r) for r in loaded] == [describe(r) for r in records]
