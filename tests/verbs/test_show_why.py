"""``show --why``: which panel is on the display, why, and which comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from houses import HOUSE, say, write

WATCHFUL = HOUSE.replace("subject: roof}}\n  flow", "subject: roof, when: stale(car)}}\n  flow")


def test_without_a_daemon_it_tells_what_one_would_begin_with(tmp_path: Path) -> None:
    file = write(tmp_path, WATCHFUL)
    assert say("poll", "roof", "-c", file).code == 0
    said = say("show", "--why", "-c", file)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "now: nothing (no daemon is running)",
        "next: flow (its turn)",
        "not now: sun (`when: stale(car)` is unknown)",
        "not now: disk (no data yet)",
    ]


@pytest.mark.parametrize("words", [["sun"], ["--ink"], ["--text"], ["--png", "out"]])
def test_it_goes_alone(tmp_path: Path, words: list[str]) -> None:
    said = say("show", "--why", *words, "-c", write(tmp_path))
    assert said.code == 64
    assert "--why goes alone" in said.err
