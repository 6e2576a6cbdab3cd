"""Parameter initializers (`mx.init`): what a parameter's first values are, chosen by its name.

An initializer is called with a description of the parameter and the array to fill. The suffix of the name
picks the hook (`_init_weight`, `_init_bias`, ...) that fills it; most initializers, and most users, override
only `_init_weight`. A parameter's own initializer, where it has one, is always asked through `_init_weight`.
"""

import json
import logging
import re
import warnings
from collections.abc import Callable
from math import ceil, sqrt
from typing import Any

import numpy as np

from . import ndarray, random, registry
from .base import MXNetError
from .ndarray import NDArray, load

__all__ = [
    "Bilinear",
    "Constant",
    "FusedRNN",
    "InitDesc",
    "Initializer",
    "LSTMBias",
    "Load",
    "MSRAPrelu",
    "Mixed",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "Xavier",
    "Zero",
    "alias",
    "create",
    "register",
]  # fmt: skip


class InitDesc(str):
    """A parameter's name, with what else decides its initialization.

    `attrs['__init__']` holds the parameter's own initializer (an instance, a registered name or JSON), if it
    has one; `global_init` the initializer of the whole network, to which composed initializers fall back.
    """

    attrs: dict
    global_init: "Initializer | None"

    def __new__(cls, name: str, attrs: dict | None = None, global_init: "Initializer | None" = None):
        desc = super().__new__(cls, name)
        desc.attrs = attrs or {}
        desc.global_init = global_init
        return desc


def _root_mean_square(arr: NDArray) -> str:
    return str((ndarray.norm(arr) / sqrt(arr.size)).asscalar())


# Suffix of the name -> hook, for parameters described by an InitDesc.
_RULES = (
    ("weight", "_init_weight"),
    ("bias", "_init_bias"),
    ("gamma", "_init_gamma"),
    ("beta", "_init_beta"),
    ("min", "_init_zero"),
    ("max", "_init_one"),
    ("weight_quantize", "_init_quantized_weight"),
    ("bias_quantize", "_init_quantized_bias"),
)

# (prefix, suffix, hook), first match wins, for parameters named by a plain string.
_LEGACY_RULES = (
    ("upsampling", "", "_init_bilinear"),
    ("stn_loc", "weight", "_init_zero"),
    ("stn_loc", "bias", "_init_loc_bias"),
    ("", "bias", "_init_bias"),
    ("", "gamma", "_init_gamma"),
    ("", "beta", "_init_beta"),
    ("", "weight", "_init_weight"),
    ("", "moving_mean", "_init_zero"),
    ("", "moving_var", "_init_one"),
    ("", "moving_inv_var", "_init_zero"),
    ("", "moving_avg", "_init_zero"),
    ("", "min", "_init_zero"),
    ("", "max", "_init_one"),
)


class Initializer:
    """Base class of initializers. Keyword arguments are kept for `dumps()`.

    Override `_init_weight(self, desc, arr)`, or another hook, and fill `arr` in place:

        >>> @mx.init.register
        ... class Ramp(mx.init.Initializer):
        ...     def _init_weight(self, desc, arr):
        ...         arr[:] = mx.nd.arange(arr.size).reshape(arr.shape)
        >>> net.initialize(init="ramp")
    """

    def __init__(self, **kwargs: Any):
        self._kwargs = kwargs
        self._verbose = False
        self._print_func: Callable[[NDArray], str] | None = None

    def set_verbosity(self, verbose: bool = False, print_func: Callable[[NDArray], str] | None = None):
        """Log each initialization at level INFO, with `print_func(arr)`, the root mean square if None."""
        self._verbose = verbose
        self._print_func = _root_mean_square if print_func is None else print_func
        return self

    def _verbose_print(self, desc: str, init: str, arr: NDArray) -> None:
        if self._verbose and self._print_func:
            logging.info("Initialized %s as %s: %s", desc, init, self._print_func(arr))

    def dumps(self) -> str:
        """JSON `[name, arguments]` from which `create` makes an equal initializer."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._kwargs == other._kwargs

    def __call__(self, desc: str, arr: NDArray) -> None:
        """Fill `arr` as the InitDesc `desc` says. ValueError where no rule knows the name."""
        if not isinstance(desc, InitDesc):
            self._legacy_init(desc, arr)
            return

        if desc.global_init is None:
            desc.global_init = self
        own = desc.attrs.get("__init__", "")
        if own:
            create(own)._init_weight(desc, arr)
            self._verbose_print(desc, own, arr)
            return
        for suffix, hook in _RULES:
            if desc.endswith(suffix):
                getattr(self, hook)(desc, arr)
                self._verbose_print(desc, suffix, arr)
                return
        self._init_default(desc, arr)

    def _legacy_init(self, name: str, arr: NDArray) -> None:
        """Fill `arr` by the rules for plain strings, which also know moving averages and upsampling."""
        warnings.warn(
            "\033[91mCalling initializer with init(str, NDArray) has been deprecated."
            "please use init(mx.init.InitDesc(...), NDArray) instead.\033[0m",
            DeprecationWarning,
            stacklevel=3,
        )
        if not isinstance(name, str):
            raise TypeError("name must be string")
        if not isinstance(arr, NDArray):
            raise TypeError("arr must be NDArray")
        for prefix, suffix, hook in _LEGACY_RULES:
            if name.startswith(prefix) and name.endswith(suffix):
                getattr(self, hook)(name, arr)
                return
        self._init_default(name, arr)

    def _init_bilinear(self, _, arr):
        """Fill a kernel (..., height, width) with bilinear interpolation weights."""
        if arr.ndim < 4:
            raise IndexError(f"bilinear initialization needs a kernel of 4 dimensions, got shape {arr.shape}")
        height, width = arr.shape[2], arr.shape[3]
        half = ceil(width / 2.0)
        centre = (2 * half - 1 - half % 2) / (2.0 * half)
        x = 1 - np.abs(np.arange(width) / half - centre)
        y = 1 - np.abs(np.arange(height) / half - centre)
        arr[:] = np.resize(np.outer(y, x), arr.shape)

    def _init_loc_bias(self, _, arr):
        """The identity transformation, for the localization net of a spatial transformer."""
        assert arr.shape[0] == 6, f"an affine transformation has 6 parameters, got shape {arr.shape}"
        arr[:] = [1.0, 0, 0, 0, 1.0, 0]

    def _init_zero(self, _, arr):
        arr[:] = 0.0

    def _init_one(self, _, arr):
        arr[:] = 1.0

    def _init_bias(self, _, arr):
        arr[:] = 0.0

    def _init_quantized_bias(self, _, arr):
        arr[:] = 0

    def _init_gamma(self, _, arr):
        arr[:] = 1.0

    def _init_beta(self, _, arr):
        arr[:] = 0.0

    def _init_weight(self, name, arr):
        raise NotImplementedError("Must override it")

    def _init_quantized_weight(self, _, arr):
        arr[:] = random.randint(-127, 127, dtype="int32").asnumpy().astype(np.int8)

    def _init_default(self, name, _):
        raise ValueError(
            f"Unknown initialization pattern for {name}. "
            'Default initialization is now limited to "weight", "bias", "gamma" (1.0), and "beta" (0.0).'
            "Please use mx.sym.Variable(init=mx.init.*) to set initialization pattern"
        )


_register = registry.get_register_func(Initializer, "initializer")
alias = registry.get_alias_func(Initializer, "initializer")
create = registry.get_create_func(Initializer, "initializer")


def register(klass: type) -> type:
    """Class decorator: make a custom Initializer known by its lower-case name."""
    return _register(klass)


class Load:
    """Take values from a saved file or a dict of name -> NDArray; ask `default_init` for names not in it.

    Prefixes `arg:` and `aux:` of saved checkpoints are dropped. AssertionError where the shape differs, or
    where a name is missing and there is no `default_init`.
    """

    def __init__(self, param: str | dict, default_init: Initializer | None = None, verbose: bool = False):
        if isinstance(param, str):
            param = load(param)
        assert isinstance(param, dict), f"param must be a file name or a dict of NDArrays, got {type(param)}"
        self.param = {re.sub("^(arg|aux):", "", name): value for name, value in param.items()}
        self.default_init = default_init
        self.verbose = verbose

    def __call__(self, name: str, arr: NDArray) -> None:
        if name in self.param:
            value = self.param[name]
            assert arr.shape == value.shape, (
                f"Parameter {name} cannot be initialized from loading. "
                f"Shape mismatch, target {arr.shape} vs loaded {value.shape}"
            )
            arr[:] = value
            how = "loading"
        else:
            assert self.default_init is not None, (
                f"Cannot Initialize {name}. Not found in loaded param and no default Initializer is provided."
            )
            self.default_init(name, arr)
            how = "default"
        if self.verbose:
            logging.info("Initialized %s by %s", name, how)


class Mixed:
    """Several initializers, chosen by the first regular expression that matches the start of the name.

        >>> init = mx.init.Mixed(['.*bias', '.*'], [mx.init.Zero(), mx.init.Uniform(0.1)])

    ValueError where no pattern matches.
    """

    def __init__(self, patterns: list[str], initializers: list[Initializer]):
        assert len(patterns) == len(initializers), (
            f"{len(patterns)} patterns were given for {len(initializers)} initializers"
        )
        self.map = list(zip(map(re.compile, patterns), initializers, strict=True))

    def __call__(self, name: str, arr: NDArray) -> None:
        for pattern, init in self.map:
            if pattern.match(name):
                init(name, arr)
                return
        raise ValueError(
            f'Parameter name {name} did not match any pattern. Consider adding a ".*" pattern at the end '
            "with default Initializer."
        )


@alias("zeros")
@register
class Zero(Initializer):
    """Zeros."""

    def __init__(self):
        super().__init__()

    def _init_weight(self, _, arr):
        arr[:] = 0


@alias("ones")
@register
class One(Initializer):
    """Ones."""

    def __init__(self):
        super().__init__()

    def _init_weight(self, _, arr):
        arr[:] = 1


@register
class Constant(Initializer):
    """A number, or an NDArray, NumPy array or nested list that broadcasts to the parameter's shape."""

    def __init__(self, value):
        super().__init__(value=value)
        self.value = value

    def _init_weight(self, _, arr):
        arr[:] = self.value

    def dumps(self) -> str:
        # Arrays become lists here and not in __init__: a constant may be a whole pre-trained embedding.
        value = self._kwargs["value"]
        if isinstance(value, NDArray):
            value = value.asnumpy()
        if isinstance(value, (np.ndarray, np.generic)):
            value = value.tolist()
        self._kwargs["value"] = value
        return super().dumps()


@register
class Uniform(Initializer):
    """Draws from U(-scale, scale)."""

    def __init__(self, scale=0.07):
        super().__init__(scale=scale)
        self.scale = scale

    def _init_weight(self, _, arr):
        random.uniform(-self.scale, self.scale, arr.shape, out=arr)


@register
class Normal(Initializer):
    """Draws from N(0, sigma^2)."""

    def __init__(self, sigma=0.01):
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def _init_weight(self, _, arr):
        random.normal(0, self.sigma, arr.shape, out=arr)


@register
class Orthogonal(Initializer):
    """`scale` times a matrix with orthonormal rows or columns, whichever are fewer; other axes are flattened.

    From the singular vectors of a random matrix, `rand_type` 'uniform' (-1, 1) or 'normal'.
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks" (2013), https://arxiv.org/abs/1312.6120
    """

    def __init__(self, scale=1.414, rand_type="uniform"):
        super().__init__(scale=scale, rand_type=rand_type)
        self.scale = scale
        self.rand_type = rand_type

    def _init_weight(self, _, arr):
        shape = (arr.shape[0], int(np.prod(arr.shape[1:])))
        if self.rand_type == "uniform":
            matrix = random.uniform(-1.0, 1.0, shape=shape)
        elif self.rand_type == "normal":
            matrix = random.normal(0.0, 1.0, shape=shape)
        else:
            raise ValueError(f"Unknown random type {self.rand_type!r}, expected 'uniform' or 'normal'")
        left, _, right = np.linalg.svd(matrix.asnumpy(), full_matrices=False)
        basis = left if left.shape == shape else right
        arr[:] = (self.scale * basis).reshape(arr.shape)


@register
class Xavier(Initializer):
    """Draws of scale sqrt(magnitude / factor), which keeps the variance of signals about equal across layers.

    `rnd_type`: 'uniform' on (-scale, scale), or 'gaussian' with that deviation. `factor_type`: fan 'in', fan
    'out', or their mean 'avg'. A weight (out, in, *kernel) has fan in*prod(kernel) and out*prod(kernel);
    ValueError for vectors.
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
    """

    def __init__(self, rnd_type="uniform", factor_type="avg", magnitude=3):
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        self.rnd_type = rnd_type
        self.factor_type = factor_type
        self.magnitude = float(magnitude)

    def _init_weight(self, name, arr):
        if len(arr.shape) < 2:
            raise ValueError(
                f"Xavier initializer cannot be applied to vector {name}. It requires at least 2D."
            )
        receptive = np.prod(arr.shape[2:])
        fan_in, fan_out = arr.shape[1] * receptive, arr.shape[0] * receptive
        if self.factor_type == "avg":
            factor = (fan_in + fan_out) / 2.0
        elif self.factor_type == "in":
            factor = fan_in
        elif self.factor_type == "out":
            factor = fan_out
        else:
            raise ValueError(f"Incorrect factor type {self.factor_type!r}, expected 'avg', 'in' or 'out'")

        scale = sqrt(self.magnitude / factor)
        if self.rnd_type == "uniform":
            random.uniform(-scale, scale, arr.shape, out=arr)
        elif self.rnd_type == "gaussian":
            random.normal(0, scale, arr.shape, out=arr)
        else:
            raise ValueError(f"Unknown random type {self.rnd_type!r}, expected 'uniform' or 'gaussian'")


@register
class MSRAPrelu(Xavier):
    """Gaussian draws for layers followed by a (leaky, parametric) ReLU of negative slope `slope`.

    He et al., "Delving Deep into Rectifiers" (2015), https://arxiv.org/abs/1502.01852
    """

    def __init__(self, factor_type="avg", slope=0.25):
        super().__init__("gaussian", factor_type, 2.0 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}


@register
class Bilinear(Initializer):
    """Bilinear interpolation weights for an upsampling kernel (out, in, height, width)."""

    def __init__(self):
        super().__init__()

    def _init_weight(self, _, arr):
        self._init_bilinear(_, arr)


@register
class LSTMBias(Initializer):
    """Zeros, but `forget_bias` for the forget gate, the second quarter of an LSTM's bias (4 * hidden,).

    Jozefowicz et al., "An Empirical Exploration of Recurrent Network Architectures" (2015).
    """

    def __init__(self, forget_bias=1.0):
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def _init_weight(self, name, arr):
        arr[:] = 0.0
        hidden = arr.shape[0] // 4
        arr[hidden : 2 * hidden] = self.forget_bias


_RNN_GATES = {
    "rnn_relu": ("",),
    "rnn_tanh": ("",),
    "lstm": ("_i", "_f", "_c", "_o"),
    "gru": ("_r", "_z", "_o"),
}


@register
class FusedRNN(Initializer):
    """Initialize the packed parameter vector of the fused RNN operator gate by gate.

    `init` fills each gate's matrix and bias (None: the network's global initializer); the biases of an LSTM's
    forget gates get `forget_bias`. MXNetError where the vector's length fits no input size.
    """

    def __init__(self, init, num_hidden, num_layers, mode, bidirectional=False, forget_bias=1.0):
        init = None if init is None else create(init)
        super().__init__(
            init=None if init is None else init.dumps(),
            num_hidden=num_hidden,
            num_layers=num_layers,
            mode=mode,
            bidirectional=bidirectional,
            forget_bias=forget_bias,
        )
        self._init = init
        self._num_hidden = num_hidden
        self._num_layers = num_layers
        self._mode = mode
        self._bidirectional = bidirectional
        self._forget_bias = forget_bias

    def _init_weight(self, desc, arr):
        global_init = getattr(desc, "global_init", None)
        init = self._init if self._init is not None else global_init
        if init is None:
            raise ValueError(f"FusedRNN has no initializer for the gates of {desc}, and no global one is set")
        start = 0
        for name, shape in self._gates(arr.size):
            gate = arr[start : start + int(np.prod(shape))].reshape(shape)
            start += gate.size
            if self._mode == "lstm" and name.endswith("_f_bias"):
                gate[:] = self._forget_bias
            else:
                init(InitDesc(name, global_init=global_init), gate)

    def _gates(self, size: int):
        """Name and shape of every gate's matrices and biases, in their order in the packed vector."""
        gates, hidden = _RNN_GATES[self._mode], self._num_hidden
        sides = ("l", "r") if self._bidirectional else ("l",)
        rows = len(sides) * len(gates) * hidden
        inner = hidden * len(sides)
        first = (size - (self._num_layers - 1) * rows * (inner + hidden + 2)) // rows - hidden - 2

        blocks = []
        for layer in range(self._num_layers):
            for side in sides:
                for source, inputs in (("i2h", first if layer == 0 else inner), ("h2h", hidden)):
                    blocks += [(f"{side}{layer}_{source}{gate}", inputs) for gate in gates]
        parts: list[tuple[str, tuple[int, ...]]]
        parts = [(f"{name}_weight", (hidden, inputs)) for name, inputs in blocks]
        parts += [(f"{name}_bias", (hidden,)) for name, _ in blocks]
        if first <= 0 or sum(int(np.prod(shape)) for _, shape in parts) != size:
            raise MXNetError(
                f"FusedRNN: {size} parameters fit no input size of mode={self._mode!r}, num_hidden={hidden}, "
                f"num_layers={self._num_layers}, bidirectional={self._bidirectional}"
            )
        return parts
