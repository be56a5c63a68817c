"""What a person needs to sign in, on the panel: a QR code to scan, and an address and a code to type."""

from __future__ import annotations

from eink_monitor.draw import codes, fonts
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.lines import broken
from eink_monitor.locale import say

_COLUMN = 110  # units; less beside the code is too narrow for words
_LINES = 74  # units that the words take below the QR code of a sheet that is not wide
_CODE = 30  # units that the code to type takes at the foot


def sign_in_card(canvas: Canvas, label: str, url: str, address: str, code: str) -> None:
    """A card for ``label``: the QR code of ``url`` as large as fits, beside it ``address`` and ``code`` in letters.

    On a sheet that is not wide the words are below; an address too long for a QR code is left to the terminal.
    """
    width, height = canvas.width, canvas.height
    beside = width - height >= _COLUMN
    room = height if beside else max(0, min(width, height - _LINES))
    drawn = codes.scaled(url, canvas.px(room))
    if drawn is None:
        room = 0
    else:
        middle, side = room // 2 if beside else width // 2, round(drawn.width / canvas.scale)
        canvas.stamp(drawn, middle - side // 2, (room - side) // 2)
    corner = (room + 2 if room else 6, 20) if beside else (6, room + 14)
    address = address.removeprefix("https://")
    _words(canvas, corner, (label, *_ways(scan=drawn is not None, address=bool(address)), address), code)


def _ways(*, scan: bool, address: bool) -> tuple[str, str]:
    """How to sign in, in two lines; an address comes below them."""
    # TRANSLATORS: at most 20 letters
    first = say("Sign in: scan this,") if scan else say("Sign in:")
    if address:
        # TRANSLATORS: at most 20 letters; an address comes after it, in a line of its own
        return first, say("or open") if scan else say("open")
    # TRANSLATORS: at most 20 letters
    return first, say("or use the terminal") if scan else say("use the terminal")


def _words(canvas: Canvas, corner: tuple[int, int], said: tuple[str, str, str, str], code: str) -> None:
    left, line = corner
    label, *ways, address = said
    room = canvas.width - left - 4
    canvas.text(left, line, label, fonts.TITLE, width=room)
    line += 18
    foot = canvas.height - (_CODE if code else 4)
    for text in (*ways, *broken(address, canvas.measure(fonts.SMALL), room, 2)):
        if line <= foot:
            canvas.text(left, line, text, fonts.SMALL, width=room)
            line += 14
    if code:
        face = fonts.FIGURE_22 if canvas.measure(fonts.FIGURE_22).count(code, room) == len(code) else fonts.TITLE
        canvas.text(left, min(line + 18, canvas.height - 8), code, face, width=room)
