"""Small modules: mx.runtime, mx.libinfo, mx.util, mx.error and what mx.base has for those who subclass and register."""

import importlib.util
import pickle

import pytest

import mxnet as mx
from mxnet import base


def test_features():
    features = mx.runtime.Features()
    assert features is mx.runtime.Features() is mx.runtime.Features.instance
    assert len(features) == 32 and "CUDA" in features
    assert features.is_enabled("opencv") == (importlib.util.find_spec("cv2") is not None)
    assert features.is_enabled("PROFILER") and not features.is_enabled("TVM_OP")
    assert [f.name for f in mx.runtime.feature_list()] == list(features)
    assert str(features).startswith("[✖ CUDA" if not features.is_enabled("CUDA") else "[✔ CUDA")
    with pytest.raises(RuntimeError, match="'NO SUCH' is unknown"):
        features.is_enabled("no such")


@pytest.mark.parametrize("find", ["find_lib_path", "find_include_path", "find_conf_path"])
def test_there_is_no_library(find):
    with pytest.raises(RuntimeError, match=r"Cannot find the MXNet .* PyTorch"):
        getattr(mx.libinfo, find)()


def test_compute_capability():
    with pytest.raises(ValueError, match=r"Expecting a gpu context .* cpu\(0\)"):
        mx.util.get_cuda_compute_capability(mx.cpu())


def test_environment(monkeypatch):
    monkeypatch.delenv("MXNET_TEST_OF_ENV", raising=False)
    assert mx.util.getenv("MXNET_TEST_OF_ENV") is None
    mx.util.setenv("MXNET_TEST_OF_ENV", 3)
    assert mx.util.getenv("MXNET_TEST_OF_ENV") == "3"
    mx.util.setenv("MXNET_TEST_OF_ENV", None)
    assert mx.util.getenv("MXNET_TEST_OF_ENV") is None


def test_data_dir(monkeypatch):
    monkeypatch.setenv("MXNET_HOME", "/somewhere")
    assert base.data_dir() == "/somewhere"
    monkeypatch.delenv("MXNET_HOME")
    assert base.data_dir() == base.data_dir_default()
    assert base.data_dir_default().endswith("mxnet")


def test_errors():
    error = mx.error.InternalError("it broke")
    assert str(error).startswith("it broke\nMXNet hint: ") and isinstance(error, mx.MXNetError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)

    @mx.error.register_error
    class Odd(mx.MXNetError):
        pass

    @mx.error.register("Even")
    class Other(Exception):
        pass

    assert base.register_error("Third", KeyError) is KeyError
    found = {name: base.error_types.pop(name) for name in ("Odd", "Even", "Third")}
    assert found == {"Odd": Odd, "Even": Other, "Third": KeyError}
    assert base.error_types["InternalError"] is mx.error.InternalError


def test_classes():
    class Meta(type):
        tag = 3

    class Child(base.with_metaclass(Meta, dict)):
        @base.classproperty
        def label(cls):
            return cls.__name__.lower()

    assert type(Child) is Meta and Child.tag == 3 and Child.__mro__ == (Child, dict, object)
    assert Child.label == Child().label == "child"
    assert type(base.with_metaclass(Meta)) is not Meta


def test_current_of_a_thread():
    assert mx.Context.default_ctx == mx.cpu() and mx.name.NameManager.current is mx.name.NameManager.current
    with mx.name.Prefix("p_") as prefix, mx.AttrScope(a="1") as scope, mx.Context("cpu", 1):
        assert mx.name.NameManager.current is prefix and mx.AttrScope.current is scope
        assert mx.Context.default_ctx == mx.cpu(1)


def test_names_that_packages_import_for_callbacks() -> None:
    import ctypes

    from mxnet.base import NDArrayHandle, py_str
    assert NDArrayHandle is ctypes.c_void_p  # as in MXNet
    assert py_str(b"fc_output") == "fc_output"
