# One command for each thing that one does here; `make help` lists them.
# PORT, BIND and LIVECHAT_VAR reach every command, as variables of the environment or
# of make: `make run PORT=9000`. All settings: .env.example.

PYTHON ?= python3
ARGS ?=
VENV_PYTHON := .venv/bin/python
RUN_READY := @$(PYTHON) scripts/bootstrap.py
DEV_READY := @$(PYTHON) scripts/bootstrap.py --dev

.DEFAULT_GOAL := help
.PHONY: help run status stop demo test test-postgres test-redis check bench chaos screenshots css messages

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: ## start livechat in the foreground, Ctrl-C stops it (PORT, BIND, LIVECHAT_VAR)
	$(RUN_READY) && exec $(VENV_PYTHON) -m livechat.launch --stop-with-parent

status: ## show the running processes
	$(RUN_READY) && exec $(VENV_PYTHON) -m livechat.supervise.status

stop: ## stop what runs on LIVECHAT_VAR
	$(RUN_READY) && exec $(VENV_PYTHON) -m livechat.supervise.stop

demo: ## let made-up people talk on the running livechat (ARGS="--users 5 --json")
	$(RUN_READY) && exec $(VENV_PYTHON) manage.py demo $(ARGS)

test: ## install what the tests need, browser included, and run them (ARGS for pytest)
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/test.py $(ARGS)

test-postgres: ## run the tests without browsers on a private PostgreSQL (ARGS)
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/lanes.py postgres $(ARGS)

test-redis: ## run the tests without browsers on a redis-server over TCP (ARGS)
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/lanes.py redis $(ARGS)

check: ## lint, types, templates, migrations, vendored files, CSS
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/check.py

bench: ## measure speed and memory, beside stock Channels (ARGS)
	$(DEV_READY) && exec $(VENV_PYTHON) -m bench $(ARGS)

chaos: ## kill, freeze and starve a site of its own, and check what people saw (ARGS)
	$(DEV_READY) && $(VENV_PYTHON) scripts/browser.py
	@exec $(VENV_PYTHON) -m tests.chaos run --profile gate $(ARGS)

screenshots: ## take the screenshots of the documentation
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/browser.py
	@exec $(VENV_PYTHON) scripts/screenshots.py $(ARGS)

messages: ## gather what people read into the catalogs of languages, and compile them
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/messages.py $(ARGS)

css: ## build static/css from frontend/
	$(DEV_READY) && exec $(VENV_PYTHON) scripts/css.py $(ARGS)
