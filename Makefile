# Everything sets itself up: `make demo`, `make test`, `make bench`.
PYTHON ?= python3
PY := .venv/bin/python
SOURCES := $(wildcard csched/*) setup.py pyproject.toml
SANITIZED := build/sanitized

READY := .venv/built .venv/compiled

.DEFAULT_GOAL := demo

.PHONY: demo test lint bench accuracy catalogue variants bits sanitize clean

.venv/requirements: requirements-dev.txt requirements-peers.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --no-compile -r requirements-dev.txt
	.venv/bin/pip install --quiet --no-compile --no-deps -r requirements-peers.txt
	touch $@

# on every core, where pip uses one; errors are of files that are not for this version of Python
.venv/compiled: .venv/requirements
	-$(PY) -m compileall -qq -j 0 .venv/lib
	touch $@

.venv/built: .venv/requirements $(SOURCES)
	.venv/bin/pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@

# the main job: schedules, a picture, and one network trained in three frameworks
demo: $(READY)
	$(PY) examples/demo.py

# in a process for each core; what these compile is written down, whatever the shell says
test: export PYTHONDONTWRITEBYTECODE =
test:
	$(MAKE) --jobs=2 lint .venv/compiled
	$(PY) -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal

lint: .venv/built
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# tables of ratios against rivals and limits; also in out/bench.md
bench: $(READY)
	$(PY) -m pytest bench --benchmark-only --benchmark-disable-gc --quiet

# the worst error of each profile in ulp, into docs/accuracy.json
accuracy: $(READY)
	$(PY) tests/accuracy.py

# the generated pages: docs/catalogue.md with its pictures, docs/peers.md
catalogue: $(READY)
	$(PY) docs/make_catalogue.py
	$(PY) docs/make_peers.py

# the core's tests once with each CPU variant of the loops
variants: $(READY)
	for v in $$($(PY) -c "from csched import _core; print(*_core.variants())"); do \
		CSCHED_VARIANT=$$v $(PY) -m pytest -q tests/test_profiles.py tests/test_program.py \
			tests/test_accuracy.py tests/test_numpy_sgd.py || exit 1; \
	done

# one hash of values per compiler and CPU variant, which have to be equal; other compilers by
# make bits COMPILERS="cc clang", another machine by COMPILERS=aarch64-linux-gnu-gcc RUN="qemu-aarch64 -L /usr/aarch64-linux-gnu"
COMPILERS ?= cc
bits:
	mkdir -p build && rm -f build/bits.txt
	for c in $(COMPILERS); do for o in -O1 -O3; do \
		$$c $$o -std=c11 -ffp-contract=off -fno-math-errno -fno-trapping-math -Icsched \
			tests/bits.c csched/kernels.c -lm -o build/bits && \
		$(RUN) build/bits > build/bits-of-one.txt && \
		sed "s/$$/ $$c $$o/" build/bits-of-one.txt | tee -a build/bits.txt || exit 1; done; done
	test "$$(cut -d' ' -f1 build/bits.txt | sort -u | wc -l)" = 1

# the C core under AddressSanitizer and UndefinedBehaviorSanitizer; libstdc++, so that exceptions of
# other packages find their handlers
sanitize: $(READY)
	CSCHED_SANITIZE=1 $(PY) setup.py --quiet build --build-lib $(SANITIZED) --build-temp build/sanitized-objects
	LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libstdc++.so.6)" \
		ASAN_OPTIONS=detect_leaks=0 \
		PYTHONPATH=$(SANITIZED) $(PY) -m pytest -q -p no:cacheprovider \
		tests/test_program.py tests/test_errors.py tests/test_numpy_state.py

clean:
	rm -rf .venv build dist out python/*.egg-info python/csched/*.so
