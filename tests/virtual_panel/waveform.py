"""What a look-up table does to ink: how long it takes, where each transition ends, and the charge it leaves behind.

A transition is ``old bit << 1 | new bit`` (0x26 and 0x24). Voltage codes: 1 VSH1 and 3 VSH2 drive towards black, 2 VSL
towards white, 0 rests. Layouts: SSD1680 r0.14 0x32 (153 bytes: 5 x 12 VS, 12 x 7 timing, 6 frame rate, 3 gate), IL3897
0x32 (70 bytes: 5 x 7 VS, 7 x 5 timing).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

# A drive shorter than this many frames nudges a pixel but does not turn it (the one-frame top-ups of partial tables).
TURN_FRAMES = 5
DRIVES = {0: 0, 1: 1, 2: -1, 3: 1}
BLACK, WHITE, STAYS = 0, 1, -1


@dataclass(frozen=True, slots=True)
class Effect:
    """What one transition does: the colour it ends in (or ``STAYS``), the net charge in frames towards black."""

    ends: int
    charge: int
    cleans: bool  # driven both ways long enough to turn, which also erases ghosts


@dataclass(frozen=True, slots=True)
class Waveform:
    """Four effects by transition, the frames of all phases, and the seconds they take at 25 degrees."""

    effects: tuple[Effect, Effect, Effect, Effect]
    frames: int
    seconds: float
    hot: bool = False

    @property
    def kind(self) -> str:
        """ "full", "fast", "partial", or "none" when nothing moves."""
        if all(effect.cleans for effect in self.effects):
            return "fast" if self.hot else "full"
        return "none" if all(effect.ends == STAYS for effect in self.effects) else "partial"

    @property
    def needs_old(self) -> bool:
        """Whether bank 0x26 matters."""
        return self.effects[0] != self.effects[2] or self.effects[1] != self.effects[3]


def effect(drives: list[tuple[int, int]]) -> Effect:
    """Judge one transition from its (drive, frames) phases; a drive is +1 towards black, -1 towards white, 0 rest."""
    ends, turned = STAYS, set()
    moving = [(drive, frames) for drive, frames in drives if drive and frames]
    for drive, same in groupby(moving, key=lambda phase: phase[0]):
        if sum(frames for _, frames in same) >= TURN_FRAMES:
            ends = BLACK if drive > 0 else WHITE
            turned.add(drive)
    return Effect(ends, sum(drive * frames for drive, frames in moving), cleans=len(turned) == 2)


@lru_cache(maxsize=64)
def decode_153(table: bytes) -> Waveform:
    """The SSD1680's table; frame rate nibbles are taken as 25 Hz x (n + 1), which the datasheet does not spell out."""
    phases: list[tuple[int, int, int]] = []  # group, phase, frames
    frames, seconds = 0, 0.0
    for group in range(12):
        a, b, repeat_ab, c, d, repeat_cd, repeat = table[60 + 7 * group : 67 + 7 * group]
        rate = table[144 + group // 2] >> (4 if group % 2 == 0 else 0) & 0xF
        before = frames
        for _ in range(repeat + 1):
            halves = ((0, a), (1, b)), ((2, c), (3, d))
            for half, again in zip(halves, (repeat_ab, repeat_cd), strict=True):
                phases += [(group, phase, n) for phase, n in half if n] * (again + 1)
        frames = sum(n for _, _, n in phases)
        seconds += (frames - before) / (25 * ((rate & 7) + 1))
    return _waveform(table, 12, phases, frames, seconds)


@lru_cache(maxsize=64)
def decode_70(table: bytes) -> Waveform:
    """The IL3897's table, at the 50 Hz that 0x3A = 30h and 0x3B = 0Ah make."""
    phases: list[tuple[int, int, int]] = []
    for group in range(7):
        *timing, repeat = table[35 + 5 * group : 40 + 5 * group]
        phases += [(group, phase, n) for phase, n in enumerate(timing) if n] * (repeat + 1)
    frames = sum(n for _, _, n in phases)
    return _waveform(table, 7, phases, frames, frames / 50)


def _waveform(table: bytes, groups: int, phases: list[tuple[int, int, int]], frames: int, seconds: float) -> Waveform:
    def one(transition: int) -> Effect:
        row = table[transition * groups : (transition + 1) * groups]
        return effect([(DRIVES[row[group] >> (6 - 2 * phase) & 3], n) for group, phase, n in phases])

    return Waveform((one(0), one(1), one(2), one(3)), frames, seconds)


def otp(mode: int, *, hot: bool) -> Waveform:
    """The factory's own table, whose contents nobody publishes: balanced full flash, or a differential mode 2.

    Seconds are chosen so that whole sequences take what the V4 specification 6.2 and GxEPD2's measurements say: 3 s
    full, 1.5 s fast (written temperature), 0.42 s partial.
    """
    if mode == 2:
        away, back, still = (
            Effect(BLACK, 10, cleans=False),
            Effect(WHITE, -10, cleans=False),
            Effect(-1, 0, cleans=False),
        )
        return Waveform((still, back, away, still), 10, 0.175, hot=hot)
    to_black, to_white = Effect(BLACK, 0, cleans=True), Effect(WHITE, 0, cleans=True)
    seconds = 1.265 if hot else 2.755
    return Waveform((to_black, to_white, to_black, to_white), round(seconds * 50), seconds, hot=hot)
