"""Running a program operator by operator, showing somebody (Executor's monitor) every array on the way."""

from collections.abc import Callable

import torch
import torch.fx

from ..base import MXNetError
from ..symbol._node import Node
from .lower import Program

__all__ = ["run_watched"]


def run_watched(program: Program, tensors, train: bool, rng, device,
                watch: Callable[[str, str, torch.Tensor, bool], None]):
    """The outputs of a program that has no passes behind it.

    watch(name, operator, tensor, is_input) is called for each operator's outputs as they come (fc_output), for the
    gradients of its inputs once `backward` reaches them (fc_backward_output0), and as is_input for variables and the
    operators' inputs (fc_data).  MXNetError naming the node where an operator fails.
    """
    return _Watcher(program, watch).run(*tensors, train, rng, device)


class _Watcher(torch.fx.Interpreter):
    def __init__(self, program: Program, watch):
        super().__init__(program.module)
        self.extra_traceback = False
        self._watch = watch

    def run_node(self, n):
        node = n.meta.get("node")
        if n.op == "placeholder" or node is None or node.op is None or n.target is not node.op.fn:
            result = super().run_node(n)
            if n.op == "placeholder" and node is not None:
                self._watch(node.name, "null", result, True)
            return result
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        names = _names(node, len(args))
        for name, tensor in zip(names, args, strict=True):
            if tensor is not None:
                self._watch(f"{node.name}_{name}", node.op.name, tensor, True)
        try:
            result = node.op.fn(*self._hooked(node, names, args), **kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            raise MXNetError(f"Error in operator {node.name}: {error} (node {node.name!r} of {node.op.name})"
                             ) from error
        for i, tensor in enumerate((result,) if isinstance(result, torch.Tensor) else result):
            self._watch(node.output_name(i), node.op.name, tensor, False)
        return result

    def _hooked(self, node, names, args):
        """The arguments; what backward finds for those that it reaches is shown."""
        aux = node.op.aux_names(node.parsed)
        shown = [(i, tensor) for i, (name, tensor) in enumerate(zip(names, args, strict=True))
                 if tensor is not None and name not in aux]
        if not any(tensor.requires_grad for _, tensor in shown):
            return args
        hooked = list(args)
        gradients = _Gradients(node, [tensor for _, tensor in shown], self._watch)
        for k, (i, tensor) in enumerate(shown):
            if tensor.requires_grad:
                hooked[i] = tensor.view_as(tensor)  # an operand of its own: other users' gradients are not in it
                hooked[i].register_hook(gradients.taker(k))
        return hooked


class _Gradients:
    """Shows the gradients of one operator's inputs; zeros, with the first of them, for inputs that have none."""

    def __init__(self, node: Node, inputs: list[torch.Tensor], watch):
        self._name, self._op_name = f"{node.name}_backward_output", node.op.name
        self._without = [(k, tensor) for k, tensor in enumerate(inputs) if not tensor.requires_grad]
        self._count = len(inputs)
        self._watch = watch

    def taker(self, k: int):
        """The hook of the k-th input."""
        def take(grad):
            self._show(k, grad)
            while self._without:
                other, tensor = self._without.pop()
                self._show(other, torch.zeros_like(tensor))

        return take

    def _show(self, k, grad):
        if grad is not None:  # nothing came down to this input
            self._watch(self._name + (str(k) if self._count > 1 else ""), self._op_name, grad, False)


def _names(node: Node, count: int) -> list[str]:
    """A name for each argument that the operator's function is given."""
    if node.op.variadic:
        return node.input_names()
    if node.op.extra.get("nameless_inputs"):
        return [f"input{i}" for i in range(count)]
    return [i.name for i in node.op.inputs][:count]
