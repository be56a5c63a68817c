"""A sheet that can be read aloud: what a panel writes and draws, as lines of text for a screen reader."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.draw import fonts
from eink_monitor.draw.canvas import Canvas

_ROW = 10  # px between baselines that still read as one line
_APART, _HIGHER = 8, 40  # px between a figure and its unit, which may stand at its top
_BELOW = range(19, 33)  # px from the baseline of a caption down to that of its figure
_BEHIND = 30  # px at most from a caption to a figure in its own line
_HEADER = 18  # px; what stands in it is about all figures
_ASIDE = 64  # px at most from the end of a caption to its figure, where neither stands above the other


class _Piece(NamedTuple):
    line: int
    left: int
    right: int
    words: str
    tall: int = 0

    @property
    def is_icon(self) -> bool:
        """Whether it is called by its name."""
        return self.words.startswith("[")

    def from_caption(self, caption: _Piece) -> int | None:
        """How far the caption is from this figure, in px aside; None where it is none of its own."""
        apart = max(0, self.left - caption.right, caption.left - self.right)
        figure = self.tall > caption.tall and any(char.isdigit() for char in self.words)
        over = caption.line > _HEADER and self.line - caption.line in _BELOW
        near = apart <= (0 if caption.is_icon else _ASIDE) and any(char.isalnum() for char in caption.words)
        return apart if figure and over and near else None

    def leads_to(self, other: _Piece) -> bool:
        """Whether the other is written right behind it, in the same line."""
        return self.line == other.line and 0 < other.left - self.right < _BEHIND

    def after(self, captions: list[_Piece]) -> _Piece:
        """The figure and what stands over it as one piece."""
        pieces = [*captions, self]
        return self._replace(left=min(one.left for one in pieces), words="  ".join(one.words for one in pieces))

    def has_unit(self, other: _Piece) -> bool:
        """Whether the other, written just before or after it, is its unit."""
        figure = self.words[-1].isdigit() and not any(char.isdigit() for char in other.words)
        return figure and 0 <= other.left - self.right <= _APART and abs(self.line - other.line) <= _HIGHER


class Spoken(Canvas):
    """Draws as any sheet does, and remembers every text, icon and arrow with its place."""

    def __init__(self, width: int = 250, height: int = 122, scale: float = 1) -> None:
        super().__init__(width, height, scale)
        self._pieces: list[_Piece] = []

    def text(
        self,
        x: int,
        line: int,
        text: str,
        face: str = fonts.TEXT,
        *,
        align: str = "left",
        width: int | None = None,
        ink: bool = True,
        hollow: int = 0,
    ) -> int:
        """As on any sheet; what is cut off for lack of room is kept whole here."""
        taken = super().text(x, line, text, face, align=align, width=width, ink=ink, hollow=hollow)
        left = x - {"right": taken, "centre": taken // 2}.get(align, 0)
        if text.strip():
            self._keep(_Piece(line, left, left + taken, text.strip(), fonts.face(face).height))
        return taken

    def icon(self, x: int, y: int, name: str, size: int = 24, *, ink: bool = True, hollow: int = 0) -> None:
        """As on any sheet; it is read by its name."""
        super().icon(x, y, name, size, ink=ink, hollow=hollow)
        self.called(x, y, name, size)

    def called(self, x: int, y: int, name: str, size: int = 24) -> None:
        """As an icon of that name."""
        self._pieces.append(_Piece(y + size, x, x + size, f"[{name}]"))

    def arrow(
        self, x: int, line: int, length: int, *, thickness: int = 3, head: int = 6, left: bool = False, hollow: int = 0
    ) -> None:
        """As on any sheet; it is read by its direction."""
        super().arrow(x, line, length, thickness=thickness, head=head, left=left, hollow=hollow)
        self._pieces.append(_Piece(line + head, x, x + length, "<-" if left else "->"))

    def _keep(self, piece: _Piece) -> None:
        last = self._pieces[-1] if self._pieces else None
        if last and last.has_unit(piece):
            self._pieces[-1] = last._replace(right=piece.right, words=f"{last.words} {piece.words}")
        elif last and piece.has_unit(last):
            self._pieces[-1] = piece._replace(right=last.right, words=f"{piece.words} {last.words}")
        else:
            self._pieces.append(piece)

    def said(self) -> str:
        """Line by line from the top, each from the left; a caption comes right before the figure that it stands over.

        What was written over something else comes after it.
        """
        rows: list[list[_Piece]] = []
        for piece in sorted(self._captioned(), key=lambda piece: piece.line):
            if rows and piece.line - rows[-1][0].line <= _ROW:
                rows[-1].append(piece)
            else:
                rows.append([piece])
        lines = (sorted(row, key=lambda piece: piece.left) for row in rows)
        return "\n".join("  ".join(piece.words for piece in line) for line in lines)

    def _captioned(self) -> list[_Piece]:
        """The pieces, with each figure the captions that it is nearest to, from the left."""
        groups = {number: [piece] for number, piece in enumerate(self._pieces)}
        for number, piece in enumerate(self._pieces):
            gaps = {other: self._pieces[other].from_caption(piece) for other in groups}
            apart = [(gap, other) for other, gap in gaps.items() if gap is not None]
            if apart and not any(piece.leads_to(one) for one in self._pieces):
                groups[min(apart)[1]] += groups.pop(number)
        return [figure.after(sorted(captions, key=lambda one: one.left)) for figure, *captions in groups.values()]
