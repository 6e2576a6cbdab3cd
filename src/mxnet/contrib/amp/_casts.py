"""The pass over a Symbol that puts amp_cast and amp_multicast where precisions meet."""

from ...base import NAME_TO_TORCH, TORCH_TO_FLAG
from ...ops.registry import get
from ...symbol._node import Entry, Node, postorder

__all__ = ["with_casts"]


class _Caster:
    """Rebuilds a graph node by node and knows the precision of each entry: the target, 'float32', or None.

    stored: names of the variables that are in the target precision already.
    """

    def __init__(self, target, rule_of, stored=()):
        self._target, self._rule_of, self._stored = target, rule_of, stored
        self.made: dict[int, Node] = {}
        self._dtypes: dict[tuple[int, int], str | None] = {}
        self._casts: dict[tuple[int, int, str], Entry] = {}
        self.uses: dict[int, set[str]] = {}  # id of a variable's new node -> the precisions it is read in

    def add(self, node: Node) -> None:
        """Rebuild one node; those of its inputs are there already."""
        if node.is_variable:
            new = self.made[id(node)] = Node(None, node.name, dict(node.attrs), (), node.subgraphs, node.where)
            if node.name in self._stored:
                self._dtypes[id(new), 0] = self._target
            return
        ins = [self.entry(e) for e in node.inputs]
        rule = self._rule_of(node)
        if rule == "target":
            ins = [self._cast(e, self._target) for e in ins]
            dtype = self._target
        elif rule == "float32":
            ins = [self._cast(e, "float32") if self._may_be_low(e) else e for e in ins]
            dtype = "float32"
        elif rule == "widest":
            ins, dtype = self._widest(ins)
        else:
            dtype = self._of(ins[0]) if ins else None
        for entry in ins:
            if entry.node.is_variable:
                self.uses.setdefault(id(entry.node), set()).add("float32")
        new = self.made[id(node)] = Node(node.op, node.name, node.attrs, ins, node.subgraphs, node.where)
        for i in range(node.count_outputs):
            self._dtypes[id(new), i] = dtype

    def entry(self, old: Entry) -> Entry:
        """The new entry in the place of an old one."""
        return Entry(self.made[id(old.node)], old.index, old.version)

    def output(self, old: Entry) -> Entry:
        """An output of the whole graph, which is never in the target precision."""
        new = self.entry(old)
        return self._cast(new, "float32") if self._of(new) == self._target else new

    def _may_be_low(self, entry: Entry) -> bool:
        dtype = self._of(entry)
        return dtype == self._target or (dtype is None and not entry.node.is_variable)

    def _of(self, entry: Entry):
        return self._dtypes.get((id(entry.node), entry.index))

    def _cast(self, entry: Entry, dtype: str) -> Entry:
        if self._of(entry) == dtype:
            return entry
        if entry.node.is_variable:
            self.uses.setdefault(id(entry.node), set()).add(dtype)
        key = id(entry.node), entry.index, dtype
        if key not in self._casts:
            name = f"{entry.node.output_name(entry.index)}_amp_cast_{dtype}"
            cast = Node(get("amp_cast"), name, {"dtype": dtype}, [entry])
            self._dtypes[id(cast), 0] = dtype
            self._casts[key] = Entry(cast)
        return self._casts[key]

    def _widest(self, ins):
        """The inputs in one precision, and which it is."""
        dtypes = {self._of(e) for e in ins}
        if self._target not in dtypes or len(dtypes) == 1:
            return ins, dtypes.pop() if len(dtypes) == 1 else "float32" if "float32" in dtypes else None
        if "float32" in dtypes:
            return [self._cast(e, "float32") if self._of(e) == self._target else e for e in ins], "float32"
        name = f"{ins[0].node.output_name(ins[0].index)}_amp_multicast"
        joined = Node(get("amp_multicast"), name, {"num_outputs": str(len(ins))}, ins)
        return [Entry(joined, i) for i in range(len(ins))], None


def with_casts(symbol, target: str, rule_of, mark=()):
    """`symbol` in mixed precision: rule_of(node) is 'target', 'float32', 'widest' or None (as the inputs come).

    mark: the names of variables to be told, as `__dtype__`, the precision that they are read in.
    """
    order = postorder(symbol._entries)
    caster = _run(_Caster(target, rule_of), order)
    if mark:
        low = {node.name for node in caster.made.values() if caster.uses.get(id(node)) == {target}}
        caster = _run(_Caster(target, rule_of, low.intersection(mark)), order)
        for node in caster.made.values():
            if node.is_variable and node.name in mark:
                dtype = NAME_TO_TORCH[target if node.name in low else "float32"]
                node.attrs["__dtype__"] = str(TORCH_TO_FLAG[dtype])
    return type(symbol)([caster.output(e) for e in symbol._entries])


def _run(caster, order):
    for node in order:
        caster.add(node)
    return caster
