"""Registers, resets, sleep, the update sequence: by hand-written sequences, against the datasheets."""

from __future__ import annotations

import random

import pytest

from virtual_panel import Kind, Policy, VirtualPanel
from virtual_panel.script import idle, play
from virtual_panel.sequences import HOME, LUT70_FULL, PARTIAL, START, full, partial

V2, V3, V4 = "2in13_V2", "2in13_V3", "2in13_V4"


def frame(seed: int) -> bytes:
    return random.Random(seed).randbytes(4000)


def started(model: str, **policy: bool | float | str) -> VirtualPanel:
    panel = VirtualPanel(model, policy=Policy(**policy))  # type: ignore[arg-type]
    play(panel.board, START[model])
    return panel


def shown(model: str, face: bytes, **policy: bool | float | str) -> VirtualPanel:
    panel = started(model, **policy)
    play(panel.board, full(model), {"new": face})
    return panel


@pytest.mark.parametrize(("model", "seconds"), [(V2, 1.80 + 0.235), (V3, 1.613 + 0.235), (V4, 3.0)])
def test_busy_lasts_as_long_as_the_table_says(model: str, seconds: float) -> None:
    panel = started(model)
    begun = full(model).removesuffix("; idle")
    play(panel.board, begun, {"new": frame(1)})
    start = panel.board.now
    assert not panel.board.busy()  # not yet: it rises a moment later
    panel.clock.wait(0.001)
    assert panel.board.busy()
    while panel.board.busy():
        panel.clock.wait(0.001)
    assert panel.board.now - start == pytest.approx(seconds, abs=0.003)
    assert panel.refreshes[-1].kind == "full"


@pytest.mark.parametrize(("slow", "model"), [(2.0, V2), (3.0, V4)])
def test_a_slow_panel_takes_its_factor(slow: float, model: str) -> None:
    quick, late = shown(model, frame(1)), shown(model, frame(1), slow=slow)
    assert late.refreshes[0].seconds == pytest.approx(slow * quick.refreshes[0].seconds)
    assert late.wrong(frame(1)) == 0


def test_the_picture_stands_only_at_the_end() -> None:
    panel = started(V4)
    play(panel.board, full(V4).removesuffix("; idle"), {"new": frame(1)})
    panel.clock.wait(2.5)
    assert panel.glass.unknown() == 122 * 250
    panel.clock.wait(0.6)
    assert panel.wrong(frame(1)) == 0


def test_the_fast_refresh_of_a_written_temperature() -> None:
    panel = started(V4)
    play(panel.board, f"22:B1; 20; idle; 1A:64 00; 22:91; 20; idle; {HOME}; 24:$new; 22:C7; 20", {"new": frame(1)})
    start = panel.board.now
    idle(panel.board)
    assert panel.board.now - start == pytest.approx(1.5, abs=0.003)
    assert panel.wrong(frame(1)) == 0
    assert panel.refreshes[-1].kind == "fast"
    assert panel.findings == []


def test_a_partial_moves_only_what_differs_in_the_banks() -> None:
    panel = shown(V4, bytes(4000))
    new = bytearray(4000)
    new[0] = 0x80  # one pixel
    play(panel.board, PARTIAL[V4], {"old": bytes(4000), "new": bytes(new)})
    assert (panel.refreshes[-1].driven, panel.refreshes[-1].changed) == (1, 1)
    assert panel.wrong(bytes(new)) == 0
    # The old bank claims the pixel is black still: nothing differs, nothing moves, and the glass is wrong.
    play(panel.board, f"{HOME}; 24:$new; 22:FF; 20; idle", {"new": bytes(4000)})
    assert panel.refreshes[-1].driven == 0
    assert panel.wrong(bytes(4000)) == 1
    assert panel.kinds == {Kind.OUT_OF_STEP}


def test_ping_pong_keeps_the_old_bank_in_step() -> None:
    for way in ("swap", "copy"):
        panel = shown(V4, frame(1), ping_pong=way)
        play(panel.board, "37:00x5 40 00x4")
        for seed in (2, 3, 4):
            play(panel.board, f"{HOME}; 24:$new; 22:FF; 20; idle", {"new": frame(seed)})
            assert panel.wrong(frame(seed)) == 0
        assert panel.findings == []


def test_0x21_bypasses_or_inverts_a_bank() -> None:
    panel = shown(V4, frame(1))
    play(panel.board, f"21:08 80; {HOME}; 24:$new; 22:F7; 20; idle", {"new": frame(2)})
    assert panel.wrong(bytes(byte ^ 0xFF for byte in frame(2))) == 0
    play(panel.board, f"21:44 80; {HOME}; 24:$new; 22:F7; 20; idle", {"new": frame(3)})
    assert panel.wrong(bytes(4000)) == 0


def test_0x21_b7_moves_the_picture_where_that_policy_holds() -> None:
    panel = started(V4, source_shift=True)
    play(panel.board, f"44:00 10; 24:{'11 22x16 ' * 250}; 26:00x4250")
    play(panel.board, "22:F7; 20; idle")
    assert panel.wrong(b"\x11" + b"\x22" * 15 + (b"\x11" + b"\x22" * 15) * 249) == 0
    play(panel.board, "21:00 00; 22:F7; 20; idle")
    assert panel.wrong(b"\x22" * 4000) == 0
    assert panel.findings == []


def test_gates_not_scanned_stay_as_they_are() -> None:
    panel = started(V4)
    play(panel.board, f"01:63 00 00; {HOME}; 24:FFx4000; 26:FFx4000; 22:F7; 20; idle")
    assert panel.glass.unknown() == 122 * 150
    assert panel.glass.known >> panel.glass.bit_of(99, 121) & 1
    assert not panel.glass.known >> panel.glass.bit_of(100, 0) & 1


@pytest.mark.parametrize(
    ("setting", "white"), [("05", True), ("00", False), ("80", None), ("C0", None), ("50", False), ("60", True)]
)
def test_the_border(setting: str, white: bool | None) -> None:
    panel = started(V4)
    play(panel.board, f"3C:{setting}; {full(V4)}", {"new": frame(1)})
    assert panel.glass.border is white


def test_a_software_reset_restores_registers_and_leaves_the_ram() -> None:
    panel = shown(V4, frame(1))
    play(panel.board, "12; idle; 22:F7; 20; idle")  # 0x18 names the external sensor again
    assert panel.controller.registers[0x44] == bytes([0, 0x15])
    assert panel.wrong(frame(1)) == 0
    assert panel.kinds == {Kind.NO_SENSOR}


@pytest.mark.parametrize("restores", [False, True])
def test_a_hardware_reset_keeps_the_ram_and_perhaps_the_registers(restores: bool) -> None:
    panel = shown(V4, frame(1), reset_restores=restores)
    play(panel.board, "RST 0; wait 0.002; RST 1; wait 0.01")
    assert (panel.controller.registers[0x44][1] == 0x15) is restores
    play(panel.board, "18:80; 22:F7; 20; idle")
    assert panel.wrong(frame(1)) == 0
    assert panel.findings == []


@pytest.mark.parametrize(("mode", "kept"), [("01", True), ("03", False)])
def test_deep_sleep_is_left_by_a_hardware_reset_only(mode: str, kept: bool) -> None:
    panel = shown(V4, frame(1))
    play(panel.board, f"10:{mode}; wait 0.1")
    assert panel.asleep
    assert panel.board.busy() == 1
    play(panel.board, "12; 24:00x100; wait 1")
    assert panel.asleep
    assert panel.kinds == {Kind.ASLEEP}
    play(panel.board, "RST 0; wait 0.002; RST 1; idle; 18:80; 22:F7; 20; idle")
    assert panel.controller.asleep == 0
    assert (panel.wrong(frame(1)) == 0) is kept
    assert (Kind.UNWRITTEN in panel.kinds) is not kept


def test_deep_sleep_0_is_no_sleep() -> None:
    panel = started(V4)
    play(panel.board, "10:00; wait 0.1")
    assert not panel.asleep
    assert panel.findings == []


def test_commands_while_busy_are_lost_and_found() -> None:
    panel = started(V4)
    play(panel.board, full(V4).removesuffix("; idle") + "; wait 1; 24:FF; 10:01; idle", {"new": frame(1)})
    assert panel.wrong(frame(1)) == 0
    assert not panel.asleep
    assert {finding.kind for finding in panel.findings} == {Kind.BUSY}
    assert [finding.detail[:10] for finding in panel.findings] == ["command 24", "data", "command 10", "data"]


def test_commands_before_busy_is_seen_to_rise_are_lost_too() -> None:
    panel = started(V4, rise=0.02)
    play(panel.board, "12; 11:00")
    assert panel.kinds == {Kind.BUSY}
    assert panel.controller.registers[0x11] == b"\x03"


def test_a_reset_in_mid_refresh_leaves_grey() -> None:
    panel = shown(V4, bytes(4000))
    half = b"\xff" * 2000 + bytes(2000)
    play(panel.board, partial(V4).removesuffix("; idle") + "; wait 0.1; RST 0", {"old": bytes(4000), "new": half})
    assert panel.kinds == {Kind.RESET_IN_REFRESH}
    assert panel.glass.unknown() == 122 * 125
    assert panel.wrong(bytes(4000)) == 122 * 125


@pytest.mark.parametrize(
    ("words", "kind", "detail"),
    [
        ("11:03 03; 7F", Kind.LENGTH, "11 entry mode: 2 instead of 1"),
        ("45:00 00; 7F", Kind.LENGTH, "45 window Y: 2 instead of 4"),
        ("32:00x70; 7F", Kind.LENGTH, "32 look-up table: 70 instead of 153"),
        ("22; RST 0", Kind.LENGTH, "22 update sequence: 0 instead of 1"),
        ("80", Kind.UNKNOWN, "80 on SSD1680"),
        ("74:54", Kind.UNKNOWN, "74 on SSD1680"),
        ("46:F7", Kind.UNMODELLED, "46 fill old RAM"),
        ("22:C7; 20", Kind.NO_WAVEFORM, "22:C7"),
        ("32:00x153; 22:C7; 20", Kind.NO_WAVEFORM, "22:C7"),
        ("22:14; 20", Kind.NO_DRIVE, "22:14"),
    ],
)
def test_breaches_are_named(words: str, kind: Kind, detail: str) -> None:
    panel = started(V4)
    play(panel.board, words)
    assert [(finding.kind, finding.detail) for finding in panel.findings] == [(kind, detail)]
    assert detail in str(panel.findings[0])


def test_reads_take_any_number_of_bytes() -> None:
    panel = started(V4)
    play(panel.board, "2F:00; 1B:00 00; 2E:00x10; 7F")
    assert panel.findings == []


def test_data_without_a_command_is_found() -> None:
    panel = VirtualPanel(V4)
    play(panel.board, "PWR 1; RST 0; wait 0.002; RST 1; idle; :00 01")
    assert panel.kinds == {Kind.NO_COMMAND}


def test_settings_that_are_not_modelled_are_named() -> None:
    panel = started(V2)
    play(panel.board, "3A:10; " + full(V2), {"new": frame(1)})
    assert [finding.detail for finding in panel.findings] == ["3A dummy line: 10 (only 30 is modelled)"]


@pytest.mark.parametrize(
    ("data", "details"), [("00 00", []), ("08 00", ["0F gate scan start: 08 (only 00 is modelled)"])]
)
def test_the_v2_knows_where_its_gate_scan_starts(data: str, details: list[str]) -> None:
    """A register of the SSD1675 family, which drivers of the V2 set to 0; not in the datasheet of the SSD1680."""
    panel = started(V2)
    play(panel.board, f"0F:{data}; " + full(V2), {"new": frame(1)})
    assert [finding.detail for finding in panel.findings] == details
    assert panel.wrong(frame(1)) == 0
    other = started(V4)
    play(other.board, "0F:00 00")
    assert Kind.UNKNOWN in other.kinds


def test_never_written_banks_are_found_only_where_they_matter() -> None:
    panel = started(V4)
    play(panel.board, f"{HOME}; 24:$new; 22:F7; 20; idle", {"new": frame(1)})
    assert panel.findings == []
    play(panel.board, f"{HOME}; 24:$new; 22:FF; 20; idle", {"new": frame(2)})
    assert Kind.UNWRITTEN in panel.kinds
    assert "26: 4000 bytes" in panel.findings[0].detail


def test_the_tables_of_v2_move_nothing_on_v4() -> None:
    panel = VirtualPanel(V4)
    play(panel.board, START[V2])
    play(panel.board, full(V2), {"new": frame(1)})
    assert panel.glass.unknown() == 122 * 250
    assert {Kind.UNKNOWN, Kind.LENGTH, Kind.NO_WAVEFORM} <= panel.kinds


def test_the_blank_factory_table_of_v2_moves_nothing() -> None:
    panel = VirtualPanel(V2)
    play(panel.board, START[V4])
    start = panel.board.now
    play(panel.board, full(V4), {"new": frame(1)})
    assert panel.board.now - start < 0.3
    assert panel.glass.unknown() == 122 * 250
    assert Kind.NO_WAVEFORM in panel.kinds


def test_a_table_written_later_beats_one_loaded_and_the_reverse() -> None:
    panel = started(V2)
    play(panel.board, f"32:{LUT70_FULL}; 22:B1; 20; idle; {HOME}; 24:$new; 22:C7; 20; idle", {"new": frame(1)})
    assert panel.kinds == {Kind.NO_SENSOR, Kind.NO_WAVEFORM}
    play(panel.board, f"32:{LUT70_FULL}; 22:C7; 20; idle")
    assert panel.wrong(frame(1)) == 0


def test_the_charge_of_partials_adds_up_until_a_pixel_comes_back() -> None:
    panel = shown(V3, bytes(4000))
    white = b"\xff" * 4000
    play(panel.board, PARTIAL[V3], {"old": bytes(4000), "new": white})
    assert panel.glass.charge.at(panel.glass.bit_of(0, 0)) == -20
    assert (panel.glass.imbalance(), panel.glass.ghosting()) == (20, 1)
    play(panel.board, PARTIAL[V3], {"old": white, "new": bytes(4000)})
    assert (panel.glass.imbalance(), panel.glass.ghosting()) == (0, 2)
    play(panel.board, full(V3), {"new": white})
    assert (panel.glass.imbalance(), panel.glass.ghosting()) == (0, 0)
