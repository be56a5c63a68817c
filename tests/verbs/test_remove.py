"""``remove`` and ``undo``: what goes, what stays, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.config import load
from houses import say, write
from houses.terminal import Person

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}   # pictures
sources:
  roof: {{type: demo, show: roof}}   # ours
  enyaq:
    type: skoda
    api_key: !file secrets/enyaq.api_key
    vin: !file secrets/vin
  other: {{type: skoda, api_key: !file secrets/other, vin: !file secrets/vin}}
panels:
  sun: {{type: solar, subject: roof}}
  # of the car
  charge: {{type: car, subject: enyaq}}
  both: {{type: tiles, tiles: [roof.pv_power, other.soc]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    for name in ("enyaq.api_key", "vin", "other"):
        (tmp_path / "secrets" / name).write_text("TMBJJ7NX0MY000001\n", encoding="utf-8")
    return write(tmp_path, HOUSE)


def test_a_source_goes_with_its_panels_and_comes_back(file: Path) -> None:
    before = file.read_bytes()
    said = say("remove", "enyaq", "--yes", "-c", file)
    assert said.code == 0, said.err
    config = load(file)
    assert (list(config.feeds), list(config.slides)) == (["roof", "other"], ["sun", "both"])
    for comment in ("# pictures", "# ours", "# of the car"):
        assert comment in file.read_text(encoding="utf-8")
    assert f"{file.parent}/secrets/enyaq.api_key stays." in said.out
    assert "secrets/vin stays" not in said.out, "another source names it"
    assert "Its readings stay in the database." in said.out
    assert say("undo", "--yes", "-c", file).code == 0
    assert file.read_bytes() == before
    assert say("undo", "--yes", "-c", file).code == 0, "which takes the first one back"
    assert "enyaq" not in load(file).feeds


def test_a_panel_goes_alone(file: Path) -> None:
    assert say("remove", "sun", "--yes", "-c", file).code == 0
    assert list(load(file).slides) == ["charge", "both"]
    assert "roof" in load(file).feeds


def test_a_person_decides_about_panels_and_secrets(file: Path) -> None:
    with Person(file.parent, "remove", "enyaq", "-c", file) as person:
        assert "`charge` (car)" in person.answers("Remove that, too? [Y/n]: ", "y")
        person.answers("Remove this? [Y/n]: ", "y")
        person.answers("could not bring it back. [y/N]: ", "y")
        assert person.leaves() == 0
    assert sorted(one.name for one in (file.parent / "secrets").iterdir()) == ["other", "vin"]


@pytest.mark.parametrize("answers", [["n"], ["y", "n"]])
def test_who_says_no_changes_nothing(file: Path, answers: list[str]) -> None:
    before = file.read_bytes()
    with Person(file.parent, "remove", "enyaq", "-c", file) as person:
        for question, answer in zip(["too? [Y/n]: ", "this? [Y/n]: "], answers, strict=False):
            person.answers(question, answer)
        assert person.leaves() == (64 if answers == ["n"] else 0)
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.before-*"))
    assert not list(file.parent.glob(".*draft"))


def test_what_is_not_there_is_told(file: Path) -> None:
    said = say("remove", "enyak", "--yes", "-c", file)
    assert (said.code, "did you mean `enyaq`?" in said.err) == (64, True)


def test_there_may_be_nothing_to_undo(file: Path) -> None:
    said = say("undo", "--yes", "-c", file)
    assert (said.code, "there is no earlier version" in said.err) == (75, True)


def test_a_configuration_with_mistakes_can_be_undone(file: Path) -> None:
    before = file.read_bytes()
    assert say("remove", "sun", "--yes", "-c", file).code == 0
    file.write_text("nonsense: 1\n", encoding="utf-8")
    assert say("undo", "--yes", "-c", file).code == 0
    assert file.read_bytes() == before


def test_what_a_condition_speaks_of_is_not_removed(file: Path) -> None:
    file.write_text(
        file.read_text(encoding="utf-8").replace("subject: roof}", 'subject: roof, when: "stale(enyaq)"}'),
        encoding="utf-8",
    )
    before = file.read_bytes()
    said = say("remove", "enyaq", "--yes", "-c", file)
    assert (said.code, "panels.sun.when" in said.err) == (78, True)
    assert file.read_bytes() == before
