"""gluonnlp 0.10.0: its models, small ones run, and what gluonnlp_parts.py asks. Runs under Python 3.8, too."""

import nets
import numpy as np
import old_numpy

import mxnet as mx

nets.without_dropout()
old_numpy.restore()
import gluonnlp as nlp  # noqa: E402
import gluonnlp_parts  # noqa: E402
from gluonnlp_training import WORDS, integers, random, vocabulary  # noqa: E402


def zoo(name):
    """A model of gluonnlp.model.get_model in its own size; only named and printed."""
    if name.startswith("transformer"):
        return nlp.model.get_model(
            name, src_vocab=vocabulary(), tgt_vocab=vocabulary(), dataset_name="WMT2014", root="/nowhere"
        )[0]
    if name.startswith("elmo"):
        return nlp.model.get_model(name)[0]
    vocab = vocabulary()
    if name.split("_")[0] in ("bert", "distilbert", "roberta", "ernie"):
        vocab = nlp.vocab.BERTVocab(nlp.data.count_tokens(WORDS))
    return nlp.model.get_model(name, vocab=vocab, pretrained=False, dataset_name=None)[0]


def bert(model=nlp.model.BERTModel, **arguments):
    encoder = nlp.model.BERTEncoder(
        num_layers=2,
        units=8,
        hidden_size=16,
        num_heads=2,
        max_length=12,
        dropout=0.0,
        **{k: arguments.pop(k) for k in ("output_attention", "output_all_encodings") if k in arguments},
    )
    return model(encoder, vocab_size=20, units=8, embed_size=8, **arguments)


def sentences():
    return [integers(20, 2, 7), mx.nd.array([[0, 0, 0, 1, 1, 1, 1]] * 2), mx.nd.array([7, 4])]


def bert_full():
    return bert(token_type_vocab_size=2), [*sentences(), mx.nd.array([[1, 3], [0, 2]])]


def bert_attention():
    return bert(
        token_type_vocab_size=2,
        output_attention=True,
        output_all_encodings=True,
        use_decoder=False,
        use_classifier=False,
    ), sentences()


def bert_classifier():
    net = bert(token_type_vocab_size=2, use_decoder=False, use_classifier=False)
    return nlp.model.BERTClassifier(net, num_classes=3, dropout=0.0), sentences()


def roberta():
    tokens, _, lengths = sentences()
    return bert(nlp.model.RoBERTaModel), [tokens, lengths, mx.nd.array([[1, 3], [0, 2]])]


def roberta_classifier():
    tokens, _, lengths = sentences()
    net = bert(nlp.model.RoBERTaModel, use_decoder=False)
    return nlp.model.RoBERTaClassifier(net, num_classes=3, dropout=0.0), [tokens, lengths]


def distilbert():
    tokens, _, lengths = sentences()
    encoder = nlp.model.BERTEncoder(num_layers=2, units=8, hidden_size=16, num_heads=2, max_length=12, dropout=0.0)
    return nlp.model.DistilBERTModel(encoder, vocab_size=20, units=8, embed_size=8), [tokens, lengths]


def standard(mode="lstm", tie=False, training=False):
    def build():
        kind = nlp.model.train.StandardRNN if training else nlp.model.StandardRNN
        return kind(mode, 11, 6, 6, 2, dropout=0.0, tie_weights=tie), [integers(11, 5, 3)]

    return build


def awd(mode="lstm", training=False):
    def build():
        kind = nlp.model.train.AWDRNN if training else nlp.model.AWDRNN
        return kind(
            mode, 11, 6, 8, 2, dropout=0.0, weight_drop=0.0, drop_h=0.0, drop_i=0.0, drop_e=0.0, tie_weights=True
        ), [integers(11, 5, 3)]

    return build


def big_rnn():
    net = nlp.model.language_model.BigRNN(11, 6, 8, 2, 5)
    return net, [integers(11, 4, 3), net.begin_state(batch_size=3, func=mx.nd.zeros)]


def elmo():
    net = nlp.model.elmo.ELMoBiLM(
        rnn_type="lstmpc",
        output_size=5,
        char_vocab_size=262,
        filters=[[1, 4], [2, 4]],
        char_embed_size=3,
        num_highway=1,
        conv_layer_activation="relu",
        max_chars_per_token=6,
        input_size=5,
        hidden_size=7,
        proj_size=5,
        num_layers=2,
        cell_clip=3,
        proj_clip=3,
    )
    states = net.begin_state(mx.nd.zeros, batch_size=2)
    return net, [integers(200, 2, 4, 6), states, mx.nd.array([[1, 1, 1, 1], [1, 1, 0, 0]])]


def char_encoder(**arguments):
    def build():
        net = nlp.model.ConvolutionalEncoder(embed_size=3, num_filters=(2, 3), ngram_filter_sizes=(1, 2), **arguments)
        return net, [random(5, 2, 3), mx.nd.ones((5, 2))]

    return build


def highway():
    return nlp.model.Highway(5, 2, highway_bias=nlp.initializer.HighwayBias()), [random(2, 5)]


def attention(kind, masked=True, **arguments):
    def build():
        inputs = [random(2, 3, 4), random(2, 5, 4), random(2, 5, 6)]
        if masked:
            inputs.append(mx.nd.array(np.tril(np.ones((2, 3, 5)))))
        return kind(**arguments), inputs

    return build


def multi_head(kind, **arguments):
    def build():
        return attention(
            nlp.model.MultiHeadAttentionCell,
            base_cell=kind(**arguments),
            query_units=4,
            key_units=4,
            value_units=6,
            num_heads=2,
        )()

    return build


def transformer_encoder():
    net = nlp.model.TransformerEncoder(
        num_layers=2, units=8, hidden_size=12, max_length=9, num_heads=2, dropout=0.0, output_attention=True
    )
    return net, [random(2, 6, 8), None, mx.nd.array([6, 3])]


def translation():
    vocab = vocabulary()
    encoder, decoder, step = nlp.model.transformer.get_transformer_encoder_decoder(
        num_layers=2, units=8, hidden_size=12, num_heads=2, dropout=0.0, max_src_length=9, max_tgt_length=9
    )
    net = nlp.model.translation.NMTModel(
        vocab, vocab, encoder, decoder, step, embed_size=8, share_embed=True, tie_weights=True, prefix="transformer_"
    )
    return net, [integers(len(vocab), 2, 6), integers(len(vocab), 2, 5), mx.nd.array([6, 4]), mx.nd.array([5, 2])]


def bilm():
    net = nlp.model.BiLMEncoder(
        mode="lstmpc", num_layers=2, input_size=4, hidden_size=6, dropout=0.0, proj_size=4, cell_clip=1, proj_clip=1
    )
    return net, [random(3, 2, 4), net.begin_state(mx.nd.zeros, batch_size=2)]


def bilm_plain():
    net = nlp.model.BiLMEncoder(
        mode="lstm", num_layers=2, input_size=4, hidden_size=4, dropout=0.0, skip_connection=False
    )
    return net, [random(3, 2, 4), net.begin_state(mx.nd.zeros, batch_size=2)]


NETS = {
    "bert": bert_full,
    "bert_attention": bert_attention,
    "bert_classifier": bert_classifier,
    "roberta": roberta,
    "roberta_classifier": roberta_classifier,
    "distilbert": distilbert,
    "standard_lstm": standard(),
    "standard_tied": standard(tie=True),
    "standard_gru": standard("gru"),
    "standard_relu": standard("rnn_relu"),
    "standard_training": standard(training=True),
    "awd_lstm": awd(),
    "awd_gru": awd("gru"),
    "awd_training": awd(training=True),
    "big_rnn": big_rnn,
    "elmo": elmo,
    "bilm": bilm,
    "bilm_plain": bilm_plain,
    "char_encoder": char_encoder(),
    "char_encoder_highway": char_encoder(num_highway=1, output_size=4, conv_layer_activation="relu"),
    "highway": highway,
    "mlp_attention": attention(nlp.model.MLPAttentionCell, units=4),
    "mlp_attention_normed": attention(nlp.model.MLPAttentionCell, units=4, normalized=True),
    "dot_attention": attention(nlp.model.DotProductAttentionCell),
    "dot_attention_scaled": attention(nlp.model.DotProductAttentionCell, units=4, scaled=True, normalized=True),
    "dot_attention_luong": attention(nlp.model.DotProductAttentionCell, masked=False, units=4, luong_style=True),
    "multi_head": multi_head(nlp.model.DotProductAttentionCell, scaled=True),
    "transformer_encoder": transformer_encoder,
    "translation": translation,
}
ZOO = [
    "standard_lstm_lm_200",
    "standard_lstm_lm_650",
    "standard_lstm_lm_1500",
    "awd_lstm_lm_1150",
    "awd_lstm_lm_600",
    "big_rnn_lm_2048_512",
    "elmo_2x1024_128_2048cnn_1xhighway",
    "elmo_2x2048_256_2048cnn_1xhighway",
    "elmo_2x4096_512_2048cnn_2xhighway",
    "transformer_en_de_512",
    "bert_12_768_12",
    "bert_24_1024_16",
    "distilbert_6_768_12",
    "roberta_12_768_12",
    "roberta_24_1024_16",
    "ernie_12_768_12",
]


def families():
    return {name: name for name in [*ZOO, *NETS, *gluonnlp_parts.PARTS]}


def answer(name, full, reference):
    mx.random.seed(nets.seed_of(name))
    np.random.seed(nets.seed_of(name))
    if name in gluonnlp_parts.PARTS:
        return gluonnlp_parts.PARTS[name]()
    if name in ZOO:
        return nets.describe(zoo(name))
    net, inputs = NETS[name]()
    if not full:
        return nets.describe(net)
    net.initialize(mx.init.Normal(0.3))
    net(*inputs)  # most weights have their shapes, and values, only now
    return {**nets.describe(net), **nets.run(net, inputs, reference)}
