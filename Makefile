# Everything a developer or CI runs. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fairway
export UV_PYTHON_DOWNLOADS := never
BIN := .venv/bin
JOBS ?= 3
UV := $(or $(shell command -v uv 2>/dev/null),$(CACHE)/uv/bin/uv)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

.PHONY: demo
demo: .venv/ready ## Show the main job on a real control plane (ONCE=1 ends by itself)
	@$(BIN)/python -m fairway.entrypoints.demo $(if $(ONCE),--once)

.PHONY: demo-deployments
demo-deployments: .venv/ready ## Show GitHub deployments on two real control planes (ONCE=1 ends by itself)
	@$(BIN)/python -m fairway.entrypoints.demo --deployments $(if $(ONCE),--once)

.PHONY: demo-down
demo-down: .venv/ready ## Stop the demos' control planes and remove their files
	@$(BIN)/python -m fairway.entrypoints.demo --down

.PHONY: test
test: .venv/ready ## All tests, on a real control plane (builds what is missing)
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup --reruns 2 --reruns-delay 3

.PHONY: check
check: check-style ## The fast loop: format, lint, types, layers, unit tests
	@$(BIN)/python -m pytest -q tests/unit -n $(JOBS) --dist loadgroup --hypothesis-profile fast

.PHONY: check-style
check-style: .venv/ready ## Format, lint, types and layers, without tests
	@$(BIN)/ruff format --check src tests bench
	@$(BIN)/ruff check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/ready ## Rewrite the sources in the house's format
	@$(BIN)/ruff format src tests bench
	@$(BIN)/ruff check --fix src tests bench

.PHONY: test-devcluster
test-devcluster: .venv/ready ## Unit tests of the Go module behind `fairway cluster`
	@cd devcluster && go vet ./... && go test ./internal/...

.PHONY: bench
bench: .venv/ready ## Measure against the peers on a real control plane
	@$(BIN)/python -m bench

.PHONY: docs
docs: .venv/ready ## Regenerate the parts of the docs that are made from code
	@$(BIN)/python -m fairway.entrypoints.docs docs

.PHONY: lock
lock: ## Refresh requirements.lock (every version and hash)
	@$(UV) lock --quiet --upgrade
	@$(UV) export --quiet --format requirements-txt --all-groups --all-extras --no-emit-project --no-header --output-file requirements.lock

.venv/ready: pyproject.toml requirements.lock | $(UV)
	@test -x .venv/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python .venv/bin/python --editable .
	@touch $@

$(CACHE)/uv/bin/uv:
	@echo "fetching uv (once)" >&2
	@$(PYTHON) -m venv $(CACHE)/uv
	@$(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check uv
