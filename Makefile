# Everything a developer needs. `make` alone shows what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test lint bench faults prod-smoke lock clean

# The first Python from 3.11 to 3.14 that is at hand; name another one with `make PYTHON=/path/to/python demo`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo "$$p" && break; \
	done)
BOOTSTRAP = @[ -n "$(PYTHON)" ] || { echo "No Python from 3.11 to 3.14 found. Name one: make PYTHON=/path/to/python" >&2; exit 1; }; \
	"$(PYTHON)" -I config/run/bootstrap.py
PY = .venv/bin/python
ARGS ?=
UV = 0.13.9
COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)
# How many tests run side by side; `make test WORKERS=0` for one after the other.
WORKERS ?= auto

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## Start the whole product with made-up holders (Ctrl-C stops it)
	$(BOOTSTRAP) run
	@exec $(PY) -m config.run.demo

demo-reset: ## Stop the demo and remove its data
	$(BOOTSTRAP) run
	@exec $(PY) -m config.run.demo reset

test: ## Run all tests (ARGS="tests/core -k days" for some)
	$(BOOTSTRAP) dev
	@exec $(PY) -m pytest -n $(WORKERS) $(ARGS)

lint: ## Check style, types, import floors, templates, migrations and production settings
	$(BOOTSTRAP) dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(PY) -m djlint --quiet --check pv
	$(PY) -m djlint --quiet --lint pv
	DJANGO_SETTINGS_MODULE=config.settings.test $(PY) -W ignore manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy with production settings"
	@DJANGO_SETTINGS_MODULE=config.settings.production ALLOWED_HOSTS=tracker.example \
		SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_hex(40))')" \
		PV_VAULT_KEYS="$$($(PY) -c 'from config.run.make_secrets import new_key; print(new_key("k1"))')" \
		PV_VAULT_INDEX_KEY="$$($(PY) -c 'from config.run.make_secrets import new_key; print(new_key("i1"))')" \
		DATABASE_URL=postgresql://pv_app@localhost/pv REDIS_URL=redis://localhost/0 \
		PV_EXTERNAL_URL=https://tracker.example $(PY) manage.py check --deploy --fail-level WARNING

bench: ## Measure the hot paths against raw SQL (BENCH=full for ten million rows)
	$(BOOTSTRAP) dev
	@exec $(PY) -m tests.bench $(ARGS)

faults: ## Kill processes and servers at work and count what is lost or doubled
	$(BOOTSTRAP) dev
	@exec $(PY) -m tests.faults $(ARGS)

prod-smoke: ## Run the same processes under production settings and see that they answer and refuse
	$(BOOTSTRAP) run
	@exec $(PY) -m config.run.prod_smoke

lock: ## Pin and hash the dependencies anew (UPGRADE=--upgrade for the newest)
	@[ -x .venv-lock/bin/uv ] || { "$(PYTHON)" -m venv .venv-lock && .venv-lock/bin/python -m pip install -qq uv==$(UV); }
	$(COMPILE) requirements/run.in -o requirements/run.txt
	$(COMPILE) requirements/dev.in -c requirements/run.txt -o requirements/dev.txt

clean: ## Remove .venv and what tools leave behind (the demo's data stay; see demo-reset)
	@rm -rf .venv .venv-lock .venv.lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -not -path './.run/*' -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete
