"""Output to a terminal: no foreign text moves the cursor or changes the screen."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from eink_monitor.outside import legible


class Legible:
    """A text stream that spells out control characters; ``bare`` is the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self.bare = stream

    def write(self, text: str) -> int:
        """Write it; what the stream's encoding does not know is spelled out, too."""
        shown = legible(text, "\n\t")
        try:
            self.bare.write(shown)
        except UnicodeEncodeError:
            encoding = self.bare.encoding or "ascii"
            self.bare.write(shown.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them all."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream's is
        if name == "buffer":  # a way around
            raise AttributeError(name)
        return getattr(self.bare, name)


def bare(stream: TextIO) -> TextIO:
    """The stream itself, for what we draw on a terminal ourselves."""
    return getattr(stream, "bare", stream)


@contextmanager
def legibly() -> Iterator[None]:
    """Everything that is printed meanwhile is legible."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", Legible(bare(stream))) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
