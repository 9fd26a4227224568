# Everything sets itself up: `make demo`, `make test`, `make bench`.
PYTHON ?= python3
PY := .venv/bin/python
SOURCES := $(wildcard csched/*) setup.py pyproject.toml

.PHONY: demo test lint bench clean

.venv/requirements: requirements-dev.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -r requirements-dev.txt
	touch $@

.venv/built: .venv/requirements $(SOURCES)
	.venv/bin/pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@

demo: .venv/built
	$(PY) examples/demo.py

test: .venv/built lint
	$(PY) -m pytest

lint: .venv/built
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/built
	$(PY) -m pytest bench --benchmark-only

clean:
	rm -rf .venv build dist out python/*.egg-info python/csched/*.so
