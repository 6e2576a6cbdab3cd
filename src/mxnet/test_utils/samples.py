"""Random shapes, arrays and matrices to test with, drawn from numpy.random."""

import numpy as np
from numpy import random as rnd

from .. import ndarray as nd
from .compare import default_dtype

__all__ = ["assign_each", "assign_each2", "create_2d_tensor", "create_vector", "get_identity_mat",
           "get_identity_mat_batch", "new_matrix_with_real_eigvals_2d", "new_matrix_with_real_eigvals_nd",
           "new_orthonormal_matrix_2d", "new_sym_matrix_with_real_eigvals_2d",
           "new_sym_matrix_with_real_eigvals_nd", "rand_coord_2d", "rand_ndarray", "rand_shape_2d",
           "rand_shape_3d", "rand_shape_nd", "random_arrays", "random_sample", "random_uniform_arrays"]


def rand_shape_2d(dim0=10, dim1=10, allow_zero_size=False) -> tuple:
    """A shape (1..dim0, 1..dim1), from 0 with allow_zero_size."""
    low = 0 if allow_zero_size else 1
    return rnd.randint(low, dim0 + 1), rnd.randint(low, dim1 + 1)


def rand_shape_3d(dim0=10, dim1=10, dim2=10, allow_zero_size=False) -> tuple:
    """A shape (1..dim0, 1..dim1, 1..dim2), from 0 with allow_zero_size."""
    low = 0 if allow_zero_size else 1
    return rnd.randint(low, dim0 + 1), rnd.randint(low, dim1 + 1), rnd.randint(low, dim2 + 1)


def rand_shape_nd(num_dim, dim=10, allow_zero_size=False) -> tuple:
    """A shape of `num_dim` dimensions from 1 (0 with allow_zero_size) to `dim`."""
    return tuple(rnd.randint(0 if allow_zero_size else 1, dim + 1, size=num_dim).tolist())


def rand_coord_2d(x_low, x_high, y_low, y_high) -> tuple:
    """A point with x_low <= x < x_high and y_low <= y < y_high."""
    return rnd.randint(x_low, x_high), rnd.randint(y_low, y_high)


def random_sample(population, k) -> list:
    """The first k elements of a shuffled copy of a list."""
    shuffled = population[:]
    rnd.shuffle(shuffled)
    return shuffled[:k]


def random_arrays(*shapes):
    """NumPy arrays of standard normal numbers, one for each shape; the array itself for one shape."""
    arrays = [np.asarray(rnd.randn(*s), dtype=default_dtype()) for s in shapes]
    return arrays[0] if len(arrays) == 1 else arrays


def random_uniform_arrays(*shapes, low=0.0, high=1.0, dtype=None) -> list:
    """NumPy arrays of uniform numbers in [low, high), one for each shape."""
    dtype = default_dtype() if dtype is None else dtype
    return [rnd.uniform(low, high, size=s).astype(dtype) for s in shapes]


def rand_ndarray(shape, stype="default", density=None, dtype=None, modifier_func=None,
                 shuffle_csr_indices=False, distribution=None, ctx=None):
    """An NDArray of standard normal numbers.  Storage types other than 'default' are not available yet."""
    if stype != "default":
        raise NotImplementedError(f"rand_ndarray: storage type {stype!r} is not available yet")
    return nd.array(random_arrays(tuple(shape)), ctx=ctx, dtype=dtype)


def create_vector(size, dtype=np.int64):
    """The NDArray 0, 1, ..., size - 1."""
    return nd.arange(0, size, dtype=dtype)


def create_2d_tensor(rows, columns, dtype=np.int64):
    """An NDArray (rows, columns) whose i-th row is filled with i."""
    return nd.arange(0, rows, dtype=dtype).reshape(rows, 1).broadcast_to((rows, columns))


def assign_each(the_input, function):
    """A NumPy array with `function` applied to each element; a copy if it is None."""
    return np.array(the_input) if function is None else np.vectorize(function)(the_input)


def assign_each2(input1, input2, function):
    """A NumPy array with `function` applied to each pair of elements; a copy of the first if it is None."""
    return np.array(input1) if function is None else np.vectorize(function)(input1, input2)


def get_identity_mat(size):
    """The identity matrix (size, size) as an NDArray."""
    return nd.eye(size)


def get_identity_mat_batch(size):
    """Two identity matrices, (2, size, size), as an NDArray."""
    return nd.stack(nd.eye(size), nd.eye(size))


def new_orthonormal_matrix_2d(n) -> np.ndarray:
    """A random orthonormal matrix (n, n): the Q of a normal matrix."""
    return np.linalg.qr(rnd.randn(n, n))[0]


def _eigenvalues(n) -> np.ndarray:
    """n numbers of size 1 to 10, signs at random, pairwise apart so that eigenvectors are well defined."""
    return (np.linspace(1, 10, n + 1)[:-1] + rnd.uniform(0, 4.5 / n, n)) * rnd.choice([-1.0, 1.0], n)


def new_sym_matrix_with_real_eigvals_2d(n) -> np.ndarray:
    """A random symmetric, well-conditioned matrix (n, n)."""
    q = new_orthonormal_matrix_2d(n)
    a = q @ np.diag(_eigenvalues(n)) @ q.T
    return (a + a.T) / 2


def new_matrix_with_real_eigvals_2d(n) -> np.ndarray:
    """A random well-conditioned matrix (n, n) with real eigenvalues, not symmetric."""
    p = new_orthonormal_matrix_2d(n) @ (np.eye(n) + np.triu(rnd.uniform(-0.3, 0.3, (n, n)), 1))
    return p @ np.diag(_eigenvalues(n)) @ np.linalg.inv(p)


def _stack(shape, make) -> np.ndarray:
    batch = int(np.prod(shape[:-2]))
    return np.array([make(shape[-1]) for _ in range(batch)]).reshape(shape)


def new_matrix_with_real_eigvals_nd(shape) -> np.ndarray:
    """Stacked `new_matrix_with_real_eigvals_2d`: shape (..., n, n)."""
    return _stack(shape, new_matrix_with_real_eigvals_2d)


def new_sym_matrix_with_real_eigvals_nd(shape) -> np.ndarray:
    """Stacked `new_sym_matrix_with_real_eigvals_2d`: shape (..., n, n)."""
    return _stack(shape, new_sym_matrix_with_real_eigvals_2d)
