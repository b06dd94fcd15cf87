# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
BROWSER := $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))

.PHONY: demo test lint bench clean

demo: $(VENV)/.installed ## train a small DCGAN on real pictures for about a minute; leaves runs/demo/report.html
	$(BIN)/organza train dcgan --data fashion-mnist-10k --out runs/demo --images 80000 \
	  --batch 32 --generator.width 20 --discriminator.width 16 --generator.lr 1e-3 --discriminator.lr 4e-4 --ema_half_life 2000

test: $(VENV)/.developing browser ## the whole test suite
	@test -x /usr/bin/chromium || test -n "$(BROWSER)" || \
	  echo "no Chromium, and no right to install it: the tests that open a page are left out"
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal $$(test -x /usr/bin/chromium || test -n "$(BROWSER)" || echo "-m 'not browser'")

lint: $(VENV)/.developing ## format, style, types, and the rooms' import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.developing ## images per second against plain PyTorch, in one run
	$(BIN)/python benchmarks/throughput.py

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "organza needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing organza with PyTorch into $(VENV): a few minutes, once"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@echo "installing what tests and checks need into $(VENV)"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: browser
browser:
	@if test -z "$(BROWSER)" && command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
	  echo "installing Debian's chromium for the tests that open a page"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; fi
