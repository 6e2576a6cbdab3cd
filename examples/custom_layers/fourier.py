"""Exercise 3: the leading half of the Fourier coefficients of the input."""
from __future__ import annotations

from mxnet import nd
from mxnet.gluon import nn


class LeadingFourier(nn.Block):
    """The first half of X_k = sum over n of x_n exp(-2 pi i k n / d), for real x of length d.

    Of d coefficients it returns the first ceil(d / 2), the low frequencies. For real input the other half
    mirrors them (X_{d-k} is the conjugate of X_k); only the highest frequency of an even d is lost.

    data: (batch, d); output: (batch, 2 ceil(d / 2)), real and imaginary parts in turn, as `nd.contrib.fft`
    lays them out.
    """

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        leading = (x.shape[-1] + 1) // 2
        return nd.contrib.fft(x).slice_axis(axis=-1, begin=0, end=2 * leading)
