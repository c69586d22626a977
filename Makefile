# Cadence. `make` alone lists what there is.

PYTHON ?= python3
BIN := .venv/bin
MADE := .venv/made
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test crash lossy check constraints clean

help: ## List what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(MADE) ## Start a sandbox EHR with Cadence in its charts, and open it (ARGS="--port 9000 --ehr-port 9001")
	@$(BIN)/ccm demo $(ARGS)

test: $(MADE) ## Pass the tests (ARGS="-k timer" for some of them)
	@$(BIN)/pytest $(ARGS)

crash: $(MADE) ## Kill worker and web process for half an hour at every commit and send (SECONDS=1800)
	@CCM_TEST_CRASH_SECONDS=$(or $(SECONDS),1800) $(BIN)/pytest -s tests/integration/delivery/test_crash.py $(ARGS)

lossy: $(MADE) ## File through an EHR that loses three answers in ten (WRITES=100000)
	@CCM_TEST_LOSSY_WRITES=$(or $(WRITES),100000) $(BIN)/pytest -s tests/integration/delivery/test_storm.py $(ARGS)

check: $(MADE) ## Check style, types and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

constraints: $(MADE) ## Write down the versions installed now as those that are tested
	@{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable; } > $(MADE).txt && mv $(MADE).txt constraints.txt

clean: ## Remove the environment, caches and the demonstration's data
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist demo-data
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Cadence needs Python 3.11 or later: make PYTHON=python3.11")'
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv .venv
	@echo "Installing Cadence and its tools there: a minute or two, only now and when pyproject.toml changes"
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@
