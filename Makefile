# make demo    a practice bench of virtual dongles, provisioned before your eyes
# make test    everything that is checked: style, types, tests (the kernel's too, where QEMU and usbip are)

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# The first Python that is new enough and can make an environment; PYTHON=... names another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 /usr/bin/python3; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# Most of what the tests do is wait: two workers a processor; twelve at most, as each has ports of its own (tests/ports.py),
# and a container that may use two processors often sees sixty-four.
WORKERS ?= $(shell n=$$((2 * $$(nproc))); echo $$((n < 12 ? n : 12)))

# The one thing said here that a person waits through; the program itself speaks for the rest.
WISH := $(firstword $(LANGUAGE) $(LC_ALL) $(LC_MESSAGES) $(LANG))
INSTALLING := $(if $(filter ja%,$(WISH)),\
	$(VENV) に、プログラムと必要なものを入れています。初回だけです。1分ほどお待ちください。,\
	Installing the program and what it needs into $(VENV). Only the first time; about a minute.)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench messages docs udev wheels constraints clean

help:
	@grep -E '^# make' Makefile | cut -c3-
	@echo "also: make check | bench | messages | docs | udev | wheels | constraints | clean"

# What pip installed stands until what is installed changes; the compiled inner loop is built on the way.
INSTALLED := pyproject.toml hatch_build.py $(wildcard dongle_cli/audit/sources/native/*)
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv" >&2; exit 1; }
	@echo "$(strip $(INSTALLING))"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.made $(INSTALLED)
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made $(INSTALLED)
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/.base $@

demo: $(VENV)/.base
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The guest has the machine to itself: under emulation it needs both processors to keep its deadlines. One run tells of
# every failure: the kernel's tests run also where another one failed.
test: check
	@failed=0; \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not kernel" $(PYTEST_ARGS) || failed=1; \
	$(BIN)/pytest -m kernel $(PYTEST_ARGS) || failed=1; \
	exit $$failed

bench: $(VENV)/.dev
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

messages: $(VENV)/.dev
	$(BIN)/python tools/messages.py

docs: $(VENV)/.dev
	$(BIN)/python tools/reference.py

udev: $(VENV)/.base
	$(BIN)/dongle-cli setup udev --print > udev/70-dongle-cli.rules

wheels: $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" tools/wheels dist

# Nothing newer than what is installed here, and was tested, is what CI installs.
constraints: $(VENV)/.dev
	{ sed -n '/^#/p' .ci/constraints.txt && $(BIN)/pip freeze --exclude-editable | sed 's/==/<=/'; } > .ci/constraints.new
	mv .ci/constraints.new .ci/constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis dongle_cli/audit/sources/*.so
