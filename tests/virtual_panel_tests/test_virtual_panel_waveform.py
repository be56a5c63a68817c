"""Look-up tables: times, charge and what becomes of each transition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_panel.script import _bytes
from virtual_panel.sequences import LUT70_FULL, LUT70_PARTIAL, LUT153_FULL, LUT153_PARTIAL
from virtual_panel.waveform import BLACK, STAYS, WHITE, Effect, decode_70, decode_153, effect, otp

# Twenty frames for what changes, one more frame for what stays: the shape of the V3's partial table.
TOPPED_UP = "00 40 00x10 80 80 00x10 40 40 00x10 00 80 00x10 00x12 14 00x6 01 00x6 01 00x6 00x63 22x6 00x3"


def test_the_tables_have_the_lengths_of_the_datasheets() -> None:
    assert [len(_bytes(table, {})) for table in (LUT70_FULL, LUT70_PARTIAL)] == [70, 70]
    assert [len(_bytes(table, {})) for table in (LUT153_FULL, LUT153_PARTIAL, TOPPED_UP)] == [153, 153, 153]


@pytest.mark.parametrize(
    ("table", "frames", "seconds", "kind"),
    [
        (LUT70_FULL, 90, 1.80, "full"),
        (LUT70_PARTIAL, 10, 0.20, "partial"),
        (LUT153_FULL, 121, 1.613, "full"),
        (LUT153_PARTIAL, 20, 0.267, "partial"),
        (TOPPED_UP, 22, 0.293, "partial"),
        ("00x70", 0, 0.0, "none"),
        ("00x153", 0, 0.0, "none"),
    ],
)
def test_frames_seconds_and_kind(table: str, frames: int, seconds: float, kind: str) -> None:
    raw = _bytes(table, {})
    waveform = decode_70(raw) if len(raw) == 70 else decode_153(raw)
    assert waveform.frames == frames
    assert waveform.seconds == pytest.approx(seconds, abs=0.001)
    assert waveform.kind == kind


def test_full_tables_are_balanced_and_ignore_the_old_bank() -> None:
    for waveform in (decode_70(_bytes(LUT70_FULL, {})), decode_153(_bytes(LUT153_FULL, {}))):
        assert [each.charge for each in waveform.effects] == [0, 0, 0, 0]
        assert [each.ends for each in waveform.effects] == [BLACK, WHITE, BLACK, WHITE]
        assert not waveform.needs_old


def test_partial_tables_leave_charge_and_move_only_what_differs() -> None:
    short, topped = decode_70(_bytes(LUT70_PARTIAL, {})), decode_153(_bytes(TOPPED_UP, {}))
    assert [each.charge for each in short.effects] == [0, -10, 10, 0]
    assert [each.charge for each in topped.effects] == [1, -21, 21, -1]
    for waveform in (short, topped):
        assert [each.ends for each in waveform.effects] == [STAYS, WHITE, BLACK, STAYS]
        assert waveform.needs_old


def test_repeats_of_the_half_groups_count() -> None:
    table = bytearray(153)
    table[0] = 0b01_10_01_10
    table[60:67] = bytes([3, 4, 1, 5, 6, 2, 1])  # ((3+4) x 2 + (5+6) x 3) x 2
    table[144:150] = b"\x00" * 6  # 25 Hz
    waveform = decode_153(bytes(table))
    assert waveform.frames == 94
    assert waveform.seconds == pytest.approx(94 / 25)
    assert waveform.effects[0].charge == 2 * (2 * (3 - 4) + 3 * (5 - 6))


def test_a_short_nudge_does_not_turn_a_pixel() -> None:
    assert effect([(1, 4)], 4).ends == STAYS
    assert effect([(1, 3), (0, 9), (1, 2)], 5).ends == BLACK  # rest between two drives does not undo them
    assert effect([(1, 9), (-1, 9)], 0).ends == WHITE
    assert effect([(1, 9), (-1, 9)], 0).cleans
    assert not effect([(-1, 9)], -9).cleans


def test_many_short_repeats_turn_a_pixel() -> None:
    table = bytearray(70)
    table[0], table[35], table[39] = 0b01_00_00_00, 1, 199  # one frame, 200 times
    assert decode_70(bytes(table)).effects[0] == Effect(BLACK, 200, cleans=False)


def test_the_factory_tables_move_everything_in_mode_1_and_what_differs_in_mode_2() -> None:
    assert (otp(1, hot=False).kind, otp(1, hot=True).kind, otp(2, hot=False).kind) == ("full", "fast", "partial")
    assert otp(2, hot=False).needs_old
    assert not otp(1, hot=False).needs_old


@given(st.binary(min_size=70, max_size=70), st.binary(min_size=153, max_size=153))
def test_any_table_can_be_judged(short: bytes, long: bytes) -> None:
    for waveform in (decode_70(short), decode_153(long)):
        assert waveform.kind in ("full", "partial", "none")
        assert waveform.seconds >= 0
        assert all(abs(each.charge) <= waveform.frames for each in waveform.effects)
