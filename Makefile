# Parley. `make` alone says what there is.
#
# Needs Linux, make and Python 3.11 or newer; everything else is installed into .venv and node_modules.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The embedded Redis has wheels for CPython 3.11 and 3.12, so these come first.
PYTHON ?= $(firstword $(foreach name,python3.12 python3.11 python3.14 python3.13 python3,$(shell \
	$(name) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NPM = $(shell command -v npm)

.PHONY: help demo test lint fix bench pictures chaos fuzz

help: ## Say what there is.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/parley node_modules/.package-lock.json ## Run everything here with a simulated carrier. PORT=8000; FRESH=1 begins anew.
	@exec $(BIN)/parley demo $(if $(filter-out 0 no false,$(FRESH)),--fresh)

test: .venv/development node_modules/.package-lock.json ## Run all tests, on SQLite and PostgreSQL. ARGS="tests/dialogs" picks.
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || \
		 echo "No Chromium here: the tests of pages are left out (apt-get install chromium)."
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: .venv/development ## Look at style, types and import rules.
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fix: .venv/development ## Put right what ruff can put right by itself.
	@$(BIN)/ruff check --fix

bench: .venv/development ## Measure the figures that we promise, as ratios within one run.
	@for file in $$(grep -l __main__ tests/bench/*.py); do \
		$(BIN)/python -m "$$(echo "$${file%.py}" | tr / .)" || exit 1; \
	done

pictures: .venv/development node_modules/.package-lock.json ## Take the pictures of the README anew, in a demo of their own.
	@$(BIN)/python -m tests.take_pictures

chaos: .venv/development ## Kill everything at random under load, on both databases, and judge by the carrier's journal.
	@$(BIN)/python -m tests.chaos $(ARGS)

fuzz: .venv/fuzz ## Ask the running API all that it allows and much that it does not, for ten minutes.
	@$(BIN)/python -m tests.fuzz $(ARGS)

# Set-up. Each file says that the one it is made from has been installed.

.venv/python:
	@test -n "$(PYTHON)" || \
		{ echo "Parley needs Python 3.11 or newer with venv (on Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Making .venv with $(PYTHON) …"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/parley: requirements.txt pyproject.toml | .venv/python
	@echo "Installing what Parley is made of …"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/development: requirements-dev.txt .venv/parley
	@echo "Installing what tests and linters need …"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

.venv/fuzz: requirements-fuzz.txt .venv/development
	@echo "Installing what asks everything …"
	@$(PIP) --require-hashes -r requirements-fuzz.txt
	@touch $@

.venv/npm: requirements-node.txt | .venv/parley
	@echo "Installing npm, which is not here …"
	@$(PIP) --require-hashes -r requirements-node.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json $(if $(NPM),,.venv/npm)
	@echo "Installing the front-end packages …"
	@PATH="$(PATH):$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error
	@touch $@
