"""Outputs that nobody takes are not computed, where the operator can leave them out."""

from ..lower import only
from .nodes import operator_of, pieces_of

__all__ = ["drop_unused"]

_WITH_STATISTICS = {"BatchNorm", "BatchNorm_v1", "GroupNorm", "LayerNorm", "_contrib_BatchNormWithReLU",
                    "_contrib_SyncBatchNorm"}
_HALVES_OF_TOPK = {0: "value", 1: "indices"}


def drop_unused(graph, root) -> None:
    """Normalizations without statistics that nobody reads, `topk` of one kind instead of both."""
    for node in list(graph.nodes):
        op = operator_of(node)
        if op is None:
            continue
        if op.name in _WITH_STATISTICS:
            _drop_statistics(graph, node)
        elif op.name == "topk" and node.kwargs.get("ret_typ") == "both":
            _drop_half(graph, node)


def _drop_statistics(graph, node):
    if node.kwargs.get("output_mean_var"):
        pieces = pieces_of(node)
        if not pieces or any(p.args[1] for p in pieces):
            return
        node.kwargs = {name: value for name, value in node.kwargs.items() if name != "output_mean_var"}
    else:
        pieces = [user for user in node.users if user.target is only]
    _replace(graph, pieces, node)


def _drop_half(graph, node):
    pieces = pieces_of(node)
    if pieces and len({p.args[1] for p in pieces}) == 1:
        node.kwargs = {**node.kwargs, "ret_typ": _HALVES_OF_TOPK[pieces[0].args[1]]}
        _replace(graph, pieces, node)


def _replace(graph, pieces, node):
    for piece in pieces:
        piece.replace_all_uses_with(node)
        graph.erase_node(piece)
