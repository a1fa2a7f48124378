# Pouch in eleven verbs. `make` alone lists them.
# Every verb builds the environment first if it is missing; ARGS goes to the command behind the verb.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
STAMP := .venv/.built
UV ?= $(firstword $(wildcard $(BIN)/uv) uv)

.PHONY: help env demo test unit lint format bench fuzz lock clean

help: ## this list
	@echo "Pouch: interoffice document exchange. What you can say:"
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 16
	@echo "ARGS reaches the command, e.g. make demo ARGS=--once, make test ARGS='-k release'"

env: $(STAMP) ## build the environment in .venv (Python 3.11 or later)
	@echo "The environment in .venv is up to date."

demo: $(STAMP) ## play the story of one priority document on this machine (ARGS=--once to end after it)
	@$(BIN)/pouch demo $(ARGS)

test: $(STAMP) ## all tests
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

unit: $(STAMP) ## the fast tests only: no database, no sockets
	@$(BIN)/pytest tests/unit tests/pki tests/architecture $(ARGS)

lint: $(STAMP) ## style, types, import rules, file sizes
	@echo "ruff: style"        && $(BIN)/ruff check . \
	  || { echo "Many of these mend themselves: make format. The rest: see the rule named at the line's end."; exit 1; }
	@echo "ruff: format"       && $(BIN)/ruff format --check . || { echo "Run: make format"; exit 1; }
	@echo "mypy: types"        && $(BIN)/mypy || { echo "Give the missing type or mend the call; see CONTRIBUTING.md."; exit 1; }
	@echo "lint-imports: layers" && $(BIN)/lint-imports \
	  || { echo "Who may import whom stands in pyproject.toml and ARCHITECTURE.md."; exit 1; }
	@echo "rooms: sizes and names" && $(BIN)/pytest tests/architecture/test_rooms.py \
	  || { echo "A file has one duty and at most 400 lines; names are those of GLOSSARY.md."; exit 1; }

format: $(STAMP) ## mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

bench: $(STAMP) ## measure a real gateway, one JSON object (ARGS='accept --size 1m --concurrency 32')
	@$(BIN)/pouch bench $(if $(ARGS),$(ARGS),accept --size 5k --concurrency 32 --workers 2 --seconds 10 --json)

fuzz: $(STAMP) ## break files at random and watch their readers, a minute each (ARGS='zip 600': one reader, seconds, seed)
	@$(BIN)/python tests/hostile/guided.py $(ARGS) \
	  || { echo "What was found is in build/fuzz. Mend it, and add the file to tests/golden/fuzz; see CONTRIBUTING.md."; exit 1; }

lock: ## pin every dependency again, with hashes (needs uv)
	@command -v $(UV) >/dev/null || { echo "uv is missing: $(BIN)/pip install uv, or see https://docs.astral.sh/uv"; exit 1; }
	@$(UV) pip compile --quiet $(LOCK_FLAGS) --all-extras pyproject.toml -o requirements.lock \
	  && $(UV) pip compile --quiet $(LOCK_FLAGS) --extra build -c requirements.lock pyproject.toml -o requirements.runtime.lock \
	  || { echo "The locks are as they were. Check the network and pyproject.toml, then: make lock"; exit 1; }
	@echo "requirements.lock and requirements.runtime.lock are up to date; ARGS=--upgrade takes newer versions."

clean: ## remove what these verbs have built: environment, caches, the demo's folder
	@rm -rf .venv build demo-data *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Clean. The next verb builds the environment again."

LOCK_FLAGS = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-annotate --no-header $(ARGS)

# The stamp is newer than the lock exactly when .venv holds what the lock says.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or later (Debian: apt-get install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1 | head -n 1). Name another: make env PYTHON=python3.12"; exit 1; }
	@echo "[1/3] environment in .venv, with $$($(PYTHON) -V)"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "No environment could be made. Debian: apt-get install python3-venv; then say it again."; exit 1; }
	@total=$$(grep -c '==' requirements.lock); echo "[2/3] up to $$total locked packages, about a minute at first"; \
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements.lock \
	  | awk '/^Downloading|^  Downloading/ { n++; if (n % 10 == 0) { print "      " n " fetched"; fflush() } } \
	         /^Installing/ { print "      installing"; fflush() }' \
	  || { echo "The packages could not be installed (see above). Check network, proxy and disk, then say it again: what was fetched is kept."; exit 1; }
	@echo "[3/3] Pouch itself"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e . \
	  || { echo "Pouch itself could not be installed. Try: make clean env"; exit 1; }
	@touch $(STAMP)
