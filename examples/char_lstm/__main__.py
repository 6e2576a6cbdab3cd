"""`python -m examples.char_lstm`: an LSTM learns a text that Python ships, letter by letter, and writes on."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import mxnet as mx
from examples.digits import checkpoint

from . import corpus, model, plots, train

EPOCHS = {"topics": 4, "licence": 20}
SHOWN = 1000  # characters of the held-out text in the picture


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.char_lstm", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo_out/char_lstm"), help="folder for all that is written")
    parser.add_argument("--text", choices=corpus.TEXTS, default="topics",
                        help="what help() shows of the language, or what license() shows (short)")
    parser.add_argument("--characters", type=int, help="use only so many of the text")
    parser.add_argument("--epochs", type=int, help=" and ".join(f"{count} for {text}" for text, count in EPOCHS.items())
                        + " if not given")
    parser.add_argument("--hidden", type=int, default=160, help="size of the LSTM's state")
    parser.add_argument("--rows", type=int, default=24, help="batch size: strips of the text read side by side")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    options.epochs = options.epochs or EPOCHS[options.text]
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    text = corpus.load(options.text, options.characters)
    settings = {name: getattr(options, name) for name in ("text", "characters", "epochs", "hidden", "rows", "seed")}
    run = train.Run(options.out, text, settings)
    if options.resume:
        print(run.resume())
    else:
        checkpoint.clear(options.out)
    try:
        run.train()
    except KeyboardInterrupt:
        print("\nInterrupted. --resume goes on from the last epoch that was finished.")
        return 130
    report(run, options.out)
    return 0


def report(run: train.Run, folder: Path) -> None:
    """What was reached, a sample of what it writes, and the pictures."""
    text, reached = run.corpus, run.history[-1]["held_out"]
    print(f"\nHeld-out perplexity {reached:.2f}, bigram model {run.baseline:.2f}. It writes:\n")
    mx.random.seed(run.settings["seed"])
    beginning = "The " if set("The ") <= set(text.vocabulary) else text.vocabulary[-1]
    print(model.write(run.net, text.vocabulary, beginning, 400))
    shown = text.held_out[:SHOWN + 1]
    letters = "".join(text.vocabulary[number] for number in shown[1:])
    print(f"\nlearning curve  {plots.learning_curve(run.history, run.baseline, folder / 'learning_curve.png')}")
    print(f"surprise        {plots.surprise(letters, model.surprises(run.net, shown), folder / 'surprise.png')}")


if __name__ == "__main__":
    sys.exit(main())
