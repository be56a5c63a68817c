"""What no source settles about these chips, as switches: a driver should be right with every setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Policy:
    """Times in seconds; all of it may be changed at any time.

    ``reset_restores``: RES# puts the registers back to their defaults (the datasheet names only POR and 0x12).
    ``ping_pong``: after mode 2 with 0x37 F[6] the banks are swapped ("swap"), or new is copied to old ("copy").
    ``source_shift``: with 0x21 B7 clear, the glass shows the RAM from eight pixels further on.
    ``rise``: how long after a command BUSY is seen high. ``deaf``: how long commands are lost after RES#.
    ``slow``: a factor on every duration (2: double length; 3: a cold panel).
    """

    reset_restores: bool = False
    ping_pong: str = "swap"
    source_shift: bool = False
    rise: float = 0.0005
    deaf: float = 0.002
    slow: float = 1.0
