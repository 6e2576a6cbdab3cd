"""What the author of an operator is told."""

import pytest
from torch import Tensor

from mxnet.ops.registry import register


def test_parameters_without_annotation_are_named() -> None:
    def threshold(data, *, level=0.5):
        return data

    with pytest.raises(TypeError, match="operator threshold: data, level without annotation"):
        register("threshold")(threshold)


def test_attributes_of_a_type_that_no_parser_reads_are_named_with_those_that_are_read() -> None:
    def threshold(data: Tensor, *, levels: list = ()) -> Tensor:
        return data

    with pytest.raises(TypeError, match=r"no parser for levels: <class 'list'>; there is one for Literal.*int, float"):
        register("threshold")(threshold)


def test_names_are_taken_once() -> None:
    def relu(data: Tensor) -> Tensor:
        return data

    with pytest.raises(ValueError, match="operator relu is registered twice"):
        register("relu")(relu)
