"""mx.metric: running averages of how good predictions are.

A metric is given labels and predictions batch by batch (`update`) and says its average since `reset` (`get_global`) or
since `reset_local` (`get`).  What a batch comes to is computed where its arrays are.
"""

from .. import ndarray
from ..base import numeric_types, string_types
from .base import CompositeEvalMetric, EvalMetric, alias, check_label_shapes, create, register
from .classification import F1, MCC, PCC, Accuracy, TopKAccuracy
from .likelihood import CrossEntropy, NegativeLogLikelihood, Perplexity
from .others import Caffe, CustomMetric, Loss, Torch, np
from .regression import MAE, MSE, RMSE, PearsonCorrelation

__all__ = ["F1", "MAE", "MCC", "MSE", "PCC", "RMSE", "Accuracy", "Caffe", "CompositeEvalMetric", "CrossEntropy",
           "CustomMetric", "EvalMetric", "Loss", "NegativeLogLikelihood", "PearsonCorrelation", "Perplexity",
           "TopKAccuracy", "Torch", "alias", "check_label_shapes", "create", "ndarray", "np", "numeric_types",
           "register", "string_types"]
