# Every command does its own set-up: a virtual environment in .venv with what requirements.lock pins.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=
SEEDS ?= 1000

.DEFAULT_GOAL := help
.PHONY: help demo test test-unit simulate faults lint bench bench-slo lock clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(READY) ## buy domains with hosting on sandbox providers, by card and by phone (ARGS=--once plays all acts and ends)
	@$(BIN)/billing demo $(ARGS)

test: $(READY) ## all tests; what can't run here is said in one line
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-unit: $(READY) ## the tests that need nothing, in seconds
	@$(BIN)/python -m pytest -q -p no:schemathesis -p no:xdist tests/unit $(ARGS)

simulate: $(READY) ## all faults at once, by seeds, on twins (SEEDS=5000; ARGS="--seed 7 --trace" replays one)
	@$(BIN)/python -m simulation --seeds $(SEEDS) $(ARGS)

faults: $(READY) ## kill, cut, fill and delay everything there is, on real processes (ARGS=--short for a few)
	@$(BIN)/python -m faults $(ARGS)

lint: $(READY) ## style, types, and which room may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## ratios, scale, memory, delay when idle: a quarter of an hour (bench/README.md)
	@for name in intake scale servers idle memory; do $(BIN)/python -m bench $$name $(ARGS) || exit 1; done

bench-slo: $(READY) ## the promises under a steady load, on PostgreSQL + Redis and on SQLite
	@$(BIN)/python -m bench slo $(ARGS)

lock: $(READY) ## pin anew what pyproject.toml asks for
	@$(BIN)/uv pip compile -q --upgrade --no-header --no-annotate --no-emit-index-url pyproject.toml \
		--all-extras --group dev -o requirements.lock

clean: ## remove everything that was made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv installs in seconds what pip installs in a minute; where it can't, pip does
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.lock pins"
	@$(BIN)/pip install -q --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	@{ $(BIN)/uv pip install -q --python $(BIN)/python -r requirements.lock \
		&& $(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e . ; } \
		|| { $(BIN)/pip install -q -r requirements.lock && $(BIN)/pip install -q --no-deps -e . ; }
	@touch $@
