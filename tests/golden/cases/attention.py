"""Attention with all projections in one array."""
from golden.case import between, case, raises

loose = {"rtol": 1e-4, "atol": 1e-5}

for heads in (1, 2, 4):
    case(f"nd.contrib.interleaved_matmul_selfatt_qk(x, heads={heads})", x=(3, 2, 24), **loose)
    case(f"nd.contrib.interleaved_matmul_selfatt_qk(x, heads={heads})", x=(5, 1, 48), **loose)
    case(f"nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads={heads})", x=(3, 2, 24),
         a=between(0, 1, (2 * heads, 3, 3)), **loose)
    case(f"nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads={heads})", x=(5, 1, 48),
         a=between(0, 1, (heads, 5, 5)), **loose)
    case(f"nd.contrib.interleaved_matmul_encdec_qk(q, x, heads={heads})", q=(3, 2, 8), x=(5, 2, 16), **loose)
    case(f"nd.contrib.interleaved_matmul_encdec_qk(q, x, heads={heads})", q=(6, 1, 4), x=(2, 1, 8), **loose)
    case(f"nd.contrib.interleaved_matmul_encdec_valatt(x, a, heads={heads})", x=(5, 2, 16),
         a=between(0, 1, (2 * heads, 3, 5)), **loose)
    case(f"nd.contrib.interleaved_matmul_encdec_valatt(x, a, heads={heads})", x=(2, 1, 8),
         a=between(0, 1, (heads, 6, 2)), **loose)
raises("nd.contrib.interleaved_matmul_selfatt_qk(x, heads=2)", x=(3, 24))
raises("nd.contrib.interleaved_matmul_selfatt_qk(x)", x=(3, 2, 24), match="heads")
raises("nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads=2)", x=(3, 2, 24), a=(4, 3, 4))
raises("nd.contrib.interleaved_matmul_encdec_qk(q, x, heads=2)", q=(3, 2, 8), x=(5, 2, 8))
raises("nd.contrib.interleaved_matmul_encdec_qk(q, x, heads=2)", q=(3, 2, 8), x=(5, 1, 16))
raises("nd.contrib.interleaved_matmul_encdec_valatt(x, a, heads=2)", x=(5, 2, 16), a=(4, 3, 4))
