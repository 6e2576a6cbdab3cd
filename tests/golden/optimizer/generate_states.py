"""Writes what Trainer.save_states of MXNet writes after three steps; run it under 1.9.1."""
import os

from mxnet import autograd, gluon, lr_scheduler

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    for name, arguments in (("sgd", {"momentum": 0.9}), ("adam", {}), ("rmsprop", {"centered": True})):
        params = [gluon.Parameter("a", shape=(3,)), gluon.Parameter("b", shape=(3,), dtype="float16")]
        for param in params:
            param.initialize(init="ones")
        schedule = lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=0.1)
        trainer = gluon.Trainer(params, name, dict(arguments, wd=0.25, lr_scheduler=schedule, multi_precision=True))
        for _ in range(3):
            with autograd.record():
                losses = [(param.data() ** 2).sum() for param in params]
            autograd.backward(losses)
            trainer.step(1)
        trainer.save_states(os.path.join(HERE, name + ".states"))
