# Every target prepares .venv first when it is missing or older than the pins.

PYTHON ?= python3
LESSON ?= 00_start
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help lab test book notebooks bench

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

lab: $(READY) ## open a lesson in JupyterLab (LESSON=06_training, LAB_ARGS=--no-browser)
	$(BIN)/jupyter lab notebooks/$(LESSON).ipynb $(LAB_ARGS)

test: $(READY) ## lint, then every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
# A file of tests stays with one of the two workers; each has a core, so one thread.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

book: $(READY) ## make the static pages in _build/html
	$(BIN)/python -m lessons.book

notebooks: $(READY) ## build notebooks/ from lessons/
	$(BIN)/python lessons/build.py

bench: $(READY) ## measure speed and loss (NANOGPT=DIR and TEXT=FILE compare with nanoGPT)
	$(BIN)/python tests/bench $(if $(NANOGPT),--nanogpt $(NANOGPT)) $(if $(TEXT),--text $(TEXT))

# Written last, so that an interrupted installation starts again.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "minillm needs Python 3.11 or newer, which $(PYTHON) is not." \
			"Name one that is, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
# JupyterLab would ask whether it may fetch news; a course has none to give.
	$(BIN)/jupyter labextension disable @jupyterlab/apputils-extension:announcements 2>/dev/null
	@touch $@
