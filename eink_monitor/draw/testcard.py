"""A picture that tells a person whether the panel is driven as what it is."""

from __future__ import annotations

from eink_monitor.draw import fonts
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say
from eink_monitor.model.frame import Frame

SEEN = "a thin frame along all four edges, a black square top left, and a name that reads without effort"
SEEN_RED = ", and a red square at the right"


def testcard(label: str, size: tuple[int, int], *, red: bool) -> Frame:
    """The name of the display it was drawn for, between marks that show every shift, mirror and lost line.

    Where there is ``red`` ink there is a mark in it, too.
    """
    canvas = Canvas.on(size)
    width, height = canvas.width, canvas.height
    canvas.fill(0, 0, width, height)
    canvas.fill(1, 1, width - 2, height - 2, ink=False)
    canvas.fill(6, 6, 16, 16)
    # TRANSLATORS: at most 27 letters; the name of the display comes below, in large letters
    canvas.text(28, 18, say("This was sent as"), fonts.TITLE)
    canvas.text(width // 2, 56, label, fonts.FIGURE_28, width=width - 12, align="centre")
    # TRANSLATORS: at most 29 letters; "it" is the display
    canvas.text(width // 2, 76, say("Does its sticker say so?"), fonts.TEXT, align="centre")
    for step, top in ((1, 86), (2, 97), (4, 108)):  # bars one, two and four pixels wide: all must stand apart
        for x in range(6, width - 6 - step, 2 * step):
            canvas.fill(x, top, step, 8)
    with canvas.alarming():
        canvas.fill(width - 22, 62, 16 * red, 16)
    return canvas.frame("test picture", red=red)
