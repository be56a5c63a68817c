from __future__ import annotations

from pathlib import Path

from eink_monitor.config import plugins
from eink_monitor.model.source import GROUPS, Source
from houses import say


def test_a_line_for_every_kind_of_source_by_group() -> None:
    said = say("sources")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    titles = [line[:-1] for line in lines if not line.startswith(" ")]
    assert titles == [words for words in GROUPS.values() if words in titles], "groups come in their own order"
    types = dict(line.split(None, 1) for line in lines if line.startswith(" "))
    assert sorted(types) == plugins.types(Source)  # type: ignore[type-abstract]
    assert all(len(words) > 20 for words in types.values())


def test_recipes_of_ones_own_are_among_them_and_a_broken_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    (tmp_path / "recipes").mkdir()
    good = "title: A barrel of rain water that says how full it is.\ngroup: other\nlocal: true\n"
    good += "http: {url: http://127.0.0.1/, live: true, readings: {level: {path: level}}}\n"
    (tmp_path / "recipes" / "barrel.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "recipes" / "broken.yaml").write_text(good.replace("group: other", "group: rain"), encoding="utf-8")
    said = say("sources", "-c", tmp_path / "config.yaml")
    assert said.code == 0
    assert "barrel" in said.out
    assert "A barrel of rain water that says how full it is." in said.out
    assert "broken.yaml:2:8: group" in said.err
