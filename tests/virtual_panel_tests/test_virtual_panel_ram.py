"""RAM, window and counters (datasheet SSD1680 r0.14: 0x11, 0x44, 0x45, 0x4E, 0x4F)."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_panel import Kind, VirtualPanel
from virtual_panel.ram import NEW, OLD, Address, Ram
from virtual_panel.script import play
from virtual_panel.sequences import START


def face(address: Address | None = None, **changes: int) -> Address:
    address = address or Address(x_start=0, x_end=15, y_start=0, y_end=249)
    for name, value in changes.items():
        setattr(address, name, value)
    return address


def stored(ram: Ram, bank: int = NEW) -> bytes:
    return ram.view(bank, first=0, width=16, rows=250)


def test_a_frame_fills_the_window_and_brings_the_counters_home() -> None:
    ram, address, frame = Ram(22, 296, 0), face(), random.Random(1).randbytes(4000)
    assert ram.write(NEW, address, frame) == 0
    assert stored(ram) == frame
    assert (address.x, address.y) == (0, 0)


@pytest.mark.parametrize(
    ("mode", "start", "cells"),
    [
        (3, (0, 0), [(0, 0), (1, 0), (0, 1), (1, 1)]),
        (2, (1, 0), [(1, 0), (0, 0), (1, 1), (0, 1)]),
        (1, (0, 1), [(0, 1), (1, 1), (0, 0), (1, 0)]),
        (0, (1, 1), [(1, 1), (0, 1), (1, 0), (0, 0)]),
        (7, (0, 0), [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (4, (1, 1), [(1, 1), (1, 0), (0, 1), (0, 0)]),
    ],
)
def test_entry_modes_walk_the_window_their_way(mode: int, start: tuple[int, int], cells: list[tuple[int, int]]) -> None:
    ends = (1 - start[0], 1 - start[1])
    address = Address(start[0], ends[0], start[1], ends[1], x=start[0], y=start[1], mode=mode)
    ram = Ram(20, 296, 0)
    assert ram.write(OLD, address, bytes([10, 11, 12, 13])) == 0
    assert [ram.banks[OLD][y * 20 + x] for x, y in cells] == [10, 11, 12, 13]
    assert (address.x, address.y) == start


@given(
    st.integers(0, 7),
    st.tuples(*[st.integers(0, 24)] * 3),
    st.tuples(*[st.integers(0, 299)] * 3),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_how_the_bytes_are_cut_into_writes_does_not_matter(
    mode: int, xs: tuple[int, int, int], ys: tuple[int, int, int], cuts: list[int]
) -> None:
    data = random.Random(7).randbytes(200)
    whole, pieces = Ram(22, 296, 0), Ram(22, 296, 0)
    one = Address(xs[0], xs[1], ys[0], ys[1], x=xs[2], y=ys[2], mode=mode)
    two = Address(xs[0], xs[1], ys[0], ys[1], x=xs[2], y=ys[2], mode=mode)
    missed = whole.write(NEW, one, data)
    bounds = [0, *sorted(cuts), 200]
    assert sum(pieces.write(NEW, two, data[a:b]) for a, b in pairwise(bounds)) == missed
    single = Ram(22, 296, 0)
    three = Address(xs[0], xs[1], ys[0], ys[1], x=xs[2], y=ys[2], mode=mode)
    assert sum(single.write(NEW, three, data[n : n + 1]) for n in range(200)) == missed
    assert whole.banks == pieces.banks == single.banks
    assert whole.known == pieces.known == single.known
    assert one == two == three


def test_ram_holds_noise_until_written_and_says_so() -> None:
    ram = Ram(22, 296, 5)
    assert len(set(stored(ram))) > 100
    assert not any(ram.known_view(NEW, first=0, width=16, rows=250))
    ram.write(NEW, face(), bytes(4000))
    assert ram.known_view(NEW, first=0, width=16, rows=250) == b"\1" * 4000
    assert not any(ram.known_view(OLD, first=0, width=16, rows=250))
    ram.lose()
    assert not any(ram.known_view(NEW, first=0, width=16, rows=250))
    assert stored(ram) != bytes(4000)


def test_a_write_after_a_broken_one_lands_further_on() -> None:
    panel = VirtualPanel("2in13_V4")
    play(panel.board, START["2in13_V4"])
    play(panel.board, "4E:00; 4F:00 00; 24:00x1234; 24:FFx4000")
    rows = panel.controller.ram.view(NEW, first=0, width=16, rows=250)
    assert rows == b"\xff" * 4000  # wrapped, and wrong for any picture with an up and a down
    play(panel.board, "24:00")
    rows = panel.controller.ram.view(NEW, first=0, width=16, rows=250)
    assert rows.index(0) == 1234
    assert panel.findings == []


def test_more_than_the_window_holds_is_found() -> None:
    panel = VirtualPanel("2in13_V4")
    play(panel.board, START["2in13_V4"])
    play(panel.board, "24:00x4000; 24:00x4001; 26:00x3999; :00; :00")
    assert [(f.kind, f.detail) for f in panel.findings] == [
        (Kind.OVERFLOW, "more than 4000 bytes to 24"),
        (Kind.OVERFLOW, "more than 4000 bytes to 26"),
    ]


def test_a_counter_outside_the_window_is_found() -> None:
    panel = VirtualPanel("2in13_V3")
    play(panel.board, START["2in13_V3"])
    play(panel.board, "4F:FA 00; 24:00")
    assert panel.kinds == {Kind.OUTSIDE}
    play(panel.board, "4E:10; 4F:00 00; 24:00")
    assert len(panel.findings) == 2


def test_the_window_may_lie_beyond_the_ram() -> None:
    panel = VirtualPanel("2in13_V2")  # 20 bytes a row
    play(panel.board, START["2in13_V2"])
    play(panel.board, "44:13 15; 45:00 00 01 00; 4E:13; 4F:00 00; 24:01 02 03 04 05 06")
    assert panel.kinds == {Kind.OUTSIDE}
    ram = panel.controller.ram
    assert (ram.banks[NEW][19], ram.banks[NEW][39]) == (1, 4)


def test_ping_pong_swaps_or_copies() -> None:
    ram = Ram(22, 296, 0)
    ram.write(NEW, face(), bytes(4000))
    old = stored(ram, OLD)
    ram.exchange()
    assert (stored(ram, NEW), stored(ram, OLD)) == (old, bytes(4000))
    ram.copy_new_to_old()
    assert stored(ram, OLD) == stored(ram, NEW) == old
