"""What must hold of every plugin, also of those that come later."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from eink_monitor.config import plugins
from eink_monitor.metrics import METRICS
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source

SOURCE: type[Any] = Source
PANEL: type[Any] = Panel
KINDS: tuple[type[Any], ...] = (Source, Panel, Display)
ALL = [(kind, name) for kind in KINDS for name in plugins.names(kind)]
DOORS = {"http", "mqtt", "modbus", "home_assistant", "command"}  # which publish what the configuration says


def test_names_are_files_in_alphabetical_order() -> None:
    assert {"demo", "solaredge"} <= set(plugins.names(SOURCE))
    assert plugins.names(PANEL) == sorted(plugins.names(PANEL))
    assert not any(name.startswith("_") for _, name in ALL)


@pytest.mark.parametrize("name", ["nothing", "_web", "", "../cli", "demo.py"])
def test_other_names_are_not_loaded(name: str) -> None:
    with pytest.raises(KeyError):
        plugins.load(SOURCE, name)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_plugin_is_one_dataclass_that_says_what_it_is(kind: type[Any], name: str) -> None:
    plugin = plugins.load(kind, name)
    module = sys.modules[plugin.__module__]
    mine = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__
    ]
    assert mine == [plugin]
    assert dataclasses.is_dataclass(plugin)
    first = (plugin.__doc__ or "").partition("\n")[0]
    assert first.endswith((".", ";")), "the directory of plugins prints this line"
    assert not first.startswith(f"{plugin.__name__}("), "a docstring of its own, not the one dataclasses make"


@pytest.mark.parametrize("name", plugins.names(SOURCE))
def test_a_source_publishes_what_the_dictionary_knows(name: str) -> None:
    metrics = plugins.load(SOURCE, name).metrics
    assert metrics or name in DOORS
    assert all(METRICS[metric.name] is metric for metric in metrics)


def test_nothing_is_imported_that_is_not_named() -> None:
    code = (
        "import sys; from eink_monitor.config import plugins; from eink_monitor.model.panel import Panel;"
        "from eink_monitor.model.source import Source;"
        "plugins.names(Source); plugins.load(Panel, 'health');"
        "print([m for m in sys.modules if m.startswith('eink_monitor.sources.') or m in ('requests', 'http.client')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout.strip() == "[]"
