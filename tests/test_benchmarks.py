"""Every row of the operator sweep runs, and computes what the PyTorch code beside it computes; nothing is timed."""

import pytest

from benchmarks.op_rows import ROWS
from benchmarks.op_steps import nd_step, nd_values
from benchmarks.op_sweep import compare, summary
from benchmarks.op_torch import torch_step, torch_values


@pytest.mark.parametrize("code", ROWS)
def test_row_agrees_with_torch(code):
    row = ROWS[code]
    for grad in (False, True) if row.grad else (False,):
        step = nd_step(row, row.sizes[0], grad)
        ours = nd_values(step)
        assert len(ours) > grad
        if row.torch:
            theirs = torch_values(torch_step(row, row.sizes[0], grad))
            if row.values:
                compare(code, ours, theirs, "torch")
            else:
                assert [a.shape for a in ours] == [a.shape for a in theirs]


def test_summary_names_what_is_slow_and_what_grows():
    times = {"fast": {1: 0.1, 9: 0.2}, "slow": {1: 0.3, 9: 1.4}}
    cells = [{"code": code, "size": n, "grad": False, "ours": ours, "mxnet": 1.0}
             for code, by_size in times.items() for n, ours in by_size.items()]
    lines = list(summary(cells))
    assert lines == ["median ratio to MXNet at the smallest sizes: 0.200 of 2 operators",
                     "above 1.3 of MXNet: 1 of 4", "    1.40  slow at 9",
                     "growing faster than MXNet from the second largest size to the largest, and slower there: 1",
                     "    4.67  slow"]
