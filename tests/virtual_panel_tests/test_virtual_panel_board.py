"""Pins, power, faults and rest."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from virtual_panel import Kind, Policy, Rules, VirtualPanel
from virtual_panel.script import play
from virtual_panel.sequences import PARTIAL, START, full, partial

V4 = "2in13_V4"
ONE, TWO = random.Random(1).randbytes(4000), random.Random(2).randbytes(4000)


def shown(supply: str = "pin", **rules: float) -> VirtualPanel:
    panel = VirtualPanel(V4, supply=supply, rules=Rules(**rules))  # type: ignore[arg-type]
    play(panel.board, START[V4])
    play(panel.board, full(V4), {"new": ONE})
    assert panel.wrong(ONE) == 0
    return panel


def test_without_power_nothing_is_heard() -> None:
    panel = VirtualPanel(V4)
    play(panel.board, "RST 0; wait 0.002; RST 1; 12; 24:00")
    assert [(f.kind, f.detail) for f in panel.findings] == [
        (Kind.UNPOWERED, "command 12"),
        (Kind.UNPOWERED, "command 24"),
        (Kind.UNPOWERED, "1 data bytes"),
    ]
    assert panel.board.busy() == 0
    assert panel.asleep


def test_power_lost_is_memory_lost_and_the_picture_stays() -> None:
    panel = shown()
    play(panel.board, "PWR 0")
    assert panel.wrong(ONE) == 0
    play(panel.board, START[V4])
    play(panel.board, "22:F7; 20; idle")
    assert panel.wrong(ONE) > 10_000
    assert panel.kinds == {Kind.UNWRITTEN}


def test_an_old_hat_cuts_the_power_with_rst() -> None:
    panel = shown(supply="reset")
    play(panel.board, "RST 0; wait 0.002; RST 1; idle; 18:80; 22:F7; 20; idle")
    assert panel.kinds == {Kind.UNWRITTEN}
    assert panel.wrong(ONE) > 10_000


def test_a_hat_without_a_power_pin_is_always_on() -> None:
    panel = shown(supply="always")
    play(panel.board, "PWR 0")
    assert panel.board.powered
    assert not panel.asleep


def test_spi_before_a_reset_and_during_one() -> None:
    panel = VirtualPanel(V4)
    play(panel.board, "PWR 1; 7F; RST 0; 7F; wait 0.002; RST 1; idle; 7F")
    assert [finding.kind for finding in panel.findings] == [Kind.NO_RESET, Kind.IN_RESET]


def test_held_in_reset_while_power_comes_is_reset() -> None:
    panel = VirtualPanel(V4)
    play(panel.board, "RST 0; PWR 1; wait 0.01; RST 1; idle; 7F")
    assert panel.findings == []


@pytest.mark.parametrize("level", [0, 1])
def test_busy_stuck(level: int) -> None:
    panel = shown()
    panel.faults.busy = level
    assert panel.board.busy() == level
    play(panel.board, full(V4), {"new": TWO})
    assert panel.board.busy() == level
    panel.faults.busy = None
    # Stuck low stands for an absent panel, which hears nothing; stuck high is a broken wire to a living one.
    assert (panel.wrong(TWO) == 0) is bool(level)


def test_busy_rises_late() -> None:
    panel = VirtualPanel(V4, policy=Policy(rise=0.05))
    play(panel.board, START[V4] + "; wait 0.1")
    play(panel.board, "12")
    panel.clock.wait(0.049)
    assert panel.board.busy() == 0
    panel.clock.wait(0.0015)
    assert panel.board.busy() == 1


def test_power_cut_in_mid_refresh() -> None:
    panel = shown()
    panel.faults.cut_after = 0.1
    play(panel.board, PARTIAL[V4], {"old": ONE, "new": TWO})
    assert panel.board.busy() == 0
    assert panel.kinds == {Kind.POWER_IN_REFRESH}
    changed = 30500 - panel.glass.unknown()
    assert 10_000 < changed < 20_000  # what both pictures share stands; the rest is grey
    play(panel.board, "24:00")
    assert Kind.UNPOWERED in panel.kinds
    panel.board.restore_power()
    play(panel.board, START[V4])
    play(panel.board, full(V4), {"new": TWO})
    assert panel.wrong(TWO) == 0
    assert panel.lint.counts == {"full": 2}


def test_a_cut_after_the_end_spoils_nothing() -> None:
    panel = shown()
    panel.faults.cut_after = 0.6
    play(panel.board, PARTIAL[V4] + "; wait 1", {"old": ONE, "new": TWO})
    assert not panel.board.powered
    assert panel.wrong(TWO) == 0
    assert panel.findings == []


def test_the_plug_pulled_by_hand() -> None:
    panel = shown()
    panel.board.cut_power()
    assert not panel.board.powered
    panel.board.restore_power()
    assert panel.board.powered


def test_left_awake_is_found_once_an_episode() -> None:
    panel = shown(awake=30)
    panel.clock.wait(29)
    assert panel.findings == []
    panel.clock.wait(2)
    assert [finding.kind for finding in panel.findings] == [Kind.AWAKE]
    panel.clock.wait(100)
    assert len(panel.findings) == 1
    play(panel.board, "7F")
    panel.clock.wait(31)
    assert len(panel.findings) == 2


@pytest.mark.parametrize("rest", ["10:01", "10:03", "PWR 0"])
def test_asleep_or_off_is_a_good_rest(rest: str) -> None:
    panel = shown(awake=30)
    play(panel.board, rest)
    panel.clock.wait(10_000)
    assert panel.findings == []
    assert panel.asleep


def test_more_than_five_partials_in_a_row() -> None:
    panel = shown(awake=1e9)
    faces = [ONE, TWO] * 4
    for old, new in pairwise(faces[:6]):
        play(panel.board, PARTIAL[V4], {"old": old, "new": new})
    assert panel.findings == []
    play(panel.board, PARTIAL[V4], {"old": TWO, "new": ONE})
    assert [(f.kind, f.detail) for f in panel.findings] == [(Kind.PARTIALS, "number 6 in a row, 5 allowed")]
    play(panel.board, full(V4) + ";" + partial(V4), {"old": TWO, "new": TWO})
    assert panel.lint.partials == 1
    assert panel.lint.counts == {"full": 2, "partial": 7}


def test_more_than_a_day_without_a_full_refresh() -> None:
    panel = shown(awake=1e9)
    panel.clock.wait(86_300)
    assert panel.findings == []
    panel.clock.wait(200)
    assert panel.kinds == {Kind.STALE}
    play(panel.board, PARTIAL[V4], {"old": ONE, "new": TWO})
    assert len(panel.findings) == 1
    play(panel.board, full(V4), {"new": TWO})
    panel.clock.wait(86_500)
    assert len(panel.findings) == 2


def test_refreshes_too_close() -> None:
    panel = shown(min_interval=180)
    play(panel.board, PARTIAL[V4], {"old": ONE, "new": TWO})
    assert panel.kinds == {Kind.HASTE}
    assert "3.0 s after the last one" in panel.findings[0].detail
    play(panel.board, "10:01")
    panel.clock.wait(180)
    play(panel.board, START[V4] + ";" + PARTIAL[V4], {"old": TWO, "new": ONE})
    assert len(panel.findings) == 1


def test_spi_time_is_bytes_at_the_bus_speed() -> None:
    for spi_time, seconds in ((True, 0.008), (False, 0.0)):
        panel = VirtualPanel(V4, spi_time=spi_time)
        before = panel.board.now
        panel.board.spi(bytes(4000), 4_000_000)
        assert panel.board.now - before == pytest.approx(seconds)
        assert panel.board.bytes_received == 4000
