from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import qr_reader
from eink_monitor.clock import stopwatch
from eink_monitor.draw import codes
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.pictures import write_png
from eink_monitor.draw.signcard import sign_in_card
from eink_monitor.panels.health import Health
from scenes import NOW, ROOF_DOOR, feeds
from test_goldens import GOLDEN, WRITE, assert_same
from witness import WitnessCanvas

PAGE = "https://customer.bmwgroup.com/oneid/link"
SIZES = [(250, 122), (122, 250), (212, 104), (104, 212), (296, 128), (128, 296), (152, 152), (200, 200), (400, 300)]
CARDS = {
    "code": ("BMW i4", f"{PAGE}?user_code=ABCD-1234", PAGE, "ABCD-1234"),
    "consent": ("Roof", f"https://connect.solaredge.com/authorize?client_id={'1234567890' * 3}&state=abc", "", ""),
}


def test_the_cards_are_drawn_as_their_golden_images() -> None:
    for name, said in CARDS.items():
        canvas = Canvas()
        sign_in_card(canvas, *said)
        path = GOLDEN.parents[1] / "draw" / "golden" / f"signcard-{name}.png"
        if WRITE:
            path.parent.mkdir(exist_ok=True)
            write_png(canvas.frame(), path)
        assert_same(canvas.frame(), path)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SIZES), st.text(max_size=30), st.text(max_size=400), st.text(max_size=60), st.text(max_size=12))
def test_nothing_leaves_the_sheet_or_overlaps(
    size: tuple[int, int], label: str, url: str, address: str, code: str
) -> None:
    canvas = WitnessCanvas(*size)
    sign_in_card(canvas, label, url, address, code)
    canvas.assert_intact()


def test_a_code_says_what_it_should() -> None:
    wanted = [[bool(module) for module in row] for row in segno.make_qr(PAGE, error="l", boost_error=False).matrix]
    for scale in (1, 3):
        code = codes.code(PAGE, scale)
        assert code is not None
        assert (code.width, code.height) == (len(wanted) * scale,) * 2
        drawn = [f"{row:0{code.width}b}" for row in code.rows]
        assert [[cell == "1" for cell in row[::scale]] for row in drawn[::scale]] == wanted
        assert [[cell == "1" for cell in row[scale - 1 :: scale]] for row in drawn[scale - 1 :: scale]] == wanted


ON_GLASS = {
    "draw/golden/signcard-code.png": CARDS["code"][1],
    "draw/golden/signcard-consent.png": CARDS["consent"][1],
    **dict.fromkeys(("panels/golden/car-sign-in.png", "panels/golden/health-sign-in.png"), PAGE),
    **dict.fromkeys(("panels/golden/health-two-sign-ins.png", "panels/golden/health-many.png"), PAGE),
    "panels/golden/solar-sign-in.png": f"https://{ROOF_DOOR}",
    "panels/golden/solar-empty-fault.png": f"https://{ROOF_DOOR}",
}


@pytest.mark.parametrize("picture", ON_GLASS)
def test_the_code_on_the_glass_can_be_read(picture: str) -> None:
    with Image.open(GOLDEN.parents[1] / picture) as shown:
        assert qr_reader.read(shown) == ON_GLASS[picture]


def test_where_there_is_no_code_none_is_read() -> None:
    with Image.open(GOLDEN / "car-full.png") as shown, pytest.raises(ValueError, match="no QR code"):
        qr_reader.read(shown)


def test_what_no_code_holds() -> None:
    assert codes.code("") is None
    assert codes.code("\ud800") is None, "half a letter"
    assert codes.code("x" * 3000) is None
    assert codes.scaled("x" * 3000, 122) is None
    assert codes.scaled("x" * 2000, 122) is None, "it would leave the sheet"
    assert codes.scaled(PAGE, 32) is None
    largest = codes.scaled(PAGE, 122)
    assert largest is not None
    assert largest.width == 29 * 3


def test_the_second_drawing_costs_next_to_nothing() -> None:
    house = feeds(3, "auth")
    Health().draw(Canvas(), house, NOW)
    began = stopwatch()
    for _ in range(50):
        Health().draw(Canvas(), house, NOW)
    assert (stopwatch() - began) / 50 < 0.005  # measured: 0.4 ms; the rest is for a busy machine


@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_a_machine_that_is_short_of_processes_shows_the_words_alone(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse() -> NoReturn:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    text, before = f"https://sign.example.com/{call}", sorted(Path("/proc/self/fd").iterdir())
    with monkeypatch.context() as short:
        short.setattr(os, call, refuse)
        assert codes.code(text) is None
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert codes.code(text) is not None, "and the next time it is there"
