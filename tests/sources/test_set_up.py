"""What every source says for `eink-monitor add`: its group, and words for fields that it has."""

from __future__ import annotations

import dataclasses

import pytest

from eink_monitor.config import plugins
from eink_monitor.model.source import GROUPS, Source


@pytest.mark.parametrize("name", plugins.names(Source))  # type: ignore[type-abstract]
def test_it_says_where_it_belongs_and_speaks_of_its_own_fields(name: str) -> None:
    kind = plugins.load(Source, name)  # type: ignore[type-abstract]
    assert kind.group in GROUPS
    assert set(kind.words) <= {field.name for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]
    assert all(words[-1] != "." and len(words) < 100 for words in kind.words.values())
