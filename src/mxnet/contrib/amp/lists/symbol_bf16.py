"""Which operators run in bfloat16: few.  The others are those of symbol_fp16, in float32."""

from . import symbol_fp16
from .symbol_fp16 import CONDITIONAL_FP32_FUNCS, LOSS_OUTPUT_FUNCTIONS  # noqa: F401

# in bfloat16
BF16_FUNCS = """
    Convolution FullyConnected
""".split()

# inputs of those in bfloat16 that stay in float32
BF16_USE_FP32_PARAMS = {
    "BatchNormWithReLU": ["", "gamma", "beta", "moving_mean", "moving_var"],
    "BatchNorm": ["", "gamma", "beta", "moving_mean", "moving_var"],
}

# in either, as the inputs come
BF16_FP32_FUNCS = """
    abs _add BatchNorm BatchNormWithReLU clip Concat concat LRN Pooling relu shuffle _shuffle sqrt square tanh
""".split()

# in the widest dtype among their inputs
_NOT_WIDEST = """
    Concat _contrib_interleaved_matmul_encdec_qk _contrib_interleaved_matmul_encdec_valatt
    _contrib_interleaved_matmul_selfatt_qk _contrib_interleaved_matmul_selfatt_valatt broadcast_mul concat
""".split()
_ALSO_WIDEST = """
    _contrib_MultiBoxDetection _contrib_MultiBoxPrior _contrib_MultiBoxTarget
""".split()
WIDEST_TYPE_CASTS = [name for name in symbol_fp16.WIDEST_TYPE_CASTS if name not in _NOT_WIDEST] + _ALSO_WIDEST

# in float32
_NOT_LISTED = """
    CuDNNBatchNorm _TensorRT _contrib_interleaved_matmul_encdec_qk _contrib_interleaved_matmul_encdec_valatt
    _contrib_interleaved_matmul_selfatt_qk _contrib_interleaved_matmul_selfatt_valatt amp_cast amp_multicast
""".split()
_ALL = {*symbol_fp16.FP16_FUNCS, *symbol_fp16.FP16_FP32_FUNCS, *symbol_fp16.FP32_FUNCS, *symbol_fp16.WIDEST_TYPE_CASTS}
FP32_FUNCS = sorted(_ALL.difference(BF16_FUNCS, BF16_FP32_FUNCS, WIDEST_TYPE_CASTS, _NOT_LISTED))
