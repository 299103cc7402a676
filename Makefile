# `make demo` and `make test` need nothing but a Debian or Ubuntu machine with Python 3.10 to 3.13.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FAST := not slow and not tensorflow and not backend
DEMO ?= quantgate-demo
# Files whose sentences and docstrings are checked.
PLAIN := \
  *.md \
  components \
  docs \
  local_runner \
  pipelines \
  specs \
  src/quantgate \
  tests
# With large pages, the fork of a process that runs tests copies fewer tables of pages.
LARGE_PAGES := GLIBC_TUNABLES=glibc.malloc.hugetlb=1 PYTHONMALLOC=malloc
# The tests that must cover the modules that decide.
DECISION := tests/decision tests/domain tests/statistics tests/wording

# Python caches bytecode, because every process of a run would otherwise compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check lint types docs test-fast test-decision test-tensorflow test-slow simulate bench bench-runner \
  images test-images test-backend test-backend-slow goldens pages schema lock clean

help:
	@echo "make demo       train a small model, quantize it in every mode, and pick the best"
	@echo "make test       run all tests except the slow ones"
	@echo "make check      check style, types and layers, and run the fast tests"
	@echo "make test-decision  run the tests of the decision, which must cover it fully"
	@echo "make test-tensorflow  run the tests that import TensorFlow or convert models"
	@echo "make docs       build the documentation site in build/site"
	@echo "make test-slow  run the slow tests; minutes"
	@echo "make simulate   simulate the error and power of limits with a confidence; minutes"
	@echo "make bench      compare whole runs with the guide's recipes and KFP's local runner; minutes"
	@echo "make bench-runner PARTS='digits fashion tasks growth early'  run only the runner's part"
	@echo "make images     build the images, with Docker or Podman; BASE=... sets the base image"
	@echo "make test-images  build the images, and run the whole pipeline in containers"
	@echo "make test-backend  run pipelines on KFP's own code, with Go; BACKENDS='2.16 2.17' picks versions"
	@echo "make test-backend-slow  run 200 candidates on KFP's own code"
	@echo "make goldens    compile the example specs into tests/pipelines/goldens"
	@echo "make pages      regenerate the pages of the components from their interfaces"
	@echo "make schema     regenerate the JSON Schemas of spec and decision"
	@echo "make lock       pin the dependencies again"

demo: $(INSTALLED)
	@$(BIN)/quantgate demo $(DEMO)

test: test-decision test-fast test-tensorflow

check: lint types test-decision test-fast

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python tests/architecture/words.py $(PLAIN)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

# mypy and import-linter see a mapped folder only where it is installed, so an installed copy is
# checked.
types: $(INSTALLED)
	rm -rf .types build
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --target .types .
	rm -rf build
	MYPYPATH=.types $(BIN)/mypy -p quantgate
	PYTHONPATH=.types $(BIN)/lint-imports --no-cache --no-logo

docs: $(INSTALLED)
	$(BIN)/sphinx-build -W --keep-going -q -c docs/site . build/site

# The modules that decide are fully covered by their own tests.
test-decision: $(INSTALLED)
	$(LARGE_PAGES) $(BIN)/pytest -q -n 2 --dist loadfile $(DECISION) --cov

test-fast: $(INSTALLED)
	$(LARGE_PAGES) $(BIN)/pytest -q -n 2 --dist loadfile -m "$(FAST)" $(addprefix --ignore=,$(DECISION))

# TensorFlow stays out of the processes of the fast tests, which it makes several times slower.
test-tensorflow: $(INSTALLED)
	$(BIN)/pytest -q -n 2 --dist loadfile -m "tensorflow and not slow and not backend"

test-slow: $(INSTALLED)
	$(BIN)/pytest -m "slow and not backend"

# Repeats how often each kind of limit is wrong, with a fixed seed; minutes.
simulate: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python tests/simulation/simulate.py

bench: bench-runner
	$(BIN)/python tests/benchmarks/eight_modes.py
	$(BIN)/python tests/benchmarks/recipes.py
	$(BIN)/python tests/benchmarks/recovery.py
	$(BIN)/python tests/benchmarks/smallest.py
	$(BIN)/python tests/benchmarks/evaluator.py
	$(BIN)/python tests/benchmarks/shards.py
	$(BIN)/python tests/benchmarks/large_gate.py

bench-runner: $(INSTALLED)
	$(BIN)/python tests/benchmarks/runner.py $(PARTS)

images:
	components/build_images.sh $(BASE)

# Runs KFP's own driver, launcher and API server, built with Go. The first run takes an hour.
test-backend: $(INSTALLED)
	$(BIN)/python tests/backend/build_backends.py $(BACKENDS)
	QUANTGATE_BACKENDS="$(BACKENDS)" $(BIN)/pytest -m "not slow" tests/backend

# Runs 200 candidates.
test-backend-slow: $(INSTALLED)
	$(BIN)/python tests/backend/build_backends.py $(BACKENDS)
	QUANTGATE_BACKENDS="$(BACKENDS)" $(BIN)/pytest -m slow tests/backend

test-images: $(INSTALLED) images
	$(BIN)/pytest tests/images

goldens: $(INSTALLED)
	$(BIN)/python tests/pipelines/goldens/refresh.py

pages: $(INSTALLED)
	$(BIN)/python tests/components/pages/refresh.py
	$(BIN)/python tests/components/upstream/refresh.py

schema: $(INSTALLED)
	$(BIN)/python -m quantgate.schemas.spec > specs/spec.schema.json
	$(BIN)/python -m quantgate.schemas.decision > specs/decision.schema.json

lock: $(INSTALLED)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	  --no-header --no-annotate --extra dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .types build dist .mypy_cache .pytest_cache .ruff_cache

$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "quantgate needs Python: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "quantgate needs Python 3.10 to 3.13 (TensorFlow has no others);" \
	    "$(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing: sudo apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (once; TensorFlow is a download of some 600 MB)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
