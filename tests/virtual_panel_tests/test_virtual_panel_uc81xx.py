"""The UC81xx family on the wires: two planes, four values of a pixel, BUSY low at work."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from virtual_panel import Kind, Policy, VirtualPanel
from virtual_panel.script import play
from virtual_panel.uc81xx import LENGTHS, UC8151, UC8176, UC8179, decode_42
from virtual_panel.waveform import BLACK, RED, STAYS, WHITE

WAKE = "PWR 1; wait 0.01; RST 0; wait 0.002; RST 1"
SIZE = 104 // 8 * 212
FULL = "PWR 1; wait 0.01; RST 0; wait 0.002; RST 1; wait 0.01; 04; wait 0.1"


def panel_at_work(setup: str = "00:0F 89; 61:68 00 D4; 50:77", **policy: bool | float) -> VirtualPanel:
    """A 2.13" (B) V3, powered on and set up."""
    panel = VirtualPanel("2in13b_V3", policy=Policy(**policy))  # type: ignore[arg-type]
    play(panel.board, f"{FULL}; {setup}")
    return panel


def seen(panel: VirtualPanel, column: int = 0) -> str:
    """The colour of a pixel in the first row."""
    bit = 1 << panel.glass.bit_of(0, column)
    if not panel.glass.known & bit:
        return "grey"
    return "red" if panel.glass.red & bit else "white" if panel.glass.white & bit else "black"


# first plane, second plane, register 00, register 50, and what comes of it; after the tables of R50h
@pytest.mark.parametrize(
    ("panel_setting", "interval", "colours"),
    [
        ("0F", "C7", ["white", "black", "red", "red"]),
        ("0F", "D7", ["black", "white", "red", "red"]),
        ("0F", "E7", ["red", "red", "white", "black"]),
        ("0F", "F7", ["red", "red", "black", "white"]),
        ("1F", "C7", ["white", "white", "black", "black"]),
        ("1F", "D7", ["black", "black", "white", "white"]),
        ("1F", "E7", ["white", "white", "black", "black"]),
        ("1F", "F7", ["black", "black", "white", "white"]),
    ],
)
def test_the_four_values_of_a_pixel(panel_setting: str, interval: str, colours: list[str]) -> None:
    panel = panel_at_work(f"00:{panel_setting}; 61:68 00 D4; 50:{interval}")
    play(panel.board, f"10:55x{SIZE}; 13:33x{SIZE}; 12; wait 15")  # 0101 and 0011: all four side by side
    panel.board.settle()
    assert [seen(panel, column) for column in range(4)] == colours
    assert panel.findings == []


def test_busy_is_low_at_work_and_the_line_is_low_without_power() -> None:
    panel = VirtualPanel("2in13b_V3")
    assert panel.board.busy() == 0
    play(panel.board, f"{WAKE}; wait 0.01")
    assert panel.board.busy() == 1
    play(panel.board, "04; wait 0.01")
    assert panel.board.busy() == 0
    panel.clock.wait(0.1)
    assert panel.board.busy() == 1


def test_without_power_nothing_moves() -> None:
    panel = VirtualPanel("2in13b_V3")
    play(panel.board, f"{WAKE}; wait 0.01; 00:0F 89; 61:68 00 D4; 50:77; 10:FFx{SIZE}; 13:FFx{SIZE}; 12; wait 15")
    assert panel.refreshes == []
    assert Kind.NO_DRIVE in panel.kinds


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("04; 00:0F 89", Kind.BUSY),
        ("61:68 00", Kind.LENGTH),
        ("99; wait 1", Kind.UNKNOWN),
        (":00", Kind.NO_COMMAND),
        ("07:A5; 04", Kind.ASLEEP),
        (f"10:FFx{SIZE + 1}; 12", Kind.OVERFLOW),
        ("10:FFx9; 12", Kind.UNWRITTEN),
        (f"10:FFx{SIZE}; 13:FFx{SIZE}; 12; wait 1; RST 0", Kind.RESET_IN_REFRESH),
        (f"10:FFx{SIZE}; 13:FFx{SIZE}; 12; wait 1; PWR 0", Kind.POWER_IN_REFRESH),
    ],
)
def test_what_it_objects_to(script: str, kind: Kind) -> None:
    panel = panel_at_work()
    play(panel.board, f"{WAKE}; wait 0.01; {script}" if kind is Kind.NO_COMMAND else f"{script}; 71")
    assert kind in panel.kinds


def test_a_refresh_that_is_cut_short_leaves_pixels_in_between() -> None:
    panel = panel_at_work()
    play(panel.board, f"10:FFx{SIZE}; 13:FFx{SIZE}; 12; wait 1; PWR 0")
    assert panel.glass.unknown() == 104 * 212


def test_only_the_check_code_sends_it_to_sleep_and_a_reset_wakes_it() -> None:
    panel, asleep = panel_at_work(), []
    for script in ("02; wait 1; 07:00", "07:A5", "RST 0; wait 0.002; RST 1; wait 0.01"):
        play(panel.board, script)
        asleep.append(panel.asleep)
    assert asleep == [False, True, False]


def test_rows_of_another_width_are_a_broken_picture() -> None:
    panel = panel_at_work("00:0F 89; 61:80 01 28; 50:77")
    play(panel.board, "10:F0 FFx4735; 13:FFx4736; 12; wait 15")
    panel.board.settle()
    assert [seen(panel, column) for column in (0, 3, 4)] == ["white", "white", "black"]
    assert panel.glass.wrong(b"\xff" * SIZE) == 4


@pytest.mark.parametrize(
    ("table", "ends", "frames"),
    [
        ("", STAYS, 0),
        ("40 0A 00 00 00 01", BLACK, 10),
        ("80 0A 00 00 00 02", WHITE, 20),
        ("60 0A 0A 00 00 01", WHITE, 20),
        ("C0 08 00 00 00 01", RED, 8),
        ("40 0A 00 00 00 00", STAYS, 0),
        ("40 02 00 00 00 01", STAYS, 2),
    ],
)
def test_a_table_turns_a_pixel(table: str, ends: int, frames: int) -> None:
    effect, length = decode_42(bytes.fromhex(table).ljust(42, b"\0"))
    assert (effect.ends, length) == (ends, frames)


@pytest.mark.parametrize("chip", [UC8151, UC8176, UC8179])
def test_every_chip_knows_the_commands_of_the_family(chip: type) -> None:
    assert set(LENGTHS) <= set(chip.lengths)  # type: ignore[attr-defined]


@settings(deadline=None, max_examples=60)
@example([(0x00, b"\x2f"), (0x24, b"\0"), (0x21, b"\0"), (0x12, b"")])  # a table that was cut off
@example([(0xDC, b"")])  # in capitals it is a pin
@given(st.lists(st.tuples(st.sampled_from(sorted(LENGTHS)) | st.integers(0, 255), st.binary(max_size=6))))
def test_any_bytes_are_taken(sent: list[tuple[int, bytes]]) -> None:
    panel = VirtualPanel("2in13b_V3")
    play(panel.board, FULL)
    for code, data in sent:
        play(panel.board, f"{code:02x}{':' + data.hex(' ') if data else ''}; wait 0.1")
    assert 0 <= panel.glass.unknown() <= 104 * 212
