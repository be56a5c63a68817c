"""The contract of every recipe, those to come included: it is found by its file, and proven by its recordings."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.config import plugins, recipes
from eink_monitor.errors import AuthFailed, Throttled, Trouble, Unavailable
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Secret, personal
from eink_monitor.vet import sift
from houses import complaints
from loopback.recipes import FOLDER, Recorded, recordings, source, told, visit
from loopback.server import Said
from recipes.table import GUIDE, table, with_table

FILES = {file.stem: file for file in recipes.SHIPPED.glob("*")}
OVER_HTTP = sorted(name for name, file in FILES.items() if "\nhttp:" in file.read_text(encoding="utf-8"))
PLAYED = [(name, one) for name in OVER_HTTP for one in recordings(name)]
HAPPY = [(name, one) for name, one in PLAYED if "error" not in recordings(name)[one]]
OWNED = {"client_id", "host", "identity", "password", "shop", "site_id", "user", "username", "vin", "client_secret"}
SPANS = {"minute": MINUTE, "hour": HOUR, "day": DAY, "month": 31 * DAY}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", FILES)
def test_it_is_whole_and_says_what_a_person_needs(name: str) -> None:
    recipe = recipes.made(FILES[name]).recipe
    assert FILES[name].name == f"{name}.yaml"
    assert re.match(r"\d\. ", recipe.guide), "its guide goes step by step"
    assert recipe.local or recipe.door.quota(recipe.block, {}, name), "what its vendor allows, or local: true"
    for key, take in recipe.takes.items():
        assert take.example or take.default is not None or take.choices or take.type in {"secret", "timezone"}, key


@pytest.mark.parametrize("name", FILES)
def test_what_add_asks_is_in_words_and_what_names_its_owner_is_masked(name: str) -> None:
    kind = recipes.made(FILES[name])
    assert all(words[-1] != "." and len(words) < 100 for words in kind.words.values())
    secret = {key for key, take in kind.recipe.takes.items() if take.type == "secret"}
    assert OWNED & set(kind.recipe.takes) <= personal(kind) | secret


@pytest.mark.parametrize("name", FILES)
def test_polled_as_it_wants_it_stays_within_what_its_vendor_allows(name: str) -> None:
    recipe = recipes.made(FILES[name]).recipe
    quota, cost = recipe.door.quota(recipe.block, {}, name), recipe.door.cost(recipe.block)
    for budget in quota.budgets if quota else ():
        assert math.ceil(SPANS[budget.span] / recipe.every) * cost <= budget.calls, budget.span


def test_no_recipe_is_called_as_a_source() -> None:
    assert FILES
    assert not set(FILES) & set(plugins.names(Source))  # type: ignore[type-abstract]
    assert set(FILES) <= set(plugins.types(Source))  # type: ignore[type-abstract]


def test_one_name_is_one_metric() -> None:
    """Two recipes in one house must not contradict each other."""
    found: dict[str, set[object]] = {}
    for file in FILES.values():
        for metric in recipes.made(file).metrics:
            found.setdefault(metric.name, set()).add(metric)
    assert {name: metrics for name, metrics in found.items() if len(metrics) > 1} == {}


def test_each_has_recordings_of_good_days_and_bad_ones() -> None:
    folders = {folder.name for folder in FOLDER.iterdir() if folder.is_dir() and folder.name[0] != "_"}
    assert set(OVER_HTTP) <= folders <= set(FILES)
    for name in OVER_HTTP:
        errors = [one for one, recording in recordings(name).items() if "error" in recording]
        assert errors, f"{name} has no recording of an error"
        assert len(errors) < len(recordings(name)), f"{name} has no recording of a good day"


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_with_its_examples_is_good(name: str, tmp_path: Path) -> None:
    recipe = recipes.made(FILES[name]).recipe
    block: dict[str, Any] = {"type": name}
    for key, take in recipe.takes.items():
        if take.default is None:
            usual = {"secret": "a-secret-of-some-length", "timezone": "Europe/Berlin"}
            block[key] = take.example or (take.choices[0] if take.choices else usual[take.type])
    config = {"display": {"type": "null"}, "sources": {"it": block}, "panels": {"health": {"type": "health"}}}
    (tmp_path / "config.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    assert complaints(tmp_path / "config.yaml") == []


@pytest.mark.parametrize(("name", "one"), PLAYED)
def test_a_recording_becomes_what_it_must(name: str, one: str, tmp_path: Path) -> None:
    recording = recordings(name)[one]
    with Recorded(recording) as vendor:
        made = source(FILES[name], tmp_path, vendor.url, recording.get("settings", {}))
        here = visit(made, recording, tmp_path / "state")
        if "error" in recording:
            with pytest.raises(Trouble) as raised:
                list(made.poll(here))
            assert raised.value.what == recording["error"], str(raised.value)
            assert recording.get("words", "") in str(raised.value)
            return
        said = list(made.poll(here))
        assert told(sift_all(said, here)) == {"listings": [], "events": [], "readings": [], **expected(recording)}
        assert recording.get("note", here.note) == here.note
        assert vendor.given == len(recording["answers"]), "every answer was asked for, and no other"
        check_asked(vendor, recording, made)


def sift_all(said: list[Any], here: Any) -> list[Any]:  # noqa: ANN401 - a visit
    """What was said, without readings that are implausible."""
    readings = [one for one in said if isinstance(one, Reading)]
    return [*sift(readings, here), *(one for one in said if not isinstance(one, Reading))]


def expected(recording: Any) -> dict[str, Any]:  # noqa: ANN401 - a recording
    return {key: recording[key] for key in ("readings", "listings", "events") if key in recording}


def check_asked(vendor: Recorded, recording: Any, made: recipes.RecipeSource) -> None:  # noqa: ANN401 - a recording
    """Requests are as the recording says, and no secret is where servers log it."""
    for asked, wanted in zip(vendor.asked, recording.get("asked", ()), strict=False):
        assert {"method": asked.method, "path": asked.path} == {
            "method": wanted.get("method", "GET"),
            "path": wanted["path"],
        }
        assert {key: asked.params.get(key) for key in wanted.get("params", {})} == wanted.get("params", {})
        assert {key: asked.headers.get(key) for key in wanted.get("headers", {})} == wanted.get("headers", {})
    secrets = [value.reveal() for value in made.values().values() if isinstance(value, Secret)]
    assert not [line for line in vendor.log for secret in secrets if secret in line]


BAD_DAYS: dict[str, tuple[Said | str, type[Trouble]]] = {
    "401": (Said(401, {"error": "no"}), AuthFailed),
    "429": (Said(429, {"error": "slow down"}, {"Retry-After": "90"}), Throttled),
    "500": (Said(500, b"<h1>oops</h1>", {"Content-Type": "text/html"}), Unavailable),
    "503": (Said(503, b""), Unavailable),
    "maintenance": (Said(200, b"<html>We are back soon</html>", {"Content-Type": "text/html"}), Unavailable),
    "empty": (Said(200, b""), Trouble),
    "a list": (Said(200, []), Trouble),
    "a text": (Said(200, b'"soon"'), Trouble),
    "truncated": ("truncated", Trouble),
    "reset": ("reset", Trouble),
    "endless": ("endless", Trouble),
}


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("day", BAD_DAYS)
def test_on_bad_days_it_says_so_and_nothing_else(name: str, day: str, tmp_path: Path) -> None:
    fault, error = BAD_DAYS[day]
    one = next(one for played, one in HAPPY if played == name)
    recording = recordings(name)[one]
    with Recorded(recording) as vendor:
        vendor.fault = fault
        made = source(FILES[name], tmp_path, vendor.url, recording.get("settings", {}))
        here = visit(made, recording, tmp_path / "state")
        try:
            assert list(made.poll(here)) == [], "no reading comes of it"
            raised = None
        except Trouble as trouble:
            raised = trouble
        assert isinstance(raised, error) or (raised is None and error is Trouble)
        secrets = [value.reveal() for value in made.values().values() if isinstance(value, Secret)]
        assert not [secret for secret in secrets if secret in str(raised)]


@pytest.mark.parametrize(("name", "one"), HAPPY)
def test_mutated_recordings_raise_nothing_but_trouble(name: str, one: str, tmp_path: Path) -> None:
    recording = recordings(name)[one]
    with Recorded(recording) as vendor:
        made = source(FILES[name], tmp_path, vendor.url, recording.get("settings", {}))
        turn = count()

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(data=st.data())
        def mutated(data: st.DataObject) -> None:
            number = data.draw(st.integers(0, len(recording["answers"]) - 1))
            answers = json.loads(json.dumps(recording["answers"]))
            answers[number]["body"] = changed(data, answers[number].get("body"))
            vendor.answers, vendor.given = answers, 0
            here = visit(made, recording, tmp_path / f"state{next(turn)}")
            try:
                said = list(made.poll(here))
            except Trouble:
                return
            for subject, metric, value, at in told(sift_all(said, here))["readings"]:
                assert (type(subject), type(metric), type(value), type(at)) == (str, str, float, int)

        mutated()


def changed(data: st.DataObject, body: Any) -> Any:  # noqa: ANN401 - JSON
    """A body with one value of it replaced by any other."""
    if isinstance(body, str):
        at = data.draw(st.integers(0, len(body)))
        return body[:at] + data.draw(st.text(max_size=5)) + body[at + data.draw(st.integers(0, 9)) :]
    keys = list(body) if isinstance(body, dict) else list(range(len(body))) if isinstance(body, list) else []
    if not keys or data.draw(st.integers(0, 3)) == 0:
        return data.draw(JSON)
    key = data.draw(st.sampled_from(keys))
    body[key] = changed(data, body[key])
    return body


def test_the_guides_table_is_made_of_the_recipes() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert table() in guide
    assert with_table(guide) == guide, "write it anew: .venv/bin/python tests/recipes/table.py"


def test_a_recipe_is_a_dataclass_like_any_source() -> None:
    for file in FILES.values():
        kind = recipes.made(file)
        assert [field.name for field in dataclasses.fields(kind)] == list(kind.recipe.takes)  # type: ignore[arg-type]
        assert issubclass(kind, Source)
        assert kind.__doc__ == kind.recipe.title
        assert not kind.demo
        assert kind is recipes.made(file), "one class, however many sources are of it"
