"""DataParallelExecutorGroup: an executor on each context, each with its part of the batch."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence

from .. import ndarray as nd
from ..context import Context, cpu
from ..executor_manager import _split_input_slice
from ..io import DataDesc
from ..ndarray import NDArray

__all__ = ["DataParallelExecutorGroup"]

_KEPT_SHAPES = 8  # how many other shapes of inputs have their executors kept


def _load_general(data, targets, major_axis):
    """Copy arrays into [(slice, array)] of each context; an array may be a list of them by context already."""
    for source, parts, axis in zip(data, targets, major_axis, strict=False):
        if isinstance(source, (list, tuple)):
            for one, (_, target) in zip(source, parts, strict=True):
                one.copyto(target)
        elif len(parts) == 1 or axis < 0:
            for _, target in parts:
                _copy(source, target)
        else:
            for part, target in parts:
                _copy(_sliced(source, part, axis), target)


def _copy(source, target):
    if isinstance(source, NDArray):
        source.copyto(target)
    else:
        target[:] = source


def _sliced(array, part: slice, axis: int):
    """The part of an array along an axis; the whole where there is no such axis."""
    if axis == 0:
        return array[part]
    if axis < 0:
        return array
    return nd.slice_axis(array, axis=axis, begin=part.start, end=part.stop)


def _inputs_of(batch, kind: str):
    """A batch's data or label; lists by context for a list of batches."""
    if isinstance(batch, list):
        return list(zip(*(getattr(one, kind) or () for one in batch), strict=True))
    return getattr(batch, kind, None)


def _load_data(batch, targets, major_axis):
    """Copy a batch's data."""
    _load_general(_inputs_of(batch, "data"), targets, major_axis)


def _load_label(batch, targets, major_axis):
    """Copy a batch's labels."""
    _load_general(_inputs_of(batch, "label"), targets, major_axis)


def _merge_multi_context(outputs, major_axis):
    """Join each output's parts along its batch axis; where it has none, the first context's."""
    merged = []
    for parts, axis in zip(outputs, major_axis, strict=True):
        if axis < 0 or len(parts) == 1:
            merged.append(parts[0])
        else:
            ctx = parts[0].context
            merged.append(nd.concat(*(part.as_in_context(ctx) for part in parts), dim=axis))
    return merged


def _prepare_group2ctxs(group2ctxs, ctx_len: int) -> Sequence[dict | None]:
    """A dict {ctx_group: context} for each context.

    group2ctxs: None, such a list, or a dict whose values are contexts or lists of them by context.
    """
    if group2ctxs is None:
        return [None] * ctx_len
    if isinstance(group2ctxs, list):
        assert len(group2ctxs) == ctx_len, f"{ctx_len} contexts need as many group2ctxs, got {len(group2ctxs)}"
        return group2ctxs
    assert isinstance(group2ctxs, dict), f"group2ctxs must be a list or a dict, got {type(group2ctxs).__name__}"
    result: list[dict] = [{} for _ in range(ctx_len)]
    for group, ctxs in group2ctxs.items():
        ctxs = [ctxs] if isinstance(ctxs, Context) else list(ctxs)
        if len(ctxs) == 1:
            ctxs = ctxs * ctx_len
        assert len(ctxs) == ctx_len, f"group {group!r}: {ctx_len} contexts need as many, got {len(ctxs)}"
        for each, ctx in zip(result, ctxs, strict=True):
            each[group] = ctx
    return result


def _requests(grad_req, arg_names, data_names, param_names, fixed, for_training, inputs_need_grad):
    """What is to be done with the gradient of each argument."""
    if not for_training:
        return dict.fromkeys(arg_names, "null")
    if isinstance(grad_req, (list, tuple)):
        assert len(grad_req) == len(arg_names), f"grad_req: got {len(grad_req)}, expected one for each of {arg_names}"
        return dict(zip(arg_names, grad_req, strict=True))
    default = grad_req if isinstance(grad_req, str) else "write"
    reqs = dict.fromkeys(arg_names, "null")
    reqs.update((name, default) for name in param_names if name in reqs and name not in fixed)
    if inputs_need_grad:
        reqs.update((name, default) for name in data_names)
    if isinstance(grad_req, dict):
        reqs.update(grad_req)
    elif not isinstance(grad_req, str):
        raise ValueError(f"grad_req must be one of str, list, tuple, or dict, got {type(grad_req).__name__}")
    return reqs


class DataParallelExecutorGroup:
    """Executors of one Symbol on several contexts.

    workload: how much of a batch each context gets, in proportion.  shared_group: a group whose memory to share.
    The other arguments are Module's.

    execs: the executors.  slices: their parts of the batch.  param_arrays, grad_arrays, aux_arrays: lists of lists of
    arrays, by name and then by context.
    """

    def __init__(self, symbol, contexts, workload, data_shapes, label_shapes, param_names, for_training,
                 inputs_need_grad, shared_group=None, logger=logging, fixed_param_names=None, grad_req="write",
                 state_names=None, group2ctxs=None):
        self.symbol = symbol
        self.contexts = contexts
        self.workload = workload
        self.param_names = param_names
        self.for_training = for_training
        self.inputs_need_grad = inputs_need_grad
        self.logger = logger
        self.fixed_param_names = fixed_param_names or []
        self.state_names = state_names or []
        self.group2ctxs = _prepare_group2ctxs(group2ctxs, len(contexts))
        self.arg_names = symbol.list_arguments()
        self.aux_names = symbol.list_auxiliary_states()
        self.data_names = [desc[0] for desc in data_shapes]
        self.grad_req = _requests(grad_req, self.arg_names, self.data_names, param_names, self.fixed_param_names,
                                  for_training, inputs_need_grad)
        self.shared_data_arrays = [{} for _ in contexts] if shared_group is None else shared_group.shared_data_arrays
        self.output_names = symbol.list_outputs()
        self.output_layouts = [DataDesc.get_batch_axis(symbol[i].attr("__layout__"))
                               for i in range(len(self.output_names))]
        self.batch_size = None
        self.slices = []
        self._by_shapes: OrderedDict[tuple, list] = OrderedDict()
        self._monitors = []
        self.bind_exec(data_shapes, label_shapes, shared_group)

    # ------------------------------------------------------------------ binding

    def decide_slices(self, data_shapes) -> list[int]:
        """Divide the batch among the contexts; which axis of each input is the batch's."""
        axes = [DataDesc.get_batch_axis(desc.layout) for desc in data_shapes]
        for desc, axis in zip(data_shapes, axes, strict=True):
            if axis < 0:
                continue
            size = desc.shape[axis]
            if self.batch_size is None:
                self.batch_size = size
                self.slices = _split_input_slice(size, self.workload)
            assert size == self.batch_size, (f"all data must have the same batch size: batch_size = {self.batch_size}, "
                                             f"but {desc.name} has shape {desc.shape}")
        return axes

    def bind_exec(self, data_shapes, label_shapes, shared_group=None, reshape=False):
        """Make executors for these shapes, or if `reshape` let those that there are fit them."""
        data_shapes = [_desc(d) for d in data_shapes]
        label_shapes = [_desc(d) for d in label_shapes or ()]
        before = self.batch_size, self.slices
        try:
            self.batch_size = None
            data_layouts, label_layouts = self.decide_slices(data_shapes), self.decide_slices(label_shapes)
            inputs = [d for d in (*data_shapes, *label_shapes) if d.name in self.arg_names]
            if reshape:
                self.execs = self._reshaped(inputs)
            else:
                self.execs = self._default_execs = [self._bind_ith_exec(i, inputs, shared_group)
                                                    for i in range(len(self.contexts))]
                self._default_key = _shapes_key(inputs)
        except Exception:
            self.batch_size, self.slices = before
            raise
        self.data_layouts, self.label_layouts = data_layouts, label_layouts
        self.data_shapes, self.label_shapes = data_shapes, label_shapes or None
        self.data_names = [d.name for d in data_shapes]
        self.label_names = [d.name for d in label_shapes]
        self._collect_arrays()

    def reshape(self, data_shapes, label_shapes):
        """Fit the executors to other shapes; parameters stay."""
        if data_shapes == self.data_shapes and label_shapes == self.label_shapes:
            return
        self.bind_exec(data_shapes, label_shapes, reshape=True)

    def _reshaped(self, inputs):
        """Executors for other shapes, on the parameters of the first ones; the latest are kept."""
        key = _shapes_key(inputs)
        if key == self._default_key:
            return self._default_execs
        execs = self._by_shapes.pop(key, None)
        if execs is None:
            execs = [self._reshape_one(e, self._sliced_shape(inputs, i)) for i, e in enumerate(self._default_execs)]
            for mon in self._monitors:
                for e in execs:
                    mon.install(e)
        self._by_shapes[key] = execs
        if len(self._by_shapes) > _KEPT_SHAPES:
            self._by_shapes.popitem(last=False)
        return execs

    def _reshape_one(self, executor, shapes):
        """An executor for other shapes; those of labels and states that are not given follow from the data."""
        missing = [name for name in self.arg_names if name not in shapes and name not in self.param_names]
        if missing:
            found = dict(zip(self.arg_names, self.symbol.infer_shape_partial(**shapes)[0], strict=True))
            shapes.update((name, found[name]) for name in missing if found[name] and 0 not in found[name])
        return executor.reshape(allow_up_sizing=True, **shapes)

    def _bind_ith_exec(self, i, inputs, shared_group):
        return self.symbol.simple_bind(
            ctx=self.contexts[i], grad_req=self.grad_req, type_dict={d.name: d.dtype for d in inputs},
            shared_arg_names=self.param_names, shared_exec=None if shared_group is None else shared_group.execs[i],
            shared_buffer=self.shared_data_arrays[i], group2ctx=self.group2ctxs[i], **self._sliced_shape(inputs, i))

    def _sliced_shape(self, descs, i):
        """Shapes of the i-th context's parts, by name."""
        part = self.slices[i]
        shapes = {}
        for desc in descs:
            axis, shape = DataDesc.get_batch_axis(desc.layout), list(desc.shape)
            if axis >= 0:
                shape[axis] = part.stop - part.start
            shapes[desc.name] = tuple(shape)
        return shapes

    def _collect_arrays(self):
        execs = self.execs
        args, grads, aux = ([getattr(e, kind) for e in execs] for kind in ("arg_dict", "grad_dict", "aux_dict"))

        def parts(names):
            return [[(self.slices[i], some[name]) for i, some in enumerate(args) if name in some] for name in names]

        self.data_arrays = parts(self.data_names)
        self.label_arrays = parts(self.label_names)
        self.state_arrays = parts(self.state_names)
        names = [name for name in self.arg_names if name in set(self.param_names)]
        self.param_arrays = [[some[name] for some in args] for name in names]
        self.grad_arrays = [[some[name] for some in grads] for name in names] if self.for_training else None
        self.input_grad_arrays = [[some[name] for some in grads] for name in self.data_names]
        self.aux_arrays = [[some[name] for some in aux] for name in self.aux_names]

    @property
    def _total_exec_bytes(self) -> int:
        """Memory of the executors' arrays, without what they compute."""
        return sum(a._t.nbytes for e in self.execs for arrays in (e.arg_arrays, e.grad_arrays, e.aux_arrays)
                   for a in arrays if a is not None)

    # ------------------------------------------------------------------ parameters

    def set_params(self, arg_params, aux_params, allow_extra=False):
        """Copy parameters to all contexts; ValueError for those that are not there, unless allow_extra."""
        for executor in self.execs:
            executor.copy_params_from(arg_params, aux_params, allow_extra_params=allow_extra)

    def get_params(self, arg_params, aux_params):
        """Copy the contexts' mean into the arrays of the dicts."""
        for params, names, blocks in ((arg_params, self.param_names, self.param_arrays),
                                      (aux_params, self.aux_names, self.aux_arrays)):
            for name, block in zip(names, blocks, strict=True):
                if len(block) > 1:
                    total = sum(a.as_in_context(cpu()) for a in block) / len(block)
                    total.astype(params[name].dtype).copyto(params[name])
                else:
                    block[0].copyto(params[name])

    # ------------------------------------------------------------------ computing

    def forward(self, data_batch, is_train=None):
        """Give each context its part of a batch and compute the outputs."""
        _load_data(data_batch, self.data_arrays, self.data_layouts)
        if self.label_arrays and _inputs_of(data_batch, "label"):
            _load_label(data_batch, self.label_arrays, self.label_layouts)
        is_train = self.for_training if is_train is None else is_train
        for executor in self.execs:
            executor.forward(is_train=is_train)

    def backward(self, out_grads=None):
        """Compute the gradients; out_grads: of the whole batch's outputs."""
        assert self.for_training, "re-bind with for_training=True to run backward"
        out_grads = [out_grads] if isinstance(out_grads, NDArray) else out_grads or []
        for executor, part in zip(self.execs, self.slices, strict=True):
            if len(self.execs) == 1:
                mine = list(out_grads)
            else:
                mine = [_sliced(grad, part, axis).as_in_context(output.context)
                        for grad, axis, output in zip(out_grads, self.output_layouts, executor.outputs, strict=False)]
            executor.backward(out_grads=mine)

    def get_output_shapes(self):
        """[(name, shape)] of the whole batch's outputs."""
        shapes = {d.name: d.shape for d in (*self.data_shapes, *(self.label_shapes or ())) if d.name in self.arg_names}
        return list(zip(self.output_names, self.symbol.infer_shape(**shapes)[1], strict=True))

    def get_outputs(self, merge_multi_context=True, begin=0, end=None):
        """The outputs from `begin` to `end`, joined, or lists by context."""
        results = [e.outputs for e in self.execs]
        outputs = [list(parts) for parts in zip(*results, strict=True)][begin:end]
        return _merge_multi_context(outputs, self.output_layouts[begin:end]) if merge_multi_context else outputs

    def get_input_grads(self, merge_multi_context=True):
        """The gradients of the data, joined, or lists by context."""
        assert self.inputs_need_grad, "bind with inputs_need_grad=True to get gradients of inputs"
        if merge_multi_context:
            return _merge_multi_context(self.input_grad_arrays, self.data_layouts)
        return self.input_grad_arrays

    def get_states(self, merge_multi_context=True):
        """The states, joined along axis 0, or lists by context."""
        assert not merge_multi_context, "merge_multi_context=True is not supported for get_states yet."
        return [[array for _, array in parts] for parts in self.state_arrays]

    def set_states(self, states=None, value=None):
        """Copy arrays, or lists of them by context, into the states; or set them all to a number."""
        if states is not None:
            assert value is None, "Only one of states & value can be specified."
            _load_general(states, self.state_arrays, (0,) * len(self.state_arrays))
            return
        assert value is not None, "At least one of states & value must be specified."
        for parts in self.state_arrays:
            for _, array in parts:
                array[:] = value

    def update_metric(self, eval_metric, labels, pre_sliced):
        """Tell a metric each context's labels and outputs."""
        layouts = self.label_layouts or [0] * len(labels or ())
        names = self.label_names or [f"label{i}" for i in range(len(labels or ()))]
        for i, (executor, part) in enumerate(zip(self.execs, self.slices, strict=True)):
            if pre_sliced:
                mine = labels[i]
            elif len(self.execs) == 1:
                mine = labels or ()
            else:
                mine = [_sliced(label, part, axis) for label, axis in zip(labels or (), layouts, strict=False)]
            eval_metric.update_dict(OrderedDict(zip(names, mine, strict=False)),
                                    OrderedDict(zip(self.output_names, executor.outputs, strict=True)))

    def install_monitor(self, mon):
        """Let a Monitor look at all executors."""
        self._monitors.append(mon)
        for executor in self.execs:
            mon.install(executor)


def _shapes_key(descs) -> tuple:
    return tuple((desc.name, tuple(desc.shape)) for desc in descs)


def _desc(desc) -> DataDesc:
    return desc if isinstance(desc, DataDesc) else DataDesc(*desc)
