"""Names that NumPy took away in 1.24 and 2.0. Packages of MXNet's time use them; they have nothing to do with MXNet."""
import numpy as np

GONE = {"int": int, "long": int, "bool": bool, "float": float, "object": object, "Inf": np.inf, "NaN": np.nan,
        "float_": np.float64, "product": np.prod, "cumproduct": np.cumprod, "in1d": getattr(np, "in1d", None)}


def restore():
    for name, value in GONE.items():
        if name not in np.__dict__:
            setattr(np, name, value)
