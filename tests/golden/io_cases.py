"""Iterators as code that runs under real MXNet and under ours; each case is an expression, its answer plain JSON."""
import os
import struct
import tempfile

import numpy as np

X = np.arange(10, dtype="float32").reshape(5, 2)
Y = np.arange(5)
MAKERS = [
    f"NDArrayIter(X, Y, {size}, {shuffle}, '{handle}')"
    for handle in ("pad", "discard", "roll_over") for size in (1, 2, 3, 5, 7) for shuffle in (False, True)
] + [
    "NDArrayIter(X, None, 12)",
    "NDArrayIter({'b': X, 'a': X[::-1]}, {'z': Y}, 2)",
    "NDArrayIter([X, X], [Y, Y + 1], 2, data_name='q', label_name='r')",
    "NDArrayIter(nd.array(X, dtype='int32'), nd.array(Y, dtype='float16'), 2)",
    "NDArrayIter(nd.array(X, dtype='int32'), [], 2, True)",
    "NDArrayIter(X.astype('int64'), Y.astype('float64'), 4, layout='NC')",
    "NDArrayIter([[1, 2], [3, 4]], None, 2)",
    "NDArrayIter({'a': [[1.5, 2]]}, {}, 1)",
    "ResizeIter(NDArrayIter(X, Y, 2), 4)",
    "ResizeIter(NDArrayIter(X, Y, 2), 2)",
    "ResizeIter(NDArrayIter(X, Y, 2), 4, False)",
    "PrefetchingIter(NDArrayIter(X, Y, 2))",
    "PrefetchingIter([NDArrayIter(X, Y, 2), NDArrayIter(X * 2, Y, 2)], rename_data=[{'data': 'a'}, {'data': 'b'}], "
    "rename_label=[{'softmax_label': 'l'}, {'softmax_label': 'm'}])",
    "CSVIter(data_csv=d, data_shape=(3,), batch_size=2, label_csv=l)",
    "CSVIter(data_csv=d, data_shape=(3,), batch_size=2, label_csv=l, round_batch=False)",
    "CSVIter(data_csv=d, data_shape=(3, 1), batch_size=3)",
    "CSVIter(data_csv=d, data_shape=3, batch_size=5)",
    "CSVIter(data_csv=d, data_shape='(3,)', batch_size='4', dtype='int32')",
    "CSVIter(data_csv=d, data_shape=(3,), label_csv=d, label_shape=(3, 1), batch_size=2, dtype='int64', "
    "data_name='q', label_name='r')",
    "CSVIter(data_csv=d + ';' + d, data_shape=(3,), batch_size=4, round_batch=False)",
    "CSVIter(data_csv=folder, data_shape=(3,), batch_size=2)",
    "MNISTIter(image=image, label=label, batch_size=3, shuffle=False, silent=True)",
    "MNISTIter(image=image, label=label, batch_size=3, silent=True)",
    "MNISTIter(image=image, label=label, batch_size=11, seed=10, flat=True, silent=True, label_name='sm_label')",
    "MNISTIter(image=image, label=label, batch_size=1, num_parts=3, part_index=1, silent=True, data_shape=(4,))",
]
ANSWERED = [
    "repr(DataDesc('a', (2, 3)))",
    "repr(DataDesc('a', (2, 3), 'float16', 'TN'))",
    "DataDesc('a', (2, 3)) == ('a', (2, 3))",
    "[DataDesc.get_batch_axis(x) for x in (None, 'NCHW', 'TNC', 'TC', '')]",
    "repr(DataDesc.get_list([('a', (2, 3)), ('b', (1,))], [('b', 'float64'), ('a', 'int8')]))",
    "DataDesc.get_list([('a', (2, 3))], [('z', 'int32')])",
    "repr(DataDesc.get_list([('a', (2, 3))], None))",
    "repr(pickle.loads(pickle.dumps(DataDesc('a', (2, 3), 'int8', 'TN'))))",
    "str(DataBatch([nd.ones((2, 3)), nd.ones(7)], [nd.ones((4, 5))]))",
    "str(DataBatch((nd.ones((2, 3)),), []))",
    "DataBatch(1)",
    "DataBatch([1], 2)",
    "vars(DataBatch([1]))",
    "vars(DataIter(3))",
    "[DataIter().iter_next(), DataIter().getdata(), DataIter().getpad(), DataIter().reset()]",
    "DataIter().next()",
    "NDArrayIter(None)",
    "NDArrayIter([])",
    "NDArrayIter(3)",
    "NDArrayIter((X,))",
    "NDArrayIter({'a': 'q'})",
    "NDArrayIter(nd.array(5))",
    "NDArrayIter(X, Y, 2).getdata()",
    "NDArrayIter(X, Y, 7, last_batch_handle='discard').next()",
    "[b.label[0].shape for b in NDArrayIter(X, Y[:4], 2)]",
    "repr(NDArrayIter(X, X, 2, layout='CN').provide_data)",
    "ended(NDArrayIter(X, Y, 2)).getdata()",
    "ended(NDArrayIter(X, Y, 2)).getpad()",
    "ended(NDArrayIter(X, Y, 2, last_batch_handle='roll_over')).cursor",
    "hard_reset(ended(NDArrayIter(X, Y, 2, last_batch_handle='roll_over'))).cursor",
    "PrefetchingIter([])",
    "ResizeIter(3, 3)",
    "ResizeIter(NDArrayIter(X, Y, 7, last_batch_handle='discard'), 2).next()",
    "CSVIter(data_csv=d, data_shape=(4,), batch_size=2)",
    "CSVIter(data_csv='nope.csv', data_shape=(3,), batch_size=2)",
    "CSVIter(data_csv=d, data_shape=(3,))",
    "CSVIter(data_csv=d, batch_size=2)",
    "CSVIter(data_csv=d, data_shape=(3,), batch_size='x')",
    "CSVIter(data_csv=d, data_shape=(3,), batch_size=2, dtype='float64')",
    "CSVIter(data_csv=d, data_shape=(3,), batch_size=2, label_csv='nope')",
    "MNISTIter(image='nope', label=label, batch_size=2)",
    "MNISTIter(image=label, label=image, batch_size=2)",
]


def ended(it):
    for _ in it:
        pass
    return it


def hard_reset(it):
    it.hard_reset()
    return it


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)


def make_files(folder):
    """Files for the cases, by name."""
    paths = {name: os.path.join(folder, name) for name in ("d", "l", "image", "label", "folder")}
    write(paths["d"], b"1,2,3\n2,3,4\n3,4,5\n4,5,6\n5,6,7\n")
    write(paths["l"], b"1\n2\n3\n4\n5\n")
    os.mkdir(paths["folder"])
    write(os.path.join(paths["folder"], "b.csv"), b"1,2,3\n")
    write(os.path.join(paths["folder"], "a.csv"), b"4,5,6\n7,8,9\n")
    write(paths["image"], struct.pack(">IIII", 2051, 11, 2, 2) + bytes(range(0, 220, 5)))
    write(paths["label"], struct.pack(">II", 2049, 11) + bytes(range(11)))
    return paths


def passes(it):
    """Everything an iterator says in three passes."""
    seen = [repr(it.provide_data), repr(it.provide_label), it.batch_size]
    for _ in range(3):
        for b in it:
            index = None if b.index is None else b.index.tolist()
            seen.append([[x.asnumpy().tolist() for x in b.data], [x.asnumpy().tolist() for x in b.label or ()], b.pad,
                         index, str(b.data[0].dtype), getattr(it, "cursor", None)])
        it.reset()
        seen.append(getattr(it, "cursor", None))
    return seen


def run(mx, code):
    """The answer of a case, or the class of its error."""
    import pickle
    with tempfile.TemporaryDirectory() as folder:
        names = dict(vars(mx.io), nd=mx.nd, np=np, X=X, Y=Y, pickle=pickle, ended=ended, hard_reset=hard_reset)
        names.update(make_files(folder))
        np.random.seed(3)
        try:
            value = eval(code, names)
            return passes(value) if code in MAKERS else value
        except Exception as error:
            return ["error", type(error).__name__]
