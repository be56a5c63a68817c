"""Three hundred damaged databases, by seed; five thousand by ``make stress``."""

from __future__ import annotations

import pytest

from faults.corpus import HARMS, tried

PARTS, EACH = 3, 100


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_the_damage_the_house_draws_and_stores_and_what_can_be_read_is_back(part: int) -> None:
    tally = tried(range(part * EACH, (part + 1) * EACH))
    assert tally.wrong == []
    assert tally.tried == EACH
    assert tally.read == tally.back > EACH * 1000
    assert tally.set_aside > EACH // 2
    assert 2 * len(HARMS) < EACH, "each kind, and more than once"
