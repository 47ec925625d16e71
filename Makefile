# Every target sets up what it needs, in a virtual environment beside this file, and does that once.
#
#   make lab                      open the tutorials in JupyterLab
#   make test                     run every test
#   make test ARGS="-k gate"      run some of them
#   make PYTHON=python3.12 lab    use that Python (3.11 or newer)

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
# Two processes, a file of tests in one of them: most tests wait for a kernel or a browser. For one: make test WORKERS=
WORKERS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder
FIRST := notebooks/01-hello-organism.ipynb

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
QUIET := --quiet
# Jupyter refuses to start as root unless told so; in a container there is often nobody else.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

LABEXTENSION := xpipe_nb/labextension/package.json

# Node and Yarn come from the environment as well: their age is known, whatever the machine has. Yarn asks the registry
# that npm is set to, so that a mirror is set in one place.
JLPM = cd labextension && export PATH="$(abspath $(BIN)):$$PATH" && \
  registry="$$(npm config get registry 2>/dev/null)" && YARN_NPM_REGISTRY_SERVER="$$registry" jlpm

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab demo test check check-python check-typescript labextension bench bench-check bench-keep fuzz soak clean

help: ## Say what can be done here
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)$$/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

lab: $(VENV)/.lab ## Open JupyterLab on the first tutorial
	$(BIN)/python -m jupyterlab $(AS_ROOT) $(FIRST) $(ARGS)

demo: $(VENV)/.test ## Run the first tutorial in a real kernel and print its outputs
	@$(BIN)/python notebooks/run.py $(FIRST) $(ARGS)

test: $(VENV)/.test ## Run every test (under 10 minutes)
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

check: check-python check-typescript ## Lint, check the format, the types and the spelling

check-python: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

check-typescript: labextension/node_modules/.yarn-state.yml
	$(JLPM) run check
	$(BIN)/python labextension/build.py --check

labextension: labextension/node_modules/.yarn-state.yml ## Build what browsers load, after a change in labextension/
	$(BIN)/python labextension/build.py

bench: $(VENV)-bench/.bench ## Measure against the bounds, beside peers (ARGS=--quick for a short look)
	$(VENV)-bench/bin/python -m tests.benchmarks $(ARGS)

bench-check: $(VENV)-bench/.bench ## Compare with the committed ratios: fails on a loss of more than a fifth
	$(VENV)-bench/bin/python -m tests.benchmarks --check $(ARGS)

bench-keep: $(VENV)-bench/.bench ## Make the last `make bench` the reference of bench-check, and the README's table and picture
	$(VENV)-bench/bin/python -m tests.benchmarks --keep --readme $(ARGS)

fuzz: $(VENV)/.test ## Run the property tests with many new examples, then a million mutants through the gate
	XPIPE_HYPOTHESIS=fuzz $(BIN)/python -m pytest tests -m hypothesis $(ARGS)
	$(BIN)/python -m tests.xml.fuzz --count 1000000 --seed "$$(date +%s)"

soak: $(VENV)/.test ## Kill 500 workers under load, then send millions of messages and watch the memory
	$(BIN)/python -m tests.workers.soak --kills 500
	$(BIN)/python -m tests.benchmarks --only memory --messages 5000000 $(ARGS)

clean: ## Remove the environment and everything that was built
	rm -rf .venv .venv-bench build dist bench-results htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find xpipe_nb tests notebooks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---------------------------------------------------------------- set-up: one stamp for each set of packages

define NEEDS_PYTHON
command -v $(PYTHON) >/dev/null 2>&1 || { \
  echo "xpipe_nb needs Python 3.11 or newer, and there is no $(PYTHON) here." >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "xpipe_nb needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
  echo "If you have a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo "$(PYTHON) cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
endef

$(VENV)/.python:
	@$(NEEDS_PYTHON)
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The package is installed editable: a change in the sources needs no new set-up, a change of pyproject.toml or of the
# labextension (of which JupyterLab reads a copy) does.
$(VENV)/.lab: $(VENV)/.python pyproject.toml $(LABEXTENSION)
	@echo "Installing xpipe_nb and JupyterLab (a minute or two, once)"
	@$(PIP) install $(QUIET) -e '.[lab]'
	@touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml $(LABEXTENSION)
	@echo "Installing xpipe_nb and what its tests need (a minute or two, once)"
	@$(PIP) install $(QUIET) -e '.[test]'
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml $(LABEXTENSION)
	@echo "Installing the checkers (once)"
	@$(PIP) install $(QUIET) -e '.[test,dev]'
	@touch $@

# The peers of the benchmarks live beside, so that nothing of them is ever needed, or found, by the tests.
$(VENV)-bench/.bench: pyproject.toml
	@$(NEEDS_PYTHON)
	@echo "Installing xpipe_nb and the peers that it is measured beside (a minute or two, once)"
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check --no-input install $(QUIET) -e '.[test,bench]'
	@touch $@

# The lock file is law: whoever wants other packages runs `jlpm install` in labextension and commits what it wrote.
labextension/node_modules/.yarn-state.yml: labextension/package.json labextension/yarn.lock | $(VENV)/.dev
	@echo "Installing what the extension of JupyterLab is built with (a minute, once)"
	@$(JLPM) install --immutable >"$(abspath $(VENV))/jlpm.log" 2>&1 || { cat "$(abspath $(VENV))/jlpm.log" >&2; exit 1; }
	@touch $@
