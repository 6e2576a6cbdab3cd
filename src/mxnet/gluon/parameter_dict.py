"""ParameterDict: parameters by name, created on demand, shared between blocks, saved and loaded."""

from collections import OrderedDict

from .. import initializer, ndarray
from ..base import MXNetError, torch_dtype
from .parameter import Constant, Parameter
from .utils import _brief_print_list

__all__ = ["ParameterDict"]

_NAMING = ("Please make sure source and target networks have the same prefix.For more info on naming, please see "
           "https://mxnet.io/api/python/docs/tutorials/packages/gluon/blocks/naming.html")


class ParameterDict:
    """An ordered dictionary of Parameters whose names begin with `prefix`.

    shared: another ParameterDict in which `get` looks before it creates.
    """

    def __init__(self, prefix="", shared=None):
        self._prefix = prefix
        self._params = OrderedDict()
        self._shared = shared

    def __repr__(self):
        name = self._prefix + " " if self._prefix else ""
        lines = "\n".join("  " + repr(v).replace("\n", "\n  ") for v in self.values())
        return f"{name}(\n{lines}\n)"

    def __getitem__(self, key):
        return self._params[key]

    def __iter__(self):
        return iter(self._params)

    def __contains__(self, key):
        return key in self._params

    def __len__(self):
        return len(self._params)

    def items(self):
        return self._params.items()

    def keys(self):
        return self._params.keys()

    def values(self):
        return self._params.values()

    @property
    def prefix(self):
        """What the names begin with."""
        return self._prefix

    # ------------------------------------------------------------------ making parameters

    def _get_impl(self, name):
        if name in self._params:
            return self._params[name]
        if self._shared is not None and name in self._shared._params:
            self._params[name] = self._shared._params[name]
            return self._params[name]
        return None

    def get(self, name, **kwargs):
        """The Parameter `prefix + name`, created with these attributes if it is not there yet.

        For one that is, the attributes must agree (unknown dimensions are filled in); AssertionError otherwise.
        """
        name = self._prefix + name
        param = self._get_impl(name)
        if param is None:
            self._params[name] = param = Parameter(name, **kwargs)
            return param
        for key, value in kwargs.items():
            if getattr(param, key, None) is None:
                setattr(param, key, value)
                continue
            known = getattr(param, key)
            if key == "shape" and value is not None and len(_as_shape(value)) == len(known):
                merged = _merge(_as_shape(value), known)
                if merged is not None:
                    param._shape = merged
                    continue
            elif key == "dtype" and torch_dtype(value) is torch_dtype(known):
                continue
            if value is not None and value != known:
                raise AssertionError(
                    f"Cannot retrieve Parameter '{name}' because desired attribute does not match with stored for "
                    f"attribute '{key}': desired '{value}' vs stored '{known}'.")
        return param

    def get_constant(self, name, value=None):
        """The Constant `prefix + name`, created with `value` if it is not there yet.

        KeyError if it is not there and no value is given; AssertionError if it is there with another value.
        """
        name = self._prefix + name
        param = self._get_impl(name)
        if param is None:
            if value is None:
                raise KeyError(f"No constant named '{name}'. Please specify value if you want to create a new "
                               "constant.")
            self._params[name] = param = Constant(name, value)
        elif value is not None:
            if not isinstance(param, Constant):
                raise AssertionError(f"Parameter '{name}' already exists but it is not a constant.")
            new = value if isinstance(value, ndarray.NDArray) else ndarray.array(value)
            if new.shape != param.value.shape or (new.asnumpy() != param.value.asnumpy()).any():
                raise AssertionError(f"Constant '{name}' already exists but it's value doesn't match new value")
        return param

    def update(self, other):
        """Take over the parameters of another dictionary; AssertionError if a name means two parameters."""
        for name, param in other.items():
            if name in self._params and self._params[name] is not param:
                raise AssertionError("Cannot update self with other because they have different Parameters with the "
                                     f"same name '{name}'")
        for name, param in other.items():
            self._params[name] = param

    # ------------------------------------------------------------------ doing it to all

    def initialize(self, init=None, ctx=None, verbose=False, force_reinit=False):
        """Initialize all parameters with `init` (default Uniform(0.07)) unless they have their own initializer."""
        init = initializer.Uniform() if init is None else init
        if verbose:
            init.set_verbosity(verbose=verbose)
        for param in self.values():
            param.initialize(None, ctx, init, force_reinit=force_reinit)

    def zero_grad(self):
        """Set all gradients to zero."""
        for param in self.values():
            param.zero_grad()

    def reset_ctx(self, ctx):
        """Move all parameters to other contexts."""
        for param in self.values():
            param.reset_ctx(ctx)

    def list_ctx(self):
        """The contexts that the parameters are on, all together."""
        found = OrderedDict((c, None) for param in self.values() for c in param.list_ctx())
        return list(found)

    def setattr(self, name, value):
        """Set an attribute of all parameters: setattr('grad_req', 'null')."""
        for param in self.values():
            setattr(param, name, value)

    # ------------------------------------------------------------------ files

    def save(self, filename, strip_prefix=""):
        """Write all values to a .params file, `strip_prefix` taken off the names."""
        arrays = {}
        for param in self.values():
            if not param.name.startswith(strip_prefix):
                raise ValueError(f"Prefix '{strip_prefix}' is to be striped before saving, but Parameter's name "
                                 f"'{param.name}' does not start with '{strip_prefix}'. this may be due to your Block "
                                 "shares parameters from other Blocks or you forgot to use 'with name_scope()' when "
                                 f"creating child blocks. {_NAMING.split('.', 1)[1]}")
            arrays[param.name[len(strip_prefix):]] = param._reduce()
        ndarray.save(filename, arrays)

    def load(self, filename, ctx=None, allow_missing=False, ignore_extra=False, restore_prefix="", cast_dtype=False,
             dtype_source="current"):
        """Read values from a .params file, `restore_prefix` put before its names.

        AssertionError for names that are missing or superfluous unless allowed, and for unequal shapes or dtypes.
        """
        if restore_prefix:
            for name in self.keys():
                if not name.startswith(restore_prefix):
                    raise AssertionError(f"restore_prefix is '{restore_prefix}' but Parameters name '{name}' does not "
                                         f"start with '{restore_prefix}'. {_NAMING.split('.', 1)[1]}")
        loaded = ndarray.load(filename)
        if not isinstance(loaded, dict):
            raise MXNetError(f"{filename} holds {len(loaded)} arrays without names; parameters need names")
        self.load_dict(loaded, ctx, allow_missing, ignore_extra, restore_prefix, filename, cast_dtype, dtype_source)

    def load_dict(self, param_dict, ctx=None, allow_missing=False, ignore_extra=False, restore_prefix="",
                  filename=None, cast_dtype=False, dtype_source="current"):
        """As `load`, from a dict name -> NDArray.  Names may carry 'arg:' or 'aux:'."""
        origin = f"loaded from file: {filename}" if filename else "loaded from param_dict"
        where = f"file: {filename}" if filename else "param_dict"
        values = {restore_prefix + (k[4:] if k.startswith(("arg:", "aux:")) else k): v for k, v in param_dict.items()}
        cut = len(restore_prefix)
        if not allow_missing:
            for name in self.keys():
                if name not in values:
                    raise AssertionError(f"Parameter '{name[cut:]}' is missing in {where}, which contains parameters: "
                                         f"{_brief_print_list(list(values))}. {_NAMING}")
        for name in values:
            if name not in self._params and not ignore_extra:
                raise AssertionError(f"Parameter '{name[cut:]}' {origin} is not present in ParameterDict, choices are: "
                                     f"{_brief_print_list(list(self.keys()))}. Set ignore_extra to True to ignore. "
                                     f"{_NAMING}")
        load_all([(self._params[n], v) for n, v in values.items() if n in self._params], ctx, cast_dtype, dtype_source)


def load_all(pairs, ctx, cast_dtype, dtype_source):
    """Give parameters their loaded values; all are checked before the first is changed."""
    for param, value in pairs:
        param._check_load(value, ctx, cast_dtype, dtype_source)
    for param, value in pairs:
        param._load_init(value, ctx, cast_dtype=cast_dtype, dtype_source=dtype_source)


def _as_shape(shape) -> tuple:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _merge(wanted, known):
    """Two shapes of one rank with unknown dimensions filled from each other; None if they disagree."""
    merged = []
    for w, k in zip(wanted, known, strict=True):
        if w > 0 and k > 0 and w != k:
            return None
        merged.append(w if w > 0 else k)
    return tuple(merged)


ParameterDict.__module__ = "mxnet.gluon.parameter"  # where MXNet has it, as books print it
