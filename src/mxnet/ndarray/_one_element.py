"""What `asnumpy` gives for arrays of one element, which MXNet's reductions return in place of 0-dim ones.

Programs print them as numbers ('loss %f' % loss.mean().asnumpy()), and NumPy converts only 0-dim arrays since 2.4.
"""

import numpy as np

__all__ = ["one_element"]


class array(np.ndarray):  # so it is printed: array([0.5], dtype=float32)
    """A numpy.ndarray that converts to float, int and complex whenever it has one element."""

    def __float__(self):
        return float(_element(self))

    def __int__(self):
        return int(_element(self))

    def __complex__(self):
        return complex(_element(self))

    def __array_wrap__(self, values, context=None, return_scalar=False):
        """What NumPy computes from it: a number where that has no dimensions, as from any array."""
        values = values.view(array)
        return values if values.ndim else values.view(np.ndarray)[()]

    def __reduce__(self):
        return self.view(np.ndarray).__reduce__()  # pickles know nothing of this class


def _element(values):
    plain = values.view(np.ndarray)
    return plain.reshape(-1)[0] if plain.size == 1 else plain


def one_element(values: np.ndarray) -> np.ndarray:
    """The same memory, convertible to a Python number."""
    return values.view(array)
