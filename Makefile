# Groundswell's commands. Works with GNU make 4 and with the make 3.81 of macOS.
#   make run     install what is missing and open Groundswell at localhost
#   make test    the whole test suite
#   make check   ruff, mypy and the whole test suite
# PYTHON=python3.12 make run   picks another Python for the first install.

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$each -c '$(SUPPORTED)' 2>/dev/null; then echo $$each; break; fi; done)
# The lock leaves out what only sentence-transformers would need (docs/decisions/0001-dependencies.md).
UNUSED := torch sentence-transformers mpmath networkx regex setuptools sympy transformers
UV ?= uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --override requirements-override.txt \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	$(addprefix --no-emit-package ,$(UNUSED))

.PHONY: help install dev run test check bench bench-engine bench-emergence sample lock clean

help:
	@sed -n 's/^#   //p' Makefile

install: $(VENV)/.installed

dev: $(VENV)/.installed-dev

run: install
	@$(BIN)/python -m streamlit run app.py

test: dev
	@$(BIN)/python -m pytest

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory test

bench:
	@found=; for each in bench/[a-z]*.py bench/[a-z]*/__main__.py; do \
		if [ -f "$$each" ]; then found=1; \
			printf '%s  %s\n' "$(BIN)/python $${each%/__main__.py}" "$$(sed -n '1s/"""//gp' "$$each")"; fi; \
	done; \
	if [ -z "$$found" ]; then echo "There are no benches yet; they will live in bench/, one command each."; fi

# make bench-engine DATA=folder [ENCODER=static:DIR]   beside BERTopic's defaults, on labelled sets and on 100,000 posts
bench-engine: install
	@$(BIN)/python bench/engine.py $(DATA) $(if $(ENCODER),--encoder $(ENCODER))

# make bench-emergence DATA=folder [BENCH_ARGS="--full"]   quiet where nothing happens, soon where something does
bench-emergence: install
	@$(BIN)/python -W ignore bench/emergence $(DATA) $(BENCH_ARGS)

sample: install
	@$(BIN)/python data/sample/generate.py

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-dev.txt --output-file requirements-dev.lock

# Caches and the virtual environment; never the workspace.
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find explore pages tests data bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.installed: requirements.lock $(BIN)/python
	@echo "Installing what Groundswell needs into $(VENV)/ (about 330 MB to fetch; a minute or two) ..."
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the development tools ..."
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

$(BIN)/python:
	@if ! "$(PYTHON)" -c '$(SUPPORTED)' 2>/dev/null; then \
		echo "Groundswell needs Python 3.11, 3.12, 3.13 or 3.14, and none was found." \
			"Install one, or name it: PYTHON=/path/to/python3 make $(MAKECMDGOALS)"; exit 1; fi
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
