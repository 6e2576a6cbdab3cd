"""examples.char_lstm, shortened: it beats bigrams, an interruption changes nothing, pictures are drawn."""
from __future__ import annotations

import builtins
import contextlib
import io
import math
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from examples.char_lstm import __main__ as example
from examples.char_lstm import corpus, model, train
from examples.digits import checkpoint
from mxnet import autograd, nd

PNG = b"\x89PNG\r\n\x1a\n"
CHARACTERS, EPOCHS = 40000, 4
SMALL = f"--characters {CHARACTERS} --epochs {EPOCHS} --hidden 64 --rows 6".split()
TINY = "--characters 5000 --epochs 3 --hidden 16".split()


def run(out: Path, *arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = example.main(["--out", str(out), *arguments])
    return status, said.getvalue()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("uninterrupted")
    status, said = run(out, *SMALL)
    assert status == 0
    return out, said


def history(out: Path) -> list[dict]:
    return checkpoint.read_progress(checkpoint.newest(out))["history"]


def test_it_beats_bigrams(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    perplexities = [epoch["held_out"] for epoch in history(out)]
    assert len(perplexities) == EPOCHS
    assert perplexities == sorted(perplexities, reverse=True)
    baseline = corpus.bigram_perplexity(corpus.load("topics", CHARACTERS))
    assert perplexities[-1] < baseline
    assert f"Held-out perplexity {perplexities[-1]:.2f}, bigram model {baseline:.2f}" in said


def test_pictures_are_drawn_and_named(uninterrupted: tuple[Path, str]) -> None:
    out, said = uninterrupted
    for name in ("learning_curve.png", "surprise.png"):
        assert (out / name).read_bytes().startswith(PNG)
        assert str(out / name) in said


def test_interrupted_it_resumes_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self, original=train.Run._train_epoch):
        if len(self.history) == 2:
            raise KeyboardInterrupt
        return original(self)

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    _, expected = run(whole, *TINY)
    monkeypatch.setattr(train.Run, "_train_epoch", interrupted)
    assert run(parts, *TINY)[0] == 130
    monkeypatch.undo()
    status, said = run(parts, *TINY, "--resume")
    assert status == 0
    assert "Going on from" in said
    assert history(parts) == history(whole)
    written = [text.split("It writes:")[1].split("\nlearning")[0] for text in (said, expected)]
    assert written[0] == written[1]


def test_other_settings_are_not_resumed(uninterrupted: tuple[Path, str]) -> None:
    with pytest.raises(SystemExit, match="resume with the same"):
        run(uninterrupted[0], *SMALL, "--resume", "--seed", "7")


def test_windows_are_the_text_and_what_follows() -> None:
    numbers = np.arange(100, 130)
    pairs = [(x.asnumpy(), y.asnumpy()) for x, y in corpus.windows(numbers, rows=3, length=4)]
    assert [x.shape for x, _ in pairs] == [(4, 3), (4, 3), (1, 3)]
    assert all((y == x + 1).all() for x, y in pairs)
    strips = np.concatenate([x for x, _ in pairs])
    assert strips.T.ravel().tolist() == list(range(100, 127))


def test_bigram_perplexity() -> None:
    even = np.array([0, 1] * 500)
    assert corpus.bigram_perplexity(corpus.Corpus("ab", even, even)) == pytest.approx(1, abs=0.001)
    never_seen = np.zeros(10, dtype=int)
    assert corpus.bigram_perplexity(corpus.Corpus("ab", even, never_seen)) == pytest.approx(500.2 / 0.1)


def test_texts_come_with_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert len(corpus.topics()) > 100_000
    monkeypatch.setattr(builtins.license, "_Printer__filenames", ["LICENSE", str(tmp_path / "LICENSE")])
    with pytest.raises(LookupError, match="came without its licence"):
        corpus.licence()
    (tmp_path / "LICENSE").write_text("Guido")
    assert corpus.licence() == "Guido"
    assert corpus.load("licence") == ("Gdiou", pytest.approx([0, 4, 2, 1]), pytest.approx([3]))


def test_surprises_do_not_depend_on_windows() -> None:
    mx.random.seed(0)
    net = model.Writer(5, hidden=8)
    net.initialize()
    numbers = np.random.RandomState(0).randint(0, 5, 21)
    cut, whole = (model.surprises(net, numbers, length=length) for length in (6, 100))
    assert cut.shape == (20,)
    np.testing.assert_allclose(cut, whole, rtol=1e-5)
    assert whole.mean() == pytest.approx(math.log(5), rel=0.05)  # it knows nothing yet


def test_gradients_end_where_the_state_is_detached() -> None:
    net = model.Writer(5, hidden=8)
    net.initialize()
    earlier, later = nd.array([[1]], dtype="int32"), nd.array([[2]], dtype="int32")
    reached = []
    for cut in (lambda part: part, lambda part: part.detach()):
        with autograd.record():
            _, state = net(earlier, net.begin_state(1))
            scores, _ = net(later, [cut(part) for part in state])
        scores.backward()
        gradient = net.embedding.weight.grad().asnumpy()
        assert gradient[2].any()
        reached.append(gradient[1].any())
    assert reached == [True, False]


def test_writing_cold_repeats_itself() -> None:
    mx.random.seed(0)
    net = model.Writer(3, hidden=8)
    net.initialize(mx.init.Xavier())
    once, again = (model.write(net, "abc", "ab", 30, temperature=1e-4) for _ in range(2))
    assert once == again
    assert once.startswith("ab")
    assert len(once) == 32
