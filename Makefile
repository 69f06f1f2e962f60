# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
TEST := .venv/.test-installed
FUZZ := .venv/.fuzz-installed
# What `make demo DATA=… PORT_BASE=…` hands on.
DEMO_OPTIONS := $(if $(DATA),--data $(DATA)) $(if $(PORT_BASE),--port-base $(PORT_BASE))
# make test TESTS=tests/sip WORKERS=4
TESTS ?= tests
# Test files are handed to so many processes, each with a database cluster and ports of its own; 0 runs all in one, in
# order. What drives a browser or whole installations comes afterwards: whatever is wrong with a part shows first.
WORKERS ?= 2
# How pytest says that nothing was chosen.
NONE_SUCH := 5
FUZZ_SECONDS ?= 60
# What `make check` runs of the tests; `make check test`, as CI does, runs it once.
CHECKED := tests/docs tests/test_architecture.py tests/test_tree.py tests/secrets
NOT_AGAIN := $(if $(filter check,$(MAKECMDGOALS)),$(addprefix --ignore=,$(CHECKED)))

.PHONY: help demo test proofs check check-types check-everything-else bench soak fuzz format docs lock clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Start everything on this machine with invented people and alarms (DATA=directory PORT_BASE=port)
	@exec $(BIN)/vaka demo $(DEMO_OPTIONS)

test: $(TEST) ## Run every test; installs what they need (TESTS=path for some, WORKERS=2)
	@tools/system-packages test
	@tools/node-packages
	@tools/scan-environment
	@outcome=0; \
	for which in "not (soak or browser or end_to_end)" "(browser or end_to_end) and not soak"; do \
	    $(BIN)/pytest -m "$$which" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(NOT_AGAIN) $(TESTS) \
	        || [ $$? -eq $(NONE_SUCH) ] || outcome=1; \
	done; exit $$outcome

proofs: $(TEST) ## Run the numbered proofs of the 37 terms; says of each how it went, and what waits (TESTS=path for some)
	@tools/system-packages test
	@tools/node-packages
	@tools/scan-environment
	$(BIN)/pytest -q -p tests.proofs.report $(TESTS)

check: $(TEST) ## Run what CI checks besides the tests: style, types, import contracts, licences, documentation, secrets
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-everything-else

# The types take as long as the rest together.
check-types:
	$(BIN)/mypy

check-everything-else:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/reuse lint --quiet || { $(BIN)/reuse lint; exit 1; }
	$(BIN)/pytest -q $(CHECKED)

bench: $(TEST) ## Measure, beside Kamailio and a plain insert; prints a table and JSON
	@tools/system-packages bench
	$(BIN)/python -m bench

soak: $(TEST) ## Run the long tests
	@tools/system-packages test
	$(BIN)/pytest -m soak tests

fuzz: $(FUZZ) ## Feed the parsers with malformed input (FUZZ_SECONDS=60 for each target)
	@for target in fuzz/fuzz_*.py; do echo "$$target"; \
	    $(BIN)/python $$target -max_total_time=$(FUZZ_SECONDS); done

format: $(TEST) ## Format the code
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

docs: $(TEST) ## Write the generated pages of the documentation anew
	$(BIN)/python docs/generate.py

lock: ## Write requirements/*.txt anew from requirements/*.in
	@tools/lock-requirements

clean: ## Remove the environment and every cache; a demo's data stays
	rm -rf .venv out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests fuzz -name __pycache__ -prune -exec rm -rf {} +

$(RUNTIME): requirements/runtime.txt requirements/embedded.txt pyproject.toml
	@tools/python-environment runtime
	@touch $@

$(TEST): requirements/test.txt requirements/peers.txt requirements/embedded.txt pyproject.toml
	@tools/python-environment test peers
	@touch $@ $(RUNTIME)

$(FUZZ): requirements/fuzz.txt $(TEST)
	@tools/python-environment fuzz
	@touch $@
