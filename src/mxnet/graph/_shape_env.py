"""The unknowns of one shape inference and what torch's own shape checks say about them.

Imported only when an inference begins (torch.fx and sympy are heavy); `infer.py` is the door to it.
"""

import logging
from collections.abc import Callable, Iterator

import sympy
import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.functions import FloorDiv, Mod
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.solve import try_solve

# ShapeEnv keeps its answers in caches of the process: they hold every environment alive and, filled by one
# thread while another one clears them, can return what was true a moment ago.
_CACHED = {
    name: method.__wrapped__ for name, method in vars(ShapeEnv).items() if hasattr(method, "cache_info")
}
_SILENT = logging.Logger("mxnet.graph.infer", level=logging.CRITICAL + 1)


class Unknowns(ShapeEnv):
    """A ShapeEnv that reads a yes-or-no question about an unknown dimension as a shape check that passes.

    torch asks some of its checks as plain questions (`if weight.numel() != channels: raise`), which nobody
    can answer for an unknown size. A forward that runs at all passes its checks, so `Eq` is taken to hold.
    Two things are never taken so: a question with a fallback (strides, contiguity, "may I broadcast?"),
    which torch answers itself, and "is it 1?", which more often picks a branch (see `refused_one`).
    """

    def __init__(self):
        super().__init__(allow_scalar_outputs=False)
        for name, method in _CACHED.items():
            setattr(self, name, self._cache_here(method))
        self.log = _SILENT  # an error that the caller handles is no news to print
        self.unknowns: set[sympy.Symbol] = set()
        self.meets_one: set[sympy.Symbol] = set()  # broadcast against 1: so 1, unless something says more
        self.refused_one = False  # whether "is it 1?" was answered no
        self.accept_one = False  # what to answer instead, once that no has led to an error
        self._settled_at: tuple[int, int] | None = None

    def _cache_here(self, method: Callable) -> Callable:
        """A method bound to this environment, with its answers kept until something more is known."""
        answers: dict[tuple, object] = {}
        version = -1

        def call(*args, **kwargs):
            nonlocal version
            asked = self._version_counter
            if version != asked:
                answers.clear()
                version = asked
            key = (args, *kwargs.items())
            if key in answers:
                return answers[key]
            result = method(self, *args, **kwargs)
            if self._version_counter == asked:
                answers[key] = result
            return result

        call.cache_clear = answers.clear
        return call

    def new_unknown(self) -> torch.SymInt:
        size = self.create_unbacked_symint()
        symbol = size.node.expr
        # From 1 on: 0 is how an unknown size is written. Not "size-like", which would mean "at least 2".
        self.constrain_symbol_range(symbol, compiler_min=1, compiler_max=int_oo)
        self.unbacked_inputs.add(symbol)  # may be written in terms of another unknown
        self.unknowns.add(symbol)
        return size

    def known(self, size: int | torch.SymInt) -> int | None:
        """The number that `size` has turned out to be, if it has."""
        if not isinstance(size, torch.SymInt):
            return int(size)
        self.settle()
        expr = self.replace(size.node.expr)
        return int(expr) if expr.is_Integer else None

    def final(self, size: int | torch.SymInt) -> int | None:
        """`known` when the forward has ended: what met only sizes of 1 is 1 too."""
        number = self.known(size)
        if number is None:
            ones = self._soft_ones(self.replace(size.node.expr))
            expr = self.replace(size.node.expr).xreplace(dict.fromkeys(ones, sympy.Integer(1)))
            number = int(expr) if expr.is_Integer else None
        return number

    def evaluate_expr(
        self, orig_expr, hint=None, fx_node=None, size_oblivious=False, fallback_value=None, **kwargs
    ):
        if fallback_value is None and self._about_unknowns(orig_expr):
            answer = self._answer(orig_expr)
            if answer is not None:
                return answer
        return super().evaluate_expr(orig_expr, hint, fx_node, size_oblivious, fallback_value, **kwargs)

    def _about_unknowns(self, expr: sympy.Basic) -> bool:
        return bool(expr.free_symbols) and expr.free_symbols <= self.unknowns

    def _answer(self, question: sympy.Basic) -> sympy.Basic | None:
        self.settle()
        known = self._maybe_evaluate_static(question)
        if known is not None:
            return known
        question = self.replace(question)
        if isinstance(question, (sympy.Eq, sympy.Ne)):
            return self._answer_equality(question)
        ones = self._soft_ones(question)
        for symbol in ones:
            self.require(sympy.Eq(symbol, 1))
        return self._maybe_evaluate_static(question) if ones else None

    def _answer_equality(self, question: sympy.Rel) -> sympy.Basic:
        equal = sympy.Eq(*question.args)
        holds = True
        if 1 in equal.args and any(side.is_Symbol for side in equal.args):
            holds = self.accept_one or bool(self._soft_ones(equal))
            self.refused_one |= not holds
        if holds:
            self.require(equal)
        return sympy.true if holds == isinstance(question, sympy.Eq) else sympy.false

    def require(self, fact: sympy.Basic) -> bool:
        return self.guard_or_defer_runtime_assert(fact, "shape inference")

    def _soft_ones(self, expr: sympy.Basic) -> set[sympy.Symbol]:
        if not self.meets_one:
            return set()
        return expr.free_symbols & {self.replace(symbol) for symbol in self.meets_one}

    def settle(self) -> None:
        """Solve the equations that had several unknowns when torch stated them and may have one by now."""
        while (state := (self._version_counter, self._replacements_version_counter)) != self._settled_at:
            self._settled_at = state
            for fact in list(self._facts()):
                self._solve(fact)

    def _facts(self) -> Iterator[sympy.Basic]:
        for facts in self.deferred_runtime_asserts.values():
            for fact in facts:
                if isinstance(fact.expr, sympy.Eq):
                    yield self.replace(fact.expr)

    def _solve(self, fact: sympy.Basic) -> None:
        if not isinstance(fact, sympy.Eq) or fact.has(Mod):
            return
        fact = fact.replace(self._divides, lambda division: division.args[0] / division.args[1])
        for symbol in sorted(fact.free_symbols & self.unknowns, key=str):
            solution = try_solve(fact, symbol, floordiv_inequality=False)
            value = None if solution is None else solution[1]
            if value is not None and all(part.is_integer for part in sympy.preorder_traversal(value)):
                self._set_replacement(symbol, self.replace(value), "settle")
                return

    def _divides(self, expr: sympy.Basic) -> bool:
        """Whether a floor division was checked to leave no remainder, perhaps with both sides enlarged."""
        if not isinstance(expr, FloorDiv):
            return False
        left, right = expr.args
        checked = [self.replace(remainder) for remainder in self.divisible]
        return self.replace(Mod(left, right)) == 0 or any(
            sympy.expand(part.args[0] * right - part.args[1] * left) == 0
            for part in checked
            if isinstance(part, Mod)
        )
