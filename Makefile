# Run `make help` for what there is.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The CUDA build of torch (GPU=1) is the plain release; `==` takes a CPU build where one is offered.
TORCH := $(if $(GPU),torch===2.13.0)

# For MLflow's own server; har/telemetry.py switches off what other libraries would report.
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help setup run test lint types notebook lock ui clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 8

setup: $(INSTALLED)  ## make .venv from the lock (GPU=1: with CUDA)

$(INSTALLED): requirements.txt pyproject.toml
	@echo "Installing into $(VENV) (about 3 GB, some minutes) …" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(if $(TORCH),$(BIN)/pip install -q -q $(TORCH))
	@$(BIN)/pip install -q -q -r requirements.txt
	@$(BIN)/pip install -q -q --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## the main job, end to end, on the bundled data
	@$(BIN)/har run

test: lint types  ## lint, types, every test (PYTEST_TIMEOUT=3000: more than 600 s for each)
	$(BIN)/pytest -q -n 2 --dist loadgroup --durations 10

lint: setup  ## ruff, and which room imports which
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

types: setup  ## mypy --strict
	$(BIN)/mypy

notebook: setup  ## execute the guided tour anew, and keep what it shows
	$(BIN)/python scripts/run_notebook.py

ui: setup  ## MLflow on :5000 (Prefect: `prefect server start`)
	$(BIN)/mlflow server --backend-store-uri sqlite:///mlruns/mlflow.db --port 5000

lock:  ## resolve requirements.txt anew from pyproject.toml (needs uv)
	@rm -f requirements.txt  # its bare torch pin would pull the CUDA packages in
	uv pip compile -q pyproject.toml --all-extras --python-version 3.11 --no-emit-package har-workflow \
	  --no-annotate --no-header $(addprefix --find-links ,$(PIP_FIND_LINKS)) -o requirements.txt
	sed -i 's/^torch==.*/torch==2.13.0/' requirements.txt

clean:  ## remove the store and MLflow's files
	rm -rf data/store mlruns/mlflow.db mlruns/artifacts mlruns/history
