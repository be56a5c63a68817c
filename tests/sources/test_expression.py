"""Expressions: what they find, what is wrong with them and where, and that none goes on for ever."""

from __future__ import annotations

import json
from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import stopwatch
from eink_monitor.errors import BadAnswer
from eink_monitor.settings import Mistake, Secret
from eink_monitor.sources._expression import Answered, Expression, ExpressionError
from eink_monitor.sources._template import Scope

BUCHAREST = ZoneInfo("Europe/Bucharest")
NOW = 1_795_851_296
SCOPE = Scope(NOW, BUCHAREST, {"channel": "1", "name": "Anna", "key": Secret("hush")}, "the shop")
LINKS = '<https://shop.example/orders?page=3>; title="a,b"; rel="next", </orders?page=9>; rel=last'
ANSWERED = Answered(SCOPE, {"x-wp-total": "12", "link": LINKS})
ORDERS = {
    "orders": [
        {"amount": "12.50", "state": "PAID", "at": "2026-11-28T01:00:00+02:00"},
        {"amount": "7.25", "state": "OPEN", "at": "2026-11-27T20:00:00+02:00"},
        {"amount": "2.25", "state": "PAID", "at": 1_795_000_000_000},
    ],
    "emeters": [{"power": 1}, {"power": 2}],
    "temp-1": 21.5,
    "cents": 1999,
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ORDERS),
        ("orders[?state == 'PAID'].amount", ["12.50", "2.25"]),
        ("sum(orders[?state=='PAID'].to_number(amount))", 14.75),
        ("length(orders)", 3),
        ('"temp-1"', 21.5),
        ("header('X-WP-Total')", "12"),
        ("header('etag')", None),
        ("nothing.here", None),
        ("over(cents, `100`)", 19.99),
        ("over(cents, `0`)", None),
        ("minus(orders[0].amount, orders[1].amount)", 5.25),
        ("times(cents, 'x')", None),
        ("times(`1e308`, `1e308`)", None),
        ("time(orders[0].at)", 1_795_820_400),
        ("time(orders[2].at)", 1_795_000_000),
        ("length(orders[?time(at) >= `{{hours_ago_24_s}}`])", 2),
        ("orders[?state > `1`]", []),
        ("emeters[{{channel}}].power", 2),
        ("name == '{{name}}'", False),
        ("'{{name}}'", "Anna"),
        ("'{{unheard}}'", "{{unheard}}"),
        ("now()", NOW),
        ("split('a,b', ',')[1]", "b"),
        ("lower('PAID')", "paid"),
        ("split('a', '')", ["a"]),
        ("link('next')", "https://shop.example/orders?page=3"),
        ("link('last')", "/orders?page=9"),
        ("link('first')", None),
        ("number('Temp: -21.5 °C')", -21.5),
        ("number('none')", None),
        ("plus(cents, '1')", 2000),
        ("length(unique_by([orders[0], orders[1], orders[0]], &at))", 2),
    ],
)
def test_what_it_finds(text: str, found: object) -> None:
    assert Expression.parse(text).find(ORDERS, ANSWERED) == found


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("data.[", 6, "ends too early"),
        ("data..x", 5, "`.` does not belong here"),
        ("a - b", 2, "knows no minus"),
        ("data.temp-1", 9, "knows no minus"),
        ("a = b", 2, "does not belong"),
        ("lenght(x)", 0, "did you mean length()"),
        ("a.b | summe(x)", 6, "no function summe()"),
        ("x || zzzqqq(y)", 5, "known are abs,"),
        ("length(a, b)", 0, "length() takes 1 argument, not 2"),
        ("minus(a)", 0, "takes 2 arguments, not 1"),
        ("`paid`", 0, "write a text as 'text'"),
        ("a[?b==`{{today:%Q}}`]", 7, "no pattern of a moment"),
        ("{{name}}.x", 0, "goes into quotes"),
        ("a" * 2001, 2000, "at most 2000 characters"),
        ("(" * 900 + "a" + ")" * 900, 0, "no JMESPath expression"),
        (" | ".join("a" * 400), 0, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, at: int, words: str) -> None:
    with pytest.raises(ExpressionError, match=None) as caught:
        Expression.parse(text)
    assert (caught.value.mistakes[0].at, words in str(caught.value)) == (at, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("length(cents)", "length() cannot take what is there (a number)"),
        ("sum(orders[].state)", "sum() cannot take"),
        ("emeters[?'{{name}}' == '{{bad}}']", "cannot take the value of a name"),
        ("[{{bad}}]", "cannot take the value of a name"),
    ],
)
def test_what_cannot_be_evaluated_is_a_bad_answer(text: str, told: str) -> None:
    answered = Answered(Scope(NOW, BUCHAREST, {"bad": "x' || 'y", "name": "n"}, "the shop"))
    with pytest.raises(BadAnswer) as caught:
        Expression.parse(text).find(ORDERS, answered)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        " | ".join(["[@, @]"] * 50),
        " | ".join(["[@, @][]"] * 50),
        " | ".join(["{a: @, b: @}"] * 50),
        " | ".join(["join('', [@, @])"] * 40),
        " | ".join(["[@, @]"] * 50) + " | to_string(@)",
        "[*].[*].[*].[*].[*]",
        " | ".join(["[[*][], [*][]]"] * 28),
        "map(&map(&map(&map(&length(@), $), @), @), @)".replace("$", "@"),
        " | ".join(["[*].[@,@][]"] * 40),
    ],
)
@pytest.mark.parametrize("document", ["x" * 1000, [["ab"] * 50] * 50, {"a": 1}])
def test_none_goes_on_for_ever(text: str, document: object) -> None:
    began = stopwatch()
    with suppress(BadAnswer, ExpressionError):
        json.dumps(Expression.parse(text).find(document, ANSWERED))
    assert stopwatch() - began < 10


WORDS = ["a", "b.c", "[*]", "[]", "[?a>b]", "[0]", "[1:]", "*", "@", "|", "||", "&&", "!", "==", "<", "'t'", "`1`"]
WORDS += ["sum(", "length(", ")", "map(&", ",", "time(@)", "header('a')", "{{today}}", "{{name}}", "minus(", "[@,@]"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=12).map("".join), JSON)
def test_whatever_is_written_is_read_or_refused(text: str, document: object) -> None:
    mistakes: tuple[Mistake, ...] = ()
    try:
        expression = Expression.parse(text)
    except ExpressionError as error:
        mistakes = error.mistakes
    else:
        with suppress(BadAnswer):
            expression.find(document, ANSWERED)
            expression.holds(document, ANSWERED)
    assert all(0 <= mistake.at <= len(text) for mistake in mistakes)


def test_an_expression_is_its_text() -> None:
    assert Expression.parse("a.b") == Expression.parse("a.b")
    assert str(Expression.parse("a.b")) == "a.b"
    assert Expression.parse("'{{name}}{{today}}'").settings == ("name",)
    assert not Expression.parse(" ")
    assert "hush" not in repr(ANSWERED)


def test_a_text_in_a_million_parts_does_not_fill_the_memory() -> None:
    """Each split makes eight bytes of one, and they are held until all of them are made."""
    many = "[" + ",".join(["split(@, 'a')"] * 100) + "]"
    with pytest.raises(BadAnswer, match="too many steps"):
        Expression.parse(many).find("a" * 1_000_000, ANSWERED)
