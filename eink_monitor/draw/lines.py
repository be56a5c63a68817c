"""Texts in lines: an address, or a sentence, as far as there is room. However long they are, only that much is read."""

from __future__ import annotations

from eink_monitor.draw.measure import Measure

_ENOUGH = 2_000  # letters of a sentence; more than any sheet holds


def broken(address: str, face: Measure, room: int, most: int) -> list[str]:
    """The first ``most`` lines of an address, at most ``room`` units wide, broken after a slash or a dot if any."""
    lines: list[str] = []
    start = 0
    while start < len(address) and len(lines) < most:
        end = start + max(1, face.count(address, room, start))
        if end < len(address):
            end = max(address.rfind("/", start, end), address.rfind(".", start, end)) + 1 or end
        lines.append(address[start:end])
        start = end
    return lines


def wrapped(sentence: str, face: Measure, room: int, most: int) -> list[str]:
    """A sentence in at most ``most`` lines, broken between words; an ellipsis says that there would be more."""
    left = sentence[:_ENOUGH].split()
    lines: list[str] = []
    while left and len(lines) < most - 1:
        line = left.pop(0)
        while left and face.width(line) + face.width(f" {left[0]}") <= room:
            line += f" {left.pop(0)}"
        lines.append(face.fit(line, room))
    return [*lines, face.fit(" ".join(left), room)] if left and most > 0 else lines
