# Weaver. `make demo` shows it, `make test` proves it; both start from a bare checkout.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
DEMO_ARGS ?=
BENCH_ARGS ?=
FAULTS_ARGS ?=
SOAK_ARGS ?=
# Two tests at a time, those of one file in one process: they wait for processes and databases more than they compute.
PYTEST_ARGS ?= -n 2 --dist loadfile --max-worker-restart=0
READY := .venv/.ready
PAGE := haro/dist/index.html
PAGE_SOURCES := $(shell find haro -path haro/node_modules -prune -o -path haro/dist -prune -o -type f -print 2>/dev/null)

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(READY) $(PAGE) ## Start everything with sample data: http://127.0.0.1:8000 (DEMO_ARGS=--once: report and exit)
	@$(BIN)/weaver demo $(DEMO_ARGS)

.PHONY: test
test: check test-python test-haro ## Run every check and every test
	@echo "make test: everything passed"

.PHONY: check
check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy docs/site
	$(BIN)/lint-imports --no-logo

.PHONY: test-python
test-python: $(READY) $(PAGE) browser nginx promtool
	$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: test-haro
test-haro: haro/node_modules/.ready
	cd haro && npm run --silent lint && npm run --silent typecheck && npm run --silent test

.PHONY: coverage
coverage: $(READY) $(PAGE) browser nginx promtool ## Say how much the tests reach, fail below a floor
	@rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/python -m tests.coverage_floors

.PHONY: test-faults
test-faults: $(READY) $(PAGE) ## Hold every trial of a fault and a kill (FAULTS_ARGS="--trials 300 --seed 1 --minutes 60")
	@$(BIN)/python -m tests.faults $(FAULTS_ARGS)

.PHONY: soak
soak: $(READY) ## Trade, backtest and watch for half an hour, and look for leaks, lag and errors (SOAK_ARGS="--minutes 5")
	@$(BIN)/python -m tests.soak $(SOAK_ARGS)

.PHONY: bench
bench: $(READY) ## Print the figures of tests/benchmarks (never fails on time)
	$(BIN)/python -m pytest -q -s -m benchmark tests/benchmarks

.PHONY: bench-peers
bench-peers: $(READY) ## Measure Weaver and other engines on the same bars
	@$(BIN)/python -m tests.benchmarks.peers $(BENCH_ARGS)

# Whatever builds images here; their bases must be there or to be had: python, node and nginx-unprivileged.
BUILD_IMAGE ?= $(firstword $(foreach tool,docker podman buildah,$(shell command -v $(tool))))
REVISION := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)

.PHONY: images
images: ## Build the images of docker/ with docker, podman or buildah (BUILD_IMAGE=…)
	@test -n "$(BUILD_IMAGE)" || { echo "make: docker, podman or buildah is needed to build images" >&2; exit 1; }
	BUILDAH_FORMAT=docker $(BUILD_IMAGE) build --build-arg REVISION=$(REVISION) -f docker/Dockerfile -t weaver-backend .
	BUILDAH_FORMAT=docker $(BUILD_IMAGE) build --build-arg REVISION=$(REVISION) -f docker/haro.Dockerfile -t weaver-haro .

.PHONY: docs
docs: $(READY) ## Build the documents as a site: build/docs/index.html
	@# not --quiet: it hides what --strict counts
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f docs/site/mkdocs.yml
	@echo "make: the documents are at build/docs/index.html"

.PHONY: screenshots
screenshots: $(READY) $(PAGE) browser ## Take the pictures of the documents anew
	@$(BIN)/python -m tests.screenshots

.PHONY: haro
haro: $(PAGE) ## Build the page

.PHONY: types
types: $(READY) ## Write down the routes that the page is built for (haro/openapi.json)
	$(BIN)/python -m interfaces.web.document > haro/openapi.json

.PHONY: lock
lock: .venv/bin/uv ## Resolve dependencies again into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --group dev --group oracles \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## Remove what was built, the data in WEAVER_HOME excepted
	rm -rf .venv .bench-peers build haro/node_modules haro/dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A Python of at least 3.13: the first of these that is one.
.venv/bin/python:
	@for candidate in python3 python3.13 python3.14 python; do \
	  if command -v $$candidate >/dev/null && $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then \
	    exec $$candidate -m venv .venv; fi; done; \
	echo "make: Python 3.13 or newer is needed: install it from python.org or with your package manager" >&2; exit 1

.venv/bin/uv: .venv/bin/python requirements.lock
	@version=$$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$version"
	@touch $@

$(READY): .venv/bin/uv requirements.lock pyproject.toml
	@echo "make: installing dependencies"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

haro/node_modules/.ready: haro/package.json haro/package-lock.json
	@command -v npm >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' || \
	  { echo "make: Node 20 or newer is needed: install it from nodejs.org or with your package manager" >&2; exit 1; }
	@echo "make: installing the page's dependencies"
	@cd haro && npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE): haro/node_modules/.ready $(PAGE_SOURCES)
	@echo "make: building the page"
	@cd haro && npm run --silent build
	@touch $@

# The browser tests want Chromium; Debian's is installed when that is possible, else those tests skip and say why.
.PHONY: browser
browser:
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "make: installing Debian's chromium for the browser tests"; \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core) >/dev/null 2>&1 || \
	    echo "make: chromium could not be installed: the browser tests will skip" >&2; fi

# The same of nginx, which the tests of its configuration start.
.PHONY: nginx
nginx:
	@if ! PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "make: installing Debian's nginx for the tests of the images"; \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light) >/dev/null 2>&1 || \
	    echo "make: nginx could not be installed: its tests will skip" >&2; fi

# Prometheus's own judge of the alert rules. Only this program is taken: installing the package would start a server.
.PHONY: promtool
promtool: $(READY)
	@if ! command -v promtool >/dev/null && [ ! -x $(BIN)/promtool ] && command -v apt-get >/dev/null; then \
	  echo "make: taking promtool out of Debian's package for the tests of the alert rules"; \
	  folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	  ( { [ "$$(id -u)" != 0 ] || apt-get update -qq; } && cd "$$folder" && apt-get download -qq prometheus && \
	    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool && \
	    mv usr/bin/promtool "$(CURDIR)/$(BIN)/" ) >/dev/null 2>&1 || \
	    echo "make: promtool could not be had: its tests will skip" >&2; fi
