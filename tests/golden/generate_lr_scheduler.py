"""Writes lr_scheduler.json, the rates, log lines and refusals of MXNet's schedulers; run it under 1.9.1."""

import json
import logging
import os

from mxnet import lr_scheduler

WARM = {"warmup_steps": 4, "warmup_begin_lr": 0.02}
EVERY = list(range(26))

# class, arguments, update counts in the order asked
SCHEDULES = [
    ("FactorScheduler", {"step": 3}, EVERY),
    ("FactorScheduler", {"step": 1, "factor": 0.9, "base_lr": 0.3}, EVERY),
    ("FactorScheduler", {"step": 3, "factor": 0.1, "stop_factor_lr": 1e-4, "base_lr": 1}, EVERY),
    ("FactorScheduler", {"step": 5, "factor": 0.7, "base_lr": 0.3, **WARM}, EVERY),
    ("FactorScheduler", {"step": 5, "factor": 0.7, "base_lr": 0.3, "warmup_mode": "constant", **WARM}, EVERY),
    ("FactorScheduler", {"step": 2, "factor": 0.5, "base_lr": 1}, [9, 3, 9, 20]),
    ("FactorScheduler", {"step": 2.5, "factor": 0.5, "base_lr": 1}, EVERY),
    ("FactorScheduler", {"step": 2, "factor": 0, "base_lr": 1}, [1, 3, 4]),
    ("MultiFactorScheduler", {"step": [1]}, EVERY),
    ("MultiFactorScheduler", {"step": [2, 5, 8], "factor": 0.3, "base_lr": 0.7}, EVERY),
    ("MultiFactorScheduler", {"step": [2, 5, 8], "factor": 0.3, "base_lr": 0.7, **WARM}, EVERY),
    ("MultiFactorScheduler", {"step": [2, 5, 8], "factor": 0.3, "base_lr": 0.7}, [30, 3]),
    ("PolyScheduler", {"max_update": 20}, EVERY),
    ("PolyScheduler", {"max_update": 20, "base_lr": 0.3, "pwr": 3, "final_lr": 0.001}, EVERY),
    ("PolyScheduler", {"max_update": 20, "base_lr": 0.3, "pwr": 0.5, "final_lr": 1, **WARM}, EVERY),
    ("PolyScheduler", {"max_update": 1, "base_lr": 3}, [0, 1, 2, 0]),
    ("PolyScheduler", {"max_update": 3, "base_lr": 0.3, **WARM}, EVERY),
    ("CosineScheduler", {"max_update": 20}, EVERY),
    ("CosineScheduler", {"max_update": 20, "base_lr": 0.3, "final_lr": 0.001}, EVERY),
    ("CosineScheduler", {"max_update": 20, "base_lr": 0.3, "final_lr": 0.001, **WARM}, EVERY),
    ("CosineScheduler", {"max_update": 20, "base_lr": 0.3, "warmup_mode": "constant", **WARM}, EVERY),
    ("CosineScheduler", {"max_update": 3, "base_lr": 0.3, **WARM}, EVERY),
]

REFUSED = [
    ("LRScheduler", {"warmup_mode": "quadratic"}),
    ("LRScheduler", {"base_lr": 0.1, "warmup_begin_lr": 0.5}),
    ("LRScheduler", {"warmup_steps": -1}),
    ("LRScheduler", {"warmup_steps": 5.0}),
    ("FactorScheduler", {"step": 0}),
    ("FactorScheduler", {"step": 1, "factor": 1.5}),
    ("FactorScheduler", {"step": 1, "warmup_mode": "quadratic"}),
    ("MultiFactorScheduler", {"step": 3}),
    ("MultiFactorScheduler", {"step": []}),
    ("MultiFactorScheduler", {"step": [2, 1]}),
    ("MultiFactorScheduler", {"step": [2, 2]}),
    ("MultiFactorScheduler", {"step": [0, 2]}),
    ("MultiFactorScheduler", {"step": [1, 2], "factor": 1.5}),
    ("PolyScheduler", {"max_update": 0}),
    ("PolyScheduler", {"max_update": 10.0}),
    ("CosineScheduler", {"max_update": -3}),
    ("CosineScheduler", {"max_update": "10"}),
]


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def run(name, arguments, updates):
    handler = Lines()
    logging.getLogger().addHandler(handler)
    scheduler = getattr(lr_scheduler, name)(**arguments)
    rates = [scheduler(i) for i in updates]
    logging.getLogger().removeHandler(handler)
    return {"name": name, "arguments": arguments, "updates": updates, "rates": rates, "log": handler.lines,
            "state": vars(scheduler)}


def refusal(name, arguments):
    try:
        getattr(lr_scheduler, name)(**arguments)
    except (AssertionError, ValueError) as e:
        return {"name": name, "arguments": arguments, "error": type(e).__name__, "message": str(e)}
    raise SystemExit(f"{name} accepts {arguments}")


def main():
    logging.getLogger().setLevel(logging.INFO)
    lines = {"schedules": [run(*s) for s in SCHEDULES], "refused": [refusal(*r) for r in REFUSED]}
    parts = [f'"{key}": [\n' + ",\n".join(map(json.dumps, cases)) + "\n]" for key, cases in lines.items()]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lr_scheduler.json"), "w") as f:
        f.write("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
