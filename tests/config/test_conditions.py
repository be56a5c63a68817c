"""Conditions in the configuration: each mistake at its line and column, however the text is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.config import Config
from houses import complaints, read_or_complain, write

HEAD = """\
display: {{type: 'null'}}
sources:
  roof: {{type: demo, show: roof}}
  car: {{type: demo, show: car}}
  attic: {{type: demo, show: disk}}
panels:
"""


def panel(when: str) -> str:
    return f"{HEAD}  h:\n    type: health\n    when: {when}\n"


def test_what_the_rotation_is_told(tmp_path: Path) -> None:
    text = (
        "  sun: {{type: solar, subject: roof, when: day, weight: 3}}\n"
        "  car:\n    type: car\n    subject: car\n    first: car.charging for 5m\n    when: >\n"
        "      not stale(car) and\n      car.soc < 80 %\n"
    )
    config = read_or_complain(write(tmp_path, HEAD + text))
    assert isinstance(config, Config)
    sun, car = config.slides.values()
    assert (str(sun.when), sun.first, sun.weight) == ("day", None, 3)
    assert (str(car.when), str(car.first), car.weight) == (
        "not stale(car) and car.soc < 80 %",
        "car.charging for 5m",
        1,
    )


@pytest.mark.parametrize(
    ("when", "places"),
    [
        ("car.sok < 5 %", ["9:15"]),
        ("'car.sok < 5 %'", ["9:16"]),
        ('"car.sok < 5 %"', ["9:16"]),
        ("   car.sok < 5 %   # of the charge", ["9:18"]),
        ("not stale(roof) and car.sok < 5 %", ["9:35"]),
        ("not stale(roof)\n      and car.sok < 5 km or\n\n      car.soc < 5 km", ["10:15", "12:19"]),
        (">\n      not stale(roof)\n      and car.sok < 5 %\n", ["11:15"]),
        ("|\n\n      not stale(roof)\n        and car.sok < 5 %\n", ["12:17"]),
        ("'''the car''.soc < 5 % and car.sok < 3 %'", ["9:42"]),
        ('"\\"the car\\".soc < 5 % and \\\n      car.sok < 3 %"', ["10:11"]),
        ("car.soc <", ["9:20"]),
        ("'car.soc <'", ["9:21"]),
        (">\n      car.soc\n      <\n\n  i: {{type: health}}", ["11:8"]),
        ("''", ["9:11"]),
        ("[a, b]", ["9:11"]),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, when: str, places: list[str]) -> None:
    told = complaints(write(tmp_path, panel(when)))
    assert [":".join(line.split(":")[:2]) for line in told] == places, told
    assert all(": panels.h.when: " in line for line in told)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("rof.pv_power > 5 W", "unknown subject `rof`; did you mean `roof`?"),
        ("trouble(atic)", "unknown subject `atic`; did you mean `attic`?"),
        ("roof.charging_power > 5 W", "no source publishes charging_power for `roof`; did you mean `"),
        ("roof.odometer > 5 km", "no source publishes odometer for `roof`"),
        ("attic:backups.disk_free < 5 km", "`km` is not a unit of `disk_free`; write B or kB or MB or GB"),
    ],
)
def test_what_the_house_has_not(tmp_path: Path, when: str, words: str) -> None:
    (told,) = complaints(write(tmp_path, panel(when)))
    assert told.partition("when: ")[2].startswith(words)


@pytest.mark.parametrize("when", ["trouble(attic)", "trouble(attic:backups)", "stale(car)", "trouble()", "night"])
def test_what_the_house_has(tmp_path: Path, when: str) -> None:
    assert complaints(write(tmp_path, panel(when))) == []


def test_night_is_for_a_house_that_knows_where_it_stands(tmp_path: Path) -> None:
    text = (
        "display: {{type: 'null'}}\nsources: {{nas: {{type: ssh_disk, host: localhost, mounts: {{a: /}}}}}}\n"
        "panels: {{h: {{type: health, first: not night}}}}\n"
    )
    (told,) = complaints(write(tmp_path, text))
    assert told.endswith(
        "3:39: panels.h.first: it cannot be known when it is night: no source has a latitude; "
        "use `between 22:00 and 06:00`"
    )


def test_a_condition_from_a_secret_file_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    (told,) = complaints(write(tmp_path, panel("!file secret")))
    assert told == "9:11: panels.h.when: what it holds is no condition"


@pytest.mark.parametrize("weight", [0, 11])
def test_the_weight_has_bounds(tmp_path: Path, weight: int) -> None:
    (told,) = complaints(write(tmp_path, f"{HEAD}  h: {{{{type: health, weight: {weight}}}}}\n"))
    assert "`weight` must be 1 to 10" in told


LETTERS = st.text(st.sampled_from("abz09 .,()<>=%°'\"\\\n#:-&*!|{}[]é\u2028\x85\r"), max_size=40)


@settings(max_examples=200)
@given(st.sampled_from(["", "'", '"', ">\n      ", "|\n      "]), LETTERS)
def test_a_place_lies_in_the_file(tmp_path_factory: pytest.TempPathFactory, style: str, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "places.yaml"
    whole = panel("").format() + style + text + style.strip(">|\n ") + "\n"
    file.write_text(whole.replace("when: \n", "when: "), encoding="utf-8", newline="")
    for line in complaints(file):
        if "panels.h.when" in line:
            row, column = map(int, line.split(":")[:2])
            assert 9 <= row <= 9 + whole.count("\n")
            assert column >= 1
