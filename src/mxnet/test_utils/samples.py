"""Random shapes, arrays and matrices to test with, drawn from numpy.random."""

import numpy as np
from numpy import random as rnd

from .. import ndarray as nd
from .compare import default_dtype

__all__ = ["assign_each", "assign_each2", "create_2d_tensor", "create_sparse_array",
           "create_sparse_array_zd", "create_vector", "get_identity_mat",
           "get_identity_mat_batch", "new_matrix_with_real_eigvals_2d", "new_matrix_with_real_eigvals_nd",
           "new_orthonormal_matrix_2d", "new_sym_matrix_with_real_eigvals_2d",
           "new_sym_matrix_with_real_eigvals_nd", "rand_coord_2d", "rand_ndarray", "rand_shape_2d",
           "rand_shape_3d", "rand_shape_nd", "rand_sparse_ndarray", "random_arrays", "random_sample",
           "random_uniform_arrays", "shuffle_csr_column_indices"]


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
    """An NDArray of standard normal numbers, or a sparse one as of `rand_sparse_ndarray`."""
    if stype == "default":
        return nd.array(random_arrays(tuple(shape)), ctx=ctx, dtype=dtype)
    return rand_sparse_ndarray(shape, stype, density, dtype, distribution, None, None, modifier_func,
                               shuffle_csr_indices, ctx)[0]


def rand_sparse_ndarray(shape, stype, density=None, dtype=None, distribution=None, data_init=None, rsp_indices=None,
                        modifier_func=None, shuffle_csr_indices=False, ctx=None):
    """A sparse NDArray and its parts: (values, indices) as NumPy arrays, or (indptr, indices, values) of a csr one.

    density: the share of rows, or of values, that are stored; random by default.  distribution: 'uniform', or, for
    csr, 'powerlaw': twice as many values in each row as in the one before.  data_init: the value of all; modifier_func:
    applied to each.  rsp_indices: which rows are stored.
    """
    dtype = default_dtype() if dtype is None else dtype
    density = rnd.rand() if density is None else density
    if distribution not in (None, "uniform", "powerlaw"):
        raise ValueError(f"distribution {distribution!r} is unknown, there are 'uniform' and 'powerlaw'")
    if stype == "row_sparse":
        assert distribution != "powerlaw", "Distribution powerlaw not supported for row_sparse"
        rows = np.flatnonzero(rnd.rand(shape[0]) < density) if rsp_indices is None else np.asarray(rsp_indices)
        values = rnd.rand(len(rows), *shape[1:])
    elif stype == "csr":
        assert len(shape) == 2, f"csr arrays have 2 dimensions, got shape {shape}"
        if distribution == "powerlaw":
            rows, columns = np.nonzero(_powerlaw(shape, density))
        else:  # the same places and values as MXNet's, which lets SciPy choose them: counted down the columns
            columns, rows = np.divmod(rnd.choice(shape[0] * shape[1], round(shape[0] * shape[1] * density), False),
                                      max(shape[0], 1))
        values = rnd.rand(len(rows))
    else:
        raise ValueError(f"unknown storage type {stype!r}")
    if data_init is not None:
        values = np.full(values.shape, data_init)
    values = assign_each(values, modifier_func).astype(dtype) if values.size else values.astype(dtype)
    if stype == "row_sparse":
        array = nd.sparse.row_sparse_array((values, rows), shape=shape, dtype=dtype, ctx=ctx)
        return array, (values, rows)
    array = nd.sparse.csr_matrix((values, (rows, columns)), shape=shape, dtype=dtype, ctx=ctx)
    if shuffle_csr_indices:
        shuffle_csr_column_indices(array)
    return array, (array.indptr, array.indices, array.data)


def _powerlaw(shape, density) -> np.ndarray:
    """Which values are stored: 2, 4, 8, ... in each row, from the left, until there are enough."""
    stored, left = np.zeros(shape, bool), int(shape[0] * shape[1] * density)
    for row in range(shape[0]):
        if left > 0:
            count = min(2 ** min(row + 1, 40), shape[1], left)
            stored[row, :count] = True
            left -= count
    for row in range(shape[0]):  # the rest where there is room
        count = min(shape[1] - int(stored[row].sum()), left)
        stored[row, stored[row].sum():][:count] = True
        left -= count
    return stored


def shuffle_csr_column_indices(csr):
    """Put the column numbers of each row of a csr array in random order, the values staying where they are."""
    values, ends, columns = csr._parts
    columns = columns.cpu().numpy().copy()
    for begin, end in zip(ends.tolist(), ends.tolist()[1:], strict=False):
        rnd.shuffle(columns[begin:end])
    csr._set_parts((values, ends, nd.array(columns, csr.context, np.int64)._t))


def create_sparse_array(shape, stype, data_init=None, rsp_indices=None, dtype=None, modifier_func=None, density=0.5,
                        shuffle_csr_indices=False):
    """A sparse array as of `rand_sparse_ndarray`, without its parts."""
    return rand_sparse_ndarray(shape, stype, density, dtype, None, data_init, rsp_indices, modifier_func,
                               shuffle_csr_indices)[0]


def create_sparse_array_zd(shape, stype, density, data_init=None, rsp_indices=None, dtype=None, modifier_func=None,
                           shuffle_csr_indices=False):
    """As `create_sparse_array`; with density 0 nothing is stored, also where rsp_indices names rows."""
    return create_sparse_array(shape, stype, data_init, [] if density == 0.0 else rsp_indices, dtype, modifier_func,
                               density, shuffle_csr_indices)


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
