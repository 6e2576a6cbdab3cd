"""examples.digits_cnn, shortened: it learns, an interruption changes nothing, pictures are drawn."""
from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from examples.digits_cnn import __main__ as example
from examples.digits_cnn import data, plots, train

EPOCHS = 3
PNG = b"\x89PNG\r\n\x1a\n"


def run(out: Path, *more: str) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = example.main(["--out", str(out), "--epochs", str(EPOCHS), *more])
    return status, said.getvalue()


def history(out: Path) -> list[dict]:
    return json.loads((out / train.HISTORY).read_text())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("uninterrupted")
    status, said = run(out)
    assert status == 0
    return out, said


def test_it_learns(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    first, *_, last = history(out)
    assert last["validation loss"] < first["validation loss"] / 2
    right = int(said.split(" of 450 held-out digits read right")[0].rsplit("\n", 1)[-1])
    assert right > 0.8 * 450
    assert f"[Epoch {EPOCHS - 1}] Finished in" in said


def test_pictures_are_drawn_and_named(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    for name in ("learning_curve.png", "confusion_matrix.png", "read_worst.png"):
        assert (out / name).read_bytes().startswith(PNG)
        assert str(out / name) in said


def test_interrupted_it_resumes_exactly(uninterrupted: tuple[Path, str], tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self, estimator, original=train.History.epoch_end, **kwargs):
        if len(self.epochs) == 1:
            raise KeyboardInterrupt
        original(self, estimator, **kwargs)

    monkeypatch.setattr(train.History, "epoch_end", interrupted)
    status, said = run(tmp_path)
    assert status == 130
    assert "--resume" in said
    monkeypatch.undo()
    assert run(tmp_path, "--resume")[0] == 0
    assert history(tmp_path) == history(uninterrupted[0])
    ours, whole = (mx.nd.load(str(out / f"{train.PREFIX}-best.params")) for out in (tmp_path, uninterrupted[0]))
    assert ours.keys() == whole.keys()
    assert all((ours[name].asnumpy() == whole[name].asnumpy()).all() for name in whole)


def test_of_a_finished_training_resume_only_reports(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    status, again = run(out, "--resume")
    assert status == 0
    assert "Finished in" not in again
    assert again.splitlines()[-4:] == said.splitlines()[-4:]


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders(workers: int) -> None:
    loaders = data.load(batch_size=50, workers=workers)
    images, labels = next(iter(loaders.training))
    assert images.shape == (50, 1, data.SIDE, data.SIDE)
    assert labels.shape == (50,)
    assert 0 <= images.min().asscalar() < images.max().asscalar() <= 1
    assert [len(batch[1]) for batch in loaders.validation] == [200]
    assert [len(batch[1]) for batch in loaders.held_out] == [450]


def test_augmented_digits_differ_each_time_and_others_do_not() -> None:
    loaders = data.load()
    for dataset, same in ((loaders.training._dataset, False), (loaders.held_out._dataset, True)):
        one, other = (dataset[0][0].asnumpy() for _ in range(2))
        assert (one == other).all() == same


def test_the_misread_digits_come_first(tmp_path: Path) -> None:
    images, labels = np.zeros((20, 16, 16)), np.arange(20) % 10
    chances = np.full((20, 10), 0.01)
    chances[np.arange(20), labels] = 0.91
    chances[7] = np.eye(10)[3]
    assert plots.doubtful(images, labels, chances, tmp_path / "x.png").read_bytes().startswith(PNG)
