# Everything a fresh machine needs beyond Python 3.11 and make is installed into .venv by these targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8010
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup generate check static test chaos run bench clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(READY) ## Install everything into .venv

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

generate: $(READY) ## Derive everything from the action files
	$(BIN)/bud generate

check: static test ## What CI runs: style, types, generated files, action files, tests

static: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/bud generate --check
	$(BIN)/bud fmt --check
	$(BIN)/bud lint

test: $(READY) ## Run all tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

chaos: $(READY) ## Kill, crash and fill everything, at length
	BUD_CHAOS_LENGTH=20000 $(BIN)/python -m pytest --numprocesses auto -o faulthandler_timeout=3600 tests/chaos tests/runtime
	BUD_PROOF_LENGTH=624 $(BIN)/python -m pytest tests/diff/proof

run: generate ## Serve on 127.0.0.1:8010 until Ctrl-C; PORT=... changes the port, SIMULATE=1 simulates the platform
	$(if $(SIMULATE),$(BIN)/bud simulate --events http://127.0.0.1:$(PORT)/workflow-events )$(BIN)/bud serve --port $(PORT)

bench: $(READY) ## Measure against other tools, as ratios
	$(BIN)/python -m bench

clean: ## Remove .venv and every cache
	rm -rf .venv .bud .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/typescript/node_modules
