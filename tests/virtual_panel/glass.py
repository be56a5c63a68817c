"""The glass: rows of pixels, grey until driven, white at bit 1; 122 a row on the 2.13" (16 bytes, six bits off-glass).

All pixels live in big integers, most significant bit first, so that a refresh is a dozen operations and not 30,500.
"""

from __future__ import annotations

from virtual_panel.tally import Tally
from virtual_panel.waveform import BLACK, RED, STAYS, WHITE, Waveform

GREY, RED_LEVEL = 128, 76


def pixels(rows: bytes) -> int:
    """The big integer of the bytes of glass rows."""
    return int.from_bytes(rows, "big")


class Glass:
    """What a viewer sees, and what the pixels have been through. ``all`` and ``visible`` are masks of pixels."""

    def __init__(self, columns: int = 122, rows: int = 250) -> None:
        self.columns, self.rows, self.stride = columns, rows, (columns + 7) // 8
        self.all = (1 << 8 * self.stride * rows) - 1
        row = ((1 << columns) - 1) << (8 * self.stride - columns)
        self.visible = pixels(row.to_bytes(self.stride, "big") * rows)
        self.white = 0
        self.red = 0
        self.known = 0
        self.border: bool | None = None  # white?
        self.charge = Tally()  # frames towards black less frames towards white
        self.ghosts = Tally()  # colour changes since the pixel was last cleaned

    def bit_of(self, row: int, column: int) -> int:
        """Which bit a pixel is."""
        return 8 * self.stride * (self.rows - row) - 1 - column

    def drive(self, waveform: Waveform, old: int, new: int, scanned: int) -> tuple[int, int]:
        """Apply a waveform to the scanned pixels; returns how many were driven and how many changed colour."""
        before_white, before_red, before_known, driven = self.white, self.red, self.known, 0
        masks = self.transitions(old, new, scanned)
        for mask, effect in zip(masks, waveform.effects, strict=True):
            self.charge.add(mask, effect.charge)
            if effect.ends == STAYS:
                continue
            driven |= mask
            self.known |= mask
            self.white = self.white | mask if effect.ends == WHITE else self.white & ~mask
            self.red = self.red | mask if effect.ends == RED else self.red & ~mask
            if effect.cleans:
                self.ghosts.clear(mask)
            else:
                self.ghosts.add(mask & (before_white ^ self.white) & before_known, 1)
        turned = (before_white ^ self.white) | (before_red ^ self.red)
        changed = (turned & before_known | self.known & ~before_known) & self.visible
        return (driven & self.visible).bit_count(), changed.bit_count()

    def spoil(self, waveform: Waveform, old: int, new: int, scanned: int) -> None:
        """The drive was cut short: pixels on their way are somewhere in between."""
        for mask, effect in zip(self.transitions(old, new, scanned), waveform.effects, strict=True):
            if effect.ends != STAYS:
                self.known &= ~mask

    def drive_border(self, setting: int, waveform: Waveform) -> None:
        """Register 0x3C: follow a transition, take a fixed level, or rest (VCOM, high impedance)."""
        ends = STAYS
        if setting >> 6 == 0:
            ends = waveform.effects[setting & 3].ends
        elif setting >> 6 == 1:
            ends = (STAYS, BLACK, WHITE, BLACK)[setting >> 4 & 3]
        if ends != STAYS:
            self.border = ends == WHITE

    @staticmethod
    def transitions(old: int, new: int, scanned: int) -> tuple[int, int, int, int]:
        """Which scanned pixels go 0-0, 0-1, 1-0, 1-1."""
        ones, risen, fallen = old & new & scanned, new & ~old & scanned, old & ~new & scanned
        return scanned & ~(ones | risen | fallen), risen, fallen, ones

    def wrong(self, rows: bytes, red: bytes = b"") -> int:
        """How many visible pixels are not as in these rows (1 is white) and these (1 is red), or unknown."""
        differs = (self.white ^ pixels(rows)) | (self.red ^ pixels(red))
        return ((differs | ~self.known) & self.visible).bit_count()

    def wrong_known(self, bits: int) -> int:
        """How many visible pixels of known colour are not as in ``bits``."""
        return ((self.white ^ bits) & self.known & self.visible).bit_count()

    def unknown(self) -> int:
        """How many visible pixels were never driven, or were left half way."""
        return (self.visible & ~self.known).bit_count()

    def levels(self) -> bytes:
        """A byte a pixel, row by row: 0 black, 255 white, 76 red, 128 unknown."""
        size = self.stride * self.rows
        known, white, red = (plane.to_bytes(size, "big") for plane in (self.known, self.white, self.red))
        levels = bytearray()
        for row in range(0, size, self.stride):
            for column in range(self.columns):
                at, bit = row + column // 8, 0x80 >> column % 8
                seen = RED_LEVEL if red[at] & bit else 255 if white[at] & bit else 0
                levels.append(seen if known[at] & bit else GREY)
        return bytes(levels)

    def imbalance(self) -> int:
        """The worst pixel's net charge, in frames of full voltage: what a full refresh every few partials bounds."""
        low, high = self.charge.extremes(self.visible)
        return max(-low, high)

    def ghosting(self) -> int:
        """The most colour changes any pixel made since it was last cleaned."""
        return self.ghosts.extremes(self.visible)[1]
