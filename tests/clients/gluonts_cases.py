"""gluonts 0.14.4 (gluonts.mx): estimators trained and predicting, distributions, kernels. Under Python 3.8, too."""
import importlib
import json
import pathlib
import pkgutil
import random
import tempfile

import nets
import numpy as np
import old_numpy

import mxnet as mx

nets.without_dropout()
old_numpy.restore()
import gluonts.mx  # noqa: E402
import gluonts_blocks  # noqa: E402
from gluonts.dataset.common import ListDataset  # noqa: E402
from gluonts.mx import distribution as D  # noqa: E402
from gluonts.mx import kernels  # noqa: E402
from gluonts.mx.model.canonical import CanonicalRNNEstimator  # noqa: E402
from gluonts.mx.model.canonical._estimator import MLPForecasterEstimator  # noqa: E402
from gluonts.mx.model.deep_factor import DeepFactorEstimator  # noqa: E402
from gluonts.mx.model.deepar import DeepAREstimator  # noqa: E402
from gluonts.mx.model.deepstate import DeepStateEstimator  # noqa: E402
from gluonts.mx.model.deepvar import DeepVAREstimator  # noqa: E402
from gluonts.mx.model.deepvar_hierarchical import DeepVARHierarchicalEstimator  # noqa: E402
from gluonts.mx.model.gp_forecaster import GaussianProcessEstimator  # noqa: E402
from gluonts.mx.model.gpvar import GPVAREstimator  # noqa: E402
from gluonts.mx.model.lstnet import LSTNetEstimator  # noqa: E402
from gluonts.mx.model.n_beats import NBEATSEnsembleEstimator, NBEATSEstimator  # noqa: E402
from gluonts.mx.model.predictor import GluonPredictor  # noqa: E402
from gluonts.mx.model.seq2seq import MQCNNEstimator, MQRNNEstimator, RNN2QRForecaster  # noqa: E402
from gluonts.mx.model.seq2seq._seq2seq_estimator import CNN2QRForecaster, MLP2QRForecaster  # noqa: E402
from gluonts.mx.model.simple_feedforward import SimpleFeedForwardEstimator  # noqa: E402
from gluonts.mx.model.tft import TemporalFusionTransformerEstimator  # noqa: E402
from gluonts.mx.model.transformer import TransformerEstimator  # noqa: E402
from gluonts.mx.model.wavenet import WaveNetEstimator  # noqa: E402
from gluonts.mx.trainer import Trainer  # noqa: E402
from gluonts.mx.trainer.callback import TrainingHistory  # noqa: E402

LENGTH, STEPS, SERIES = 60, 4, 6
TIME = {"freq": "D", "prediction_length": STEPS}
SUMS = np.array([[1, 1], [1, 0], [0, 1]], dtype="float32")

ESTIMATORS = {
    "deepar": lambda t: DeepAREstimator(trainer=t, num_cells=8, **TIME),
    "deepar_gru": lambda t: DeepAREstimator(
        trainer=t, num_cells=8, cell_type="gru", dropoutcell_type="VariationalDropoutCell", use_feat_static_cat=True,
        cardinality=[SERIES], **TIME),
    "deepar_zoneout": lambda t: DeepAREstimator(trainer=t, num_cells=8, dropoutcell_type="RNNZoneoutCell",
                                                distr_output=D.NegativeBinomialOutput(), **TIME),
    "deepar_gaussian": lambda t: DeepAREstimator(trainer=t, num_cells=8, distr_output=D.GaussianOutput(),
                                                 dropoutcell_type="VariationalZoneoutCell", **TIME),
    "deepar_spline": lambda t: DeepAREstimator(trainer=t, num_cells=8, distr_output=D.PiecewiseLinearOutput(4), **TIME),
    "deepar_imputing": lambda t: DeepAREstimator(trainer=t, num_cells=8, impute_missing_values=True, scaling=False,
                                                 **TIME),
    "feedforward": lambda t: SimpleFeedForwardEstimator(prediction_length=STEPS, trainer=t),
    "feedforward_bn": lambda t: SimpleFeedForwardEstimator(prediction_length=STEPS, trainer=t, batch_normalization=True,
                                                           distr_output=D.LaplaceOutput()),
    "transformer": lambda t: TransformerEstimator(trainer=t, model_dim=8, num_heads=2, **TIME),
    "wavenet": lambda t: WaveNetEstimator(trainer=t, num_bins=16, dilation_depth=2, n_stacks=1, n_residue=4, n_skip=4,
                                          num_parallel_samples=2, **TIME),
    "mqcnn": lambda t: MQCNNEstimator(trainer=t, context_length=12, seed=1, **TIME),
    "mqcnn_distribution": lambda t: MQCNNEstimator(trainer=t, context_length=12, seed=1, quantiles=None, scaling=True,
                                                   distr_output=D.GaussianOutput(), **TIME),
    "mqrnn": lambda t: MQRNNEstimator(trainer=t, context_length=12, **TIME),
    "rnn2qr": lambda t: RNN2QRForecaster(cardinality=[1], embedding_dimension=2, encoder_rnn_layer=1,
                                         encoder_rnn_num_hidden=4, decoder_mlp_layer=[4], decoder_mlp_static_dim=2,
                                         trainer=t, **TIME),
    "cnn2qr": lambda t: CNN2QRForecaster(cardinality=[1], embedding_dimension=2, decoder_mlp_layer=[4],
                                         decoder_mlp_static_dim=2, trainer=t, **TIME),
    "mlp2qr": lambda t: MLP2QRForecaster(cardinality=[1], embedding_dimension=2, encoder_mlp_layer=[4],
                                         decoder_mlp_layer=[4], decoder_mlp_static_dim=2, trainer=t, **TIME),
    "tft": lambda t: TemporalFusionTransformerEstimator(trainer=t, hidden_dim=8, num_heads=2, context_length=8, **TIME),
    "nbeats": lambda t: NBEATSEstimator(trainer=t, num_stacks=2, widths=[8], num_blocks=[1], **TIME),
    "nbeats_interpretable": lambda t: NBEATSEstimator(
        trainer=t, num_stacks=2, widths=[8], num_blocks=[2], num_block_layers=[2], expansion_coefficient_lengths=[3],
        sharing=[True], stack_types=["T", "S"], loss_function="MAPE", **TIME),
    "nbeats_ensemble": lambda t: NBEATSEnsembleEstimator(
        trainer=t, num_stacks=2, widths=[8], num_blocks=[1], meta_context_length=[4, 8], meta_bagging_size=1,
        meta_loss_function=["sMAPE"], **TIME),
    "deepstate": lambda t: DeepStateEstimator(
        trainer=t, cardinality=[SERIES], num_cells=4, num_layers=1, past_length=24, use_feat_static_cat=True,
        num_parallel_samples=4, **TIME),
    "deep_factor": lambda t: DeepFactorEstimator(trainer=t, num_hidden_global=4, num_hidden_local=3, num_factors=2,
                                                 **TIME),
    "gp": lambda t: GaussianProcessEstimator(trainer=t, cardinality=SERIES, context_length=8, num_parallel_samples=4,
                                             **TIME),
    "gp_periodic": lambda t: GaussianProcessEstimator(
        trainer=t, cardinality=SERIES, context_length=8, num_parallel_samples=4,
        kernel_output=kernels.PeriodicKernelOutput(), **TIME),
    "canonical_rnn": lambda t: CanonicalRNNEstimator(trainer=t, num_cells=4, context_length=8, **TIME),
    "canonical_mlp": lambda t: MLPForecasterEstimator(trainer=t, hidden_dim_sequence=[4], context_length=8, **TIME),
}
MULTIVARIATE = {
    "deepvar": lambda t: DeepVAREstimator(trainer=t, target_dim=3, num_cells=4, lags_seq=[1, 2, 3], rank=2, **TIME),
    "deepvar_full": lambda t: DeepVAREstimator(
        trainer=t, target_dim=3, num_cells=4, lags_seq=[1, 2, 3], use_marginal_transformation=True,
        distr_output=D.MultivariateGaussianOutput(dim=3), **TIME),
    "deepvar_hierarchical": lambda t: DeepVARHierarchicalEstimator(trainer=t, S=SUMS, num_cells=4, lags_seq=[1, 2, 3],
                                                                   **TIME),
    "gpvar": lambda t: GPVAREstimator(trainer=t, target_dim=3, num_cells=4, lags_seq=[1, 2, 3], rank=2, **TIME),
    "lstnet": lambda t: LSTNetEstimator(trainer=t, num_series=3, skip_size=2, ar_window=3, channels=4,
                                        context_length=16, prediction_length=STEPS),
}
ALL = {**ESTIMATORS, **MULTIVARIATE}
EAGER = ("gp", "gp_periodic")  # networks that cannot be hybridized

DISTRIBUTIONS = {
    "beta": D.BetaOutput(), "binned": D.BinnedOutput(bin_centers=mx.nd.array([-1.0, 0.0, 2.0])),
    "box_cox": D.TransformedDistributionOutput(D.GaussianOutput(), [D.InverseBoxCoxTransformOutput(lb_obs=-1.0)]),
    "categorical": D.CategoricalOutput(4), "deterministic": D.DeterministicOutput(0.5),
    "dirichlet": D.DirichletOutput(dim=3), "dirichlet_multinomial": D.DirichletMultinomialOutput(dim=3, n_trials=5),
    "empirical": D.EmpiricalDistributionOutput(num_samples=7, distr_output=D.GaussianOutput()),
    "gamma": D.GammaOutput(), "gaussian": D.GaussianOutput(), "genpareto": D.GenParetoOutput(),
    "one_inflated_beta": D.OneInflatedBetaOutput(), "zero_inflated_beta": D.ZeroInflatedBetaOutput(),
    "zero_one_inflated_beta": D.ZeroAndOneInflatedBetaOutput(), "laplace": D.LaplaceOutput(),
    "laplace_fixed": D.LaplaceFixedVarianceOutput(), "logit_normal": D.LogitNormalOutput(),
    "lowrank": D.LowrankMultivariateGaussianOutput(dim=3, rank=2), "multivariate": D.MultivariateGaussianOutput(dim=3),
    "mixture": D.MixtureDistributionOutput([D.GaussianOutput(), D.StudentTOutput()]),
    "nan_mixture": D.NanMixtureOutput(D.GaussianOutput()), "negative_binomial": D.NegativeBinomialOutput(),
    "zero_inflated_negative_binomial": D.ZeroInflatedNegativeBinomialOutput(),
    "fixed_knots": D.FixedKnotsPiecewiseLinearOutput([0.1, 0.5, 0.9]), "piecewise_linear": D.PiecewiseLinearOutput(4),
    "isqf": D.ISQFOutput(num_pieces=3, qk_x=[0.1, 0.5, 0.9]), "poisson": D.PoissonOutput(),
    "zero_inflated_poisson": D.ZeroInflatedPoissonOutput(), "student_t": D.StudentTOutput(),
    "uniform": D.UniformOutput(),
}
POSITIVE = {"beta": 0.3, "one_inflated_beta": 0.3, "zero_inflated_beta": 0.3, "zero_one_inflated_beta": 0.3,
            "logit_normal": 0.3}


def families():
    names = {"modules": "modules"}
    for name in ALL:
        names["estimator-" + name] = names["eager-" + name] = name
    names.update({"distribution-" + name: "distribution-" + name for name in DISTRIBUTIONS})
    names.update({"block-" + name: "block-" + name for name in gluonts_blocks.BLOCKS})
    names.update({"kernel-rbf": "kernel-rbf", "kernel-periodic": "kernel-periodic"})
    return names


def answer(name, full, reference):
    kind, _, which = name.partition("-")
    seed()
    if kind == "modules":
        return modules()
    if kind == "distribution":
        return distribution(DISTRIBUTIONS[which], which)
    if kind == "block":
        return gluonts_blocks.ask(which)
    if kind == "kernel":
        return kernel(which)
    return estimator(which, hybridize=kind == "estimator" and which not in EAGER)


def seed():
    mx.random.seed(5)
    np.random.seed(5)
    random.seed(5)


def modules():
    """Every module of gluonts.mx loads, and has the public names it has with MXNet."""
    found = {}
    for module in pkgutil.walk_packages(gluonts.mx.__path__, "gluonts.mx."):
        loaded = importlib.import_module(module.name)
        found[module.name] = " ".join(sorted(n for n in vars(loaded) if not n.startswith("_")))
    return found


def estimator(name, hybridize):
    """Losses and weights of a short training with seeds, forecasts, and the same from a predictor out of files."""
    history = TrainingHistory()
    trainer = Trainer(epochs=2, num_batches_per_epoch=5, hybridize=hybridize, callbacks=[history])
    data = dataset(name)
    predictor = ALL[name](trainer).train(data)
    found = {"losses": np.array(history.loss_history)}
    if isinstance(predictor, GluonPredictor):
        params = predictor.prediction_net.collect_params()
        found["params"] = "\n".join(f"{p.name.split('_', 1)[-1]} {p.shape}" for p in params.values())
        if name != "feedforward_bn":  # a bias before BatchNorm: its gradient is rounding, and Adam makes steps of it
            found["weights"] = np.concatenate([p.data().asnumpy().ravel() for p in params.values()])
    found["forecast"] = forecast(predictor, data)
    try:
        found["read_forecast"] = forecast(through_files(predictor), data)
    except Exception as error:  # not every predictor of gluonts can be written
        found["read_forecast"] = "error: " + type(error).__name__
    return found


def through_files(predictor):
    with tempfile.TemporaryDirectory() as folder:
        predictor.serialize(pathlib.Path(folder))
        return type(predictor).deserialize(pathlib.Path(folder))


def forecast(predictor, data):
    seed()
    parts = []
    for made in predictor.predict(data):
        values = [getattr(made, name) for name in ("samples", "forecast_array", "mean") if hasattr(made, name)]
        parts.append(np.ravel(values[0]).astype("float64"))
    return np.concatenate(parts)


def dataset(name):
    numbers = np.random.RandomState(7)
    days = np.arange(LENGTH)
    start = "2021-01-01 00:00"
    waves = [5 + i + 2 * np.sin(days / 7 * 2 * np.pi) + numbers.rand(LENGTH) for i in range(SERIES)]
    if name == "deepvar_hierarchical":
        return ListDataset([{"start": start, "target": np.array([waves[0] + waves[1], waves[0], waves[1]])}], freq="D",
                           one_dim_target=False)
    if name in MULTIVARIATE:
        return ListDataset([{"start": start, "target": np.array(waves[:3])}], freq="D", one_dim_target=False)
    if name == "deepar_imputing":
        waves[0][50:53] = np.nan
    return ListDataset([{"start": start, "target": wave, "feat_static_cat": [i]} for i, wave in enumerate(waves)],
                       freq="D")


def distribution(output, name):
    """Every method of a distribution whose arguments a network made, on the network's output and its gradients."""
    projection = output.get_args_proj()
    projection.initialize(mx.init.Xavier())
    x = mx.nd.array(np.random.RandomState(1).randn(2, 3, 5))
    x.attach_grad()
    distribution = output.distribution(projection(x))
    found = {"params": "\n".join(f"{p.name} {p.shape}" for p in projection.collect_params().values()),
             "shapes": f"{distribution.batch_shape} {distribution.event_shape} {output.event_shape}"}
    ask(found, "sample", lambda: distribution.sample(4))
    ask(found, "sample_dtype", lambda: distribution.sample(dtype=np.float64))
    point = np.full((2, 3, *output.event_shape), POSITIVE.get(name, 1.0), dtype="float32")
    if name == "dirichlet":
        point /= 3
    point = mx.nd.array(point)
    for method in ("log_prob", "prob", "cdf", "crps", "loss"):
        ask(found, method, lambda method=method: getattr(distribution, method)(point))
    for value in ("mean", "stddev", "variance"):
        ask(found, value, lambda value=value: getattr(distribution, value))
    ask(found, "quantile", lambda: distribution.quantile(mx.nd.array([0.1, 0.5])))
    ones = mx.nd.ones((2, 3) + (1,) * len(output.event_shape))
    ask(found, "scaled", lambda: output.distribution(projection(x), loc=ones, scale=2 * ones).loss(point))
    for sampled in ("log_prob", "crps"):
        ask(found, sampled + "_gradient", lambda sampled=sampled: gradient(output, projection, x, sampled, point))
    ask(found, "sample_gradient", lambda: gradient(output, projection, x, "sample_rep", 3))
    ask(found, "hybrid_args", lambda: hybrid(projection, x))
    return found


def gradient(output, projection, x, method, argument):
    seed()
    with mx.autograd.record():
        value = getattr(output.distribution(projection(x)), method)(argument).sum()
    value.backward()
    return x.grad


def hybrid(projection, x):
    projection.hybridize()
    return mx.nd.concat(*[a.reshape(-1) for a in projection(x)], dim=0)


def kernel(name):
    output = kernels.RBFKernelOutput() if name == "rbf" else kernels.PeriodicKernelOutput()
    projection = output.get_args_proj(np.float32)
    projection.initialize()
    arguments = projection(mx.nd.ones((2, 3)))
    found = {}
    a, b = (mx.nd.array(np.random.RandomState(i).rand(2, 4, 1)) for i in (1, 2))
    ask(found, "matrix", lambda: output.kernel(arguments).kernel_matrix(a, b))
    ask(found, "arguments", lambda: mx.nd.concat(*arguments, dim=1))
    return found


def ask(found, key, question):
    """Put an answer into `found`; an error counts as one, by its class."""
    try:
        value = question()
        found[key] = value.asnumpy() if isinstance(value, mx.nd.NDArray) else np.array(json.dumps(value))
    except Exception as error:
        found[key] = "error: " + type(error).__name__
