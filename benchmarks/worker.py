"""Real MXNet in a process of its own: see mxnet_worker.py, which answers."""

import json
import os
import subprocess


class Worker:
    """Real MXNet in its own process."""

    def __init__(self, interpreter):
        here = os.path.dirname(os.path.abspath(__file__))
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        self._process = subprocess.Popen([interpreter, os.path.join(here, "mxnet_worker.py")], env=env, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, **question):
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the interpreter given for real MXNet died; does it import mxnet 1.9.1?")
        return json.loads(line)

    def close(self):
        self._process.stdin.close()
        self._process.wait()
