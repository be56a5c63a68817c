"""The kinds of value a setting can have beyond text and numbers; each is read from text by its ``parse``.

``parse`` raises ``ValueError`` with a sentence a person can act on; ``schema`` adds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_type_hints
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, local

_VIN_LENGTH = 17
_LONGEST = 100 * 365 * DAY
_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}

InputFile = Annotated[Path, "looked up beside the configuration, then in $CREDENTIALS_DIRECTORY"]
"""A file that is read, such as a key. As a setting it is a full path once the configuration is loaded."""

OutputFolder = Annotated[Path, "begins where a service may write, else beside the configuration"]
"""A folder that is written into."""

KeyFile = Annotated[Path, "looked up as an InputFile is; nobody else should be able to read it"]
"""An input file that is a secret."""


_OWNER = "names a person, a home or an account"
_T = TypeVar("_T")
Personal = Annotated[_T, _OWNER]
"""A setting for its owner's eyes, masked in what is passed on to others: ``username: Personal[str]``."""


def kinds(record: type[Any]) -> Mapping[str, Any]:
    """The kind of value that each field of a record takes; found once, for a house has many records of few kinds."""
    if record not in _KINDS:
        hints = get_type_hints(record, include_extras=True)
        _KINDS[record] = {name: get_args(hint)[0] if _is_personal(hint) else hint for name, hint in hints.items()}
    return _KINDS[record]


_KINDS: WeakKeyDictionary[type[Any], Mapping[str, Any]] = WeakKeyDictionary()


def personal(record: type[Any]) -> set[str]:
    """The names of its fields that are ``Personal``."""
    return {name for name, hint in get_type_hints(record, include_extras=True).items() if _is_personal(hint)}


def _is_personal(hint: object) -> bool:
    return _OWNER in getattr(hint, "__metadata__", ())


class Duration(int):
    """Seconds, written as "30s", "5m", "1h 30m", "7d", "2y"; at most 100 years."""

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read a duration; a bare number is refused because nobody remembers its unit."""
        parts = re.findall(r"(\d+)\s*([a-z]+)", text)
        if not parts or re.sub(r"(\d+)\s*([a-z]+)|\s", "", text) or any(unit not in _UNITS for _, unit in parts):
            message = f'"{text}" is not a duration; write for example 30s, 5m, 1h 30m or 7d'
            raise ValueError(message)
        if any(len(number) > 12 for number, _ in parts):  # before Python refuses, or takes long, to read the number
            seconds = _LONGEST + 1
        else:
            seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
        if seconds > _LONGEST:
            message = f'"{text}" is longer than 100 years'
            raise ValueError(message)
        return cls(seconds)

    def __str__(self) -> str:
        rest, words = int(self), []
        for unit in ("d", "h", "m", "s"):
            count, rest = divmod(rest, _UNITS[unit])
            if count:
                words.append(f"{count}{unit}")
        return " ".join(words) or "0s"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the local day in minutes after midnight, written "22:00-06:00"; it may span midnight."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read a window; start and end must differ."""
        found = re.fullmatch(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", text.strip())
        if found:
            hours_a, minutes_a, hours_b, minutes_b = (int(group) for group in found.groups())
            start, end = hours_a * 60 + minutes_a, hours_b * 60 + minutes_b
            if (
                max(minutes_a, minutes_b) < 60
                and max(start, end) <= 1440
                and start != end
                and (start, end) != (1440, 0)
            ):
                return cls(start % 1440, end)
        message = f'"{text}" is not a time range; write for example 00:00-06:00'
        raise ValueError(message)

    def holds(self, minute: int) -> bool:
        """Whether a minute of the local day (0 to 1439) lies inside; the end does not."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def covers(self, at: int, zone: ZoneInfo) -> bool:
        """Whether an instant (epoch seconds UTC) lies inside."""
        here = local(at, zone)
        return self.holds(60 * here.hour + here.minute)

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


class HostName(str):
    """A name or an address in a network, with a port if need be: "meter.local", "192.168.1.20:8080"."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> HostName:
        """Read a host."""
        if not re.fullmatch(r"(?:[A-Za-z0-9._\-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", text.strip()):
            message = f'"{text}" is not a host; write for example meter.local or 192.168.1.20'
            raise ValueError(message)
        return cls(text.strip())


class Size(NamedTuple):
    """Pixels across and down, written "400x300"."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read a size."""
        found = re.fullmatch(r" *([0-9]{1,5}) *x *([0-9]{1,5}) *", text)
        if not found:
            message = f'"{text}" is not a size in pixels; write for example 400x300'
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Secret:
    """A value that prints as stars. ``reveal`` is the only way to it, so that every use can be found by its name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def parse(cls, text: str) -> Secret:
        """Wrap a secret; an empty one is refused."""
        if not text.strip():
            message = "this secret is empty"
            raise ValueError(message)
        return cls(text)

    def reveal(self) -> str:
        """The secret itself, for the vendor's eyes only."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "****"


class Vin(Secret):
    """The number of a car (ISO 3779: 17 characters, without I, O and Q), in capitals and without blanks.

    Its check digit says nothing in Europe.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Vin:
        """Raises ``ValueError``, in which it is not quoted."""
        letters = "".join(super().parse(text).reveal().split()).upper()
        insist(
            (len(letters) == _VIN_LENGTH, f"a VIN has {_VIN_LENGTH} characters, and this one {len(letters)}"),
            (
                re.fullmatch("[A-HJ-NPR-Z0-9]*", letters) is not None,
                "a VIN has digits and capital letters without I, O and Q; copy it from the registration",
            ),
        )
        return cls(letters)


class Mistake(NamedTuple):
    """What is wrong with a text in a language of ours, and at which character (from 0)."""

    at: int
    message: str


class MistakesError(ValueError):
    """A text cannot be read; ``mistakes`` are all that were found, ``noun`` is what it should have been."""

    noun: ClassVar[str] = "value"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("; ".join(mistake.message for mistake in mistakes))
        self.mistakes = tuple(mistakes)


def insist(*rules: tuple[bool, str]) -> None:
    """Raise one ``ValueError`` with the sentences of all rules that do not hold, so that no mistake hides another."""
    if broken := [sentence for holds, sentence in rules if not holds]:
        raise ValueError("; ".join(broken))


def together(*checks: Callable[[], object]) -> None:
    """Carry out every check, and raise one ``ValueError`` with what all of those said that raised one."""
    said = []
    for check in checks:
        try:
            check()
        except ValueError as error:
            said.append(str(error))
    if said:
        raise ValueError("; ".join(said))
