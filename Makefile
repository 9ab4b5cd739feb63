# make run: a running site at 127.0.0.1:8000 (PORT=9000 for another). make test: everything that is tested.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
export PORT

.PHONY: run test lint clean

run: $(VENV)/installed
	@$(PY) manage.py migrate --no-input -v 0
	@$(PY) manage.py import_catalogue --if-empty
	@$(PY) manage.py ensure_admin
	@$(PY) manage.py collectstatic --no-input -v 0
	@echo "BenchLM: http://127.0.0.1:$(PORT)/ for example http://127.0.0.1:$(PORT)/compare/gemma-4-31b-vs-gpt-4-1/ (Ctrl-C stops it)"
	@exec $(VENV)/bin/gunicorn -c benchlm/deploy/gunicorn.conf.py

test: $(VENV)/installed-dev
	@tests/run

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/djlint --lint --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check

clean:
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12) and "Python 3.12 or newer is needed, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/installed
