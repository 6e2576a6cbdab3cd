"""Metrics after a few batches, as code that runs under real MXNet and under ours; needs NumPy alone."""
import numpy as np

BINARY = [([1, 1, 0, 0], [[0.3, 0.7], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1]]), ([0, 1], [[0.3, 0.7], [0.1, 0.9]])]
CLASSES = [([2, 1, 0], [[0.1, 0.2, 0.7], [0.5, 0.15, 0.35], [0.35, 0.4, 0.25]]),
           ([1, 0, 2], [[0.2, 0.5, 0.3], [0.7, 0.1, 0.2], [0.3, 0.6, 0.1]])]
NUMBERS = [([1.0, 2, 4], [2.0, 3, 3]), ([1.0, 2, 4], [2.0, 3, 9])]
MATRICES = [([[1.0, 2], [3, 4]], [[0.0, 2], [3, 1]])]
OTHER_CLASSES = [([1, 0, 1], [[0.1, 0.2, 0.7], [0.5, 0.15, 0.35], [0.2, 0.5, 0.3]]), ([1], [[0.1, 0.2, 0.7]])]
EQUAL_SCORES = [([2, 1, 0, 3], [[0.25] * 4] * 4), ([3, 0], [[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0.5]])]
COLUMN = [([1.0, 2, 4], [[2.0], [3], [3]])]
TIMES = [([[0, 1], [2, 2]], [[[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]], [[0.3, 0.6, 0.1], [0.1, 0.1, 0.8]]])]
NOTHING = []

# how the metric is made, and batches of (label, prediction)
CASES = [
    ("Accuracy()", BINARY), ("Accuracy()", CLASSES), ("Accuracy()", NUMBERS), ("Accuracy()", NOTHING),
    ("Accuracy(axis=2)", [([[0, 1]], [[[0.2, 0.8], [0.5, 0.6]]])]), ("create('acc')", BINARY),
    ("TopKAccuracy(2)", CLASSES), ("TopKAccuracy(top_k=3, name='best')", CLASSES), ("F1()", BINARY),
    ("F1(average='micro')", BINARY), ("F1()", BINARY[1:]), ("F1()", [([0, 0], [[0.9, 0.1], [0.8, 0.2]])]),
    ("F1()", CLASSES), ("MCC()", BINARY), ("MCC(average='micro')", BINARY), ("MCC()", [BINARY[0], BINARY[0]]),
    ("MCC()", [([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])]), ("PCC()", BINARY), ("PCC()", CLASSES),
    ("MAE()", NUMBERS), ("MSE()", NUMBERS), ("RMSE()", NUMBERS), ("MAE()", MATRICES), ("MSE()", MATRICES),
    ("RMSE()", MATRICES), ("CrossEntropy()", CLASSES), ("CrossEntropy(eps=0.1)", CLASSES),
    ("NegativeLogLikelihood()", BINARY), ("PearsonCorrelation()", NUMBERS),
    ("PearsonCorrelation(average='micro')", NUMBERS), ("PearsonCorrelation()", BINARY),
    ("Perplexity(ignore_label=None)", CLASSES), ("Perplexity(ignore_label=1)", CLASSES),
    ("Perplexity(ignore_label=None)", [([1, 1, 1], BINARY[0][1])]),
    ("Perplexity(ignore_label=None)", [([-1, 7, 1], CLASSES[0][1])]),
    ("Perplexity(ignore_label=-1)", [([-1, 7, 1], CLASSES[0][1])]), ("Loss()", NUMBERS), ("Torch()", NUMBERS),
    ("Caffe(name='c')", MATRICES), ("create(['acc', 'ce'])", CLASSES), ("create('foo')", NOTHING),
    ("create(3)", NOTHING), ("create(Accuracy(axis=1).get_config())", BINARY), ("TopKAccuracy()", NOTHING),
    ("CompositeEvalMetric([Accuracy(), 'mse'], name='both')", [([1.0, 0], [1.0, 0.25])]),
    ("CustomMetric(far)", NUMBERS), ("create(far)", NUMBERS), ("np(far, name='distance')", NUMBERS),
    ("F1()", OTHER_CLASSES), ("F1(average='micro')", OTHER_CLASSES), ("MCC()", OTHER_CLASSES),
    ("MCC(average='micro')", OTHER_CLASSES), ("PCC()", OTHER_CLASSES + CLASSES), ("TopKAccuracy(2)", EQUAL_SCORES),
    ("Accuracy()", EQUAL_SCORES), ("PearsonCorrelation(average='micro')", NUMBERS * 2 + NUMBERS[:1]),
    ("MAE()", COLUMN), ("RMSE()", COLUMN + NUMBERS), ("Accuracy(axis=-1)", TIMES), ("Loss()", TIMES),
    ("CrossEntropy()", CLASSES * 3), ("create('pearsonr')", NUMBERS), ("create('composite')", CLASSES),
    ("create(MAE().get_config())", NUMBERS), ("create('accuracy', name='right')", BINARY),
    ("create('nll_loss')", CLASSES),
    ("create('perplexity', -1)", CLASSES), ("create(['mae', far])", NUMBERS),
    ("CustomMetric(pair)", NUMBERS), ("CustomMetric(lambda label, pred: 2)", NUMBERS),
]


def far(label, pred):
    return float(np.abs(label - pred).sum())


def pair(label, pred):
    return 3.0, 2


def run(mx, metric, made, batches):
    """Text and values after each batch, then what is left after reset_local and after reset; or the error."""
    names = {name: getattr(metric, name) for name in dir(metric)}
    try:
        m = eval(made, dict(names, far=far, pair=pair))
        seen = [answer(m)]
        for label, pred in batches:
            m.update([mx.nd.array(label)], [mx.nd.array(pred)])
            seen.append(answer(m))
        if "micro" not in made and "Pearson" not in made:  # a slip of MXNet's: its own reset_local fails there
            m.reset_local()
            seen.append(answer(m))
        m.reset()
        return [*seen, answer(m)]
    except Exception as error:
        return [type(error).__name__, str(error)]


def answer(m):
    """Names and values of both averages; nan as text, for JSON."""
    pairs = list(m.get_name_value()) + list(m.get_global_name_value())
    return [[name, "nan" if value != value else float(value)] for name, value in pairs]
