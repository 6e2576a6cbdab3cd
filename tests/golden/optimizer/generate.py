"""Writes runs.npz and mixed.npz, where MXNet's optimizers lead in twenty updates; run it under 1.9.1."""
import json
import os
import sys

import numpy as np

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import mixed  # noqa: E402
import runs  # noqa: E402


def adamw(correct_bias):
    """MXNet 1.9.1 has the operator, not the optimizer."""
    def update(index, weight, grad, state, lr, wd, t):
        factor = (1 - 0.999**t) ** 0.5 / (1 - 0.9**t) if correct_bias else 1.0
        mx.nd.contrib.adamw_update(weight, grad, state[0], state[1], mx.nd.array([0.7]), lr=factor, eta=lr, wd=wd,
                                   beta1=0.9, beta2=0.999, epsilon=1e-6, clip_gradient=0.6, out=weight)
    return runs.run_adamw(mx, update)


def write(name, answers):
    index = json.dumps({k: len(v) for k, v in answers.items()})
    np.savez_compressed(os.path.join(HERE, name), index=np.frombuffer(index.encode(), np.uint8),
                        values=np.concatenate(list(answers.values())).astype("float32"))


def main():
    answers = {runs.label(case): runs.run(mx, case) for case in runs.cases()}
    for correct_bias in (True, False):
        answers["adamw " + str(correct_bias)] = adamw(correct_bias)
    write("runs.npz", answers)
    write("mixed.npz", {str(k) + " " + mixed.label(case): mixed.run(mx, case)
                        for k, case in enumerate(mixed.cases())})


if __name__ == "__main__":
    main()
