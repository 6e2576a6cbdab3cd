"""The events of a training: derive a handler from those that it wants to hear of."""

from __future__ import annotations

__all__ = ["BatchBegin", "BatchEnd", "EpochBegin", "EpochEnd", "EventHandler", "TrainBegin", "TrainEnd"]


class EventHandler:
    """Base class of all handlers.  Those with a lower `priority` (0 without one) are called first."""


class TrainBegin(EventHandler):
    """Hears when `fit` begins."""

    def train_begin(self, estimator, *args, **kwargs):
        """Called once, before the first epoch."""


class TrainEnd(EventHandler):
    """Hears when `fit` ends."""

    def train_end(self, estimator, *args, **kwargs):
        """Called once, after the last epoch."""


class EpochBegin(EventHandler):
    """Hears when an epoch begins, or an evaluation."""

    def epoch_begin(self, estimator, *args, **kwargs):
        """Called before the first batch is loaded."""


class EpochEnd(EventHandler):
    """Hears when an epoch ends, or an evaluation."""

    def epoch_end(self, estimator, *args, **kwargs):
        """Called after the last batch; training ends if a handler returns something true."""
        return False


class BatchBegin(EventHandler):
    """Hears when a batch begins."""

    def batch_begin(self, estimator, *args, **kwargs):
        """Called with batch=, as the DataLoader gave it."""


class BatchEnd(EventHandler):
    """Hears when a batch ends."""

    def batch_end(self, estimator, *args, **kwargs):
        """Called with batch=, and lists pred=, label=, loss= with an array for each context.

        After backward, and before the update if the priority is below that of GradientUpdateHandler.  The epoch ends if
        a handler returns something true.
        """
        return False


def _check_event_handlers(handlers) -> list:
    """One handler, some of them or None as a list; ValueError for anything else."""
    if isinstance(handlers, EventHandler):
        return [handlers]
    handlers = [] if handlers is None else handlers
    if not all(isinstance(handler, EventHandler) for handler in handlers):
        raise ValueError(f"handlers must be an EventHandler or a list of EventHandler, got: {handlers}")
    return handlers
