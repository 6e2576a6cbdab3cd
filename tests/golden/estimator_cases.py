"""What is asked of gluon.contrib.estimator: MXNet's (generate_estimator.py) and this package's (test_estimator.py).

A case is a statement; `run` gives what it logged and printed, what warnings and what error came, and the files then.
Times are masked.  Where the two shall differ, see test_estimator.py.
"""

import contextlib
import io
import json
import os
import re
import warnings

CASES = [
    # constructor
    "show(est_(L2))",
    "show(est_(CE))",
    "show(est_(CE, trainer=None))",
    "show(est_(CE, mx.metric.RMSE()))",
    "show(est_(CE, val_metrics=mx.metric.RMSE()))",
    "show(est_(L2, [mx.metric.RMSE(), mx.metric.MAE('x')], mx.metric.MSE()))",
    "show(est_(L2, mx.metric.create(['acc', 'ce'])))",
    "show(est_(L2, [mx.metric.create(['acc', 'ce'])]))",
    "show(est_(L2, mx.metric.MAE('pretraining foo')))",
    "acc = mx.metric.Accuracy(); show(est_(L2, acc)); show(est_(L2, acc)); show(est_(L2, acc, acc))",
    "show(est_(L2, context=[mx.cpu(0), mx.cpu(1)]))",
    "show(est_(L2, context=[]))",
    "est_(lambda a, b: a)",
    "est_('mse')",
    "est_(L2, 'acc')",
    "est_(L2, ['acc'])",
    "est_(L2, mx.metric.Accuracy(), 'acc')",
    "est_(L2, val_loss='mse')",
    "est_(L2, context='cpu')",
    "est_(L2, context=['cpu'])",
    "est_(L2, context=[mx.cpu(), mx.gpu(100)])",
    "est_(L2, trainer='sgd')",
    "est_(L2, initializer=mx.init.Xavier())",
    "est_(L2, batch_processor=3)",
    # fit
    "est_(CE).fit(dl, epochs=2)",
    "est_(CE).fit(dl, dl, epochs=2)",
    "est_(CE, trainer=None).fit(dl, epochs=1)",
    "est_(L2).fit(dl, batches=5)",
    "est_(L2).fit(dl, batches=6)",
    "est_(CE, context=[mx.cpu(0), mx.cpu(1)]).fit(dl, dl, epochs=1)",
    "e = est_(CE); e.fit(dl, dl, epochs=2, event_handlers=LoggingHandler(1, metrics=e.train_metrics))",
    "e = est_(CE); e.fit(dl, dl, epochs=2, event_handlers=[LoggingHandler(2, e.train_metrics + e.val_metrics)])",
    "e = est_(CE); e.fit(dl, dl, epochs=1, event_handlers=LoggingHandler(2))",
    "e = est_(CE); e.fit(dl, epochs=1, event_handlers=LoggingHandler())",
    "e = est_(CE); e.fit(dl, batches=4, event_handlers=LoggingHandler(1, metrics=e.train_metrics))",
    "e = est_(CE, val_loss=L2b); e.fit(dl, dl, epochs=1)",
    "est_(L2).fit(dl, epochs=1, batches=2)",
    "est_(L2).fit(dl)",
    "est_(L2).fit([x], epochs=1)",
    "est_(L2).fit([x])",
    "est_(L2).fit(mx.io.NDArrayIter(x, y), epochs=1)",
    "est_(L2).fit(dl, [x], epochs=1)",
    "est_(L2).fit(dl, epochs=1, event_handlers=[3])",
    "est_(L2).fit(dl, epochs=1, event_handlers=3)",
    "est_(L2).fit(dl, epochs=1, event_handlers=LoggingHandler(metrics=mx.metric.RMSE()))",
    "est_(L2).fit(dl, epochs=1, event_handlers=MetricHandler(metrics=[mx.metric.RMSE()]))",
    "est_(L2, context=[mx.cpu(0), mx.cpu(1)]).fit(odd, epochs=1)",
    # evaluate
    "est_(CE).evaluate(dl)",
    "e = est_(CE); e.evaluate(dl, event_handlers=LoggingHandler(1, metrics=e.val_metrics))",
    "e = est_(CE); e.evaluate(dl, event_handlers=LoggingHandler(1, metrics=e.train_metrics))",
    "est_(CE).evaluate([x])",
    # events
    "quiet(est_(CE)).fit(dl, epochs=1, event_handlers=Probe())",
    "quiet(est_(CE, context=[mx.cpu(0), mx.cpu(1)])).fit(dl, epochs=1, event_handlers=Probe())",
    "quiet(est_(CE)).fit(dl, epochs=2, event_handlers=Probe(batch_end=True))",
    "quiet(est_(CE)).fit(dl, epochs=2, event_handlers=Probe(epoch_end=1))",
    "quiet(est_(CE)).fit(dl, batches=1, event_handlers=Probe(epoch_begin=True, train_begin=True, batch_begin=True))",
    "quiet(est_(CE)).evaluate(dl, event_handlers=Probe(epoch_begin=True, batch_end=True))",
    "quiet(est_(L2)).fit(dl, batches=5, event_handlers=[ValidationHandler(3, ev, 2, 2, event_handlers='H')])",
    "quiet(est_(L2)).fit(dl, epochs=3, event_handlers=[ValidationHandler(3, ev, None, 4)])",
    "quiet(est_(L2)).fit(dl, epochs=3, event_handlers=[ValidationHandler(3, ev, 0, 0)])",
    "h = MetricHandler([Printing('a'), PrintingLoss('b')]); h.epoch_begin(0); "
    "h.batch_end(0, pred='P', label='Y', loss='L')",
    *[f"e = est_(CE); e.max_epoch, e.max_batch = 1, None; "
      f"names(e._prepare_default_handlers({val}, {handlers}))"
      for val in ("None", "dl")
      for handlers in ("None", "[]", "[LoggingHandler()]", "LoggingHandler()", "[StoppingHandler(3)]", "[Probe()]",
                       "[GradientUpdateHandler()]", "[MetricHandler(e.train_metrics)]",
                       "[EarlyStoppingHandler(e.train_metrics[0], mode='max')]")],
    "names(est_(CE)._prepare_default_validation_handlers([Probe()]))",
    # handlers
    "LoggingHandler(log_interval='x')",
    "LoggingHandler(log_interval=1.5)",
    "LoggingHandler(metrics='acc')",
    "EarlyStoppingHandler('acc')",
    "EarlyStoppingHandler(mx.metric.create(['acc', 'ce']))",
    "CheckpointHandler(folder, save_best=True)",
    "CheckpointHandler(folder, monitor='a', save_best=True)",
    *[f"early({values}, {options})" for values, options in [
        ("[1, 2, 3, 2, 1]", ""), ("[1, 2, 3, 2, 1]", "mode='min'"),
        ("[1, .9, .95, .85, .84]", "mode='min', min_delta=.1, patience=1"),
        ("[1, 2, 2.05, 3, 1, 1, 1]", "min_delta=.1, patience=2"), ("[1, 2, 3, 4]", "baseline=2.5, patience=3"),
        ("[1, 1, 1, 1, 1]", "mode='max', patience=2"), ("[5, 4, 3]", "mode='min', baseline=5.5")]],
    # checkpoints
    "checkpoint(epochs=3)",
    "checkpoint(epochs=3, hybridize=True)",
    "checkpoint(epochs=2, verbose=0, batch_period=2, max_checkpoints=2)",
    "checkpoint(batches=7, batch_period=2, epoch_period=None, max_checkpoints=2, model_prefix='a.b', verbose=1)",
    "checkpoint(batches=7, batch_period=3, epoch_period=2, max_checkpoints=2)",
    "checkpoint(epochs=2, max_checkpoints=0)",
    "checkpoint(epochs=2, epoch_period=0)",
    "checkpoint(epochs=3, values=[1, 3, 2], save_best=True)",
    "checkpoint(epochs=3, values=[1, 3, 2], save_best=True, mode='min', epoch_period=2)",
    "checkpoint(epochs=2); checkpoint(epochs=4, resume_from_checkpoint=True)",
    "checkpoint(epochs=2); checkpoint(epochs=2, resume_from_checkpoint=True)",
    "checkpoint(epochs=3); checkpoint(epochs=2, resume_from_checkpoint=True)",
    "checkpoint(batches=3, resume_from_checkpoint=True, batch_period=2, epoch_period=None)",
    "checkpoint(batches=3, batch_period=1, epoch_period=None); "
    "checkpoint(batches=3, batch_period=1, epoch_period=None, resume_from_checkpoint=True)",
    "checkpoint(epochs=1, batch_period=1, resume_from_checkpoint=True)",
    "checkpoint(batches=1, resume_from_checkpoint=True)",
    "checkpoint(epochs=2); os.remove(folder + '/model-epoch1batch6.states'); "
    "checkpoint(epochs=3, resume_from_checkpoint=True)",
    "open(folder + '/model-epochXbatch7.params', 'w').close(); checkpoint(epochs=3, resume_from_checkpoint=True)",
]


def _names(mx, folder):
    """What cases may say."""
    from mxnet import gluon, nd
    from mxnet.gluon import nn
    from mxnet.gluon.contrib import estimator as est

    mx.random.seed(1)
    x, y = nd.arange(30).reshape((10, 3)) / 15 - 1, nd.array([0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    data = gluon.data.ArrayDataset(x, y)
    CE = gluon.loss.SoftmaxCrossEntropyLoss()

    class Wide(gluon.loss.L2Loss):
        """Takes classes for both of two outputs."""

        def hybrid_forward(self, F, pred, label, sample_weight=None):
            return super().hybrid_forward(F, pred, F.stack(label, label, axis=1), sample_weight)

    def est_(loss, train_metrics=None, val_metrics=None, hybridize=False, trainer="own", context=None, **options):
        net = nn.HybridSequential(prefix="net_")
        with net.name_scope():
            net.add(nn.Dense(2, in_units=3, prefix="fc_"))
        net.initialize(mx.init.One(), ctx=context if isinstance(context, list) and context
                       and all(str(c).startswith("cpu(") for c in context) else mx.cpu())
        if hybridize:
            net.hybridize()
        if trainer == "own":
            trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
        return est.Estimator(net, loss, train_metrics, val_metrics, trainer=trainer, context=context, **options)

    def show(e):
        print([m.name for m in e.train_metrics], [m.name for m in e.val_metrics],
              [type(m).__name__ for m in e.train_metrics], e.context, type(e.trainer.optimizer).__name__,
              e.trainer.learning_rate, e.logger.name, e.logger.level, len(e.logger.handlers), e.loss is e.val_loss,
              e.net is e.val_net, type(e.batch_processor).__name__)

    def quiet(e):
        e.logger.setLevel(50)
        return e

    def names(handlers):
        print([(type(h).__name__, getattr(h, "priority", 0), [m.name for m in getattr(h, "metrics", [])])
               for h in handlers])

    def form(value):
        if isinstance(value, nd.NDArray):
            return f"{value.shape}@{value.context}"
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(form, value))}]"
        return type(value).__name__

    class Probe(est.TrainBegin, est.TrainEnd, est.EpochBegin, est.EpochEnd, est.BatchBegin, est.BatchEnd):
        def __init__(self, **answers):
            self.answers = answers

    def event(name):
        def told(self, estimator, *args, **kwargs):
            print(name, len(args), {key: form(value) for key, value in sorted(kwargs.items())})
            return self.answers.get(name)

        setattr(Probe, name, told)

    for name in ("train_begin", "train_end", "epoch_begin", "epoch_end", "batch_begin", "batch_end"):
        event(name)

    class Given(mx.metric.EvalMetric):
        """A metric with given values."""

        def __init__(self, values, name="training f"):
            self.values, self.position = values, 0
            super().__init__(name)

        def get(self):
            return self.name, self.values[min(self.position, len(self.values) - 1)]

    class Next(est.EpochEnd):
        priority = 10**6

        def __init__(self, given):
            self.given = given

        def epoch_end(self, estimator, *args, **kwargs):
            self.given.position += 1

    class Printing(mx.metric.EvalMetric):
        def update(self, *args):
            print("update", args)

    class PrintingLoss(mx.metric.Loss):
        update = Printing.update

    def early(values, mode="max", **options):
        metric = Given(values)
        handler = est.EarlyStoppingHandler(metric, mode=mode, **options)
        e = quiet(est_(L2w))
        e.logger.handlers[0].setLevel(20)
        e.fit(dl, epochs=6, event_handlers=[handler, Next(metric)])
        print(handler.stopped_epoch, handler.current_epoch, handler.wait, handler.best, handler.stop_training)

    def checkpoint(epochs=None, batches=None, values=(1,), hybridize=False, mode="max", **options):
        metric = Given(list(values))
        handler = est.CheckpointHandler(folder, monitor=metric, mode=mode, **options)
        e = est_(CE, hybridize=hybridize)
        try:
            e.fit(dl, epochs=epochs, batches=batches, event_handlers=[handler, Next(metric)])
        finally:
            print(handler.current_epoch, handler.current_batch, e.max_epoch, e.max_batch,
                  None if handler.resume_from_checkpoint else handler.saved_checkpoints,
                  {p.name: p.data().asnumpy().round(3).tolist() for p in e.net.collect_params().values()})

    def ev(val_data, batch_axis, event_handlers):
        print("evaluate", val_data, batch_axis, event_handlers)

    L2w = Wide()
    dl = gluon.data.DataLoader(data, batch_size=4)
    found = {name: getattr(est, name) for name in dir(est) if name.endswith("Handler")}
    found.update(mx=mx, os=os, folder=folder, x=x, y=y, dl=dl, odd=gluon.data.DataLoader(data, batch_size=3),
                 CE=CE, L2=L2w, L2b=Wide(), est_=est_, show=show, quiet=quiet,
                 names=names, Probe=Probe, Printing=Printing, PrintingLoss=PrintingLoss, early=early,
                 checkpoint=checkpoint, ev=ev)
    return found


def run(mx, code, folder):
    """What came of a case: text, warnings, error, files."""
    text, error = io.StringIO(), None
    with contextlib.redirect_stdout(text), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(code, _names(mx, folder))
        except Exception as e:
            error = [type(e).__name__, str(e)]
    own = [str(w.message) for w in caught
           if w.category in (UserWarning, RuntimeWarning) and "already initialized, ign" not in str(w.message)]
    files = sorted(name for name in os.listdir(folder) if not name.endswith(".resume"))
    return json.loads(json.dumps(_masked([text.getvalue().split("\n"), own, error, files], folder)))


def _masked(value, folder):
    if isinstance(value, list):
        return [_masked(each, folder) for each in value]
    if not isinstance(value, str):
        return value
    value = value.replace(folder, "FOLDER")
    value = re.sub(r"\d+\.\d{3}s", "#s", re.sub(r"total \d+s", "total #s", value))
    return re.sub(r"0x[0-9a-f]+", "0x#", value)
