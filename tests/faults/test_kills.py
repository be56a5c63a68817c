"""Twenty deaths in CI; ``make stress`` dies two hundred."""

from __future__ import annotations

from pathlib import Path

from faults.kills import torment


def test_killed_at_any_moment_it_loses_nothing_it_promised(tmp_path: Path) -> None:
    tally = torment(tmp_path, 20)
    assert tally.wrong == []
    assert tally.readings > 40, "it has lived in between"
    assert tally.children >= 1, "a child was hit, too; how often is chance"
