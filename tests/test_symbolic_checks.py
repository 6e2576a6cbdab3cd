"""mx.test_utils: checks of symbols notice what is wrong and pass what is right."""

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd, test_utils

a, b = mx.sym.var("a"), mx.sym.var("b")
A, B = np.array([[1.0, 2], [3, 4]]), np.array([[5.0, 6], [7, 8]])


class Wrong(mx.operator.CustomOp):
    """The square with half of its gradient."""

    def forward(self, is_train, req, in_data, out_data, aux):
        self.assign(out_data[0], req[0], in_data[0] * in_data[0])

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        self.assign(in_grad[0], req[0], in_data[0] * out_grad[0])


@mx.operator.register("wrong_square_of_tests")
class WrongProp(mx.operator.CustomOpProp):
    def create_operator(self, ctx, shapes, dtypes):
        return Wrong()


def test_simple_forward() -> None:
    assert test_utils.simple_forward(a * b, a=A, b=B).tolist() == (A * B).tolist()
    assert len(test_utils.simple_forward(mx.sym.Group([a, a + 1]), a=A)) == 2


def test_symbolic_forward() -> None:
    product = mx.sym.dot(a, b)
    outputs = test_utils.check_symbolic_forward(product, [A, B], [A @ B])
    assert outputs[0].asnumpy().tolist() == (A @ B).tolist()
    test_utils.check_symbolic_forward(product, {"b": B, "a": A}, {product.list_outputs()[0]: A @ B}, dtype=np.float64)
    with pytest.raises(AssertionError):
        test_utils.check_symbolic_forward(product, [A, B], [A @ B + 1])
    with pytest.raises(ValueError, match="do not match"):
        test_utils.check_symbolic_forward(product, {"a": A}, [A @ B])


@pytest.mark.parametrize("req", ["write", "add", {"a": "null", "b": "write"}, ["add", "null"]])
def test_symbolic_backward(req) -> None:
    test_utils.check_symbolic_backward(a * b, [A, B], [np.ones((2, 2))], [B, A], grad_req=req)


def test_symbolic_backward_notices() -> None:
    with pytest.raises(AssertionError):
        test_utils.check_symbolic_backward(a * b, [A, B], [np.ones((2, 2))], {"a": A})


def test_numeric_gradient() -> None:
    test_utils.check_numeric_gradient(mx.sym.sin(a) * b, [A, B], numeric_eps=1e-3, rtol=1e-2)
    test_utils.check_numeric_gradient(a * a, {"a": A}, grad_nodes={"a": "add"}, dtype=np.float64)
    with pytest.raises(AssertionError):
        test_utils.check_numeric_gradient(mx.sym.Custom(a, op_type="wrong_square_of_tests"), [A], numeric_eps=1e-2,
                                          rtol=1e-2)


def test_numeric_gradient_with_states() -> None:
    norm = mx.sym.BatchNorm(a, fix_gamma=False, name="bn")
    data = np.random.normal(size=(8, 3))
    test_utils.check_numeric_gradient(norm, [data, np.ones(3), np.zeros(3)], [np.zeros(3), np.ones(3)],
                                      numeric_eps=1e-2, rtol=0.1, atol=1e-2)


def test_consistency() -> None:
    settings = [{"ctx": mx.cpu(), "a": (2, 3), "type_dict": {"a": dtype}} for dtype in (np.float32, np.float64)]
    test_utils.check_consistency(mx.sym.tanh(a), settings)
    with pytest.raises(AssertionError):
        test_utils.check_consistency([mx.sym.tanh(a, name="f"), mx.sym.relu(a, name="f")], settings)


def test_speed() -> None:
    assert test_utils.check_speed(mx.sym.tanh(a), N=2, a=(2, 3)) > 0
    assert test_utils.check_speed(mx.sym.tanh(a), {"a": A}, N=2, typ="forward") > 0
    with pytest.raises(ValueError, match="typ"):
        test_utils.check_speed(a, {"a": A}, typ="backward")


def test_same_structure() -> None:
    assert test_utils.same_symbol_structure(mx.sym.exp(a * 2), mx.sym.exp(b * 3))
    assert not test_utils.same_symbol_structure(mx.sym.exp(a), mx.sym.log(a))


def test_hybridized() -> None:
    test_utils.check_gluon_hybridize_consistency(lambda prefix: mx.gluon.nn.Dense(3, prefix=prefix), [nd.ones((2, 4))])
