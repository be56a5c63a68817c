"""What the car sources share: notes, instants, units, words about credentials."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR
from eink_monitor.errors import Unavailable
from eink_monitor.metrics import CHARGING, FUEL, ODOMETER, RANGE, SOC, TIME_TO_FULL
from eink_monitor.model.reading import Metric
from eink_monitor.model.signin import lifetime
from eink_monitor.sources._car import UNREADABLE, CarReadings, account, instant, kilometres
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.vet import vet
from loopback.cars import NOW, values, visit_to

TEXTS = st.text(max_size=20)
NOTES = st.dictionaries(TEXTS, TEXTS | st.integers())


@settings(deadline=None)  # a card may be busy
@given(NOTES)
def test_a_notebook_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, notes: dict[str, str | int]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "notes"
    Notebook(folder, "a").write(notes)
    assert Notebook(folder, "a").read() == notes
    assert Notebook(folder, "b").read() == {}


def test_a_notebook_is_private_and_not_rewritten_in_vain(tmp_path: Path) -> None:
    book = Notebook(tmp_path / "state", "car/1")
    book.write({"a": 1})
    (file,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    before = file.stat().st_ino
    book.write({"a": 1})
    assert file.stat().st_ino == before
    book.write({"a": 2})
    assert book.read() == {"a": 2}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000])
def test_a_damaged_notebook_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.notes").write_bytes(content)
    assert Notebook(tmp_path, "a").read() == {}


def test_only_texts_and_whole_numbers_are_notes(tmp_path: Path) -> None:
    (tmp_path / "a.notes").write_text(json.dumps({"good": 1, "bad": [], "worse": 1.5, "no": None, "truth": True}))
    assert Notebook(tmp_path, "a").read() == {"good": 1}


def test_a_note_that_could_not_be_sent_is_forgotten(tmp_path: Path) -> None:
    """An earlier version kept what a vendor said as it came; every later poll stumbled over it."""
    (tmp_path / "a.notes").write_text(json.dumps({"container": "x\ud800", "good": "Zoë", "at": 5}))
    assert Notebook(tmp_path, "a").read() == {"good": "Zoë", "at": 5}


def test_a_card_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be written"):
        Notebook(tmp_path / "file", "a").write({"a": 1})
    (tmp_path / "a.notes").mkdir()
    with pytest.raises(Unavailable, match="cannot be written"):
        Notebook(tmp_path, "a").write({"a": 1})
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-10-08T12:00:00Z", NOW),
        ("2026-10-08T12:00:00.999Z", NOW),
        ("2026-10-08T14:00:00+02:00", NOW),
        ("2026-10-08T12:00:00", NOW),
        (None, None),
    ],
)
def test_instants(text: str | None, at: int | None) -> None:
    assert instant(text) == at


@given(st.text() | st.integers() | st.floats() | st.lists(st.text()))
def test_any_other_instant_is_one_that_cannot_be_read(value: object) -> None:
    assert type(instant(value)) is int
    assert instant("soon") == instant("9999-99-99") == instant("0001-01-01T00:00:00+14:00") == UNREADABLE


@pytest.mark.parametrize(
    ("unit", "size"),
    [("km", 1), (" KM ", 1), ("mi", 1.609344), ("Miles", 1.609344), ("m", 0.001), ("%", None), (None, None), (5, None)],
)
def test_units_of_distance(unit: object, size: float | None) -> None:
    assert kilometres(unit) == size


def test_a_sheet_keeps_the_newest_and_drops_the_undated() -> None:
    sheet = CarReadings("car", NOW)
    sheet.put(SOC, 50, NOW - HOUR)
    sheet.put(SOC, 51, NOW)
    sheet.put(SOC, 52, NOW)
    sheet.put(SOC, 53, None)
    sheet.put(SOC, None, NOW + HOUR)
    sheet.put_state(CHARGING, "maybe", {"yes": True}, NOW)
    assert values(sheet.newest()) == {"soc": (51, NOW)}


@pytest.mark.parametrize(("ahead", "newest"), [(300, (51, NOW + 300)), (301, (50, NOW))])
def test_a_car_s_clock_may_be_five_minutes_ahead(ahead: int, newest: tuple[int, int]) -> None:
    sheet = CarReadings("car", NOW)
    sheet.put(SOC, 50, NOW)
    sheet.put(SOC, 51, NOW + ahead)
    assert values(sheet.newest()) == {"soc": newest}


@pytest.mark.parametrize(
    ("value", "at"), [("52", NOW), (True, NOW), ([5], NOW), (math.inf, NOW), (10**400, NOW), (50, UNREADABLE)]
)
def test_what_makes_no_sense_costs_itself_only_and_is_told(tmp_path: Path, value: object, at: int) -> None:
    sheet, visit = CarReadings("car", NOW), visit_to(tmp_path)
    sheet.put(RANGE, 120, NOW)
    sheet.put(SOC, value, at)
    assert sheet.section({"part": [1]}, "part") == sheet.section({"part": None}, "part") == {}
    assert values(vet(sheet.newest(), visit)) == {"range": (120, NOW)}
    assert visit.note.startswith("left out: soc ")
    assert "some of part" in visit.note


@pytest.mark.parametrize(
    ("metric", "value"),
    [(RANGE, 16383), (RANGE, 65535), (RANGE, 8191), (SOC, 127), (SOC, 255), (FUEL, 254), (TIME_TO_FULL, 65535)]
    + [(ODOMETER, size) for size in (1_048_575, 16_777_215, 4_294_967_295)],
)
def test_what_means_unknown_is_no_reading_and_nothing_odd(metric: Metric, value: int) -> None:
    sheet = CarReadings("car", NOW)
    sheet.put(metric, value, NOW)
    assert sheet.newest() == []


def test_accounts_are_told_apart_and_kept_secret() -> None:
    assert account("x", "key-1") == account("x", "key-1") != account("x", "key-2")
    assert "key" not in account("x", "key-1")


def test_words_about_a_credential() -> None:
    words = [lifetime("the key", NOW + left, NOW, "renew it").words for left in (10 * DAY, 3 * DAY, DAY, HOUR, 0)]
    assert words == [
        "the key expires in 10 days",
        "the key expires in 3 days; renew it",
        "the key expires in 1 day; renew it",
        "the key expires in less than a day; renew it",
        "the key has expired; renew it",
    ]
    assert lifetime("the key", None, NOW, "renew it").words == "the key is present"
