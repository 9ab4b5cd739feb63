# Two commands do everything: `make run` serves the site, `make test` runs every test. CONTRIBUTING.md has the rest.

PYTHON ?= python3
PORT ?= 8000
STATE_DIR ?= var
export PORT

NEEDED = import sys; sys.exit(sys.version_info < (3, 12))
PY = .venv/bin/python

# An environment whose Python has gone, or is too old, is made anew.
$(shell [ ! -e .venv ] || $(PY) -c '$(NEEDED)' 2>/dev/null || rm -rf .venv)

.PHONY: run test lint lock

run: .venv/requirements.txt $(STATE_DIR)/static/staticfiles.json
	@$(PY) manage.py migrate --no-input --verbosity 0
	@$(PY) manage.py import_catalogue --if-empty
	@$(PY) manage.py ensure_admin
	@echo "BenchLM: http://$${HOST:-127.0.0.1}:$(PORT)/ (Ctrl-C stops it)"
	@echo "A pair:  http://$${HOST:-127.0.0.1}:$(PORT)/compare/gemma-4-31b-vs-gpt-4-1/"
	@exec $(PY) -m gunicorn --config benchlm/deploy/gunicorn.conf.py

# Hashing and compressing the static files takes longest, so only when one of them is newer.
$(STATE_DIR)/static/staticfiles.json: .venv/requirements.txt $(shell find static -type f)
	@$(PY) manage.py collectstatic --no-input --verbosity 0

test: .venv/requirements-dev.txt
	@tests/run

lint: .venv/requirements-dev.txt
	@failed=0; check() { echo "$$ $$*"; "$$@" || failed=1; }; \
	check $(PY) -m ruff check; \
	check $(PY) -m ruff format --check; \
	check $(PY) -m djlint templates --lint --quiet; \
	check $(PY) manage.py check; \
	check $(PY) manage.py makemigrations --check --dry-run; \
	exit $$failed

# Each lock file is copied into the environment once it is installed; a newer one is installed again.
.venv/%.txt: %.txt
	@$(PYTHON) -c '$(NEEDED)' 2>/dev/null || { \
		echo "BenchLM needs Python 3.12 or newer, but $(PYTHON) says: $$($(PYTHON) --version 2>&1 | head -n 1)"; \
		echo "Name another one, for example: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; } >&2
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
		echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu its package python3-venv is missing." >&2; exit 1; }
	@echo "Installing $< into .venv"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@cp $< $@

# Needs uv in .venv. Pins what pyproject.toml asks for; versions already pinned stay, unless UPGRADE=--upgrade.
COMPILE = $(PY) -m uv pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --all-extras $(UPGRADE)
lock:
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraint requirements.txt --output-file requirements-dev.txt
