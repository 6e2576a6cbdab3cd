"""gluonnlp 0.10.0: losses, optimizers, sampling, training; gluonnlp_parts.py asks."""

import os

import gluonnlp as nlp
import numpy as np
from gluonnlp.model import train
from parts import gradient, in_folder, pack

import mxnet as mx
from mxnet import gluon

TEXT = [
    "the quick brown fox jumps over the lazy dog .",
    "a fox and a dog , both quick !",
    "the end is near",
    "Lazy dogs don't jump over brown foxes ; they sleep .",
]
WORDS = " ".join(TEXT).split()


def integers(most, *shape):
    return mx.nd.array(np.random.RandomState(5).randint(0, most, shape))


def random(*shape):
    return mx.nd.array(np.random.RandomState(7).randn(*shape))


def vocabulary(**arguments):
    return nlp.Vocab(nlp.data.count_tokens(WORDS), **arguments)


def batches(loader):
    return list(loader)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf8") as file:
        file.write(text)
    return path


# --- losses, metrics, optimizers


def losses():
    found = []
    for hybrid in (False, True):
        masked = nlp.loss.MaskedSoftmaxCELoss()
        active = nlp.loss.ActivationRegularizationLoss(alpha=2.0)
        temporal = nlp.loss.TemporalActivationRegularizationLoss(beta=3.0)
        smooth = nlp.loss.LabelSmoothing(epsilon=0.1, units=5)
        for block in (masked, active, temporal, smooth):
            block.initialize()
            if block is not temporal:  # it slices its input in time, which Symbols cannot
                block.hybridize(hybrid)
        found += gradient(lambda x, loss=masked: loss(x, integers(5, 2, 3), mx.nd.array([3, 1])), random(2, 3, 5))
        found += gradient(lambda x, loss=active: loss(x, x * 2), random(2, 3, 5))
        found += gradient(lambda x, loss=temporal: loss(x, x * 2), random(2, 3, 5))
        found += [smooth(integers(5, 2, 3)), repr(masked), repr(active), repr(temporal), repr(smooth)]
    try:
        found.append(nlp.loss.LabelSmoothing(sparse_label=False)(random(2, 5)))
    except Exception as error:
        found.append(type(error).__name__)
    return pack(*found)


def metrics():
    accuracy = nlp.metric.MaskedAccuracy()
    accuracy.update(
        [integers(3, 2, 4)], [random(2, 4, 3).transpose((0, 2, 1))], [mx.nd.array([[1, 1, 0, 1], [1, 0, 0, 0]])]
    )
    accuracy.update([integers(3, 2, 4)], [random(2, 3, 4)])
    normalized = nlp.metric.LengthNormalizedLoss()
    normalized.update([0, mx.nd.array([3, 4])], mx.nd.array([1.5, 2.5]))
    return pack(accuracy.get(), normalized.get(), repr(accuracy.get_name_value()))


def optimizers():
    found = []
    for name, arguments in (
        ("bertadam", {}),
        ("bertadam", {"wd": 0.1, "epsilon": 1e-4, "beta1": 0.8}),
        ("lamb", {"wd": 0.1}),
        ("bertadam", {"multi_precision": True}),
    ):
        for dtype in ("float32",):
            net = gluon.nn.HybridSequential()
            net.add(gluon.nn.Dense(3, in_units=4), gluon.nn.Dense(2, in_units=3))
            net.cast(dtype)
            net.initialize(mx.init.Normal(0.3))
            for parameter in net.collect_params().values():
                parameter.set_data(random(*parameter.shape).astype(dtype))
            trainer = gluon.Trainer(
                net.collect_params(), name, {"learning_rate": 0.05, **arguments}, update_on_kvstore=False
            )
            for _ in range(3):
                with mx.autograd.record():
                    loss = (net(random(2, 4).astype(dtype)) ** 2).sum()
                loss.backward()
                trainer.allreduce_grads()
                found.append(nlp.utils.clip_grad_global_norm(net.collect_params().values(), 1.0))
                trainer.update(1)
            found += [parameter.data() for parameter in net.collect_params().values()]
    return pack(*found)


@in_folder
def states(folder):
    net = gluon.nn.Dense(2, in_units=3)
    net.initialize(mx.init.One())
    trainer = gluon.Trainer(net.collect_params(), "bertadam", {"learning_rate": 0.05}, update_on_kvstore=False)
    path = os.path.join(folder, "x")
    for _ in range(2):
        with mx.autograd.record():
            loss = (net(random(2, 3)) ** 2).sum()
        loss.backward()
        trainer.step(1)
    nlp.utils.save_parameters(net, path + ".params")
    nlp.utils.save_states(trainer, path + ".states")
    nlp.utils.load_states(trainer, path + ".states")
    other = gluon.nn.Dense(2, in_units=3)
    nlp.utils.load_parameters(other, path + ".params")
    nlp.utils.set_seed(3)
    return pack(
        other(random(2, 3)),
        nlp.utils.grad_global_norm(net.collect_params().values()),
        mx.nd.random.uniform(shape=3),
        np.random.rand(2),
    )


# --- models of a kind of their own


def sampled():
    found = []
    for kind in (nlp.model.ISDense, nlp.model.NCEDense, nlp.model.SparseISDense, nlp.model.SparseNCEDense):
        net = kind(11, 4, 5, remove_accidental_hits=True)
        net.initialize(mx.init.Normal(0.3))
        gluon.Trainer(net.collect_params(), "sgd")  # rows of sparse weights are pulled from its store
        drawn = [integers(11, 4), mx.nd.array([0.1, 0.2, 0.3, 0.4]), mx.nd.array([0.5, 0.6])]
        data, label = random(2, 5), mx.nd.array([3, 7])
        with mx.autograd.record():
            scores, target = net(data, drawn, label)
            loss = (scores * scores).sum()
        loss.backward()
        found += [
            scores,
            target,
            repr(net),
            *[p.grad() for p in net.collect_params().values()],
            "\n".join(f"{p.name} {p.shape} {p.grad_req}" for p in net.collect_params().values()),
        ]
    return pack(*found)


def big_training():
    net = train.BigRNN(11, 6, 8, 1, 5, 4)
    net.initialize(mx.init.Normal(0.3))
    trainer = gluon.Trainer(net.collect_params(), "adagrad", {"learning_rate": 0.1, "eps": 1e-5})
    found = []
    sampler = [integers(11, 4), mx.nd.array([0.1, 0.2, 0.3, 0.4]), mx.nd.array([0.5, 0.6, 0.2, 0.3, 0.4, 0.5])]
    state = net.begin_state(batch_size=2)
    for _ in range(2):
        with mx.autograd.record():
            out, state, target = net(integers(11, 3, 2), integers(11, 3, 2), state, sampler)
            state = [s.detach() for s in state]
            loss = gluon.loss.SoftmaxCrossEntropyLoss()(out.reshape((-3, -1)), target.reshape((-1,))).sum()
        loss.backward()
        trainer.step(1)
        found += [loss, out]
    return pack(*found, repr(net))


def weight_drop():
    net = gluon.nn.HybridSequential()
    with net.name_scope():
        net.add(gluon.nn.Dense(3, in_units=4), gluon.rnn.LSTM(3, input_size=3))
    nlp.model.apply_weight_drop(net, ".*h2h.*|.*weight", rate=0.5)
    net.initialize(mx.init.One())
    parameters = net.collect_params()
    found = [repr(net), "\n".join(f"{p.name} {type(p).__name__} {p!r}" for p in parameters.values())]
    dense = gluon.nn.Dense(3, in_units=4)
    nlp.model.apply_weight_drop(dense, ".*weight", rate=0.0)
    dense.initialize(mx.init.One())
    for hybrid in (False, True):
        dense.hybridize(hybrid)
        found += [dense(random(2, 4)), repr(dense.weight)]
    return pack(*found)


def awd_steps():
    net = train.AWDRNN("lstm", 11, 6, 8, 2, dropout=0.0, weight_drop=0.0, drop_h=0.0, drop_i=0.0, drop_e=0.0)
    net.initialize(mx.init.Normal(0.3))
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    active, temporal = nlp.loss.ActivationRegularizationLoss(2), nlp.loss.TemporalActivationRegularizationLoss(1)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5, "momentum": 0, "wd": 0})
    hidden = net.begin_state(func=mx.nd.zeros, batch_size=3)
    found = []
    for _ in range(3):
        hidden = [[s.detach() for s in layer] if isinstance(layer, list) else layer.detach() for layer in hidden]
        with mx.autograd.record():
            out, hidden, raw, dropped = net(integers(11, 5, 3), hidden)
            loss = loss_of(out.reshape(-3, -1), integers(11, 5, 3).reshape(-1)).mean()
            loss = loss + active(*dropped) + temporal(*raw)
        loss.backward()
        nlp.utils.clip_grad_global_norm(net.collect_params().values(), 0.25)
        trainer.step(1)
        found += [loss, out]
    return pack(*found)


def cache():
    vocab = vocabulary()
    net = nlp.model.StandardRNN("lstm", len(vocab), 6, 6, 2, dropout=0.0, tie_weights=False)
    net.initialize(mx.init.Normal(0.3))
    cell = train.CacheCell(net, len(vocab), 3, 0.6, 0.2)
    hidden = cell.begin_state(func=mx.nd.zeros, batch_size=1)
    history = past = None
    found = []
    for _ in range(2):
        out, history, past, hidden = cell(integers(11, 4, 1), integers(11, 4, 1), history, past, hidden)
        found += [out, history, past]
    return pack(*found, repr(cell))


class Decoder:
    def __init__(self, net):
        self.net = net

    def __call__(self, inputs, states):
        outputs, states = self.net(mx.nd.expand_dims(inputs, axis=0), states)
        return outputs[0], states

    def state_info(self, *arguments, **keywords):
        return self.net.state_info(*arguments, **keywords)


def search(kind):
    def case():
        net = nlp.model.StandardRNN("lstm", 11, 6, 6, 2, dropout=0.0, tie_weights=False)
        net.initialize(mx.init.Normal(0.9))
        begin = net.begin_state(batch_size=2, func=mx.nd.zeros)
        start = mx.nd.array([1, 4])
        if kind == "beam":
            scorer = nlp.model.BeamSearchScorer(alpha=0.5, K=5, from_logits=False)
            sampler = nlp.model.BeamSearchSampler(3, Decoder(net), 2, scorer, 6)
        elif kind == "hybrid":
            scorer = nlp.model.BeamSearchScorer(alpha=0.5, K=5, from_logits=False)
            sampler = nlp.model.HybridBeamSearchSampler(2, 3, HybridDecoder(net), 2, scorer, max_length=6)
        else:
            mx.random.seed(4)
            sampler = nlp.model.SequenceSampler(
                3, Decoder(net), 2, 6, temperature=0.7, top_k=4 if kind == "top" else None
            )
        return pack(*sampler(start, begin), repr(getattr(sampler, "_scorer", None)))

    return case


class HybridDecoder(gluon.HybridBlock):
    def __init__(self, net):
        super().__init__()
        with self.name_scope():
            self.net = net
        self._vocab_size = 11

    def hybrid_forward(self, F, inputs, states):
        outputs, states = self.net(F.expand_dims(inputs, axis=0), states)
        return F.squeeze(outputs, axis=0), states

    def state_info(self, *arguments, **keywords):
        return self.net.state_info(*arguments, **keywords)


def translate():
    vocab = vocabulary()
    encoder, decoder, step = nlp.model.transformer.get_transformer_encoder_decoder(
        num_layers=1, units=8, hidden_size=12, num_heads=2, dropout=0.0, max_src_length=9, max_tgt_length=9
    )
    net = nlp.model.translation.NMTModel(vocab, vocab, encoder, decoder, step, embed_size=8, prefix="transformer_")
    net.initialize(mx.init.Normal(0.3))
    source, lengths = integers(len(vocab), 2, 6), mx.nd.array([6, 4])
    found = []
    for hybrid in (False, True):
        net.hybridize(hybrid)
        encoded, _ = net.encode(source, valid_length=lengths)
        state = net.decoder.init_state_from_encoder(encoded, lengths)
        out, state, _ = net.decode_step(mx.nd.array([2, 2]), state)
        again, state, _ = net.decode_step(mx.nd.array([3, 5]), state)
        found += [encoded, out, again]
    sampler = nlp.model.BeamSearchSampler(2, lambda x, s: net.decode_step(x, s)[:2], 3, max_length=4)
    state = net.decoder.init_state_from_encoder(net.encode(source, valid_length=lengths)[0], lengths)
    return pack(*found, *sampler(mx.nd.array([2, 2]), state))


def transformer_steps():
    vocab = vocabulary()
    encoder, decoder, step = nlp.model.transformer.get_transformer_encoder_decoder(
        num_layers=1, units=8, hidden_size=12, num_heads=2, dropout=0.0, max_src_length=9, max_tgt_length=9
    )
    net = nlp.model.translation.NMTModel(vocab, vocab, encoder, decoder, step, embed_size=8, prefix="transformer_")
    net.initialize(mx.init.Normal(0.3))
    smoothing = nlp.loss.LabelSmoothing(epsilon=0.1, units=len(vocab))
    loss_of = nlp.loss.MaskedSoftmaxCELoss(sparse_label=False)
    parallel = nlp.model.transformer.ParallelTransformer(net, smoothing, loss_of, rescale_loss=10)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01, "beta2": 0.98, "epsilon": 1e-9})
    arguments = (integers(len(vocab), 2, 6), integers(len(vocab), 2, 5), mx.nd.array([6, 4]), mx.nd.array([5, 3]))
    found = []
    for hybrid in (False, True, True):
        net.hybridize(hybrid)
        found.append(parallel.forward_backward((arguments, 2))[0])
        trainer.step(1)
    pool = nlp.utils.Parallel(1, parallel)
    pool.put((arguments, 2))
    found.append(pool.get()[0])
    return pack(*found)


def bert_steps():
    encoder = nlp.model.BERTEncoder(num_layers=1, units=8, hidden_size=16, num_heads=2, max_length=12, dropout=0.0)
    net = nlp.model.BERTModel(
        encoder, vocab_size=20, token_type_vocab_size=2, units=8, embed_size=8, use_decoder=False, use_classifier=False
    )
    classifier = nlp.model.BERTClassifier(net, num_classes=2, dropout=0.0)
    classifier.initialize(mx.init.Normal(0.3))
    classifier.hybridize(static_alloc=True)
    loss_of = gluon.loss.SoftmaxCELoss()
    trainer = gluon.Trainer(
        classifier.collect_params(), "bertadam", {"learning_rate": 0.01, "wd": 0.01}, update_on_kvstore=False
    )
    for parameter in classifier.collect_params(".*beta|.*gamma|.*bias").values():
        parameter.wd_mult = 0.0
    found = []
    for _ in range(3):
        with mx.autograd.record():
            out = classifier(integers(20, 2, 7), mx.nd.zeros((2, 7)), mx.nd.array([7, 4]))
            loss = loss_of(out, mx.nd.array([0, 1])).mean()
        loss.backward()
        trainer.allreduce_grads()
        found += [nlp.utils.clip_grad_global_norm(classifier.collect_params().values(), 1), loss, out]
        trainer.update(1)
    return pack(*found)


def initializers():
    mx.random.seed(5)
    np.random.seed(5)
    array = mx.nd.zeros((300, 40))
    nlp.initializer.TruncNorm(stdev=0.5)("x_weight", array)
    bias = mx.nd.zeros((6,))
    nlp.initializer.HighwayBias()("x_bias", bias)
    return pack(
        array.abs().max().asscalar() <= 1.0,
        abs(array.asnumpy().mean()) < 0.02,
        bias,
        nlp.initializer.HighwayBias().dumps(),
    )


def blocks():
    clip = nlp.model.LSTMPCellWithClip(5, 3, input_size=4, cell_clip=0.2, projection_clip=0.1)
    norm, gelu = nlp.model.L2Normalization(), nlp.model.GELU()
    found = []
    for block in (clip, norm, gelu):
        block.initialize(mx.init.Normal(0.5))
        found.append(repr(block))
    return pack(
        *found,
        clip.unroll(3, random(2, 3, 4), layout="NTC", merge_outputs=True),
        norm(random(2, 3, 4)),
        gradient(gelu, random(3, 4)),
    )
