"""Sparse arrays under autograd: what stands for them in torch's graph, and the operators whose gradients stay sparse.

A sparse array that is recorded has, beside its parts, a tensor in torch's graph.  Of a variable, and of what the
functions here compute, it is hollow: it has the array's shape but the memory of one number, since only the gradient
that flows to it matters.  All other operators are recorded on dense tensors; so gradients are those of dense arrays.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["Computed", "Filled", "Product", "Retained", "Rows", "Scaled", "Sum", "as_hollow", "rows_gradient"]


def as_hollow(size, dtype, device) -> torch.Tensor:
    """A tensor that takes no memory, whatever its size."""
    return torch.zeros((1,) * len(size), dtype=dtype, device=device).expand(size)


def rows_gradient(values, rows, size, rising=False) -> torch.Tensor:
    """Some rows as a gradient: a sparse tensor of torch's whose first axis alone is sparse.

    rising: the rows' numbers are, so that nothing has to be sorted or added up.
    """
    return torch.sparse_coo_tensor(rows.unsqueeze(0), values, tuple(size), check_invariants=False,
                                   is_coalesced=rising or None)


class Filled(torch.autograd.Function):
    """The dense tensor of a recorded sparse array."""

    @staticmethod
    def forward(ctx: Any, node, dense):
        return dense

    @staticmethod
    def backward(ctx, grad):
        return grad, None


class Computed(torch.autograd.Function):
    """The dense tensor that stands for a sparse result.  torch's own functions, which made it, take dense gradients."""

    @staticmethod
    def forward(ctx: Any, dense):
        return dense.view_as(dense)

    @staticmethod
    def backward(ctx, grad):
        return grad.to_dense() if grad.is_sparse else grad


class Sum(torch.autograd.Function):
    """a + b or a - b of two arrays of one kind; the result is hollow."""

    @staticmethod
    def forward(ctx: Any, a, b, sign):
        ctx.sign = sign
        return as_hollow(a.shape, a.dtype, a.device)

    @staticmethod
    def backward(ctx, grad):
        return grad, grad if ctx.sign > 0 else -grad, None


class Scaled(torch.autograd.Function):
    """An array times a number; the result is hollow."""

    @staticmethod
    def forward(ctx: Any, node, factor):
        ctx.factor = factor
        return as_hollow(node.shape, node.dtype, node.device)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None


class Product(torch.autograd.Function):
    """A product with a sparse matrix, which has been computed; its gradient is back(gradient).

    rows: those of the other factor that take part, for a sparse gradient, which `back` then gives without the others.
    hollow: the result is.
    """

    @staticmethod
    def forward(ctx: Any, node, result, back, rows, hollow):
        ctx.back, ctx.rows, ctx.size = back, rows, node.shape
        return as_hollow(result.shape, result.dtype, result.device) if hollow else result

    @staticmethod
    def backward(ctx, grad):
        if grad.is_sparse:
            grad = grad.to_dense()
        found = ctx.back(grad)
        if ctx.rows is None:
            return found.reshape(ctx.size), None, None, None, None
        values = found.reshape(-1, *ctx.size[1:])
        return rows_gradient(values, ctx.rows, ctx.size, True), None, None, None, None


class Rows(torch.autograd.Function):
    """Rows taken from an array by their numbers, for an embedding; the gradient holds just those."""

    @staticmethod
    def forward(ctx: Any, node, result, numbers):
        ctx.numbers, ctx.size = numbers, node.shape
        return result

    @staticmethod
    def backward(ctx, grad):
        values = grad.reshape(-1, *ctx.size[1:])
        return rows_gradient(values, ctx.numbers, ctx.size), None, None


class Retained(torch.autograd.Function):
    """Some rows of a row_sparse array; the gradient holds just those.  The result is hollow."""

    @staticmethod
    def forward(ctx: Any, node, rows):
        ctx.rows = rows
        return as_hollow(node.shape, node.dtype, node.device)

    @staticmethod
    def backward(ctx, grad):
        rows = ctx.rows
        if grad.is_sparse:
            grad = grad.coalesce()
            kept = torch.isin(grad.indices()[0], rows).nonzero().flatten()
            return torch.sparse_coo_tensor(grad.indices()[:, kept], grad.values()[kept], grad.shape,
                                           check_invariants=False), None
        return rows_gradient(grad.index_select(0, rows), rows, grad.shape), None
