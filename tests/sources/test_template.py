"""Names in braces: words for moments, settings, and that no value breaks out of where it stands."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.errors import BadAnswer
from eink_monitor.settings import Secret
from eink_monitor.sources._template import Scope, Template, TemplateError, filled, in_json, in_url, is_json, settings_of

SYDNEY = ZoneInfo("Australia/Sydney")
NOW = 1_795_847_400  # 2026-11-28T06:30:00Z, 17:30 in Sydney


def scope(**values: str | Secret) -> Scope:
    return Scope(NOW, SYDNEY, values)


@pytest.mark.parametrize(
    ("word", "becomes"),
    [
        ("now", "2026-11-28T17:30:00+11:00"),
        ("now_s", "1795847400"),
        ("now_ms", "1795847400000"),
        ("now_utc", "2026-11-28T06:30:00Z"),
        ("hours_ago_48", "2026-11-26T17:30:00+11:00"),
        ("hours_ago_48_s", "1795674600"),
        ("minutes_ago_30_utc", "2026-11-28T06:00:00Z"),
        ("today", "2026-11-28"),
        ("today_start", "2026-11-28T00:00:00+11:00"),
        ("today_s", "1795784400"),
        ("today_start_s", "1795784400"),
        ("today_start_ms", "1795784400000"),
        ("today_utc", "2026-11-27T13:00:00Z"),
        ("yesterday", "2026-11-27"),
        ("tomorrow", "2026-11-29"),
        ("days_ago_7", "2026-11-21"),
        ("days_ago_60_start", "2026-09-29T00:00:00+10:00"),
        ("days_ahead_7", "2026-12-05"),
        ("month", "2026-11-01"),
        ("year_start", "2026-01-01T00:00:00+11:00"),
        ("today:%d.%m.%Y", "28.11.2026"),
        ("now:%Y%m%dT%H%M%SZ", "20261128T173000Z"),
    ],
)
def test_words_for_moments(word: str, becomes: str) -> None:
    assert filled(f"<{{{{{word}}}}}>", scope()) == f"<{becomes}>"


def test_settings_and_secrets_are_filled_and_unknown_names_stay() -> None:
    text = "{{ host }}/{{key}}/{{other}}/{{today_soon}}/{not}"
    assert filled(text, scope(host="h", key=Secret("k"))) == "h/k/{{other}}/{{today_soon}}/{not}"
    assert list(settings_of(text)) == ["host", "key", "other", "today_soon"]


def test_a_value_is_not_filled_again() -> None:
    assert filled("{{a}}", scope(a="{{b}}", b="hush")) == "{{b}}"


@pytest.mark.parametrize("text", ["{{now:%s}}", "{{host:%Y}}", "{{now:%Y%Z}}"])
def test_an_odd_pattern_is_told(text: str) -> None:
    with pytest.raises(TemplateError, match="no pattern of a moment"):
        Template.parse(text)


@given(st.text())
def test_no_value_leaves_its_place_in_an_address(value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    parts = urlsplit(filled("https://a.example/x/{{v}}/y?q={{v}}&r=1", scope(v=value), in_url))
    assert parts.hostname == "a.example"
    assert unquote(parts.path) == f"/x/{value}/y"
    assert parse_qs(parts.query, keep_blank_values=True, encoding="utf-8") == {"q": [value], "r": ["1"]}
    assert not parts.fragment


@pytest.mark.parametrize("host", ["a.example", "10.0.0.7:8080", "[fe80::1]:80", " shelly.local\n", "shelly-1"])
def test_a_host_may_be_filled(host: str) -> None:
    assert filled("http://{{h}}/x", scope(h=host), in_url) == f"http://{host.strip()}/x"


@pytest.mark.parametrize(
    "host", ["", "a@evil.example", "evil.example/", "a\\b", "a?b", "a#b", "a b", "a%2fb", "[a", "ü"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    for url in ("http://{{h}}/x", "https://{{h}}.shop.example", "http://{{h}}"):
        with pytest.raises(BadAnswer):
            filled(url, scope(h=host), in_url)


@given(st.text())
def test_no_value_leaves_its_quotes_in_json(value: str) -> None:
    body = filled('{"a": "x{{v}}y", "b": [1]}', scope(v=value), in_json)
    assert json.loads(body) == {"a": f"x{value}y", "b": [1]}


def test_numbers_stand_in_json_without_quotes() -> None:
    assert json.loads(filled('{"a": {{v}}, "t": {{now_s}}}', scope(v="-1.5"), in_json)) == {"a": -1.5, "t": NOW}
    for value, meant in (("", None), ('1, "b": 2', '1, "b": 2'), ("007", "007"), ("true", True), ("\u0661", "\u0661")):
        assert json.loads(filled('{"a": {{v}}}', scope(v=value), in_json)) == {"a": meant}
    assert is_json(' {"a": 1}')
    assert not is_json("a=1")
