# Everything runs in .venv, which the first command makes from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONWARNINGS ?= ignore::DeprecationWarning,ignore::FutureWarning

.PHONY: install demo ui test test-all check bench lock docs pictures clean

install: .venv/installed

demo: .venv/installed
	@$(BIN)/rapport demo --home demo-home

ui: .venv/installed
	@$(BIN)/rapport --config demo-home/rapport.toml ui

test: .venv/installed
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not long"

test-all: .venv/installed
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar assets expectations pipelines

bench: .venv/installed
	$(BIN)/python -m benchmarks.backfill

lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --no-strip-extras --group dev --custom-compile-command "make lock" pyproject.toml -o requirements.lock

docs: .venv/installed
	$(BIN)/python -m docs.generate

pictures: .venv/installed
	$(BIN)/python -m docs.picture demo-home/releases/latest

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Rapport needs Python 3.11 or newer; name one: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv demo-home build *.egg-info
