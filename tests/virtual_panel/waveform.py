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
BLACK, WHITE, RED, STAYS = 0, 1, 2, -1
COLOURS = {1: BLACK, -1: WHITE, 2: RED}  # by drive


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
    def coloured(self) -> bool:
        """Whether the second bank holds red, and not what the glass showed before."""
        return any(effect.ends == RED for effect in self.effects)

    @property
    def needs_old(self) -> bool:
        """Whether bank 0x26 matters."""
        return self.effects[0] != self.effects[2] or self.effects[1] != self.effects[3]


class Timing:
    """The phases of a table: in order, for where a pixel ends up, and in sum, for the charge.

    Repeats are written out at most ``ENOUGH`` times: more of the same drives no pixel anywhere else.
    """

    ENOUGH = TURN_FRAMES + 1

    def __init__(self) -> None:
        self.order: list[tuple[int, int, int]] = []  # group, phase, frames
        self.total: dict[tuple[int, int], int] = {}
        self.frames = 0

    def add(self, group: int, halves: list[tuple[list[tuple[int, int]], int]], times: int) -> int:
        """A group: its halves of (phase, frames), each so many times, all of it so many times; returns its frames."""
        before = self.frames
        for phases, again in halves:
            for phase, n in phases:
                self.total[group, phase] = n * again * times
                self.frames += n * again * times
        once = [(group, phase, n) for phases, again in halves for phase, n in phases * min(again, self.ENOUGH) if n]
        self.order += once * min(times, self.ENOUGH)
        return self.frames - before

    def waveform(self, table: bytes, groups: int, seconds: float) -> Waveform:
        """With the voltages of the table: five rows of one byte a group, two bits a phase."""

        def drive(transition: int, group: int, phase: int) -> int:
            return DRIVES[table[transition * groups + group] >> (6 - 2 * phase) & 3]

        def one(transition: int) -> Effect:
            charge = sum(drive(transition, *at) * n for at, n in self.total.items())
            return effect([(drive(transition, group, phase), n) for group, phase, n in self.order], charge)

        return Waveform((one(0), one(1), one(2), one(3)), self.frames, seconds)


def effect(drives: list[tuple[int, int]], charge: int) -> Effect:
    """Judge one transition from its (drive, frames) phases; 0 is rest, ``COLOURS`` what a drive turns a pixel to."""
    ends, turned = STAYS, set()
    moving = [(drive, frames) for drive, frames in drives if drive and frames]
    for drive, same in groupby(moving, key=lambda phase: phase[0]):
        if sum(frames for _, frames in same) >= TURN_FRAMES:
            ends = COLOURS[drive]
            turned.add(drive)
    return Effect(ends, charge, cleans=len(turned) >= 2)


@lru_cache(maxsize=64)
def decode_153(table: bytes) -> Waveform:
    """The SSD1680's table; frame rate nibbles are taken as 25 Hz x (n + 1), which the datasheet does not spell out."""
    timing, seconds = Timing(), 0.0
    for group in range(12):
        a, b, repeat_ab, c, d, repeat_cd, repeat = table[60 + 7 * group : 67 + 7 * group]
        rate = table[144 + group // 2] >> (4 if group % 2 == 0 else 0) & 7
        halves = [([(0, a), (1, b)], repeat_ab + 1), ([(2, c), (3, d)], repeat_cd + 1)]
        seconds += timing.add(group, halves, repeat + 1) / (25 * (rate + 1))
    return timing.waveform(table, 12, seconds)


@lru_cache(maxsize=64)
def decode_70(table: bytes) -> Waveform:
    """The IL3897's table, at the 50 Hz that 0x3A = 30h and 0x3B = 0Ah make."""
    timing = Timing()
    for group in range(7):
        *phases, repeat = table[35 + 5 * group : 40 + 5 * group]
        timing.add(group, [(list(enumerate(phases)), 1)], repeat + 1)
    return timing.waveform(table, 7, timing.frames / 50)


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


def otp_red(_mode: int, *, hot: bool) -> Waveform:
    """The same of glass with red ink, the second bank being red: all pixels in 14 s (15 s in the pages of all)."""
    to_black, to_white, to_red = (Effect(colour, 0, cleans=True) for colour in (BLACK, WHITE, RED))
    return Waveform((to_black, to_white, to_red, to_red), 700, 14.0, hot=hot)
