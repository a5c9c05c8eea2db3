# Every command of this project. `make` alone lists them.

# The first Python that is recent enough; or say which: make run PYTHON=/opt/python/bin/python3
PYTHON ?= $(firstword $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done) python3)
VENV ?= .venv
RUN := $(VENV)/bin/python
# Processes that the tests are spread over. Much of the time they wait for processes of their own.
JOBS ?= 3
PYTEST := $(RUN) -m pytest
LOCK := $(RUN) -m piptools compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
export VENV

.DEFAULT_GOAL := help
.PHONY: help install run dev test thorough chaos lint types check lock settings quality bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Make .venv and install what running needs; again only when the pins have changed
	@command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON)." >&2; exit 1; }
	@"$(PYTHON)" tools/install.py requirements.txt

run: install ## Start everything on this machine; PORT, VAR_DIR, DATABASE_URL and REDIS_URL are honoured
	@$(RUN) manage.py run

dev: install ## Install what developing needs, too
	@"$(PYTHON)" tools/install.py requirements-dev.txt

test: dev ## Run the default test suite; nothing needs to be running, and no network; without Chromium it skips the pages
	$(PYTEST) -n $(JOBS) --dist loadfile --no-loadscope-reorder

thorough: dev ## Run what takes longer: every page, every real transcript, bounds of time and memory, whole backups
	$(PYTEST) -m "thorough and not chaos and not alone" -n $(JOBS) --dist loadfile --no-loadscope-reorder
	$(PYTEST) -m alone

chaos: dev ## Strike real processes for minutes, and count what is lost or done twice: nothing
	$(PYTEST) -m chaos -o log_cli=true --log-cli-level=INFO

lint: dev ## Check style, imports' direction and missing migrations
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(RUN) manage.py makemigrations --check --dry-run

types: dev ## Check types, strictly
	$(RUN) -m mypy .

check: lint types test ## All of the above

lock: dev ## Resolve requirements*.in into pinned requirements*.txt, keeping the pins that still fit
	CUSTOM_COMPILE_COMMAND='make lock' $(LOCK) -o requirements.txt requirements.in
	CUSTOM_COMPILE_COMMAND='make lock' $(LOCK) -o requirements-dev.txt requirements-dev.in

settings: dev ## Write .env.example and docs/settings.md from what the settings read
	@$(RUN) -m tools.document_settings

quality: dev ## Measure the extractive engine's summaries
	$(RUN) -m benchmarks.quality

bench: dev ## Measure the speed against bare scripts, and write docs/performance.md; BENCH=--full for 10,000 videos
	$(RUN) -m benchmarks $(BENCH)

screenshots: dev ## Picture every page into docs/images; needs Chromium
	$(RUN) -m tools.screenshots
