# Needs Python 3.11 or newer, make and a package index; everything else is set up in .venv.
# The first that runs and is new enough; else python3, so that the set-up can say what is wrong.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && exit; \
	done; echo python3)
BIN := .venv/bin
SETUP := $(PYTHON) scripts/bootstrap.py
# Kills of one `make simulate`: a hundred thousand take about an hour on two cores.
KILLS ?= 100000
# Real kills of one `make crash`: a thousand take about 40 minutes.
CRASHES ?= 1000
# Both end earlier after so long.
MINUTES ?= 120

.DEFAULT_GOAL := help
.PHONY: help demo test check format serve bench kit load crash powerloss sigterm simulate bursts drills judge alerts lock docs clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## set up, then show customers, answers, leads and health on one screen
	@$(SETUP) run
	@$(BIN)/orbion demo --once

test:  ## set up, then lint, import contracts, types and all tests
	@$(SETUP) dev
	@$(BIN)/python scripts/gates.py test

check:  ## lint, format, import contracts and types, without the tests
	@$(SETUP) dev
	@$(BIN)/python scripts/gates.py check

format:  ## let ruff format the code and apply its safe fixes
	@$(SETUP) dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

serve:  ## run the service with the settings of the environment and .env
	@$(SETUP) run
	@$(BIN)/orbion serve

bench:  ## measure durable acknowledgements, start time, its imports and memory
	@$(SETUP) dev
	@$(BIN)/python -m loadtests.bench

kit:  ## time each guard and cache beside the libraries that do the same
	@$(SETUP) rivals
	@$(BIN)/python -m tests.benchmarks.kit

load:  ## locust: usual loads, slow models, crowds and a ramp to the knee; a graded report
	@$(SETUP) load
	@$(BIN)/python -m loadtests.run

crash:  ## kill -9 a thousand times amid conversations and faults, on SQLite and PostgreSQL
	@$(SETUP) dev
	@$(BIN)/python -m tests.crash.run --kills $(CRASHES) --minutes $(MINUTES)

sigterm:  ## stop under load fifty times, count requests that nobody answered
	@$(SETUP) dev
	@$(BIN)/python -m tests.crash.sigterm

powerloss:  ## replay the service's own writes to thousands of power failures (needs strace)
	@$(SETUP) dev
	@$(BIN)/python -m tests.powerloss.run

simulate:  ## seeded kills in virtual time
	@$(SETUP) dev
	@$(BIN)/python -m tests.simulation.run --kills $(KILLS) --minutes $(MINUTES)

bursts:  ## ten thousand random bursts to four accounts in virtual time
	@$(SETUP) dev
	@$(BIN)/python -m tests.simulation.bursts

drills:  ## each neighbour broken in five ways in virtual time; writes docs/drills.md and health.md
	@$(SETUP) dev
	@$(BIN)/python -m tests.simulation.drill_table
	@$(BIN)/python -m tests.simulation.checkups

judge:  ## the model's client against a server of other people (needs Node and npm)
	@$(SETUP) dev
	@$(BIN)/python -m tests.judge.run

alerts:  ## the rules' cases, then faults told by a real Prometheus and Alertmanager
	@$(SETUP) dev
	@$(BIN)/pytest -rs tests/architecture/test_alerts.py tests/integration/test_alerting.py

lock:  ## resolve the requirements*.lock files again
	@$(PYTHON) scripts/lock.py

docs:  ## write what is generated from the code: .env.example, docs/, dashboards, rules
	@$(SETUP) dev
	@$(BIN)/python -m scripts.documents

clean:  ## remove the environment, caches and build output
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov dist build
	@find src tests migrations loadtests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
