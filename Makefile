# make run: everything on this machine. make test, make lint: what judges a change. make bench: what it costs.
PYTHON ?= python3
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
VENV := .venv/bin

.PHONY: run test lint format bench lock

run:
	@$(BOOTSTRAP) requirements.txt
	@exec $(VENV)/python manage.py dev --with-parent

test:
	@$(BOOTSTRAP) requirements-dev.txt
	@$(VENV)/python -m tests $(ARGS)

lint:
	@$(BOOTSTRAP) requirements-dev.txt
	@$(VENV)/python scripts/lint.py

format:
	@$(BOOTSTRAP) requirements-dev.txt
	@$(VENV)/ruff check --fix-only --quiet .
	@$(VENV)/ruff format .

bench:
	@$(BOOTSTRAP) requirements-dev.txt
	@$(VENV)/python -m bench $(ARGS)

lock:
	@$(BOOTSTRAP) requirements-dev.txt
	@$(VENV)/python scripts/lock.py write
