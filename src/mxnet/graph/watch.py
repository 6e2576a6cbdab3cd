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
    gradients of its inputs once `backward` reaches them (fc_backward_output0), and as is_input for the operators'
    inputs (fc_data), before it under its own name for an input that is a variable.  MXNetError naming the node where
    an operator fails.
    """
    return _Watcher(program, watch).run(*tensors, train, rng, device)


# The operators whose inputs have no names in MXNet: monitors show them as input0.
_NAMELESS = frozenset("""
    _contrib_AdaptiveAvgPooling2D _contrib_arange_like _contrib_bipartite_matching _contrib_box_nms
    _contrib_div_sqrt_dim _contrib_gradientmultiplier _contrib_round_ste _contrib_sign_ste _copy _div_scalar
    _equal_scalar _greater_equal_scalar _greater_scalar _hypot_scalar _lesser_equal_scalar _lesser_scalar
    _logical_and_scalar _logical_or_scalar _logical_xor_scalar _maximum_scalar _minimum_scalar _minus_scalar
    _mod_scalar _mul_scalar _not_equal_scalar _plus_scalar _power_scalar _rdiv_scalar _rminus_scalar _rmod_scalar
    _rpower_scalar _sample_multinomial _scatter_minus_scalar _scatter_plus_scalar _shuffle abs Activation amp_cast
    arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort BlockGrad broadcast_axis
    broadcast_to Cast cbrt ceil clip cos cosh degrees erf erfinv exp expand_dims expm1 fix Flatten floor gamma
    gammaln hard_sigmoid log log10 log1p log2 logical_not make_loss max mean min nanprod nansum negative norm
    ones_like prod radians rcbrt reciprocal relu Reshape rint round rsqrt shape_array sigmoid sign sin sinh
    size_array slice slice_axis smooth_l1 SoftmaxActivation softmin softsign sort sqrt square sum tan tanh topk
    transpose trunc zeros_like
""".split())


class _Watcher(torch.fx.Interpreter):
    def __init__(self, program: Program, watch):
        super().__init__(program.module)
        self.extra_traceback = False
        self._watch = watch

    def run_node(self, n):
        node = n.meta.get("node")
        if n.op == "placeholder" or node is None or node.op is None or n.target is not node.op.fn:
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        names = _names(node, len(args))
        for name, source, tensor in zip(names, n.args, args, strict=True):
            if tensor is not None:
                if source.op == "placeholder" and "node" in source.meta:
                    self._watch(source.meta["node"].name, "null", tensor, True)
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
    if node.op.name in _NAMELESS:
        return ["input0"]
    return [i.name for i in node.op.inputs][:count]
