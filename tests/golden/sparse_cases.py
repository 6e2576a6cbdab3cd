"""Sparse arrays, as lines of code that run under real MXNet and under ours; needs NumPy alone.

An array is written as [storage type, dtype, shape, values, indices, indptr]; csr matrices with rising columns, since
MXNet leaves those of sums in any order; an error by its class.
"""
import json

import numpy as np

KINDS = ("default", "row_sparse", "csr")
D = np.array([[0, 2, 0], [0, 0, 0], [3, 0, 4]], np.float32)
E = np.array([[0, 1, 0], [5, 0, 0], [0, 0, -2]], np.float32)
POSITIVE = np.arange(1, 10, dtype=np.float32).reshape(3, 3)

UNARY = """abs sign round rint ceil floor trunc fix square sqrt cbrt sin cos tan arcsin arctan sinh cosh tanh arcsinh
arctanh degrees radians exp expm1 log1p relu sigmoid negative make_loss stop_gradient identity zeros_like ones_like sum
mean norm transpose softmax""".split()
WITH_NUMBERS = """a*2|a/2|a+2|a+0|a-0|0-a|a**2|a>0|a>-1|a>=1|a<0|a<1|a<=-1|a==0|a==1|a!=0|a*0|nd.clip(a,-1,1)|-a
nd.maximum(a,0)|nd.cast_storage(a,'default')|a.astype('float64')|a.copy()|a.abs()|nd.add_n(a,a,a)|nd.take(a,n)
nd._internal._scatter_plus_scalar(a,scalar=3)|nd._internal._scatter_minus_scalar(a,scalar=3)|nd.broadcast_mul(a,row)
nd.broadcast_div(a,column)|nd.broadcast_add(a,row)|a*one|a*dense|nd.broadcast_mul(row,a)|nd.contrib.sign_ste(a)
nd.contrib.quadratic(a,a=1,b=2,c=0)|nd.contrib.quadratic(a,a=1,b=2,c=1)|nd.slice(a,begin=(0,1),end=(2,3))
nd.slice(a,begin=(1,None),end=(3,2))|nd.slice(a,begin=(0,),end=(3,),step=(2,))|nd.concat(a,a,dim=0)
nd.concat(a,a,dim=1)|nd.where(a,dense,-dense)|nd.sum(a,axis=0)|nd.sum(a,axis=1)|nd.sum(a,axis=1,keepdims=True)
nd.mean(a,axis=0)|nd.mean(a,axis=1)|nd.norm(a,ord=1)|nd.cast_storage(a,'csr')|nd.cast_storage(a,'row_sparse')
nd.sparse.add(a,1)|nd.sparse.multiply(a,2)|nd.sparse.divide(a,row)|a.tostype('csr')|a.tostype('bad')
nd.contrib.round_ste(a)""".replace("\n", "|").split("|")
BINARY = """nd.elemwise_add(a,b)|nd.elemwise_sub(a,b)|nd.elemwise_mul(a,b)|nd.broadcast_add(a,b)|nd.broadcast_mul(a,b)
nd.maximum(a,b)|nd._internal._grad_add(a,b)|a+b|a-b|a*b|nd.dot(a,b)|nd.dot(a,b,transpose_a=True)
nd.dot(a,b,transpose_b=True)|nd.dot(a,b,forward_stype='csr')|nd.dot(a,b,forward_stype='default',transpose_a=True)
nd._internal._scatter_elemwise_div(a,b+dense)|nd.sparse.add(a,b)|nd.sparse.subtract(a,b)|nd.sparse.multiply(a,b)
nd._internal._identity_with_attr_like_rhs(a,b)|nd.add_n(a,b)""".replace("\n", "|").split("|")
MATRIX = """c[1]|c[1:3]|c[-1]|c[0:2]|c[::2]|c[0,1]|c.size|c.asscalar()|nd.contrib.getnnz(c)|nd.contrib.getnnz(c,axis=1)
nd.contrib.edge_id(c,nd.array([0,0,2]),nd.array([1,0,2]))|nd.dot(c,nd.ones((3,2)))|nd.dot(nd.ones((2,3)),c)
nd.dot(c,nd.ones((3,2)),transpose_a=True)|nd.dot(nd.ones((2,3)),c,transpose_b=True)|nd.dot(c,nd.ones((4,2)))
nd.dot(nd.sparse.zeros('csr',(2,3)),nd.ones((3,2)))|nd.cast_storage(nd.ones((2,2,2)),'csr')
nd.dot(c,nd.sparse.row_sparse_array(([[1.,1]],[0]),shape=(3,2)))|nd.sparse.retain(r,n)|nd.sparse.retain(c,n)
nd.sparse.retain(dense,n)|nd.sparse.retain(r,nd.array([1]))|nd._internal._square_sum(r,axis=0)
nd._internal._square_sum(r,axis=1)|nd._internal._square_sum(r,axis=1,keepdims=True)|r[0]|r[:]|r[0:1]
nd.Embedding(n,nd.sparse.row_sparse_array(([[1.,1]],[0]),shape=(3,2)),input_dim=3,output_dim=2)
nd.elemwise_add(c,c,out=nd.zeros((3,3)))|nd.elemwise_add(c,c,out=nd.sparse.zeros('row_sparse',(3,3)))
dense.copyto(c.copy())|r.copyto(c)|c.copyto(nd.zeros((3,3)))|nd.sparse.csr_matrix(np.eye(2))
nd.sparse.csr_matrix(([1,2],[0,1],[0,1,2]))|nd.sparse.csr_matrix(r)|nd.sparse.row_sparse_array((3,2),shape=(4,2))
nd.sparse.row_sparse_array(([[1,2]],[1]),shape=(3,2))|nd.sparse.zeros('bad',(2,2))|nd.sparse.array(np.eye(2))
nd.sparse.csr_matrix(([1.,2],[0,5],[0,1,2]),shape=(2,3)).check_format()
nd.sparse.row_sparse_array(([[1.,2],[3.,4]],[1,0]),shape=(2,2)).check_format()""".replace("\n", "|").split("|")
# functions of a variable x: the result, and the gradient of its sum
GRADIENTS = """nd.sin(x)|x*2|x+x|nd.square(x)|x*x|nd.relu(x)|x.tostype('default')|nd.sum(x)|nd.dot(x,nd.ones((3,2)))
nd.exp(x)|nd.elemwise_add(x,dense)|nd.dot(c,x)|nd.dot(c,x,transpose_a=True)|-x|x/4
nd.elemwise_sub(x,x)""".replace("\n", "|").split("|")
STEPS = """nd.sgd_update(w,g,lr=.1,wd=.1,out=w)|nd.sgd_update(w,g,lr=.1,wd=.1,lazy_update=False,out=w)
nd.sgd_mom_update(w,g,s,lr=.1,wd=.1,momentum=.9,out=w)|nd.adam_update(w,g,s,t,lr=.1,wd=.1,clip_gradient=1,out=w)
nd.sgd_mom_update(w,g,s,lr=.1,wd=.1,momentum=.9,lazy_update=False,out=w)|nd.ftrl_update(w,g,s,t,lr=.1,wd=.1,out=w)
nd.adam_update(w,g,s,t,lr=.1,wd=.1,lazy_update=False,out=w)|nd.sparse.adagrad_update(w,g,s,lr=.1,out=w)
nd.contrib.group_adagrad_update(w,g,h,lr=.1,out=w)|nd.sparse.adagrad_update(w,g,s,lr=.1,wd=.1,out=w)
""".strip().replace("\n", "|").split("|")


def cases():
    """(code, what its names stand for)"""
    for kind in KINDS:
        yield from ((f"nd.{name}(a)", (kind,)) for name in UNARY)
        yield from ((code, (kind,)) for code in WITH_NUMBERS)
        yield from ((code, (kind, other)) for code in BINARY for other in KINDS)
    yield from ((code, ()) for code in MATRIX)
    for kind in KINDS:
        yield from (("gradient: " + code, (kind,)) for code in GRADIENTS)
    yield "gradient: nd.Embedding(n,x,input_dim=3,output_dim=3,sparse_grad=True)", ("row_sparse",)
    yield from (("steps: " + code, (kind, other)) for code in STEPS for kind in KINDS[:2] for other in KINDS[:2])


def run(mx, code, kinds):
    """The answer to one case."""
    nd = mx.nd
    names = {"mx": mx, "nd": nd, "np": np, "dense": nd.array(POSITIVE), "row": nd.array([[1, 2, 4]]),
             "column": nd.array([[1], [2], [4]]), "one": nd.array([2]), "n": nd.array([0, 2]),
             "c": nd.array(D).tostype("csr"), "r": nd.array(D).tostype("row_sparse")}
    try:
        if code.startswith("gradient: "):
            return gradient(mx, code[10:], kinds[0], names)
        if code.startswith("steps: "):
            return steps(mx, code[7:], kinds, names)
        for i, kind in enumerate(kinds):
            names["ab"[i]] = nd.array((D, E)[i]).tostype(kind)
        return told(nd, eval(code, names))
    except Exception as error:
        return error_of(error)


def error_of(error):
    return {"error": type(error).__name__}


def gradient(mx, code, kind, names):
    names["x"] = x = mx.nd.array(D).tostype(kind)
    x.attach_grad()
    with mx.autograd.record():
        y = eval(code, names)
    y.backward()
    return [told(mx.nd, y), told(mx.nd, x.grad)]


def steps(mx, code, kinds, names):
    """Twenty steps of an optimizer with a weight and states of these kinds."""
    nd = mx.nd
    names.update(w=nd.array(POSITIVE).tostype(kinds[0]), s=nd.ones((3, 3)).tostype(kinds[1]),
                 t=nd.ones((3, 3)).tostype(kinds[1]), h=nd.ones((3, 1)))
    for i in range(20):
        names["g"] = nd.sparse.row_sparse_array((np.array([[1, -2, 3]], np.float32) / (i + 1), [i % 2]), shape=(3, 3))
        eval(code, names)
    return [told(nd, names[name]) for name in "wsth"]


def told(nd, value):
    """An array, or whatever else, as JSON."""
    if not isinstance(value, nd.NDArray):
        return str(value)
    kind, values = value.stype, value
    if kind == "csr":
        value = canonical(nd, value)
    shape = list(value.shape)
    if kind == "default":
        return [kind, np.dtype(value.dtype).name, shape, value.asnumpy().ravel().tolist()]
    values, rest = value.data, [value.indices.asnumpy().tolist()]
    if kind == "csr":
        rest.append(value.indptr.asnumpy().tolist())
    return [kind, np.dtype(value.dtype).name, shape, values.asnumpy().ravel().tolist(), *rest]


def canonical(nd, matrix):
    """A csr matrix with rising columns, and without what MXNet leaves behind the last value."""
    ends = matrix.indptr.asnumpy()
    values, columns = matrix.data.asnumpy()[:ends[-1]], matrix.indices.asnumpy()[:ends[-1]]
    rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    order = np.lexsort((columns, rows))
    return nd.sparse.csr_matrix((values[order], columns[order], ends), shape=matrix.shape, dtype=matrix.dtype)


def dumped(answers):
    return "[\n" + ",\n".join(map(json.dumps, answers)) + "\n]\n"
