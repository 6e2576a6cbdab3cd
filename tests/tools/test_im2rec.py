"""im2rec: lists as MXNet's makes them of the same folder, and records of their images."""

import cv2
import numpy as np
import pytest

import mxnet as mx
from mxnet.tools import im2rec

NAMES = ["cat/a.jpg", "cat/b.png", "dog/c.jpg", "dog/sub/d.jpeg", "dog/e.jpg", "z.jpg"]
IN_ORDER = [
    "0\t0.000000\tz.jpg",
    "1\t1.000000\tcat/a.jpg",
    "2\t1.000000\tcat/b.png",
    "3\t2.000000\tdog/c.jpg",
    "4\t2.000000\tdog/e.jpg",
    "5\t3.000000\tdog/sub/d.jpeg",
]
MIXED = [IN_ORDER[i] for i in (2, 5, 0, 4, 3, 1)]  # by MXNet


@pytest.fixture
def root(tmp_path):
    rs = np.random.RandomState(0)
    for i, name in enumerate(NAMES):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), rs.randint(0, 255, (40 + i, 50, 3)).astype(np.uint8))
    (tmp_path / "images" / "cat" / "t.txt").write_text("no image")
    return tmp_path


def run(root, *options):
    return im2rec.main([*options, str(root / "a"), str(root / "images")])


def lists(root):
    found = {p.name: p.read_text().splitlines() for p in root.glob("*.lst")}
    for path in root.glob("*.lst"):
        path.unlink()
    return found


def test_lists_are_mxnets(root, capsys):
    run(root, "--list")
    assert lists(root) == {"a.lst": ["0\t0.000000\tz.jpg"]}
    run(root, "--list", "--recursive")
    assert lists(root) == {"a.lst": MIXED}
    assert capsys.readouterr().out == ". 0\ncat 1\ndog 2\ndog/sub 3\n"
    run(root, "--list", "--recursive", "--train-ratio", "0.5", "--test-ratio", "0.3")
    assert lists(root) == {"a_test.lst": MIXED[:1], "a_train.lst": MIXED[1:4], "a_val.lst": MIXED[4:]}
    run(root, "--list", "--recursive", "--chunks", "2", "--no-shuffle")
    assert lists(root) == {"a_0.lst": IN_ORDER[:3], "a_1.lst": IN_ORDER[3:]}
    run(root, "--list", "--recursive", "--exts", ".png", "--no-shuffle")
    assert lists(root) == {"a.lst": ["0\t0.000000\tcat/b.png"]}


def records(root):
    reader = mx.recordio.MXIndexedRecordIO(str(root / "a.idx"), str(root / "a.rec"), "r")
    return {key: mx.recordio.unpack(reader.read_idx(key)) for key in reader.keys}


def shape(content, flag=-1):
    return cv2.imdecode(np.frombuffer(content, np.uint8), flag).shape


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ([], [(45, 50, 3), (41, 50, 3)]),
        (["--resize", "20"], [(20, 22, 3), (20, 24, 3)]),
        (["--center-crop", "--num-thread", "2"], [(45, 45, 3), (41, 41, 3)]),
        (["--color", "0"], [(45, 50), (41, 50)]),
        (["--resize", "20", "--center-crop", "--encoding", ".png", "--quality", "3"], [(20, 20, 3)] * 2),
    ],
)
def test_records(root, options, shapes):
    run(root, "--list", "--recursive", "--no-shuffle")
    assert run(root, *options) == 0
    found = records(root)
    assert list(found) == [0, 1, 2, 3, 4, 5] and found[5][0].label == 3 and found[5][0].id == 5
    assert [shape(found[0][1]), shape(found[2][1])] == shapes


def test_pass_through_and_labels(root, capsys):
    (root / "a.lst").write_text("7\t1\t2.5\tcat/b.png\n8\t1\t2\tnone.jpg\nnonsense\n9\t3\t4\tcat/t.txt\n")
    run(root, "--pass-through", "--pack-label")
    found = records(root)
    assert found[7][0].label.tolist() == [1, 2.5] and found[7][1] == (root / "images" / "cat" / "b.png").read_bytes()
    errors = capsys.readouterr().err
    assert "none.jpg" in errors and "a.lst, line 3" in errors
    run(root)
    assert list(records(root)) == [7] and records(root)[7][0].label == 1
    assert "t.txt: it holds no image" in capsys.readouterr().err


def test_records_feed_the_iterator(root):
    run(root, "--list", "--recursive")
    run(root, "--resize", "32")
    batch = next(mx.io.ImageRecordIter(path_imgrec=str(root / "a.rec"), data_shape=(3, 32, 32), batch_size=6))
    assert batch.label[0].asnumpy().tolist() == [1, 3, 0, 2, 2, 1]


def test_wrong_use(root, capsys):
    assert run(root) == 1
    assert "Did not find any list file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(root, "--num-thread", "0")


def test_get_im2rec_path():
    assert mx.test_utils.get_im2rec_path() == im2rec.__file__
