"""autograd: what is recorded, where gradients go, what is refused, and what stays the user's own."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import MXNetError, autograd, nd


def variable(*values: float, grad_req: str = "write") -> nd.NDArray:
    x = nd.array(values)
    x.attach_grad(grad_req)
    return x


def same(array: nd.NDArray, expected) -> None:
    np.testing.assert_allclose(array.asnumpy(), np.asarray(expected), rtol=1e-6)


class TestScopes:
    def test_flags(self) -> None:
        seen = []

        def note() -> None:
            seen.append((autograd.is_recording(), autograd.is_training()))

        note()
        with autograd.record():
            note()
            with autograd.pause():
                note()
            with autograd.pause(train_mode=True):
                note()
            with autograd.predict_mode():
                note()
        with autograd.record(train_mode=False):
            note()
            with autograd.train_mode():
                note()
        note()
        assert seen == [(False, False), (True, True), (False, False), (False, True), (True, False),
                        (True, False), (True, True), (False, False)]

    def test_an_exception_leaves_nothing_behind(self) -> None:
        with pytest.raises(ZeroDivisionError), autograd.record():
            raise ZeroDivisionError
        assert not autograd.is_recording() and not autograd.is_training()

    def test_setters_return_what_was(self) -> None:
        assert autograd.set_recording(True) is False
        assert autograd.set_training(True) is False
        assert autograd.set_recording(False) is True
        assert autograd.set_training(False) is True

    def test_one_scope_nests_in_itself(self) -> None:
        scope = autograd.record()
        with scope:
            with scope:
                pass
            assert autograd.is_recording()
        assert not autograd.is_recording()

    def test_as_a_decorator(self) -> None:
        @autograd.predict_mode()
        def mode() -> bool:
            return autograd.is_training()

        with autograd.train_mode():
            assert mode() is False

    def test_flags_belong_to_the_thread(self) -> None:
        seen = []
        with autograd.record():
            thread = threading.Thread(target=lambda: seen.append(autograd.is_recording()))
            thread.start()
            thread.join()
        assert seen == [False]

    @pytest.mark.parametrize("enabled", [True, False])
    def test_the_grad_mode_of_torch_is_the_users(self, enabled: bool) -> None:
        with torch.set_grad_enabled(enabled):
            x = variable(1, 2)
            with autograd.record():
                y = (x * x).sum()
                with autograd.pause():
                    x.asnumpy()
            assert torch.is_grad_enabled() is enabled
            y.backward()
            assert torch.is_grad_enabled() is enabled
            x * 2
            x[0]
            assert torch.is_grad_enabled() is enabled
        same(x.grad, [2, 4])

    def test_torch_of_the_user_works_beside(self) -> None:
        w = torch.ones(3, requires_grad=True)
        variable(1, 2) * 2
        (w * 2).sum().backward()
        assert w.grad.tolist() == [2, 2, 2]


class TestBackward:
    def test_nothing_is_recorded_outside(self) -> None:
        x = variable(1, 2)
        y = x * 2
        with pytest.raises(MXNetError, match="not in a computational graph"):
            y.backward()

    def test_head_gradients(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
        y.backward(nd.array([10, 1]))
        same(x.grad, [20, 4])

    def test_several_heads(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y, z = x * 2, x * 3
        autograd.backward([y, z], [nd.array([1, 1]), nd.array([10, 10])])
        same(x.grad, [32, 32])

    def test_heads_and_gradients_must_pair(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * 2
        with pytest.raises(ValueError, match="same length"):
            autograd.backward([y], [nd.ones(2), nd.ones(2)])
        with pytest.raises(MXNetError, match=r"shape \(1,\), expected \(2,\)"):
            y.backward(nd.ones(1))

    def test_a_longer_head_gradient_is_used_as_far_as_the_head_goes(self) -> None:
        """MXNet's own tests of foreach rely on it."""
        x = variable(1, 2)
        with autograd.record():
            y = x * 2
        y.backward(nd.array([10, 1, 5]))
        same(x.grad, [20, 2])

    def test_a_second_backward_needs_retain_graph(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
        y.backward(retain_graph=True)
        y.backward()
        same(x.grad, [2, 4])
        with pytest.raises(MXNetError, match="retain_graph"):
            y.backward()

    def test_a_shared_part_that_was_freed(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
            z = y * y
        y.backward()
        with pytest.raises(MXNetError, match="freed by an earlier backward"):
            z.backward()

    def test_separate_graphs_of_one_variable(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y, z = x * 2, x * 3
        y.backward()
        z.backward()
        same(x.grad, [3, 3])

    def test_a_variable_as_its_own_head(self) -> None:
        x = variable(1, 2)
        x.backward()
        same(x.grad, [1, 1])

    def test_gradients_in_other_dtypes(self) -> None:
        for dtype in ("float16", "float64"):
            x = nd.array([1, 2], dtype=dtype)
            x.attach_grad()
            with autograd.record():
                y = (x * x).astype("float32")
            y.backward()
            assert x.grad.dtype == np.dtype(dtype)
            same(x.grad, [2, 4])

    def test_what_nothing_can_be_differentiated_through_adds_nothing(self) -> None:
        x = variable(1, 3, 2)
        with autograd.record():
            heads = [nd.argmax(x, axis=0), x > 1, nd.BlockGrad(x), nd.zeros_like(x), nd.one_hot(x, 4)]
            loss = (x * 2).sum()
        autograd.backward([*heads, loss])
        same(x.grad, [2, 2, 2])
        with autograd.record():
            y = x.argmax(axis=0)[0]
        y.backward()


class TestGradReq:
    def test_write_replaces(self) -> None:
        x = variable(1, 2)
        for _ in range(2):
            with autograd.record():
                y = x * 2
            y.backward()
        same(x.grad, [2, 2])

    def test_add_accumulates_in_place(self) -> None:
        x = variable(1, 2, grad_req="add")
        gradient = x.grad
        for _ in range(3):
            with autograd.record():
                y = x * 2
            y.backward()
        same(gradient, [6, 6])
        x.grad[:] = 0
        same(gradient, [0, 0])

    def test_null_has_no_graph(self) -> None:
        x = variable(1, 2, grad_req="null")
        with autograd.record():
            y = x * 2
        with pytest.raises(MXNetError):
            y.backward()

    def test_unknown(self) -> None:
        with pytest.raises(KeyError):
            nd.ones(2).attach_grad("sum")

    def test_the_gradient_keeps_its_identity(self) -> None:
        x = variable(1, 2)
        gradient = x.grad
        same(gradient, [0, 0])
        with autograd.record():
            y = x * 2
        y.backward()
        assert x.grad is gradient
        same(gradient, [2, 2])

    def test_without_attach_grad_there_is_none(self) -> None:
        assert nd.ones(2).grad is None

    def test_attaching_again_leaves_the_graph(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * 2
            y.attach_grad()
            z = y * 3
        z.backward()
        same(y.grad, [3, 3])
        same(x.grad, [0, 0])

    def test_a_variable_that_did_not_take_part_keeps_its_gradient(self) -> None:
        x, w = variable(1, 2), variable(3, 4)
        x.grad[:] = 7
        with autograd.record():
            y = w * 2
        y.backward()
        same(x.grad, [7, 7])


class TestMarkVariables:
    def test_gradients_go_to_the_given_arrays(self) -> None:
        x, gradient = nd.array([1, 2]), nd.zeros(2)
        autograd.mark_variables(x, gradient)
        with autograd.record():
            y = x * x
        y.backward()
        same(gradient, [2, 4])

    def test_lists_with_a_request_each(self) -> None:
        arrays, gradients = [nd.ones(2), nd.ones(2)], [nd.ones(2), nd.ones(2)]
        autograd.mark_variables(arrays, gradients, ["write", "add"])
        with autograd.record():
            y = arrays[0] * 2 + arrays[1] * 3
        y.backward()
        same(gradients[0], [2, 2])
        same(gradients[1], [4, 4])

    def test_refusals(self) -> None:
        with pytest.raises(ValueError, match="1 variables but 2 gradients"):
            autograd.mark_variables([nd.ones(2)], [nd.ones(2), nd.ones(2)])
        with pytest.raises(KeyError):
            autograd.mark_variables(nd.ones(2), nd.ones(2), "sum")
        with pytest.raises(MXNetError, match="differ in shape"):
            autograd.mark_variables(nd.ones(2), nd.ones(3))


class TestViews:
    def test_indexing_inside(self) -> None:
        x = nd.array([[1, 2], [3, 4]])
        x.attach_grad()
        with autograd.record():
            row = x[1].reshape((2, 1))
            y = row * row
        y.backward()
        same(x.grad, [[0, 0], [6, 8]])

    @pytest.mark.parametrize("take", [lambda x: x[0], lambda x: x[0:1], lambda x: x.reshape((4,)),
                                      lambda x: x.T, lambda x: x.copy(), lambda x: x.astype("float64"),
                                      lambda x: x.as_in_context(mx.cpu(1)), lambda x: x.detach()])
    def test_what_is_taken_outside_belongs_to_no_graph(self, take) -> None:
        x = nd.array([[1, 2], [3, 4]])
        x.attach_grad()
        part = take(x)
        assert not part._t.requires_grad
        with autograd.record():
            y = part * 2
        with pytest.raises(MXNetError, match="not in a computational graph"):
            y.backward()

    def test_copies_are_differentiable(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x.as_in_context(mx.cpu(1)).astype("float64").copy() * 3
        y.backward()
        same(x.grad, [3, 3])


class TestInPlace:
    """Writing to what is recorded raises; it never gives a wrong gradient."""

    @pytest.mark.parametrize("write", [lambda x: x.__iadd__(1), lambda x: x.__setitem__(slice(None), 1),
                                       lambda x: x.__setitem__(0, 1), lambda x: nd.square(nd.ones(2), out=x),
                                       lambda x: nd.ones(2).copyto(x)])
    @pytest.mark.parametrize("leaf", [True, False])
    def test_refused_while_recording(self, write, leaf: bool) -> None:
        x = variable(1, 2)
        with autograd.record():
            target = x if leaf else x * 2
            with pytest.raises(MXNetError, match="Inplace operations"):
                write(target)

    def test_part_of_a_fresh_array(self) -> None:
        x, z = variable(1, 2), nd.zeros(2)
        with autograd.record(), pytest.raises(MXNetError, match="Inplace operations"):
            z[1] = x[1] * 2

    def test_all_of_a_fresh_array_is_recorded(self) -> None:
        x, z = variable(1, 2), nd.zeros(2)
        with autograd.record():
            z[:] = x * 2
        z.backward()
        same(x.grad, [2, 2])

    def test_out_is_recorded(self) -> None:
        x, z = variable(1, 2), nd.zeros(2)
        with autograd.record():
            nd.square(x, out=z)
        z.backward()
        same(x.grad, [2, 4])

    def test_copyto_is_recorded(self) -> None:
        x, z = variable(1, 2), nd.zeros(2)
        with autograd.record():
            x.copyto(z)
            y = z * z
        y.backward()
        same(x.grad, [2, 4])

    def test_arrays_outside_of_the_graph_may_change(self) -> None:
        x, z = variable(1, 2), nd.zeros(2)
        with autograd.record():
            z[1] = 5
            y = x * z
        y.backward()
        same(x.grad, [0, 5])

    def test_a_variable_may_change_between_backward_and_record(self) -> None:
        x = variable(1, 2)
        for _ in range(2):
            with autograd.record():
                y = (x * x).sum()
            y.backward()
            x[:] = x - 0.5 * x.grad
        same(x, [0, 0])

    def test_changing_what_backward_needs_is_an_error(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
        x[:] = 100
        with pytest.raises(MXNetError, match="written in place after it was recorded"):
            y.backward()

    def test_pause_allows_writing(self) -> None:
        x, total = variable(1, 2), nd.zeros(2)
        with autograd.record():
            y = x * 2
            with autograd.pause():
                total += y
        y.backward()
        same(total, [2, 4])
        same(x.grad, [2, 2])


class TestGrad:
    def test_always_a_list_and_leaves_grad_alone(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
        (g,) = autograd.grad(y, x)
        same(g, [2, 4])
        same(x.grad, [0, 0])

    def test_several_variables_and_head_gradients(self) -> None:
        x, w = variable(1, 2), variable(3, 4)
        with autograd.record():
            y = x * w
        gx, gw = autograd.grad([y], [x, w], head_grads=[nd.array([1, 10])])
        same(gx, [3, 40])
        same(gw, [1, 20])

    def test_second_order(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = nd.sin(x)
            (g,) = autograd.grad(y, x, create_graph=True)
            z = g * g
        z.backward()
        same(x.grad, -2 * np.cos([1, 2]) * np.sin([1, 2]))

    def test_third_order(self) -> None:
        x = variable(2)
        with autograd.record():
            g = x ** 4
            for _ in range(2):
                (g,) = autograd.grad(g, x, create_graph=True)
        g.backward()
        same(x.grad, [48])

    @pytest.mark.parametrize("function", [nd.radians, nd.abs, nd.relu, lambda x: x * 2, lambda x: x.clip(-1, 2)])
    def test_a_constant_gradient_has_gradient_zero(self, function) -> None:
        x = variable(1, -2, 3)
        with autograd.record():
            (g,) = autograd.grad(function(x), x, create_graph=True)
        g.backward()
        same(x.grad, [0, 0, 0])
        x.grad[:] = 1  # zeros with memory of their own

    def test_retain_graph(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = x * x
        autograd.grad(y, x, retain_graph=True)
        autograd.grad(y, x)
        with pytest.raises(MXNetError):
            autograd.grad(y, x)

    def test_refusals(self) -> None:
        x, w, plain = variable(1, 2), variable(3, 4), nd.ones(2)
        with autograd.record():
            y = x * plain
        with pytest.raises(AssertionError, match="empty"):
            autograd.grad(y, [])
        with pytest.raises(MXNetError, match=r"variable 1 .* unreachable"):
            autograd.grad(y, [x, w], retain_graph=True)
        with pytest.raises(MXNetError, match="attach_grad"):
            autograd.grad(y, plain)


class Scale(autograd.Function):
    """y = factor * x, with a gradient that is deliberately another."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x):
        assert not autograd.is_recording()
        self.save_for_backward(x)
        return x * self.factor

    def backward(self, dy):
        (x,) = self.saved_tensors
        return dy * 10 * x


class Both(autograd.Function):
    def forward(self, x, y):
        return x + y, x - y

    def backward(self, da, db):
        return da + db, da - db


class TestFunction:
    def test_its_own_gradient(self) -> None:
        x = variable(1, 2)
        with autograd.record():
            y = Scale(3)(x) * 2
        same(y, [6, 12])
        y.backward()
        same(x.grad, [20, 40])

    def test_several_inputs_and_outputs(self) -> None:
        x, w = variable(1, 2), variable(3, 4)
        with autograd.record():
            a, b = Both()(x, w)
            y = a * 2 + b
        y.backward()
        same(x.grad, [3, 3])
        same(w.grad, [1, 1])

    def test_unrecorded(self) -> None:
        same(Scale(3)(nd.array([1, 2])), [3, 6])

    def test_an_instance_is_called_once(self) -> None:
        function = Scale(3)
        function(nd.ones(2))
        with pytest.raises(AssertionError, match="only be called once"):
            function(nd.ones(2))

    def test_an_input_as_output(self) -> None:
        class Identity(autograd.Function):
            def forward(self, x):
                return x

            def backward(self, dy):
                return dy * 5

        x = variable(1, 2)
        with autograd.record():
            y = Identity()(x)
        y.backward()
        same(x.grad, [5, 5])

    def test_refusals(self) -> None:
        class TooMany(Scale):
            def backward(self, dy):
                return dy, dy

        class Misshapen(Scale):
            def backward(self, dy):
                return dy[0:1].reshape((1, 1))

        for cls, text in ((TooMany, "expected 1, got 2"), (Misshapen, "shape")):
            x = variable(1, 2)
            with autograd.record():
                y = cls(3)(x)
            with pytest.raises(MXNetError, match=text):
                y.backward()

    def test_bare(self) -> None:
        with pytest.raises(NotImplementedError):
            autograd.Function()(nd.ones(2))


def test_threads_record_side_by_side() -> None:
    results = {}

    def work(i: int) -> None:
        x = variable(i, i + 1)
        for _ in range(20):
            with autograd.record():
                y = x * x
            y.backward()
        results[i] = x.grad.asnumpy().tolist()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {i: [2 * i, 2 * i + 2] for i in range(4)}


class TestWhatBackwardHasFreed:
    """Arrays of a freed graph are constants from then on, as MXNet has it: books carry states so, without detach()."""

    def test_a_carried_state_is_a_constant(self) -> None:
        x, w = variable(2.0), variable(5.0)
        with autograd.record():
            state = x * x
            loss = state * w
        loss.backward()
        with autograd.record():
            loss = state * w
        loss.backward()
        same(x.grad, [20.0])
        same(w.grad, [4.0])
        with pytest.raises(MXNetError):
            state.backward()

    def test_also_where_torch_would_go_on(self) -> None:
        w = variable(2.0)
        for retain_graph, gradient in ((False, 6.0), (True, 12.0)):
            with autograd.record():
                state = w * 3
                loss = state * state
            loss.backward(retain_graph=retain_graph)
            with autograd.record():
                loss = state * w
            loss.backward()
            same(w.grad, [gradient])

    def test_views_copies_and_siblings(self) -> None:
        x, w = variable(1.0, 2.0), variable(3.0)
        with autograd.record():
            state = x * x
            view = state.reshape((2, 1))
            first, second = nd.split(view * 2, 2, axis=0)
        first.backward()
        same(x.grad, [4.0, 0.0])
        for carried, value in ((state.sum(), 5.0), (second, 8.0)):
            with autograd.record():
                loss = (carried * w).sum()
            loss.backward()
            same(w.grad, [value])
        same(x.grad, [4.0, 0.0])

    def test_they_may_be_written_to(self) -> None:
        x = variable(2.0)
        with autograd.record():
            state = x * x
            loss = state * 2
        loss.backward()
        with autograd.record():
            state += 1
        same(state, [5.0])

    def test_other_graphs_stay(self) -> None:
        x, w = variable(2.0), variable(5.0)
        with autograd.record():
            freed = x * w
            kept = x * x
        freed.backward()
        with autograd.record():
            loss = kept * w
        loss.backward()
        same(x.grad, [20.0])


def test_training_in_several_threads_at_once() -> None:
    """Each thread's backward reaches its own variables only, whoever hands their gradients over."""
    def train(seed: int, found: dict) -> None:
        w = nd.ones((3, 1))
        w.attach_grad()
        x = nd.array(np.random.RandomState(seed).rand(16, 3))
        for _ in range(100):
            with autograd.record():
                loss = ((nd.dot(x, w) - 2) ** 2).mean()
            loss.backward()
            with autograd.pause():
                w -= 0.1 * w.grad
        found[seed] = w.asnumpy()

    alone: dict = {}
    together: dict = {}
    for seed in range(4):
        train(seed, alone)
    threads = [threading.Thread(target=train, args=(seed, together)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        np.testing.assert_array_equal(together[seed], alone[seed])


class TestGradientsHaveMemoryOfTheirOwn:
    """Writing to one gradient changes no other one, no head gradient and no later backward."""

    def variables(self):
        a, b = nd.array([1, 2]), nd.array([3, 4])
        a.attach_grad()
        b.attach_grad()
        with autograd.record():
            total = a + b
        return a, b, total

    def test_grad(self) -> None:
        a, b, total = self.variables()
        head = nd.ones(2)
        of_a, of_b = autograd.grad(total, [a, b], head_grads=head)
        of_a[:] = 9
        np.testing.assert_array_equal(of_b.asnumpy(), [1, 1])
        np.testing.assert_array_equal(head.asnumpy(), [1, 1])

    def test_grad_of_a_sum(self) -> None:
        a, _, _ = self.variables()
        with autograd.record():
            loss = a.sum()
        gradient = autograd.grad(loss, a)[0]
        gradient[0] = 5
        np.testing.assert_array_equal(gradient.asnumpy(), [5, 1])

    def test_grad_of_one_element(self) -> None:
        x = nd.array([3])
        x.attach_grad()
        with autograd.record():
            y = x + 1
        autograd.grad(y, x)[0][:] = 7
        with autograd.record():
            y = x * 2
        y.backward()
        assert x.grad.asscalar() == 2

    def test_backward(self) -> None:
        a, b, total = self.variables()
        head = nd.ones(2)
        total.backward(head)
        a.grad[:] = 9
        np.testing.assert_array_equal(b.grad.asnumpy(), [1, 1])
        np.testing.assert_array_equal(head.asnumpy(), [1, 1])

    def test_function(self) -> None:
        class Fivefold(autograd.Function):
            def forward(self, x):
                return x * 5

            def backward(self, dy):
                dy *= 5
                return dy

        a, b, _ = self.variables()
        head = nd.ones(2)
        with autograd.record():
            total = Fivefold()(a) + b
        total.backward(head)
        np.testing.assert_array_equal(a.grad.asnumpy(), [5, 5])
        np.testing.assert_array_equal(b.grad.asnumpy(), [1, 1])
        np.testing.assert_array_equal(head.asnumpy(), [1, 1])

    def test_a_carried_state_goes_into_a_function_as_a_constant(self) -> None:
        class Twice(autograd.Function):
            def forward(self, x):
                return x * 2

            def backward(self, dy):
                return dy * 2

        w = nd.array([3])
        w.attach_grad()
        with autograd.record():
            state = w * w
            loss = state * 2
        loss.backward()
        with autograd.record():
            loss = Twice()(state) * w
        loss.backward()
        assert w.grad.asscalar() == 18
