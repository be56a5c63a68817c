"""Wire traffic as text: what a capture is written in, and what a test or a person writes by hand.

Statements end at a line's end or a semicolon; ``#`` begins a comment::

    PWR 1; RST 0; wait 0.002; RST 1     # pins, and seconds to let pass
    idle                                # wait for BUSY to fall
    12                                  # a command byte (D/C# low)
    01:F9 00 00                         # a command and its data (D/C# high)
    24:FFx2000 $face                    # 2000 times FF, then the bytes named face
    :00 01                              # data alone
    @1.25 RST 0                         # at 1.25 s after the start
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from virtual_panel.board import DC, PWR, RST, Board

SPEED = 4_000_000
POLL = 0.001
PATIENCE = 30.0


class BadScriptError(ValueError):
    """A line that is not in the grammar; says which."""


def play(board: Board, text: str, blobs: Mapping[str, bytes] | None = None) -> None:
    """Send a script down the wires of a board. Raises ``BadScriptError``."""
    start = board.now
    for number, line in enumerate(text.splitlines(), 1):
        for statement in line.partition("#")[0].split(";"):
            try:
                _statement(board, statement.strip(), start, blobs or {})
            except (ValueError, KeyError) as error:
                raise BadScriptError(f"line {number}: {statement.strip()!r}: {error}") from error


def _statement(board: Board, text: str, start: float, blobs: Mapping[str, bytes]) -> None:
    if timed := re.match(r"@(\d+(?:\.\d+)?)\s*", text):
        board.clock.wait(max(0.0, start + float(timed[1]) - board.now))
        text = text[timed.end() :]
    word, _, rest = text.partition(" ")
    if not text:
        return
    if word in (RST, PWR, DC):
        board.set_pin(word, {"0": 0, "1": 1}[rest.strip()])
    elif word == "wait":
        board.clock.wait(_seconds(rest))
    elif word == "idle":
        idle(board)
    else:
        command, colon, data = text.partition(":")
        send(board, _bytes(command, blobs), _bytes(data, blobs) if colon else b"")


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*", text):
        raise ValueError("not a number of seconds")
    return float(text)


def idle(board: Board) -> None:
    """Wait until BUSY is low; gives up after half a minute. Allows BUSY a moment to rise first."""
    board.clock.wait(POLL)
    until = board.now + PATIENCE
    while board.busy() and board.now < until:
        board.clock.wait(POLL)


def send(board: Board, commands: bytes, data: bytes = b"") -> None:
    """Command bytes with D/C# low, then data with D/C# high."""
    if commands:
        board.set_pin(DC, 0)
        board.spi(commands, SPEED)
    if data:
        board.set_pin(DC, 1)
        board.spi(data, SPEED)


def _bytes(text: str, blobs: Mapping[str, bytes]) -> bytes:
    out = bytearray()
    for word in text.split():
        if word.startswith("$"):
            out += blobs[word[1:]]
        elif match := re.fullmatch(r"([0-9A-Fa-f]{2})(?:x(\d{1,6}))?", word):
            out += bytes.fromhex(match[1]) * int(match[2] or 1)
        else:
            raise ValueError(f"{word!r} is neither a byte, a run of bytes, nor a $name")
    return bytes(out)


class Capture:
    """Writes down what passes over a board's wires, in the same grammar; attach with ``board.recorders.append``."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._data = False
        self._open = False

    def __call__(self, now: float, wire: str, data: bytes) -> None:
        """One event: a pin's new level, or SPI bytes."""
        if wire == DC:
            self._open = self._open and bool(data[0])
            self._data = bool(data[0])
        elif wire != "SPI":
            self._line(now, f"{wire} {data[0]}")
        elif not self._data:
            self._line(now, _runs(data))
            self._open = True
        elif self._open:
            self.lines[-1] += f"{'' if ':' in self.lines[-1] else ':'} {_runs(data)}"
        else:
            self._line(now, f": {_runs(data)}")
            self._open = True

    def _line(self, now: float, text: str) -> None:
        self.lines.append(f"@{now:.6f} {text}")
        self._open = False

    @property
    def text(self) -> str:
        """The capture so far."""
        return "\n".join(self.lines) + "\n"


def _runs(data: bytes) -> str:
    words = []
    for byte, same in groupby(data):
        count = len(list(same))
        words.append(f"{byte:02X}x{count}" if count > 2 else " ".join([f"{byte:02X}"] * count))
    return " ".join(words)
