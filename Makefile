# SeeSay for people and for CI. Every target does its own set-up on a fresh Debian or Ubuntu, and is quick the second
# time. Nothing is installed outside .venv except the few system libraries that .ci/system-packages names.

SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
# The first one that will do: Debian's python3, or a newer one beside an old one.
PYTHONS := python3 python3.13 python3.12 python3.11 python3.10 python3.14
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input
# pyproject.toml has the version. The build without several GB of CUDA libraries is on PyTorch's own index, not on PyPI.
TORCH := $(shell sed -n 's/^ *"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test run lint format deb system-run system-test clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: system-run $(VENV)/.seesay-run ## three spoken questions about a picture, answered by the small models that come along
	@$(PYTHON) -m assistant demo

run: system-run $(VENV)/.seesay-run ## ask through the microphone, hear what the camera sees
	@$(PYTHON) -m assistant run

test: lint ## everything that must hold before a commit; ends with pytest's summary
	@$(PYTHON) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

lint: system-test $(VENV)/.seesay-test ## style and types only
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy --strict

format: $(VENV)/.seesay-test ## put the code into its one form
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

deb: ## a Debian package for the release of this machine, in dist/ (WHEELHOUSE=folder: without a network)
	@WHEELHOUSE='$(abspath $(WHEELHOUSE))' deb/build dist

clean: ## remove the environment and all caches
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis

system-run:
	@.ci/system-packages run

system-test:
	@.ci/system-packages test

# The stamps are written last: an installation that was interrupted is done again.

$(VENV)/.seesay-venv:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV) && touch $@; exit; \
	  fi; \
	done; \
	echo "No Python 3.10 or newer with venv was found: install python3 and python3-venv." >&2; exit 1

$(VENV)/.seesay-torch: pyproject.toml $(VENV)/.seesay-venv
	@echo "Installing $(TORCH), the CPU build: 190 MB"
	@# Short time-outs: where the index is out of reach, one that is configured for pip may have the CPU build.
	@$(PIP) install -qq --no-deps --retries 1 --timeout 10 --extra-index-url $(TORCH_CPU_INDEX) '$(TORCH)+cpu' || { \
	  echo "No CPU build of PyTorch was found; taking the default one, which may bring several GB of CUDA." >&2; \
	  $(PIP) install -qq '$(TORCH)'; \
	}
	@touch $@

$(VENV)/.seesay-run: pyproject.toml $(VENV)/.seesay-torch
	@echo "Installing what SeeSay needs: a few minutes the first time"
	@$(PIP) install -qq --editable .
	@touch $@

$(VENV)/.seesay-test: pyproject.toml $(VENV)/.seesay-torch
	@echo "Installing what SeeSay and its tests need: a few minutes the first time"
	@$(PIP) install -qq --editable '.[test]'
	@touch $@ $(VENV)/.seesay-run
