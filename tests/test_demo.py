"""The demo, shortened: it learns, its files hold the whole network, and an interruption changes nothing."""
from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from examples.digits import __main__ as demo
from examples.digits import checkpoint, train

ROOT = Path(__file__).parent.parent
EPOCHS = 12
PNG = b"\x89PNG\r\n\x1a\n"


def command(out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "examples.digits", "--out", str(out), "--epochs", str(EPOCHS), *more]


def finish(out: Path, *more: str) -> str:
    done = subprocess.run(command(out, *more), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results(out: Path) -> dict[str, bytes]:
    """All that a run leaves and that must not depend on how often it was interrupted."""
    (last,) = out.glob("checkpoint-*")
    files = [out / "scores.npy", *sorted(last.iterdir())]
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("uninterrupted")
    return out, finish(out)


def test_it_learns_to_read(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    (last,) = out.glob("checkpoint-*")
    history = json.loads((last / "progress.json").read_text())["history"]
    assert len(history) == EPOCHS
    assert history[-1]["held_out_accuracy"] >= 0.97
    assert history[-1]["loss"] < history[0]["loss"] / 3
    assert f"{history[-1]['held_out_accuracy']:.2%}" in said


def test_a_fresh_process_reproduces_the_predictions(uninterrupted: tuple[Path, str], tmp_path: Path) -> None:
    out, said = uninterrupted
    assert "450 of 450 predictions the same to the last bit" in said

    for name in ("digits.params", "scores.npy"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    scores = np.load(out / "scores.npy")
    scores[7] = np.nextafter(scores[7], np.inf)
    np.save(tmp_path / "scores.npy", scores)
    differs = subprocess.run([sys.executable, "-m", "examples.digits.predict", str(tmp_path)],
                             cwd=ROOT, capture_output=True, text=True, check=False)
    assert differs.returncode == 1
    assert "449 of 450 predictions the same" in differs.stdout


def test_pictures_are_drawn_and_named(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    for name in ("learning_curve.png", "confusion_matrix.png"):
        assert (out / name).read_bytes().startswith(PNG)
        assert str(out / name) in said


def test_interrupted_in_mid_epoch_it_resumes_exactly(uninterrupted: tuple[Path, str], tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    epochs_begun = 0

    def interrupting_batches(*arguments, original=train.batches):
        nonlocal epochs_begun
        epochs_begun += 1
        for number, batch in enumerate(original(*arguments)):
            if epochs_begun == 3 and number == 5:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(train, "batches", interrupting_batches)
    assert demo.main(["--out", str(tmp_path), "--epochs", str(EPOCHS)]) == 130
    assert "checkpoint-0002" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-0002"]

    assert f"2 of {EPOCHS} epochs are done" in finish(tmp_path, "--resume")
    assert results(tmp_path) == results(uninterrupted[0])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_it_resumes_exactly(uninterrupted: tuple[Path, str], tmp_path: Path) -> None:
    process = subprocess.Popen(command(tmp_path), cwd=ROOT,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while checkpoint.newest(tmp_path) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert checkpoint.newest(tmp_path)
    finish(tmp_path, "--resume")
    assert results(tmp_path) == results(uninterrupted[0])


def test_a_half_written_checkpoint_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-0003").mkdir()
    (tmp_path / "checkpoint-0004.part").mkdir()
    assert checkpoint.newest(tmp_path) == tmp_path / "checkpoint-0003"


def test_other_settings_are_not_resumed(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-0001").mkdir()
    (tmp_path / "checkpoint-0001" / "progress.json").write_text('{"settings": {"epochs": 2}}')
    with pytest.raises(SystemExit, match="resume with the same settings"):
        demo.main(["--out", str(tmp_path), "--resume"])
