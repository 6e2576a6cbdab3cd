# make demo | test | lint | bench | clean.  The environment is made on first use and renewed when its description changes.
# Another Python: make PYTHON=python3.12 test.  Arguments to the demo: make demo ARGS=--resume

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
ARGS   ?=
# Layers this small gain nothing from a second thread, tests run two at a time, and sums repeat to the last bit.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test lint bench clean
.DELETE_ON_ERROR:

demo: $(READY)
	$(BIN)/python -m examples.digits $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf build demo_out .pytest_cache .ruff_cache .mypy_cache

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/pip || $(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 10) else \
	  "glueball needs Python 3.10 or newer; this is %d.%d. Try: make PYTHON=python3.12 ..." % v)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(BIN)/python -m compileall -q src
	@touch $@
