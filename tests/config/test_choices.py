"""Keys that take one of several kinds of value, and those that take no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from eink_monitor.config.schema import Reader
from eink_monitor.settings import Secret
from eink_monitor.sources._expression import Expression
from eink_monitor.sources._template import Template


@dataclass(frozen=True)
class Round:
    radius: int
    type: Literal["round", "circle"] = "round"


@dataclass(frozen=True)
class Square:
    side: int
    type: Literal["square"] = "square"


@dataclass(frozen=True)
class Drawing:
    shape: Round | Square | None = None
    words: Mapping[str, Template | tuple[Template, ...]] = field(default_factory=dict)
    rule: Expression | None = None
    parts: tuple[Square, ...] = ()
    by_name: Mapping[str, Square] = field(default_factory=dict)
    header: Secret | None = None


def read(folder: Path, text: str) -> tuple[Any, list[str]]:
    (folder / "x.yaml").write_text(text, encoding="utf-8")
    reader = Reader(folder / "x.yaml")
    node = reader.compose()
    assert node is not None
    thing = reader.record(Drawing, node, "")
    return thing, [str(complaint).partition("x.yaml:")[2] for complaint in reader.complaints]


@pytest.mark.parametrize(
    ("text", "drawing"),
    [
        ("shape: {type: circle, radius: 2}", Drawing(Round(2, "circle"))),
        ("shape: {side: 2, type: square}", Drawing(Square(2))),
        ("shape: null", Drawing()),
        ("words: {a: b, c: [d, e]}", Drawing(words={"a": Template("b"), "c": (Template("d"), Template("e"))})),
        ("parts: [{side: 1}, {side: 2}]", Drawing(parts=(Square(1), Square(2)))),
        ("by_name: {a: {side: 1}}", Drawing(by_name={"a": Square(1)})),
        ("rule: a.b", Drawing(rule=Expression.parse("a.b"))),
    ],
)
def test_one_of_several_kinds(tmp_path: Path, text: str, drawing: Drawing) -> None:
    assert read(tmp_path, text) == (drawing, [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("shape: {side: 2}", "1:8: shape: `type` is missing; known are circle, round, square"),
        ("shape: {type: sqare, side: 2}", "1:15: shape.type: unknown type `sqare`; did you mean `square`?"),
        ("shape: {type: square, radius: 2}", "1:23: shape.radius: unknown key `radius`; known are side, type"),
        ("shape: square", "1:8: shape: expected a block of `key: value` lines"),
        ("rule: a.b - c", "1:11: rule: JMESPath knows no minus; write minus(a, b)"),
        ("rule: \"a[?b == 'x'].[\"", "1:22: rule: this expression ends too early"),
        ("rule: >\n  a.b |\n  lenght(@)", "3:3: rule: there is no function lenght(); did you mean length()?"),
        ("words: {a: '{{now:%Q}}'}", "1:13: words.a: `%Q` is no pattern of a moment"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, complaint: str) -> None:
    assert read(tmp_path, text)[1][0].startswith(complaint)


def test_a_secret_does_not_go_into_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    told = "1:12: words.a: no secret belongs here: servers log addresses and queries; put it into a header"
    assert read(tmp_path, "words: {a: !env KEY}")[1] == [told]
    assert read(tmp_path, "words: {a: [!env KEY]}")[1][0] == told.replace("1:12: words.a", "1:13: words.a[0]")
    assert read(tmp_path, "header: !env KEY")[1] == []
    assert read(tmp_path, "rule: !env KEY")[0] is not None
    monkeypatch.setenv("KEY", "a - b")
    assert read(tmp_path, "rule: !env KEY")[1] == ["1:7: rule: what it holds is no expression"]
