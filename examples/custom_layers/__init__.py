"""The exercises of the custom-layer chapter, as finished layers."""
from .affine import Affine
from .bilinear import Bilinear
from .fourier import LeadingFourier

__all__ = ["Affine", "Bilinear", "LeadingFourier"]
