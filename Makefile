# make demo   one day of a demo house through the real program (no account, no hardware)
# make test   every check: format, lint, types, import law, tests
# make latest, make oldest   the same with the newest libraries, with the oldest allowed
# make lock   pin the newest libraries, and list what changed
# make messages  update the translators' catalogues of panel texts
# make run    the daemon with config.yaml, or with the demo house, until Ctrl-C
# make bench  the figures, as JSON
# make soak   three minutes (SECONDS=180) of faults and kills, and a report
# make stress 5,000 damaged databases, then 200 kills of the daemon and more of its polls: nothing may be lost
# make mutants  plant small faults in the program, one at a time: do the tests notice? (ROOMS="store quota.py" OPTIONS="--seed 2")
# sudo make pi   the demo, the installer and some tests on emulated Raspberry Pis of 32 and 64 bits
# sudo make install / uninstall   the daemon as a service (docs/install.md)

PYTHON ?= python3
VENV ?= .venv
LOCKS ?= locks
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCKED := PYTHON=$(PYTHON) LOCKS=$(LOCKS) locks/environment.sh

.PHONY: messages demo run install uninstall test tests latest oldest lock bench soak check packages clean pi stress mutants
.DEFAULT_GOAL := demo

demo: $(VENV)/ready
	@$(BIN)/eink-monitor demo

run: $(VENV)/ready
	@if [ -f config.yaml ]; then exec $(BIN)/eink-monitor run; \
	else echo "no config.yaml: the demo house, its pictures in out/"; \
	exec $(BIN)/eink-monitor run --config eink_monitor/demo.yaml; fi

$(VENV)/ready: pyproject.toml locks/environment.sh $(wildcard $(LOCKS)/*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(LOCKED) $(VENV) run
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# -- for a Pi ----------------------------------------------------------------------------------------------------------

install:
	@systemd/install.sh

uninstall:
	@systemd/uninstall.sh

# -- for developers ---------------------------------------------------------------------------------------------------

# Whole years, thousands of refreshes, processes killed before they could report: other tests cover the same lines, and
# measuring coverage would triple their time.
LONG := tests/test_year.py tests/test_simulation.py tests/displays/test_waveshare_endurance.py \
	tests/sources/test_solaredge_budget.py tests/faults/test_kills.py tests/faults/test_power.py \
	tests/faults/test_corpus.py \
	tests/test_inverter_day.py tests/daemon/test_ink.py tests/daemon/test_clock_jumps.py

test: check tests

tests: packages $(VENV)/dev $(VENV)/vendor/ready $(VENV)/weconnect/ready
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 3 $(LONG:%=--ignore=%)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/pytest --numprocesses 3 --dist loadfile $(LONG)

check: $(VENV)/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

stress: $(VENV)/dev
	@PYTHONPATH=tests:tests/daemon $(BIN)/python -m faults.corpus --number 5000
	@PYTHONPATH=tests:tests/daemon $(BIN)/python -m faults.kills --runs 200

bench: $(VENV)/dev
	@PYTHONPATH=tests:tests/panels $(BIN)/python -m bench

SLOW := $(filter-out tests/daemon/test_clock_jumps.py tests/sources/%,$(LONG))
mutants: $(VENV)/dev
	@PYTHONPATH=tests $(BIN)/python -m mutants $(SLOW:%=--without %) $(OPTIONS) $(ROOMS)

# The template and the catalogues of texts; lists what is still untranslated.
messages: $(VENV)/dev
	@$(BIN)/python translations/messages.py

SECONDS ?= 180
soak: $(VENV)/dev
	@PYTHONPATH=tests:tests/daemon $(BIN)/python -m soak $(SECONDS)

$(VENV)/dev: $(VENV)/ready
	@echo "setting up the developer's tools ..."
	@$(LOCKED) $(VENV) run modbus ssh stream vw bmw sealed test tools
	@touch $@

# Libraries that cannot share the environment. weconnect needs an older requests than its successor: its tests poll in a
# separate process. The vendor driver's declared dependencies need a compiler and are not used.
$(VENV)/weconnect/ready $(VENV)/vendor/ready: $(VENV)/dev
	@$(PIP) install --no-deps --require-hashes --target $(@D) --requirement $(LOCKS)/$(notdir $(@D)).txt
	@touch $@

# Pin the newest libraries, and list what changed. Run the checks before you commit it.
lock: $(VENV)/dev
	@$(BIN)/python locks/lock.py

# Every check with the newest of everything; every test with the oldest that pyproject.toml allows, whose libraries have
# no types to check against. Each has its own environment.
latest: NEEDS := test
oldest: NEEDS := tests
latest oldest: .venv/dev
	@.venv/bin/python locks/lock.py --into .$@/locks $(if $(filter oldest,$@),--oldest)
	@$(MAKE) $(NEEDS) VENV=.$@/venv LOCKS=.$@/locks

# A Raspberry Pi of 32 and of 64 bits, emulated: half an hour each; not in CI.
pi:
	@tests/machines/pi.sh

# Real servers that the tests start on loopback ports, and login shells other than sh.
packages:
	@tests/machines/packages.sh

clean:
	rm -rf .venv .latest .oldest out dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .mutants
