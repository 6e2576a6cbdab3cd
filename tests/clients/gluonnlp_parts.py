"""gluonnlp 0.10.0 beside its models: data, vocabularies, embeddings, losses, optimizers, sampling, training."""

import os
import random as python_random

import gluonnlp as nlp
import numpy as np
from gluonnlp.data import batchify
from gluonnlp.model import train
from gluonnlp_training import (
    TEXT,
    WORDS,
    awd_steps,
    batches,
    bert_steps,
    big_training,
    blocks,
    cache,
    initializers,
    losses,
    metrics,
    optimizers,
    random,
    sampled,
    search,
    states,
    transformer_steps,
    translate,
    vocabulary,
    weight_drop,
    write,
)
from parts import in_folder, pack

import mxnet as mx
from mxnet import gluon

# --- data


def stack_pad():
    data = [np.arange(n, dtype="float32") for n in (3, 1, 4)]
    pairs = [(row, np.float32(len(row))) for row in data]
    dicts = [{"a": row, "b": np.array([1.0])} for row in data]
    return pack(
        batchify.Stack()([1, 2, 3]),
        batchify.Stack("float16")([[1, 2], [3, 4]]),
        batchify.Stack()([np.ones((2, 2)), np.zeros((2, 2))]),
        batchify.Stack()([mx.nd.ones(2), mx.nd.ones(2)]),
        batchify.Pad(pad_val=-1)(data),
        batchify.Pad(pad_val=0, ret_length=True, dtype="int32")(data),
        batchify.Pad(pad_val=0, round_to=4)(data),
        batchify.Pad(pad_val=0)([mx.nd.ones(2), mx.nd.ones(3)]),
        batchify.Pad(axis=1, pad_val=0)([np.ones((2, n)) for n in (1, 3)]),
        batchify.Tuple(batchify.Pad(pad_val=0), batchify.Stack())(pairs),
        batchify.Tuple([batchify.Pad(pad_val=0), batchify.List()])(pairs),
        sorted(batchify.Dict({"a": batchify.Pad(pad_val=0), "b": batchify.Stack()})(dicts).items()),
    )


def samplers():
    lengths = [5, 1, 9, 4, 4, 7, 2, 8, 3, 6, 6, 1]
    pairs = [(n, lengths[-1 - i]) for i, n in enumerate(lengths)]
    found = []
    for arguments in (
        {},
        {"ratio": 0.5},
        {"shuffle": True},
        {"num_shards": 2},
        {"use_average_length": True},
        {"bucket_scheme": nlp.data.LinearWidthBucket()},
        {"bucket_scheme": nlp.data.ExpWidthBucket()},
        {"bucket_keys": [3, 6, 9]},
    ):
        sampler = nlp.data.FixedBucketSampler(lengths, 3, num_buckets=3, **arguments)
        np.random.seed(1)
        found += [sampler.stats(), list(sampler), len(sampler)]
    np.random.seed(2)
    python_random.seed(2)
    found += [
        list(nlp.data.FixedBucketSampler(pairs, 3, num_buckets=3)),
        list(nlp.data.SortedSampler(lengths)),
        list(nlp.data.SortedBucketSampler(lengths, 3, mult=2)),
        list(nlp.data.SortedBucketSampler(lengths, 3, mult=2, shuffle=True)),
        list(nlp.data.SplitSampler(10, 3, 1)),
        list(nlp.data.SplitSampler(10, 3, 2, even_size=True, repeat=2)),
    ]
    return pack(*[repr(x) for x in found])


@in_folder
def data_sets(folder):
    path = write(folder, "a.txt", "\n".join(TEXT) + "\n\n")
    table = write(folder, "t.tsv", "a\tb\tc\n1\t2\t3\n4\t5\t6\n")
    np.savez(os.path.join(folder, "n.npz"), x=np.ones((3, 2)), y=np.arange(3))
    numpy = nlp.data.NumpyDataset(os.path.join(folder, "n.npz"))
    corpus = nlp.data.CorpusDataset(path, bos="<s>", eos="</s>")
    return pack(
        repr(list(nlp.data.TextLineDataset(path))),
        repr(list(corpus)),
        len(corpus),
        numpy[0],
        numpy.keys,
        repr(list(nlp.data.CorpusDataset(path, flatten=True, skip_empty=False, eos="<eos>"))),
        repr(list(nlp.data.TSVDataset(table, num_discard_samples=1, field_indices=[0, 2]))),
        repr(list(nlp.data.ConcatDataset([nlp.data.TextLineDataset(path), nlp.data.TextLineDataset(table)]))),
        repr(corpus.transform(len)[1]),
        repr(nlp.data.concat_sequence([[1, 2], [3]])),
        repr(nlp.data.slice_sequence(list(range(10)), 4, pad_last=True, pad_val=-1, overlap=1)),
    )


@in_folder
def corpora(folder):
    path = write(folder, "a.txt", "\n".join(TEXT * 3))
    vocab = vocabulary(padding_token="<pad>")
    flat = nlp.data.CorpusDataset(path, flatten=True, eos="<eos>")
    lines = nlp.data.CorpusDataset(path, eos="<eos>")
    found = [
        list(batchify.CorpusBatchify(vocab, 3)(flat)),
        list(batchify.CorpusBPTTBatchify(vocab, 5, 3)(flat)),
        list(batchify.CorpusBPTTBatchify(vocab, 5, 3, last_batch="discard")(flat)),
    ]
    stream = nlp.data.SimpleDatasetStream(
        nlp.data.CorpusDataset, os.path.join(folder, "*.txt"), "sequential", eos="<eos>"
    )
    for sampler in ("sequential", "random"):
        np.random.seed(3)
        batched = batchify.StreamBPTTBatchify(vocab, 4, 2, sampler=sampler)(stream)
        found.append([x for pair in batched for x in pair])
    prefetched = nlp.data.PrefetchingStream(batchify.StreamBPTTBatchify(vocab, 4, 2, sampler="sequential")(stream))
    found.append([x for pair in prefetched for x in pair])
    return pack(*found, len(lines))


@in_folder
def word_contexts(folder):
    path = write(folder, "a.txt", "\n".join(TEXT * 3))
    vocab = vocabulary()
    coded = [vocab[sentence] for sentence in nlp.data.CorpusDataset(path)]
    found = []
    try:
        for cbow in (False, True):
            np.random.seed(3)
            python_random.seed(3)
            made = batchify.EmbeddingCenterContextBatchify(
                8, window_size=2, cbow=cbow, shuffle=False, reduce_window_size_randomly=False
            )(coded)
            for center, context in made:
                found += [center, *context]
    except ImportError as error:  # numba is optional, and has no version for all Pythons
        return {"missing": "numba"} if "numba" in str(error) else {"missing": str(error)}
    return pack(*found)


def transforms():
    vocab = nlp.vocab.BERTVocab(nlp.data.count_tokens([*WORDS, "##s", "##es", "jump", "don", "'", "t"]))
    tokenizer = nlp.data.BERTTokenizer(vocab)
    pair = nlp.data.BERTSentenceTransform(tokenizer, 16, pair=True)
    single = nlp.data.BERTSentenceTransform(tokenizer, 12, pair=False, pad=True)
    return pack(
        nlp.data.ClipSequence(3)([1, 2, 3, 4]),
        nlp.data.ClipSequence(3)(mx.nd.arange(5)),
        nlp.data.PadSequence(5)([1, 2]),
        nlp.data.PadSequence(5, pad_val=-1)(mx.nd.arange(3)),
        nlp.data.PadSequence(2)(np.arange(4)),
        nlp.data.BERTBasicTokenizer()(TEXT[3] + " \u4e2d\u6587"),
        tokenizer(TEXT[3]),
        tokenizer.convert_tokens_to_ids(tokenizer(TEXT[1])),
        pair((TEXT[0], TEXT[1])),
        single((TEXT[2],)),
        nlp.data.BERTTokenizer(vocab, lru_cache_size=8)(TEXT[0]),
    )


class Lengths(gluon.data.Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        return np.arange(index % 4 + 1, dtype="float32"), index


def tuples(rows):
    return batchify.Tuple(batchify.Pad(pad_val=0), batchify.Stack())(rows)


def loaders():
    found = []
    for workers in (0, 2):
        sampler = nlp.data.FixedBucketSampler([i % 4 + 1 for i in range(10)], 4, num_buckets=2)
        found.append(
            batches(gluon.data.DataLoader(Lengths(), batch_sampler=sampler, batchify_fn=tuples, num_workers=workers))
        )
        shards = nlp.data.FixedBucketSampler([i % 4 + 1 for i in range(10)], 4, num_buckets=2, num_shards=2)
        found.append(
            batches(
                nlp.data.ShardedDataLoader(Lengths(), batch_sampler=shards, batchify_fn=tuples, num_workers=workers)
            )
        )
    return pack(*found)


def length_of(path):
    return gluon.data.SimpleDataset(
        [len(line) for line in nlp.data.TextLineDataset(path[0] if isinstance(path, list) else path)]
    )


def two_a_batch(dataset):
    return gluon.data.BatchSampler(gluon.data.SequentialSampler(len(dataset)), 2, "keep")


@in_folder
def data_set_loader(folder):
    for number in range(3):
        write(folder, f"{number}.txt", "\n".join(TEXT[number:] * 2))
    found = []
    for workers in (0, 1):
        loader = nlp.data.DatasetLoader(
            os.path.join(folder, "*.txt"),
            gluon.data.SequentialSampler(3),
            dataset_fn=length_of,
            batch_sampler_fn=two_a_batch,
            num_dataset_workers=workers,
            num_batch_workers=workers,
        )
        found.append(batches(loader))
    return pack(*found)


def candidates():
    mx.random.seed(3)
    sampler = nlp.data.UnigramCandidateSampler(mx.nd.array([1.0, 2, 3, 0, 4]))
    sampler.initialize()
    drawn = sampler(mx.nd.zeros((4, 50))).asnumpy()
    return pack(drawn.shape, sorted(set(drawn.ravel().tolist())), str(drawn.dtype))


def registry():
    @nlp.data.register(segment=["train", "test"])
    class MadeUpDataset(gluon.data.SimpleDataset):
        def __init__(self, segment="train"):
            super().__init__([segment] * 3)

    return pack(nlp.data.create("madeupdataset", segment="test")[1], nlp.data.list_datasets("madeupdataset"))


# --- vocabularies and embeddings


def vocabularies():
    counter = nlp.data.count_tokens(WORDS)
    vocab = nlp.Vocab(counter, max_size=8, min_freq=1, reserved_tokens=["<x>"], mask_token="<mask>")
    again = nlp.Vocab.from_json(vocab.to_json())
    ordered = nlp.Vocab(counter, token_to_idx={"the": 0, "fox": 3})
    elmo = nlp.vocab.ELMoCharVocab()
    berts = nlp.vocab.BERTVocab(counter)
    return pack(
        repr(vocab),
        vocab.idx_to_token,
        vocab[["the", "zzz"]],
        vocab.to_tokens([0, 4]),
        again == vocab,
        again.mask_token,
        ordered.idx_to_token[:4],
        vocab.to_json(),
        elmo(["fox", "<bos>"]),
        repr(berts),
        berts.to_json(),
        nlp.vocab.BERTVocab.from_json(berts.to_json()) == berts,
        "fox" in vocab,
        len(vocab),
    )


def subwords():
    hashes = nlp.vocab.create_subword_function("NGramHashes", num_subwords=50)
    return pack(
        nlp.vocab.create_subword_function("ByteSubwords")(["fox", "\u00e9"]),
        hashes(["fox", "dog"]),
        len(hashes),
        repr(hashes),
        nlp.vocab.list_subword_functions(),
        nlp.vocab.ByteSubwords().indices_to_subwords([102]),
    )


@in_folder
def embeddings(folder):
    path = write(folder, "e.txt", "the 1 2 3\nfox 4 5 6\ndog -1 0 1\n")
    embedding = nlp.embedding.TokenEmbedding.from_file(path)
    extended = nlp.embedding.TokenEmbedding(unknown_token="<unk>", allow_extend=True)
    extended["cat"] = mx.nd.array([1, 2, 3])
    extended[["a", "b"]] = mx.nd.array([[1, 0, 0], [0, 1, 0]])
    vocab = vocabulary()
    vocab.set_embedding(embedding)
    embedding["fox"] = mx.nd.array([[7, 8, 9]])
    binary = os.path.join(folder, "e.npz")
    embedding.serialize(binary)
    again = nlp.embedding.TokenEmbedding.deserialize(binary)
    layer = gluon.nn.Embedding(*vocab.embedding.idx_to_vec.shape)
    layer.initialize()
    layer.weight.set_data(vocab.embedding.idx_to_vec)
    return pack(
        embedding.idx_to_vec,
        embedding[["the", "zzz"]],
        embedding["fox"],
        extended.idx_to_vec,
        extended.idx_to_token,
        vocab.embedding[["the", "fox", "dog", "quick"]],
        again.idx_to_vec,
        again == embedding,
        layer(mx.nd.array(vocab[["fox", "dog"]])),
        "fox" in embedding,
        sorted(nlp.embedding.list_sources()),
    )


def evaluations():
    vectors = random(9, 4)
    similarity = nlp.embedding.evaluation.WordEmbeddingSimilarity(vectors)
    similarity.initialize()
    found = [similarity(mx.nd.array([0, 2]), mx.nd.array([1, 2]))]
    for name in nlp.embedding.evaluation.list_evaluation_functions("analogy"):
        analogy = nlp.embedding.evaluation.WordEmbeddingAnalogy(vectors, analogy_function=name, k=2)
        analogy.initialize()
        for hybrid in (False, True):
            analogy.hybridize(hybrid)
            found.append(analogy(mx.nd.array([0, 2]), mx.nd.array([1, 3]), mx.nd.array([4, 5])))
    return pack(*found, repr(similarity))


def embedding_models():
    words = ["the", "fox", "dog"]
    ids = {word: i for i, word in enumerate(words)}
    vectors = mx.nd.sparse.csr_matrix((np.array([1.0, 1, 0.5, 2], "f"), [0, 1, 2, 0], [0, 1, 4]), shape=(2, 3))
    found = []
    for sparse in (True, False):
        net = train.CSREmbeddingModel(ids, 4, sparse_grad=sparse)
        net.initialize(mx.init.Constant(0.5))
        trainer = gluon.Trainer(net.collect_params(), "adagrad" if not sparse else "sgd", {"learning_rate": 0.1})
        with mx.autograd.record():
            out = net(vectors)
            loss = (out * random(2, 4)).sum()
        loss.backward()
        found += [out, next(iter(net.collect_params().values())).grad()]
        trainer.step(1)
        found += [net[["fox", "dog"]], repr(net)]
    hashes = nlp.vocab.create_subword_function("NGramHashes", num_subwords=5)
    net = train.FasttextEmbeddingModel(ids, hashes, 4)
    net.initialize(mx.init.Constant(0.5))
    return pack(*found, net[["fox", "zebra"]], net["dog"])


PARTS = {
    f.__name__: f
    for f in (
        samplers,
        transforms,
        loaders,
        candidates,
        registry,
        vocabularies,
        subwords,
        evaluations,
        embedding_models,
        losses,
        metrics,
        optimizers,
        sampled,
        big_training,
        weight_drop,
        awd_steps,
        cache,
        translate,
        transformer_steps,
        bert_steps,
        initializers,
        blocks,
        stack_pad,
    )
}
PARTS.update(
    data_sets=data_sets,
    corpora=corpora,
    word_contexts=word_contexts,
    data_set_loader=data_set_loader,
    embeddings=embeddings,
    states=states,
    beam_search=search("beam"),
    hybrid_beam_search=search("hybrid"),
    sequence_sampler=search("plain"),
    sequence_sampler_top=search("top"),
)
