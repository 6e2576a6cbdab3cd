"""A program that seeds what it draws from, or relies on MXNet's seed 0, gives the same batches each time it is run."""
import subprocess
import sys

PROGRAM = """
import numpy as np
from mxnet import gluon, nd

nd.random.uniform(shape=3)  # the streams are under way, some words are made in advance
np.random.seed(1)
data = gluon.data.SimpleDataset(list(range(12)))
drawn = data.transform(lambda i: nd.random.uniform(shape=2) + float(np.random.rand()) + i)
for batch in gluon.data.DataLoader(drawn, batch_size=4, shuffle=True, num_workers=2):
    print(batch.asnumpy().tobytes().hex())
"""


def test_random_numbers_in_workers_repeat_from_run_to_run() -> None:
    def run() -> str:
        return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout

    first = run()
    assert len(set(first.split())) == 3  # and differ from batch to batch
    assert run() == first
