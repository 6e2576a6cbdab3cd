"""mx.contrib.tensorboard: metrics for TensorBoard, written by torch.utils.tensorboard."""

from __future__ import annotations

__all__ = ["LogMetricsCallback"]


def make_writer(logging_dir):
    """A SummaryWriter for a folder; ImportError without the package tensorboard."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as e:
        raise ImportError(f"TensorBoard's files need the package tensorboard ({e}): "
                          "pip install 'glueball[tensorboard]'") from e
    return SummaryWriter(str(logging_dir))


class LogMetricsCallback:
    """A batch's or an evaluation's callback that writes the metric for TensorBoard, with the epoch as the step.

    logging_dir: the folder; look at it with `tensorboard --logdir LOGGING_DIR`.  prefix: goes before the names of the
    metrics, with a '-'; curves of the same name come in one graph.

    >>> mod.fit(train, eval_data=val, num_epoch=5,
    ...         batch_end_callback=mx.contrib.tensorboard.LogMetricsCallback("logs/train"),
    ...         eval_end_callback=mx.contrib.tensorboard.LogMetricsCallback("logs/eval"))
    """

    def __init__(self, logging_dir, prefix=None):
        self.prefix = prefix
        self.summary_writer = make_writer(logging_dir)

    def __call__(self, param):
        if param.eval_metric is None:
            return
        for name, value in param.eval_metric.get_name_value():
            tag = name if self.prefix is None else f"{self.prefix}-{name}"
            self.summary_writer.add_scalar(tag, value, global_step=param.epoch)
