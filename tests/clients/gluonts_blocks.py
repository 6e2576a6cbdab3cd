"""Blocks and networks of gluonts.mx that no estimator of gluonts_cases.py runs, with inputs. Under Python 3.8, too."""
import numpy as np
from gluonts.mx import distribution as D
from gluonts.mx import representation as R
from gluonts.mx.block.cnn import CausalConv1D, DilatedCausalGated
from gluonts.mx.block.encoder import HierarchicalCausalConv1DEncoder, MLPEncoder, RNNEncoder
from gluonts.mx.block.feature import FeatureAssembler, FeatureEmbedder
from gluonts.mx.block.mlp import MLP
from gluonts.mx.block.quantile_output import IncrementalQuantileOutput, QuantileOutput
from gluonts.mx.block.regularization import ActivationRegularizationLoss, TemporalActivationRegularizationLoss
from gluonts.mx.block.rnn import RNN
from gluonts.mx.block.scaler import MeanScaler, MinMax, NOPScaler
from gluonts.mx.block.sndense import SNDense
from gluonts.mx.block.snmlp import SNMLPBlock
from gluonts.mx.distribution.iresnet import iresnet
from gluonts.mx.distribution.lds import LDS
from gluonts.mx.model.renewal._network import DeepRenewalPredictionNetwork, DeepRenewalTrainingNetwork
from gluonts.mx.model.tpp.deeptpp._network import DeepTPPTrainingNetwork
from gluonts.mx.model.tpp.distribution import LoglogisticOutput

import mxnet as mx


def numbers(*shape):
    return mx.nd.array(np.random.RandomState(len(shape)).randn(*shape))


def positive(*shape):
    return numbers(*shape).abs() + 0.1


def indices(high, *shape):
    return mx.nd.array(np.random.RandomState(len(shape)).randint(0, high, shape))


RENEWAL = {"prediction_length": 3, "context_length": 5, "num_cells": 4, "num_layers": 1, "dropout_rate": 0.0,
           "interval_distr_output": D.NegativeBinomialOutput(), "size_distr_output": D.NegativeBinomialOutput()}
SERIES = [numbers(2, 6), mx.nd.ones((2, 6)), None, numbers(2, 6)]

BLOCKS = {  # name: (block, its inputs)
    "causal": lambda: (CausalConv1D(4, 2, 2), [numbers(2, 3, 9)]),
    "gated": lambda: (DilatedCausalGated(4, 3, 2, 2), [numbers(2, 3, 9)]),
    "hierarchical_encoder": lambda: (HierarchicalCausalConv1DEncoder([1, 3], [3, 2], [4, 5], use_residual=True),
                                     [numbers(2, 9, 1), numbers(2, 2), numbers(2, 9, 3)]),
    "rnn_encoder": lambda: (RNNEncoder("gru", 4, 2, True), [numbers(2, 9, 1), numbers(2, 2), numbers(2, 9, 3)]),
    "mlp_encoder": lambda: (MLPEncoder([4, 3]), [numbers(2, 9, 1), numbers(2, 2), numbers(2, 9, 3)]),
    "embedder": lambda: (FeatureEmbedder([3, 4], [2, 5]), [indices(3, 2, 6, 2)]),
    "assembler": lambda: (FeatureAssembler(T=4, embed_static=FeatureEmbedder([3], [2])),
                          [indices(3, 2, 1), numbers(2, 2), indices(3, 2, 4, 1), numbers(2, 4, 3)]),
    "mlp": lambda: (MLP([3, 2], flatten=False), [numbers(2, 4, 5)]),
    "rnn": lambda: (RNN("lstm", 3, 2, bidirectional=True), [numbers(2, 4, 5)]),
    "mean_scaler": lambda: (MeanScaler(keepdims=True), [numbers(2, 5, 3), mx.nd.ones((2, 5, 3))]),
    "min_max": lambda: (MinMax(), [numbers(2, 5), mx.nd.ones((2, 5))]),
    "no_scaler": lambda: (NOPScaler(), [numbers(2, 5), mx.nd.ones((2, 5))]),
    "quantile_loss": lambda: (QuantileOutput([0.1, 0.5]).get_loss(), [numbers(2, 4), numbers(2, 4, 2)]),
    "quantile_projection": lambda: (QuantileOutput([0.1, 0.5]).get_quantile_proj(), [numbers(2, 4, 3)]),
    "incremental_quantiles": lambda: (IncrementalQuantileOutput([0.1, 0.5]).get_quantile_proj(), [numbers(2, 4, 3)]),
    "activation_loss": lambda: (ActivationRegularizationLoss(2.0, time_axis=1), [numbers(2, 4, 3)]),
    "temporal_loss": lambda: (TemporalActivationRegularizationLoss(2.0, time_axis=1), [numbers(2, 4, 3)]),
    "spectral_dense": lambda: (SNDense(4, 3), [numbers(2, 3)]),
    "spectral_mlp": lambda: (SNMLPBlock(3, 4, 3), [numbers(2, 3)]),
    "invertible": lambda: (iresnet(2, event_shape=(3,), hidden_units=4, num_hidden_layers=1), [numbers(2, 3)]),
    "custom_binning": lambda: (R.CustomBinning(np.array([-1.0, 0.0, 2.0])), SERIES),
    "local_binning": lambda: (R.LocalAbsoluteBinning(num_bins=4), SERIES),
    "local_linear_binning": lambda: (R.LocalAbsoluteBinning(num_bins=4, is_quantile=False), SERIES),
    "global_binning": lambda: (binned(R.GlobalRelativeBinning(num_bins=4)), SERIES),
    "mean_scaling": lambda: (R.MeanScaling(), SERIES),
    "chain": lambda: (R.RepresentationChain([binned(R.GlobalRelativeBinning(num_bins=4)), R.Embedding(4)]), SERIES),
    "discrete_pit": lambda: (R.RepresentationChain([binned(R.GlobalRelativeBinning(num_bins=4)), R.DiscretePIT(4)]),
                             SERIES),
    "tpp": lambda: (DeepTPPTrainingNetwork(num_marks=2, interval_length=6.0), [events(), mx.nd.array([5, 3])]),
    "tpp_loglogistic": lambda: (DeepTPPTrainingNetwork(num_marks=2, interval_length=6.0,
                                                       time_distr_output=LoglogisticOutput()),
                                [events(), mx.nd.array([5, 3])]),
    "renewal": lambda: (DeepRenewalTrainingNetwork(**RENEWAL), [indices(4, 2, 5, 2) + 1, mx.nd.array([[5], [3]])]),
    "renewal_prediction": lambda: (DeepRenewalPredictionNetwork(num_parallel_samples=3, **RENEWAL),
                                   [indices(4, 2, 5, 2) + 1, mx.nd.array([[1], [2]])]),
    "state_space": lambda: (StateSpace(), [numbers(2, 5, 1)]),
}


def binned(representation):
    representation.initialize_from_array(np.random.RandomState(0).randn(50))
    return representation


def events():
    return mx.nd.concat(positive(2, 5, 1), indices(2, 2, 5, 1), dim=2)


class StateSpace(mx.gluon.Block):
    """The likelihood of a linear dynamical system, by Kalman's filter, and samples of it."""

    def forward(self, x):
        ones = mx.nd.ones((2, 5))
        system = LDS(emission_coeff=numbers(2, 5, 1, 3), transition_coeff=numbers(2, 5, 3, 3),
                     innovation_coeff=positive(2, 5, 3), noise_std=positive(2, 5, 1), residuals=numbers(2, 5, 1),
                     prior_mean=numbers(2, 3), prior_cov=mx.nd.eye(3).expand_dims(0).repeat(repeats=2, axis=0),
                     latent_dim=3, output_dim=1, seq_length=5)
        likelihood, mean, covariance = system.log_prob(x, ones.expand_dims(2))
        return likelihood, mean, covariance, system.sample(3), system.sample_marginals(2)


def ask(name):
    """What the block of this name gives, eager and hybridized, and the gradients of its parameters."""
    block, inputs = BLOCKS[name]()
    block.initialize(mx.init.Xavier(magnitude=2))
    for parameter in block.collect_params(".*weight").values():
        if parameter.shape and 0 not in parameter.shape:
            parameter.set_data(numbers(*parameter.shape))  # signs of orthogonal matrices differ from NumPy to NumPy
    found = {}
    draw()
    found["outputs"] = flat(block(*inputs))
    for step in (gradients, hybrid):
        draw()
        try:
            found.update(step(block, inputs))
        except Exception as error:  # some blocks cannot
            found[step.__name__] = "error: " + type(error).__name__
    return found


def gradients(block, inputs):
    """Of the trained parameters; without any, of the inputs."""
    trained = [p for p in block.collect_params().values() if p.grad_req != "null"]
    arrays = [array for array in inputs if array is not None and not trained]
    for array in arrays:
        array.attach_grad()
    with mx.autograd.record():
        loss = total(block(*inputs))
    loss.backward()
    found = {"gradient of " + p.name: p.grad().asnumpy() for p in trained}
    if arrays and not isinstance(block, R.Representation):  # binning leaves its gradients without a value
        found["gradients of inputs"] = flat([array.grad for array in arrays])
    return found


def hybrid(block, inputs):
    block.hybridize()
    return {"hybrid": flat(block(*inputs))}


def draw():
    mx.random.seed(4)
    np.random.seed(4)


def leaves(outputs):
    if isinstance(outputs, (list, tuple)):
        return [leaf for output in outputs for leaf in leaves(output)]
    return [] if outputs is None else [outputs]


def flat(outputs):
    return np.concatenate([leaf.asnumpy().astype("float64").ravel() for leaf in leaves(outputs)])


def total(outputs):
    return sum(leaf.astype("float32").sum() for leaf in leaves(outputs))
