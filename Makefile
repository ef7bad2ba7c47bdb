# make demo    a practice bench of virtual dongles, provisioned before your eyes
# make test    everything that is checked: style, types, tests (the kernel's too, where QEMU and usbip are)

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin

# The first Python that is new enough and can make an environment; PYTHON=... names another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 /usr/bin/python3; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# Most of what the tests do is wait: two workers a processor.
PYTEST_ARGS ?= -n $(shell expr 2 \* $$(nproc))

.DEFAULT_GOAL := help
.PHONY: help demo test check bench messages docs udev clean

help:
	@grep -E '^# make' Makefile | cut -c3-
	@echo "also: make check | bench | messages | docs | udev | clean"

# What pip installed stands until what is installed changes.
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.base
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest $(PYTEST_ARGS)

bench: $(VENV)/.dev
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

messages: $(VENV)/.dev
	$(BIN)/python tools/messages.py

docs: $(VENV)/.dev
	$(BIN)/python tools/reference.py

udev: $(VENV)/.base
	$(BIN)/dongle-cli setup udev --print > udev/70-dongle-cli.rules

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
