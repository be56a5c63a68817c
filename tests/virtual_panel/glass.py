"""The glass: 250 rows of 122 pixels (16 bytes, the last six bits off-glass), grey until driven, white at bit 1.

All pixels live in big integers, most significant bit first, so that a refresh is a dozen operations and not 30,500.
"""

from __future__ import annotations

from virtual_panel.tally import Tally
from virtual_panel.waveform import BLACK, STAYS, WHITE, Waveform

COLUMNS, ROWS, STRIDE = 122, 250, 16
BITS = 8 * STRIDE * ROWS
ROW = ((1 << COLUMNS) - 1) << (8 * STRIDE - COLUMNS)
VISIBLE = int.from_bytes(ROW.to_bytes(STRIDE, "big") * ROWS, "big")
GREY = 128
ALL = (1 << BITS) - 1


def pixels(rows: bytes) -> int:
    """The big integer of 4000 bytes of glass rows."""
    return int.from_bytes(rows, "big")


def bit_of(row: int, column: int) -> int:
    """Which bit a pixel is."""
    return BITS - 1 - (row * 8 * STRIDE + column)


class Glass:
    """What a viewer sees, and what the pixels have been through."""

    def __init__(self) -> None:
        self.white = 0
        self.known = 0
        self.border: bool | None = None  # white?
        self.charge = Tally()  # frames towards black less frames towards white
        self.ghosts = Tally()  # colour changes since the pixel was last cleaned

    def drive(self, waveform: Waveform, old: int, new: int, scanned: int) -> tuple[int, int]:
        """Apply a waveform to the scanned pixels; returns how many were driven and how many changed colour."""
        before_white, before_known, driven = self.white, self.known, 0
        masks = self.transitions(old, new, scanned)
        for mask, effect in zip(masks, waveform.effects, strict=True):
            self.charge.add(mask, effect.charge)
            if effect.ends == STAYS:
                continue
            driven |= mask
            self.known |= mask
            self.white = self.white | mask if effect.ends == WHITE else self.white & ~mask
            if effect.cleans:
                self.ghosts.clear(mask)
            else:
                self.ghosts.add(mask & (before_white ^ self.white) & before_known, 1)
        changed = ((before_white ^ self.white) & before_known | self.known & ~before_known) & VISIBLE
        return (driven & VISIBLE).bit_count(), changed.bit_count()

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

    def wrong(self, rows: bytes) -> int:
        """How many visible pixels are not as in these 4000 bytes; an unknown pixel is wrong."""
        return (((self.white ^ pixels(rows)) | ~self.known) & VISIBLE).bit_count()

    def wrong_known(self, bits: int) -> int:
        """How many visible pixels of known colour are not as in ``bits``."""
        return ((self.white ^ bits) & self.known & VISIBLE).bit_count()

    def unknown(self) -> int:
        """How many visible pixels were never driven, or were left half way."""
        return (VISIBLE & ~self.known).bit_count()

    def levels(self) -> bytes:
        """122 x 250 bytes, row by row: 0 black, 255 white, 128 unknown."""
        levels = bytearray()
        for row in range(ROWS):
            base = bit_of(row, 0)
            white = self.white >> (base - COLUMNS + 1)
            known = self.known >> (base - COLUMNS + 1)
            for column in reversed(range(COLUMNS)):
                levels.append((255 if white >> column & 1 else 0) if known >> column & 1 else GREY)
        return bytes(levels)

    def imbalance(self) -> int:
        """The worst pixel's net charge, in frames of full voltage: what a full refresh every few partials bounds."""
        low, high = self.charge.extremes(VISIBLE)
        return max(-low, high)

    def ghosting(self) -> int:
        """The most colour changes any pixel made since it was last cleaned."""
        return self.ghosts.extremes(VISIBLE)[1]
