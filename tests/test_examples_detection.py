"""examples.detection, shortened: it learns, what it exports finds the same, and the metric counts as VOC 2007."""
from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from examples.detection import __main__ as example
from examples.detection import model, plots, scenes
from examples.detection.metric import VOC07MApMetric, average_precision
from mxnet import autograd, gluon, nd

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out, said = tmp_path_factory.mktemp("detection"), io.StringIO()
    with contextlib.redirect_stdout(said):
        status = example.main(["--out", str(out), "--epochs", "4", "--scenes", "96", "--held-out", "5"])
    assert status == 0
    return out, said.getvalue()


def test_it_learns(trained: tuple[Path, str]) -> None:
    losses = [float(loss) for loss in re.findall(r"epoch \d/4  loss +([\d.]+)", trained[1])]
    assert len(losses) == 4
    assert losses[-1] < 0.75 * losses[0]
    assert "mAP of 5 held-out scenes: 0." in trained[1]


def test_the_picture_is_drawn_and_named(trained: tuple[Path, str]) -> None:
    out, said = trained
    assert (out / "found.png").read_bytes().startswith(PNG)
    assert str(out / "found.png") in said


def test_what_was_exported_finds_objects_in_any_number_of_scenes(trained: tuple[Path, str]) -> None:
    reader = gluon.SymbolBlock.imports(str(trained[0] / "detector-symbol.json"), ["data"],
                                       str(trained[0] / "detector-0000.params"))
    for count in (1, 3):
        found = model.detect(reader, nd.random.normal(shape=(count, 3, scenes.SIDE, scenes.SIDE))).asnumpy()
        assert found.shape[0::2] == (count, 6)
        assert set(found[..., 0].ravel()) <= set(range(-1, 10))


def test_interrupted_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(example, "train_epoch", interrupted)
    assert example.main(["--out", str(tmp_path), "--scenes", "16", "--held-out", "1"]) == 130
    assert "Interrupted" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------- scenes


@pytest.mark.parametrize("training", [True, False])
def test_scenes(training: bool) -> None:
    made = scenes.Scenes(20, training)
    for index in range(len(made)):
        image, objects = made[index]
        assert image.shape == (scenes.SIDE, scenes.SIDE, 3)
        assert image.dtype == np.uint8
        assert 1 <= len(objects) <= scenes.MOST
        assert set(objects[:, 0]) <= set(range(10))
        assert (objects[:, 1:3] < objects[:, 3:5]).all()
        assert objects[:, 1:].min() >= 0
        assert objects[:, 1:].max() <= 1
        assert all(scenes.apart(one[1:], other[1:]) for i, one in enumerate(objects) for other in objects[:i])
    again = scenes.Scenes(20, training)[7]
    assert (again[0].asnumpy() == made[7][0].asnumpy()).all()
    assert (again[1] == made[7][1]).all()


def test_held_out_scenes_are_of_other_pixels() -> None:
    whole = [np.concatenate(parts, axis=1) for parts in zip(scenes.photographs(True), scenes.photographs(False),
                                                            strict=True)]
    assert [photograph.shape for photograph in whole] == [(427, 640, 3)] * 2
    assert not (scenes.Scenes(1)[0][0] == scenes.Scenes(1, training=False)[0][0]).asnumpy().all()


def test_digits_are_where_the_boxes_say() -> None:
    """Within a box pixels differ from the photograph, outside of all boxes none does."""
    made = scenes.Scenes(1)
    made.photographs = [np.full((200, 200, 3), 90, np.uint8)]
    image, objects = made[0]
    changed = (image.asnumpy() != 90).any(axis=2)
    for _, *box in objects:
        left, top, right, bottom = np.round(np.array(box) * scenes.SIDE).astype(int)
        inside = changed[top:bottom, left:right]
        assert inside.mean() > 0.3
        assert inside[0].any()
        assert inside[-1].any()
        changed[top:bottom, left:right] = False
    assert not changed.any()


@pytest.mark.parametrize("workers", [0, 2])
def test_loader(workers: int) -> None:
    batches = list(scenes.loader(scenes.Scenes(20), batch_size=8, training=True, workers=workers))
    assert len(batches) == 2
    for images, objects in batches:
        assert images.shape == (8, 3, scenes.SIDE, scenes.SIDE)
        assert images.dtype == np.float32
        assert objects.shape[::2] == (8, 5)
        assert (objects[:, 0, 0] >= 0).asnumpy().all()
    assert [len(images) for images, _ in scenes.loader(scenes.Scenes(20), batch_size=8)] == [8, 8, 4]


# --------------------------------------------------------------------------------------------- network and loss


def perfect(objects: np.ndarray, anchors: nd.NDArray, classes: int = 10) -> tuple[nd.NDArray, nd.NDArray]:
    """Scores and offsets that are exactly what the objects want."""
    blank = nd.zeros((1, classes + 1, anchors.shape[1]))
    places, _, wanted = nd.contrib.MultiBoxTarget(anchors, nd.array(objects[None]), blank)
    return nd.one_hot(wanted, classes + 1) * 50, places


def test_perfect_predictions_cost_nothing_and_are_found() -> None:
    net = model.Detector(10)
    net.initialize()
    scores, offsets, anchors = net(nd.zeros((1, 3, scenes.SIDE, scenes.SIDE)))
    assert scores.shape == (1, anchors.shape[1], 11)
    assert offsets.shape == (1, anchors.shape[1] * 4)
    objects = np.array([[3, 0.1, 0.2, 0.3, 0.5], [9, 0.6, 0.5, 0.9, 0.95]], dtype=np.float32)
    loss = model.SSDLoss()
    best = perfect(objects, anchors)
    assert loss(*best, anchors, nd.array(objects[None])).asscalar() < 1e-4
    assert loss(scores, offsets, anchors, nd.array(objects[None])).asscalar() > 1
    found = model.detect(lambda _: (*best, anchors), nd.zeros((1, 3, 1, 1))).asnumpy()[0]
    found = found[found[:, 0] >= 0]
    assert found[np.argsort(found[:, 0])] == pytest.approx(np.insert(objects, 1, 1, axis=1), abs=1e-4)


def test_scenes_without_objects_can_be_learned_from() -> None:
    net = model.Detector(10)
    net.initialize()
    with autograd.record():
        loss = model.SSDLoss()(*net(nd.random.normal(shape=(2, 3, scenes.SIDE, scenes.SIDE))), -nd.ones((2, 1, 5)))
    loss.backward()
    assert np.isfinite(loss.asnumpy()).all()
    assert all(np.isfinite(p.grad().asnumpy()).all() for p in net.collect_params().values() if p.grad_req != "null")


# ------------------------------------------------------------------------------------------------------- metric


def test_average_precision_at_eleven_recalls() -> None:
    assert average_precision([(0.9, True), (0.8, True)], 2) == 1
    assert average_precision([], 2) == 0
    # One of two found: precision 1 up to a recall of 0.5, none beyond.
    assert average_precision([(0.9, True), (0.8, False)], 2) == pytest.approx(6 / 11)
    # The second object is found after a mistake: two of three from a recall of 0.6 on.
    assert average_precision([(0.9, True), (0.7, True), (0.8, False)], 2) == pytest.approx((6 + 5 * 2 / 3) / 11)


def test_map_over_scenes() -> None:
    box, elsewhere = [0.1, 0.1, 0.3, 0.3], [0.5, 0.5, 0.9, 0.9]
    half = [0.1, 0.1, 0.3, 0.19]  # overlaps by 0.45
    labels = nd.array([[[0, *box], [1, *elsewhere]], [[0, *elsewhere], [-1] * 5]])
    none = [-1.0] * 6

    def score(*scenes_found) -> float:
        metric = VOC07MApMetric()
        metric.update(labels, nd.array(scenes_found))
        name, value = metric.get()
        assert name == "mAP"
        return value

    first, second = [[0, 0.9, *box], [1, 0.8, *elsewhere]], [[0, 0.7, *elsewhere], none]
    assert score(first, second) == 1
    assert score([none, none], second) == pytest.approx(6 / 11 / 2)
    assert score([[0, 0.9, *half], first[1]], second) == pytest.approx((6 / 11 * 0.5 + 1) / 2)
    assert score([first[0], [0, 0.95, *box]], second) == pytest.approx((6 + 5 * 2 / 3) / 11 / 2), "found twice"
    assert score(first, [[1, 0.99, *elsewhere], none]) == pytest.approx((6 / 11 + 0.5) / 2), "of another class"
    assert np.isnan(VOC07MApMetric().get()[1])


def test_what_is_drawn_green() -> None:
    objects = np.array([[4, 0.1, 0.1, 0.3, 0.3]])
    assert plots.is_there(4, [0.1, 0.1, 0.4, 0.4], objects)
    assert not plots.is_there(5, [0.1, 0.1, 0.4, 0.4], objects)
    assert not plots.is_there(4, [0.25, 0.1, 0.4, 0.4], objects)


def test_a_seed_repeats_itself(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        with contextlib.redirect_stdout(io.StringIO()) as text:
            example.main(["--out", str(tmp_path), "--epochs", "1", "--scenes", "16", "--held-out", "2"])
        said.append(re.search(r"loss +([\d.]+)", text.getvalue())[1])
    assert said[0] == said[1]
    assert mx.nd.load(str(tmp_path / "detector-0000.params"))
