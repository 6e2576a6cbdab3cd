"""RecordIO files: byte for byte those of MXNet, and clear errors for damaged ones."""

import json
import multiprocessing
import os
import pickle
import struct

import numpy as np
import pytest

import mxnet as mx
from golden.record_cases import LABELS, MAGIC, PAYLOADS
from mxnet import recordio
from mxnet.base import MXNetError

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "golden", "records.json")) as _file:
    ANSWERS = json.load(_file)["files"]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.rec")


def write(path, payloads):
    writer = recordio.MXRecordIO(path, "w")
    for payload in payloads:
        writer.write(payload)
    writer.close()


def read(path):
    reader, records = recordio.MXRecordIO(path, "r"), []
    while (record := reader.read()) is not None:
        records.append(record)
    return records


def test_files_are_mxnets_byte_for_byte(path):
    write(path, PAYLOADS)
    with open(path, "rb") as file:
        assert file.read().hex() == ANSWERS["payloads"]
    assert read(path) == PAYLOADS


def test_random_payloads_with_magic_numbers_come_back(path):
    rs = np.random.RandomState(0)
    payloads = [b"".join(MAGIC if r < 0.3 else bytes(rs.randint(0, 256, rs.randint(0, 9), dtype=np.uint8))
                         for r in rs.rand(rs.randint(0, 20))) for _ in range(200)]
    write(path, payloads)
    assert read(path) == payloads


def test_large_record(path):
    payload = os.urandom(3 << 20)
    write(path, [payload, b"x"])
    assert read(path) == [payload, b"x"]


@pytest.mark.parametrize("i", range(len(LABELS)))
def test_pack_is_mxnets(i):
    packed = recordio.pack(recordio.IRHeader(0, LABELS[i], 7, 3), b"abc")
    assert packed.hex() == ANSWERS["packed"][i]
    header, content = recordio.unpack(packed)
    np.testing.assert_array_equal(header.label, np.asarray(LABELS[i] or 0, np.float32).ravel().squeeze()
                                  if np.size(LABELS[i]) < 2 else np.ravel(LABELS[i]))
    assert (header.id, header.id2, content) == (7, 3, b"abc")
    assert repr(header).startswith("HEADER(flag=")
    assert pickle.loads(pickle.dumps(header)).id == 7


def test_pack_takes_an_ndarray_as_label():
    assert recordio.pack((0, mx.nd.array([1, 2]), 0, 0), b"") == recordio.pack((0, [1, 2], 0, 0), b"")


def test_unpack_checks_lengths():
    with pytest.raises(struct.error):
        recordio.unpack(b"abc")
    with pytest.raises(ValueError, match="should hold 1000 labels"):
        recordio.unpack(struct.pack("IfQQ", 1000, 0, 0, 0) + b"abc")


def part(content, flag=0, length=None):
    return (struct.pack("<II", 0xCED7230A, flag << 29 | (len(content) if length is None else length)) + content
            + bytes(-len(content) % 4))


@pytest.mark.parametrize(("content", "message"), [
    (part(b"abc") + b"\n#", "within the 8 bytes that begin the record at offset 12"),
    (part(b"abc")[:-1], "within the record at offset 0, which should hold 3 bytes"),
    (part(b"abcd") + b"z" * 12, "offset 12, found 0x7a7a7a7a"),
    (part(b"abcd") + part(b"q", length=1000), "within the record at offset 12, which should hold 1000"),
    (part(b"abcd") + part(b"q", length=0x1FFFFFFF), "within the record at offset 12, which should hold 536870911"),
    (part(b"abcd", 1), "the record at offset 0 is invalid: the file ends"),
    (part(b"abcd", 1) + part(b"q"), "the record at offset 0 is invalid: flag 0 follows"),
    (part(b"abcd", 2) + part(b"q"), "at offset 0, found a later part"),
    (part(b"abcd", 5), "at offset 0, found a later part"),
])
def test_damaged_files_are_named_with_the_offset(path, content, message):
    with open(path, "wb") as file:
        file.write(content)
    with pytest.raises(MXNetError, match=message) as error:
        read(path)
    assert path in str(error.value)


def test_wrong_use(path, tmp_path):
    with pytest.raises(ValueError, match="Invalid flag"):
        recordio.MXRecordIO(path, "x")
    with pytest.raises(MXNetError, match="cannot be opened"):
        recordio.MXRecordIO(path, "r")
    writer = recordio.MXRecordIO(path, "w")
    with pytest.raises(AssertionError):
        writer.read()
    with pytest.raises(TypeError, match="got str"):
        writer.write("text")
    writer.close()
    writer.close()
    reader = recordio.MXRecordIO(path, "r")
    with pytest.raises(AssertionError):
        reader.write(b"x")
    reader.close()
    with pytest.raises(RuntimeError, match="Forbidden"):
        reader.read()


@pytest.fixture
def indexed(tmp_path):
    paths = str(tmp_path / "i.idx"), str(tmp_path / "i.rec")
    writer = recordio.MXIndexedRecordIO(*paths, "w")
    for i in range(4):
        writer.write_idx(i, b"rec%d" % i)
    assert writer.tell() == 48
    writer.close()
    return paths


def test_indexed(indexed):
    with open(indexed[0]) as file:
        assert file.read() == "0\t0\n1\t12\n2\t24\n3\t36\n"
    reader = recordio.MXIndexedRecordIO(*indexed, "r")
    assert reader.keys == [0, 1, 2, 3] and reader.idx[2] == 24
    assert reader.read_idx(2) == b"rec2" and reader.read() == b"rec3" and reader.read() is None
    reader.reset()
    assert reader.read() == b"rec0" and reader.keys == [0, 1, 2, 3]
    with pytest.raises(KeyError):
        reader.read_idx(9)
    named = recordio.MXIndexedRecordIO(*indexed, "r", key_type=str)
    assert named.read_idx("1") == b"rec1"


@pytest.mark.parametrize(("line", "error"), [("1 5\n", ValueError), ("x\t5\n", ValueError), ("7\t5\n", MXNetError),
                                             ("7\t-4\n", MXNetError), ("7\t46\n", MXNetError)])
def test_bad_index(indexed, line, error):
    with open(indexed[0], "a") as file:
        file.write(line)
    with pytest.raises(error):
        recordio.MXIndexedRecordIO(*indexed, "r").read_idx(7)


def test_pickled_handles_open_the_file_themselves(indexed):
    reader = recordio.MXIndexedRecordIO(*indexed, "r")
    reader.read_idx(1)
    copy = pickle.loads(pickle.dumps(reader))
    assert copy.read() == b"rec0" and copy.read_idx(3) == b"rec3" and reader.read() == b"rec2"
    reader.close()
    assert not pickle.loads(pickle.dumps(reader)).is_open


def _child(reader, queue):
    try:
        reader.read()
    except RuntimeError as error:
        queue.put(str(error)[:9])
    queue.put(reader.read_idx(2))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_processes_do_not_share_a_position(indexed):
    context = multiprocessing.get_context("fork")
    reader, queue = recordio.MXIndexedRecordIO(*indexed, "r"), context.Queue()
    reader.read()
    process = context.Process(target=_child, args=(reader, queue))
    process.start()
    assert [queue.get(timeout=20), queue.get(timeout=20)] == ["Forbidden", b"rec2"]
    process.join()
    assert reader.read() == b"rec1"


def test_images_survive():
    image = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    header, back = recordio.unpack_img(recordio.pack_img((0, 4.0, 1, 0), image, 9, ".png"))
    assert header.label == 4 and (back == image).all()
    assert recordio.unpack_img(recordio.pack_img((0, 4.0, 1, 0), image, 9, ".png"), 0)[1].shape == (5, 4)
    assert recordio.unpack_img(recordio.pack((0, 1.0, 1, 0), b"abc"))[1] is None
    assert np.abs(recordio.unpack_img(recordio.pack_img((0, 4.0, 1, 0), image))[1].astype(int) - image).max() < 20
