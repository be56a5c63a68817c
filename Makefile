# make demo   the main job: an invented house lives one day through the real program (no account, no hardware)
# make test   every check: format, lint, types, import law, tests
# make run    the daemon with config.yaml, or with the invented house, until Ctrl-C
# make bench  the figures, as JSON
# make soak   three minutes (SECONDS=180) of faults and kills, and what was survived
# make stress the daemon is killed 200 times, its polls more often, and must have lost nothing
# sudo make install / uninstall   the daemon as a service (docs/install.md)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo run install uninstall test bench soak check packages clean stress
.DEFAULT_GOAL := demo

demo: .venv/ready
	@$(BIN)/eink-monitor demo

run: .venv/ready
	@if [ -f config.yaml ]; then exec $(BIN)/eink-monitor run; \
	else echo "no config.yaml: the invented house, its pictures in out/"; \
	exec $(BIN)/eink-monitor run --config eink_monitor/demo.yaml; fi

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up .venv ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "the venv module is missing; try: sudo apt install python3-venv"; exit 1; }
	@$(PIP) install --upgrade 'pip>=25.1' && $(PIP) install --editable . || \
		{ echo "the libraries could not be fetched; is the internet connection up? then say it again"; exit 1; }
	@touch $@

# -- for a Pi ----------------------------------------------------------------------------------------------------------

install:
	@systemd/install.sh

uninstall:
	@systemd/uninstall.sh

# -- for developers ---------------------------------------------------------------------------------------------------

# Whole years, thousands of refreshes, processes killed before they could report: what they cover is covered by others,
# and counting lines would triple their time.
LONG := tests/test_year.py tests/test_simulation.py tests/displays/test_waveshare_endurance.py \
	tests/sources/test_solaredge_budget.py tests/faults/test_kills.py tests/faults/test_power.py \
	tests/test_inverter_day.py tests/daemon/test_ink.py tests/daemon/test_clock_jumps.py

test: check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 3 $(LONG:%=--ignore=%)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/pytest --numprocesses 3 --dist loadfile $(LONG)

check: packages .venv/dev .venv/vendor/epaper .venv/weconnect
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

stress: .venv/dev
	@PYTHONPATH=tests:tests/daemon $(BIN)/python -m faults.kills --runs 200

bench: .venv/dev
	@PYTHONPATH=tests:tests/panels $(BIN)/python -m bench

SECONDS ?= 180
soak: .venv/dev
	@PYTHONPATH=tests $(BIN)/python -m soak $(SECONDS)

.venv/dev: .venv/ready
	@echo "setting up the developer's tools ..."
	@$(PIP) install --editable '.[modbus,ssh,stream,vw,bmw,sealed]' --group dev
	@touch $@

# The vendor's own driver, the control of the virtual panel. Its declared dependencies need a compiler and are not used.
.venv/vendor/epaper: .venv/dev
	@$(PIP) install --no-deps --target .venv/vendor waveshare-epaper==1.4.0
	@touch $@

# A closed door's library, which wants an older requests than CarConnectivity: its tests poll in a process of their own.
.venv/weconnect: .venv/dev
	@$(PIP) install --no-warn-conflicts --target .venv/weconnect weconnect==0.60.11
	@touch $@

# Real servers that the tests start for themselves on loopback ports, and a login shell that is no sh.
packages:
	@missing=""; \
	[ -x /usr/sbin/sshd ] || missing="$$missing openssh-server"; \
	[ -x /usr/sbin/mosquitto ] || missing="$$missing mosquitto"; \
	[ -x /usr/bin/systemd-analyze ] || missing="$$missing systemd"; \
	[ -x /bin/tcsh ] || missing="$$missing tcsh"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing ..."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	elif [ -n "$$CI" ]; then echo "the tests need$$missing"; exit 1; \
	else echo "some tests will be skipped; for all of them: sudo apt install$$missing"; fi

clean:
	rm -rf .venv out dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
