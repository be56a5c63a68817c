"""The shortest way through: one frame on each revision, sequences written by hand after the datasheets."""

from __future__ import annotations

import random

import pytest

from virtual_panel import VirtualPanel
from virtual_panel.script import play
from virtual_panel.sequences import PARTIAL, START, full

MODELS = ["2in13_V2", "2in13_V3", "2in13_V4"]


def frame(seed: int) -> bytes:
    return random.Random(seed).randbytes(4000)


@pytest.mark.parametrize("model", MODELS)
def test_a_full_then_two_partials_are_exact(model: str) -> None:
    panel = VirtualPanel(model)
    play(panel.board, START[model])
    one, two, three = frame(1), frame(2), frame(3)
    assert panel.glass.unknown() == 122 * 250
    play(panel.board, full(model), {"new": one})
    assert panel.wrong(one) == 0
    assert panel.wrong(two) > 10_000
    play(panel.board, PARTIAL[model], {"new": two, "old": one})
    assert panel.wrong(two) == 0
    play(panel.board, PARTIAL[model], {"new": three, "old": two})
    assert panel.wrong(three) == 0
    play(panel.board, "10:01; wait 0.1")
    assert panel.asleep
    assert [refresh.kind for refresh in panel.refreshes] == ["full", "partial", "partial"]
    assert panel.findings == []
