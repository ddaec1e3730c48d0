# Needs Python 3.11 or newer, and make. All of it happens in .venv; nothing else is touched.

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$each && break; done)
VENV := .venv
QUICKSTART := examples/quickstart/deployment.yaml
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# pip compiles what it installs, and leaves out what an editable install leads to.
COMPILE := $(BIN)/python -m compileall -q sidecarctl && \
	for profile in default strict; do env -u PYTHONDONTWRITEBYTECODE \
	$(BIN)/sidecarctl inject -p $$profile $(QUICKSTART) >/dev/null 2>&1 || :; done

.PHONY: demo test check format wheel bench clean
.DEFAULT_GOAL := check

demo: $(VENV)/.installed
	@echo "\$$ sidecarctl lint $(QUICKSTART)"
	@$(BIN)/sidecarctl lint $(QUICKSTART)
	@echo
	@echo "\$$ sidecarctl inject --diff $(QUICKSTART)"
	@$(BIN)/sidecarctl inject --diff $(QUICKSTART) || test $$? -eq 1
	@echo
	@echo "\$$ sidecarctl inject $(QUICKSTART) | sidecarctl lint -"
	@$(BIN)/sidecarctl inject $(QUICKSTART) 2>/dev/null | $(BIN)/sidecarctl lint -
	@echo
	@echo "\$$ sidecarctl inject $(QUICKSTART) | sidecarctl eject - | cmp - $(QUICKSTART)"
	@$(BIN)/sidecarctl inject $(QUICKSTART) 2>/dev/null | $(BIN)/sidecarctl eject - | cmp - $(QUICKSTART)
	@echo "the same again, byte for byte"

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.installed-dev
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -n 2 --dist loadfile

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

wheel: $(VENV)/.installed-dev
	@$(BIN)/python -m hatchling build

bench: $(VENV)/.installed-dev
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/lint.py
	@$(BIN)/python benchmarks/envoy.py

clean:
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "sidecarctl needs Python 3.11 or newer with venv: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "installing sidecarctl into $(VENV)"
	@$(PIP) install --editable .
	@$(COMPILE)
	@touch $@

# `pip install --group` came with pip 25.1.
$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "installing sidecarctl and what its tests need into $(VENV)"
	@$(PIP) install --upgrade "pip>=25.1"
	@$(PIP) install --editable . --group dev
	@$(COMPILE)
	@touch $@ $(VENV)/.installed
