"""What inspect.signature and help show of layers: the defaults that MXNet documents."""

import inspect

import pytest

from mxnet import gluon
from mxnet.gluon import nn
from mxnet.gluon.utils import with_defaults


def shown(layer) -> dict:
    return {name: p.default for name, p in inspect.signature(layer).parameters.items() if p.default is not p.empty}


@pytest.mark.parametrize("ndim, layout", [(1, "NCW"), (2, "NCHW"), (3, "NCDHW")])
def test_convolutions_and_poolings_show_a_number_for_each_axis(ndim, layout):
    def each(number):
        return number if ndim == 1 else (number,) * ndim

    conv = shown(getattr(nn, f"Conv{ndim}D"))
    assert [conv[k] for k in ("strides", "padding", "dilation", "layout")] == [each(1), each(0), each(1), layout]
    transposed = shown(getattr(nn, f"Conv{ndim}DTranspose"))
    assert [transposed[k] for k in ("strides", "output_padding", "layout")] == [each(1), each(0), layout]
    for kind in ("Max", "Avg"):
        pool = shown(getattr(nn, f"{kind}Pool{ndim}D"))
        assert [pool[k] for k in ("pool_size", "strides", "padding", "layout")] == [each(2), None, 0, layout]
        assert shown(getattr(nn, f"Global{kind}Pool{ndim}D")) == {"layout": layout}


def test_positions_of_arguments():
    names = list(inspect.signature(nn.Conv2DTranspose).parameters)
    assert names[:9] == ["channels", "kernel_size", "strides", "padding", "output_padding", "dilation", "groups",
                         "layout", "activation"]
    assert list(inspect.signature(nn.MaxPool3D).parameters)[3:5] == ["ceil_mode", "layout"]
    assert list(inspect.signature(nn.MaxPool2D).parameters)[3:5] == ["layout", "ceil_mode"]
    for activation in (nn.SELU, nn.GELU, nn.Flatten):
        assert str(inspect.signature(activation)) == "(**kwargs)"


def test_a_layer_of_ones_own_keeps_its_signature():
    class Wide(nn.Conv2D):
        def __init__(self, factor, **kwargs):
            super().__init__(4 * factor, 3, **kwargs)

    assert list(inspect.signature(Wide).parameters) == ["factor", "kwargs"]
    assert repr(Wide(2)) == "Wide(None -> 8, kernel_size=(3, 3), stride=(1, 1))"


@pytest.mark.parametrize("make", [lambda: nn.Conv2D(2, 3, layout=None), lambda: nn.GlobalAvgPool2D(layout="NCW"),
                                  lambda: nn.MaxPool1D(layout=None)])
def test_other_layouts_are_refused(make):
    with pytest.raises(AssertionError):
        make()


def test_deformable_convolutions_name_their_operator():
    for name in ("DeformableConvolution", "ModulatedDeformableConvolution"):
        assert shown(getattr(gluon.contrib.cnn, name))["op_name"] == name


def test_with_defaults_leaves_the_function_alone():
    def f(a, b=1, c=2):
        return a, b, c

    assert with_defaults(f, c=5)(0) == (0, 1, 5)
    assert f(0) == (0, 1, 2)
