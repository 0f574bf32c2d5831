# The gateway's tasks. `make run` does all the set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq

.DEFAULT_GOAL := help
.PHONY: help run test test-conformance mutants check format messages bench bench-peers

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: $(VENV)/.installed  ## set everything up and serve on http://127.0.0.1:8045
	@$(BIN)/python manage.py bootstrap
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.installed-dev  ## every test this machine can run, those of the database on SQLite and on PostgreSQL
	@$(BIN)/python -m tests -rs -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-conformance: $(VENV)/.installed-dev  ## Google's own tests of its Python SDK, through the gateway with the emulator behind it
	@$(BIN)/python -m tests.conformance $(ARGS)

mutants: $(VENV)/.installed-dev  ## slips put into the pure parts, one by one: do their tests notice (ten minutes on two cores)?
	@$(BIN)/python -m tests.mutation $(ARGS)

check: $(VENV)/.installed-dev  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

messages: $(VENV)/.installed-dev  ## gather the console's texts for translation, and compile what is translated
	@command -v xgettext msgfmt >/dev/null || { echo "GNU gettext is needed (Debian: apt-get install gettext)."; exit 1; }
	@$(BIN)/python manage.py makemessages -v 0 --locale zh_Hant --no-location --no-wrap --no-obsolete \
		--ignore tests --ignore bench --ignore emulator --ignore var
	@$(BIN)/python manage.py compilemessages -v 0 --locale zh_Hant --ignore .venv

bench: $(VENV)/.installed  ## what a call costs, as ratios; ROWS=plain,stream measures only those
	@$(BIN)/python -m bench $(ROWS)

# In an environment of its own: a hundred packages, none of which the gateway needs.
bench-peers: $(VENV)/.installed  ## the same calls through LiteLLM's proxy, side by side
	@test -x .venv-peers/bin/litellm || (echo "Installing LiteLLM (minutes, once) ..." && \
	  $(PYTHON) -m venv .venv-peers && .venv-peers/bin/python -m pip -qq install 'litellm[proxy]==1.106.2')
	@$(BIN)/python -m bench peers

# The stamp is written only after an install went through; a changed list installs again.
$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing what the gateway needs (a minute, once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing what the tests need (a minute, once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)
