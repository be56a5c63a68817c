from __future__ import annotations

from eink_monitor.config import plugins
from eink_monitor.model.panel import Panel
from houses import say


def test_a_line_for_every_kind_of_panel() -> None:
    said = say("panels")
    assert (said.code, said.err) == (0, "")
    lines = dict(line.split(None, 1) for line in said.out.splitlines())
    assert list(lines) == plugins.names(Panel)  # type: ignore[type-abstract]
    assert all(len(words) > 20 for words in lines.values())
