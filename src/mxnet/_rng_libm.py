"""Single-precision `log` as the C library rounds it, for the samplers of `_rng_samplers`.

NumPy's own float32 `log` differs in the last bit from one processor to the next; MXNet called glibc's `logf`.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["lgammaf", "logf", "tanf"]

# The method and constants of `logf` in Arm Optimized Routines (MIT licence), which glibc 2.27 to 2.40 uses:
# x = 2**k * z with z near 1, split into 16 intervals; log z = LOG_C[i] + log1p(z * INV_C[i] - 1).
_INV_C = np.array([float.fromhex(x) for x in (
    "0x1.661ec79f8f3bep+0", "0x1.571ed4aaf883dp+0", "0x1.49539f0f010bp+0", "0x1.3c995b0b80385p+0",
    "0x1.30d190c8864a5p+0", "0x1.25e227b0b8eap+0", "0x1.1bb4a4a1a343fp+0", "0x1.12358f08ae5bap+0",
    "0x1.0953f419900a7p+0", "0x1p+0", "0x1.e608cfd9a47acp-1", "0x1.ca4b31f026aap-1",
    "0x1.b2036576afce6p-1", "0x1.9c2d163a1aa2dp-1", "0x1.886e6037841edp-1", "0x1.767dcf5534862p-1",
)])  # fmt: skip
_LOG_C = np.array([float.fromhex(x) for x in (
    "-0x1.57bf7808caadep-2", "-0x1.2bef0a7c06ddbp-2", "-0x1.01eae7f513a67p-2", "-0x1.b31d8a68224e9p-3",
    "-0x1.6574f0ac07758p-3", "-0x1.1aa2bc79c81p-3", "-0x1.a4e76ce8c0e5ep-4", "-0x1.1973c5a611cccp-4",
    "-0x1.252f438e10c1ep-5", "0x0p+0", "0x1.aa5aa5df25984p-5", "0x1.c5e53aa362eb4p-4",
    "0x1.526e57720db08p-3", "0x1.bc2860d22477p-3", "0x1.1058bc8a07ee1p-2", "0x1.4043057b6ee09p-2",
)])  # fmt: skip
_POLY = [float.fromhex(x) for x in ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")]
_LN2 = float.fromhex("0x1.62e42fefa39efp-1")
_OFFSET = np.int32(0x3F330000)
_EXPONENT = np.int32(-0x800000)
_PIECE = 16384  # values worked on together: their temporaries fit the processor's cache


def logf(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of positive normal float32 numbers, bit for bit as glibc gives it."""
    x = np.ascontiguousarray(x, np.float32)
    if x.size <= _PIECE:
        return _logf(x)
    out = np.empty_like(x)
    flat, result = x.reshape(-1), out.reshape(-1)
    for i in range(0, x.size, _PIECE):
        result[i : i + _PIECE] = _logf(flat[i : i + _PIECE])
    return out


def _logf(x: np.ndarray) -> np.ndarray:
    bits = x.view(np.int32)
    offset = bits - _OFFSET
    interval = (offset >> np.int32(19)) & np.int32(15)
    z = (bits - (offset & _EXPONENT)).view(np.float32)
    r = z * _INV_C.take(interval)
    r -= 1.0
    high = (offset >> np.int32(23)) * _LN2
    high += _LOG_C.take(interval)
    high += r
    square = r * r
    r *= _POLY[1]
    r += _POLY[2]
    r += _POLY[0] * square
    r *= square
    r += high
    return r.astype(np.float32)


# Stirling's series as fdlibm (Sun Microsystems) and glibc's `lgammaf` truncate it
_STIRLING = [np.float32(x) for x in (
    -1.6309292987e-03, 8.3633989561e-04, -5.9518753551e-04,
    7.9365057172e-04, -2.7777778450e-03, 8.3333335817e-02,
)]  # fmt: skip
_HALF_LOG_2PI = np.float32(4.1893854737e-01)


def lgammaf(x: np.ndarray) -> np.ndarray:
    """log(gamma(x)) of float32 numbers x >= 1, bit for bit as glibc gives it for x >= 8."""
    z = 1 / x
    y = z * z
    tail = _STIRLING[0] * y
    for w in _STIRLING[1:-1]:
        tail = (tail + w) * y
    tail = _HALF_LOG_2PI + z * (tail + _STIRLING[-1])
    out = (x - np.float32(0.5)) * (logf(x) - 1) + tail
    for i in np.flatnonzero(x < 8):
        out[i] = math.lgamma(x[i])
    return out


def tanf(x: np.ndarray) -> np.ndarray:
    return np.tan(x.astype(np.float64)).astype(np.float32)
