"""What this build can do (mx.runtime.Features)."""

import collections
import importlib.util

import torch

__all__ = ["Feature", "Features", "feature_list"]

# MXNet's feature names in its order, with how torch tells; what torch does not have is off.
_FEATURES = {
    "CUDA": torch.cuda.is_available,
    "CUDNN": lambda: torch.cuda.is_available() and torch.backends.cudnn.is_available(),
    "NCCL": lambda: torch.cuda.is_available() and torch.distributed.is_available()
    and torch.distributed.is_nccl_available(),
    "CUDA_RTC": None, "TENSORRT": None, "CPU_SSE": None, "CPU_SSE2": None, "CPU_SSE3": None, "CPU_SSE4_1": None,
    "CPU_SSE4_2": None, "CPU_SSE4A": None,
    "CPU_AVX": lambda: torch.backends.cpu.get_cpu_capability() != "DEFAULT",
    "CPU_AVX2": lambda: torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"),
    "OPENMP": torch.backends.openmp.is_available, "SSE": None, "F16C": None, "JEMALLOC": None, "BLAS_OPEN": None,
    "BLAS_ATLAS": None, "BLAS_MKL": torch.backends.mkl.is_available, "BLAS_APPLE": None, "LAPACK": lambda: True,
    "MKLDNN": torch.backends.mkldnn.is_available,
    "OPENCV": lambda: importlib.util.find_spec("cv2") is not None, "CAFFE": None, "PROFILER": lambda: True,
    "DIST_KVSTORE": None, "CXX14": None, "INT64_TENSOR_SIZE": lambda: True, "SIGNAL_HANDLER": None, "DEBUG": None,
    "TVM_OP": None,
}


class Feature(collections.namedtuple("Feature", ["name", "enabled"])):
    """A feature's name and whether it is there."""

    __slots__ = ()

    def __repr__(self):
        return f"{'✔' if self.enabled else '✖'} {self.name}"


def feature_list() -> list[Feature]:
    """All features, on or off."""
    return [Feature(name, bool(test and test())) for name, test in _FEATURES.items()]


class Features(collections.OrderedDict):
    """Feature name -> Feature.  There is only one object of this class."""

    instance = None

    def __new__(cls):
        if cls.instance is None:
            cls.instance = super().__new__(cls)
            cls.instance.update((feature.name, feature) for feature in feature_list())
        return cls.instance

    def __init__(self):
        pass  # made whole by __new__, once

    def __repr__(self):
        return str(list(self.values()))

    def is_enabled(self, feature_name: str) -> bool:
        """Whether a feature is there; RuntimeError for a name that MXNet does not know."""
        name = feature_name.upper()
        if name not in self:
            raise RuntimeError(f"Feature '{name}' is unknown, known features are: {list(self.keys())}")
        return self[name].enabled
