"""Blocks in and out of a configuration: every other line stays bit for bit."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from eink_monitor.editing.emission import FromFile
from eink_monitor.editing.surgery import inserted, names, removed, written_out
from eink_monitor.editing.tree import UneditableError

BLOCK: dict[str, Any] = {"type": "skoda", "api_key": FromFile("secrets/car.api_key"), "every": "15m"}
HOUSE = """\
# the house
display: {type: png, path: out}   # pictures

sources:
    roof:   # four spaces
        type: solaredge
        client_secret: !file   secret
        name:   "Roof"   \t# a tab before this
      # deeper: it belongs to the roof
    # car: not yet

# what is shown
panels: {}  # none yet
"""


def test_a_block_is_put_behind_the_last_and_comes_out_again() -> None:
    after = inserted(HOUSE, "sources", "car", BLOCK)
    block = "    car:\n      type: skoda\n      api_key: !file secrets/car.api_key\n      every: 15m\n"
    assert after == HOUSE.replace("    # car: not yet\n", f"    # car: not yet\n{block}")
    assert names(after, "sources") == ["roof", "car"]
    assert written_out(after, "sources", "car") == block.rstrip()
    assert removed(after, "sources", "car") == HOUSE


def test_the_first_block_of_empty_braces_stands_in_a_line_below_and_the_comment_stays() -> None:
    after = inserted(HOUSE, "panels", "sun", {"type": "solar", "subject": "roof"})
    assert after == HOUSE.replace("panels: {}  # none yet", "panels:  # none yet\n  sun: {type: solar, subject: roof}")
    assert removed(after, "panels", "sun") == HOUSE


def test_what_is_removed_takes_the_comments_in_it_along_and_no_others() -> None:
    after = removed(inserted(HOUSE, "sources", "car", BLOCK), "sources", "roof")
    assert "four spaces" not in after
    assert "belongs to the roof" not in after
    for kept in ("# the house", "# pictures", "# car: not yet", "# what is shown", "# none yet"):
        assert kept in after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sources: {a: {type: x}} # c\n", "sources: {a: {type: x}, car: {type: demo}} # c\n"),
        ("sources: {a: {type: x},}\n", "sources: {a: {type: x}, car: {type: demo},}\n"),
        ("sources: { }\n", "sources: { car: {type: demo}}\n"),
        ("{display: 1, sources: {}}\n", "{display: 1, sources: {car: {type: demo}}}\n"),
        ("sources: {}\r\nz: 1\r\n", "sources:\r\n  car: {type: demo}\r\nz: 1\r\n"),
        ("z: 1\nsources: {}", "z: 1\nsources:\n  car: {type: demo}"),
        ("\ufeffsources: {}\n", "\ufeffsources:\n  car: {type: demo}\n"),
        ("sources:\n- \n", None),
        ("sources: text\n", None),
        (
            "sources:\n  a: &a {type: x}\n  b:\n    <<: *a\n",
            "sources:\n  a: &a {type: x}\n  b:\n    <<: *a\n  car: {type: demo}\n",
        ),
        ("sources: &all {}\nb: *all\n", None),
        (
            "sources:\n  a:\n    t: |\n      x\n\n  # c\nz: 1\n",
            "sources:\n  a:\n    t: |\n      x\n\n  # c\n  car: {type: demo}\nz: 1\n",
        ),
        ("sources:\n  a:\n    t: |+\n      x", None),
    ],
)
def test_forms(before: str, after: str | None) -> None:
    if after is None:
        with pytest.raises(UneditableError):
            inserted(before, "sources", "car", {"type": "demo"})
        return
    assert inserted(before, "sources", "car", {"type": "demo"}) == after
    assert removed(after, "sources", "car") == before


def test_a_missing_section_is_made() -> None:
    assert inserted("z: 1 # c", "sources", "car", {"type": "demo"}) == "z: 1 # c\nsources:\n  car: {type: demo}"
    assert inserted("sources:\nz: 1\n", "sources", "a", {"type": "demo"}) == "sources:\n  a: {type: demo}\nz: 1\n"


def test_what_others_repeat_is_not_cut_out() -> None:
    with pytest.raises(UneditableError, match="alias"):
        removed("sources:\n  a: &a {type: x}\n  b: *a\n", "sources", "a")
    assert removed("sources:\n  a: &a {type: x}\n  b: *a\n", "sources", "b") == "sources:\n  a: &a {type: x}\n"


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(UneditableError, match="already"):
        inserted(HOUSE, "sources", "roof", BLOCK)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "a: [\n", "a: *b\n", "text"])
def test_what_is_no_block_is_left_alone(text: str) -> None:
    for change in (inserted, lambda *words: removed(*words[:3])):
        with pytest.raises(UneditableError):
            change(text, "sources", "a", BLOCK)


# -- whatever people write ---------------------------------------------------------------------------------------------

NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,7}", fullmatch=True)
COMMENT = st.sampled_from(["", " # c", "   # \ta: {", " # é"])
GAP = st.sampled_from(["", "", "\n", "# alone\n", "\n  # in\n", "      # deep\n\n"])
VALUE = st.sampled_from(
    [
        "5m",
        '"a # b"',
        "'it''s'",
        "!file x",
        "{a: [1, 2]}",
        "[x, y]",
        "|\n{i}  li ne\n\n{i}  two",
        ">-\n{i}  fold",
        "12:30",
        "~",
        "",
    ]
)


@st.composite
def houses(draw: st.DrawFn) -> str:
    """A configuration as a person might have written it."""
    parts = [draw(GAP)]
    for section in draw(st.permutations(["display", "sources", "panels"])):
        form = draw(st.sampled_from(["lines", "braces", "empty"]))
        keys = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
        comment = draw(COMMENT)
        if form == "empty" or section == "display":
            parts.append(f"{section}: {{}}{comment}\n")
        elif form == "braces":
            parts.append(f"{section}: {{{', '.join(f'{key}: {{type: x}}' for key in keys)}}}{comment}\n")
        else:
            indent = " " * draw(st.integers(1, 4))
            parts.append(f"{section}:{comment}\n")
            for key in keys:
                parts.append(f"{indent}{key}:{draw(COMMENT)}\n")
                for field in draw(st.lists(NAME, min_size=1, max_size=3, unique=True)):
                    value = draw(VALUE).replace("{i}", indent * 2)
                    parts.append(f"{indent * 2}{field}: {value}{draw(COMMENT) if chr(10) not in value else ''}\n")
        parts.append(draw(GAP))
    text = "".join(parts)
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
BLOCKS = st.dictionaries(
    NAME,
    st.one_of(WORDS, st.integers(), st.booleans(), st.lists(WORDS, max_size=3), st.dictionaries(NAME, WORDS)),
    max_size=4,
)


@given(houses(), st.sampled_from(["sources", "panels"]), NAME, BLOCKS)
def test_in_and_out_again_is_as_before(text: str, section: str, name: str, block: dict[str, Any]) -> None:
    loaded = _loaded(text)
    assume(loaded and name not in (loaded[section] or {}))
    assert loaded
    try:
        after = inserted(text, section, name, block)
    except UneditableError:
        assert re.search(r"[|>]", text), "only literals at the end may make it impossible"
        return
    found = _loaded(after)
    assert found is not None
    assert found[section][name] == block
    assert {**found, section: {key: value for key, value in found[section].items() if key != name}} == {
        **loaded,
        section: loaded[section] or {},
    }
    assert all(line.partition("#")[2] in after for line in text.splitlines() if "#" in line), "comments survive"
    assert removed(after, section, name) == text


@given(houses(), st.sampled_from(["sources", "panels"]), st.data())
def test_the_others_survive_what_is_removed(text: str, section: str, data: st.DataObject) -> None:
    loaded = _loaded(text)
    assume(loaded and loaded[section])
    assert loaded
    name = data.draw(st.sampled_from(sorted(loaded[section])))
    after = removed(text, section, name)
    found = _loaded(after)
    assert found is not None
    assert found[section] == {key: value for key, value in loaded[section].items() if key != name}
    assert all(found[key] == loaded[key] for key in loaded if key != section)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*"{}[]:,#&*!|>'\"\n\t -?", "sources", "a: ", "\r\n"]), max_size=25).map("".join)
)
def test_no_text_breaks_it(text: str) -> None:
    for change in (inserted, lambda *words: removed(*words[:3])):
        with suppress(UneditableError):
            change(text, "sources", "a", {"type": "x"})


class _Loader(yaml.SafeLoader if not hasattr(yaml, "CSafeLoader") else yaml.CSafeLoader):  # type: ignore[misc]
    """Reads `!file`, too."""


_Loader.add_constructor("!file", lambda loader, node: ("file", node.value))
_Loader.yaml_implicit_resolvers = {
    key: [one for one in found if one[0].rpartition(":")[2] in {"null", "bool", "int", "merge"}]
    for key, found in _Loader.yaml_implicit_resolvers.items()
}


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        found = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return None
    return found if isinstance(found, dict) and {"sources", "panels"} <= set(found) else None
