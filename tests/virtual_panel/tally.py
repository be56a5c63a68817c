"""A signed counter for each of many pixels, kept as bit planes so that one addition touches all pixels at once.

Plane ``n`` is one big integer whose bit ``p`` is bit ``n`` of pixel ``p``'s counter, in two's complement.
"""

from __future__ import annotations

PLANES = 32


class Tally:
    """Per-pixel signed counters of 32 bits; pixels are named by bit number."""

    def __init__(self) -> None:
        self._planes = [0] * PLANES

    def add(self, mask: int, amount: int) -> None:
        """Add ``amount`` to the counter of every pixel in ``mask``."""
        up = amount > 0
        amount = abs(amount)
        carry = 0
        for n in range(PLANES):
            if not carry and not amount >> n:
                return
            old = self._planes[n]
            if amount >> n & 1:
                total = old ^ mask ^ carry
                carry = (old & (mask | carry) | mask & carry) if up else (~old & (mask | carry) | mask & carry)
            else:
                total = old ^ carry
                carry = old & carry if up else ~old & carry
            self._planes[n] = total

    def clear(self, mask: int) -> None:
        """Set the counters of the pixels in ``mask`` to zero."""
        self._planes = [plane & ~mask for plane in self._planes]

    def at(self, pixel: int) -> int:
        """The counter of one pixel."""
        value = sum((plane >> pixel & 1) << n for n, plane in enumerate(self._planes))
        return value - (1 << PLANES) if value >> (PLANES - 1) else value

    def extremes(self, mask: int) -> tuple[int, int]:
        """The lowest and the highest counter among the pixels in ``mask``; (0, 0) when the mask is empty."""
        return self._best(mask, highest=False), self._best(mask, highest=True)

    def _best(self, among: int, *, highest: bool) -> int:
        value = 0
        for n in reversed(range(PLANES)):
            plane = self._planes[n]
            # The top plane is the sign: a set bit there makes a counter smaller.
            ones_win = highest != (n == PLANES - 1)
            narrowed = among & plane if ones_win else among & ~plane
            among = narrowed or among
            if among & plane:
                value |= 1 << n
        return value - (1 << PLANES) if value >> (PLANES - 1) else value

    def count_nonzero(self, mask: int) -> int:
        """How many pixels in ``mask`` have a counter other than zero."""
        union = 0
        for plane in self._planes:
            union |= plane
        return (union & mask).bit_count()
