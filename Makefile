# The work of the project, the same on a laptop and in CI. `make help` lists it.
#
# Everything Python lives in .venv; the tests and the demo use the INSTALLED package. Rust builds go
# to one folder outside the checkout, so that a second clone does not compile DataFusion again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3))
CARGO ?= $(shell command -v cargo)
CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/parquetframe/target
export CARGO_TARGET_DIR
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# maturin, cargo test and clippy must describe Python to pyo3 in the same way, or each of them
# compiles the bindings anew. The extension is abi3-py311, whatever interpreter runs it.
PYO3_CONFIG := $(CARGO_TARGET_DIR)/pyo3-abi3-py311.txt
ifneq ($(OS),Windows_NT)
export PYO3_CONFIG_FILE := $(PYO3_CONFIG)
export PYO3_BUILD_EXTENSION_MODULE := 1
endif

VENV := .venv
BIN := $(VENV)/bin
RUN_DEPS := $(VENV)/.run-deps
DEV_DEPS := $(VENV)/.dev-deps
NATIVE := $(VENV)/.installed-native
PURE := $(VENV)/.installed-pure
INSTALLED := $(if $(CARGO),$(NATIVE),$(PURE))

PYTHON_SOURCES := $(shell find python packaging -type f -not -path '*/__pycache__/*')
RUST_SOURCES := $(shell find crates -type f -not -path '*/target/*') Cargo.toml Cargo.lock
PYTHON_ROOMS := python tests benches examples packaging
DEMO := examples/nycflights

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= parquet_footer parquet_page avro_ocf csv_read csv_sniff csv_write \
	graph_build graph_ids
FUZZ_TARGET_DIR ?= $(CARGO_TARGET_DIR)/fuzz
MIRI_TARGET_DIR ?= $(CARGO_TARGET_DIR)/miri
MIRI_TESTS ?= columns:: ids::hash:: ids::closest::
# The thread pool's queues are not sound under Stacked Borrows.
MIRI_FLAGS := -Zmiri-ignore-leaks -Zmiri-tree-borrows -Zmiri-permissive-provenance

.PHONY: help setup demo test check test-rust test-python fmt nx-suite bench bench-io fuzz miri docs wheel pure-wheel coverage clean need-cargo

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: $(DEV_DEPS) $(INSTALLED) ## make .venv with the package and all tools for development

demo: $(INSTALLED) ## build, run the nycflights pipeline and show its results
	@$(BIN)/pframe run $(DEMO)/pipeline.yml
	@for table in carriers hubs weather; do \
		printf '\n%s\n' "$(DEMO)/out/$$table.parquet"; \
		$(BIN)/pframe head "$(DEMO)/out/$$table.parquet" -n 8; \
	done
	@printf '\nall results: %s\n' "$(abspath $(DEMO)/out)"

test: check test-rust test-python ## everything that CI runs: check, Rust tests, Python tests

check: need-cargo $(DEV_DEPS) $(PYO3_CONFIG) ## formatting, clippy, ruff and mypy, changing nothing
	$(CARGO) fmt --all --check
	@$(call say_first_build)
	$(CARGO) clippy --locked --release --workspace --all-targets -- -D warnings
	$(BIN)/ruff check $(PYTHON_ROOMS)
	$(BIN)/ruff format --check $(PYTHON_ROOMS)
	$(BIN)/mypy

test-rust: need-cargo $(PYO3_CONFIG) ## Rust tests, on the dependencies that the extension was built with
	@$(call say_first_build)
	$(CARGO) test --locked --release --workspace

test-python: $(DEV_DEPS) $(INSTALLED) ## pytest on the installed package, both engines
	$(BIN)/pytest

nx-suite: $(DEV_DEPS) $(INSTALLED) ## networkx's own tests on our backend, with and without fallback
	$(BIN)/python tests/nx_suite.py $(NX_SUITE)

fmt: need-cargo $(DEV_DEPS) ## format Rust and Python, apply ruff's safe fixes
	$(CARGO) fmt --all
	$(BIN)/ruff check --fix --exit-zero $(PYTHON_ROOMS)
	$(BIN)/ruff format $(PYTHON_ROOMS)

bench: $(DEV_DEPS) $(INSTALLED) ## time the nycflights pipeline against a pandas script, results compared first
	$(BIN)/python benches/workflow_demo.py

bench-io: $(DEV_DEPS) $(INSTALLED) ## time Parquet, CSV and Avro against the usual tools; BENCH_IO=--small for a quick check
	@$(BIN)/pip install --quiet -r benches/io/requirements.txt
	$(BIN)/python benches/io/run.py $(BENCH_IO)

fuzz: need-cargo $(DEV_DEPS) ## hostile bytes for readers and the graph builder, FUZZ_SECONDS=60 per target; needs nightly and cargo-fuzz
	$(BIN)/python fuzz/seeds.py
	@failed=0; for target in $(FUZZ_TARGETS); do \
		CARGO_TARGET_DIR=$(FUZZ_TARGET_DIR) $(CARGO) +nightly fuzz run $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=12 -rss_limit_mb=3072 -max_len=65536 || failed=1; \
	done; exit $$failed

miri: need-cargo ## the graph builder under Miri, with small inputs; needs nightly and its component miri
	CARGO_TARGET_DIR=$(MIRI_TARGET_DIR) MIRIFLAGS="$(MIRI_FLAGS)" $(CARGO) +nightly miri test \
		--locked -p pf-graph-core --lib -- $(MIRI_TESTS)

docs: $(DEV_DEPS) ## build the documentation into site/, warnings are errors
	$(BIN)/mkdocs build --strict

wheel: need-cargo $(RUN_DEPS) $(PYO3_CONFIG) ## the wheel that ships, into dist/ (profile dist, slower to build)
	$(BIN)/maturin build --locked --profile dist --interpreter $(BIN)/python --out dist

pure-wheel: $(RUN_DEPS) ## the wheel without the extension, into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist packaging/pure
	@ls dist/*-py3-none-any.whl

coverage: $(DEV_DEPS) $(INSTALLED) ## line and branch coverage of Python, and of the Rust code for files and graphs where rustup has llvm-tools
	$(BIN)/pytest --cov --cov-report=term-missing:skip-covered
	@if [ -n "$(CARGO)" ] && [ -x "$$(dirname "$$(rustc --print target-libdir)")/bin/llvm-cov" ]; then \
		tests/rust_coverage.sh "$(abspath $(BIN))/python" "$(CARGO_TARGET_DIR)/coverage"; \
	else \
		echo "Rust coverage left out: rustup component add llvm-tools"; \
	fi

clean: ## remove what make built in the checkout; the shared Rust build folder stays
	rm -rf $(VENV) dist site coverage .coverage .mypy_cache .pytest_cache .ruff_cache $(DEMO)/out
	@echo "Rust builds stay in $(CARGO_TARGET_DIR)"

need-cargo:
	@[ -n "$(CARGO)" ] || { echo "this target needs cargo; without it: make demo, make test-python, make pure-wheel"; exit 1; }

# One line before a step that compiles DataFusion for the first time.
define say_first_build
	if ! compgen -G "$(CARGO_TARGET_DIR)/release/deps/libdatafusion-*.r*" >/dev/null; then \
		echo "first build compiles DataFusion: 10 to 15 minutes on 2 cores, later builds take one to three"; \
	fi
endef

$(PYO3_CONFIG):
	@mkdir -p $(@D)
	@printf '%s\n' implementation=CPython version=3.11 target_abi=CPython-abi3-3.11 shared=true \
		build_flags= suppress_build_script_link_lines=false > $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "parquetframe needs Python 3.11 or newer; name one with: make PYTHON=..."; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(RUN_DEPS): pyproject.toml packaging/requirements.py | $(BIN)/python
	@echo "installing the packages that parquetframe needs"
	@$(BIN)/python packaging/requirements.py avro > $(VENV)/run-requirements.txt
	@$(BIN)/pip install --quiet -r $(VENV)/run-requirements.txt 'maturin>=1.9,<2'
	@touch $@

$(DEV_DEPS): pyproject.toml packaging/requirements.py $(RUN_DEPS)
	@echo "installing the tools for development"
	@$(BIN)/python packaging/requirements.py avro dev > $(VENV)/dev-requirements.txt
	@$(BIN)/pip install --quiet -r $(VENV)/dev-requirements.txt
	@touch $@

$(NATIVE): $(RUST_SOURCES) $(PYTHON_SOURCES) pyproject.toml $(RUN_DEPS) | $(PYO3_CONFIG)
	@$(call say_first_build)
	@rm -rf dist/local $(PURE)
	$(BIN)/maturin build --locked --release --auditwheel skip --interpreter $(BIN)/python --out dist/local
	@$(BIN)/pip install --quiet --force-reinstall --no-deps dist/local/*.whl
	@touch $@

$(PURE): $(PYTHON_SOURCES) pyproject.toml Cargo.toml $(RUN_DEPS)
	@echo "no cargo here: installing parquetframe without its Rust extension; the Python engine runs the pipeline"
	@rm -rf dist/local $(NATIVE)
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist/local packaging/pure
	@$(BIN)/pip install --quiet --force-reinstall --no-deps dist/local/*.whl
	@touch $@
