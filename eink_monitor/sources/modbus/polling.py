"""One poll of a block: ask for its registers, and read what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eink_monitor.clock import SystemClock
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources._modbus import Line, Peer
from eink_monitor.sources._template import Values
from eink_monitor.sources.modbus.block import ModbusBlock
from eink_monitor.sources.modbus.register import RegisterReading
from eink_monitor.sources.modbus.requests import Stretch, together

Answers = Mapping[Stretch, list[int]]


def polled(block: ModbusBlock, visit: Visit, values: Values, who: str) -> Iterator[Reading]:
    """What the device says now; ``values`` are what the names of the block stand for, ``who`` is the source's type.

    Registers have no time: they are measured at the moment of the poll.
    """
    try:
        host, port, unit = block.address(values)
    except ValueError as error:
        message = str(error)
        raise BadAnswer(message) from None
    if not block.readings:
        message = "readings: names no register"
        raise BadAnswer(message, "write down those of the device, as docs/modbus.md shows")
    peer = Peer(who, "the device", "its menu", "mostly 1")
    with Line(host, port, block.timeout, peer, pause=block.pause) as line:
        answers = _answers(line, unit, block, visit)
        if not answers:
            message = (
                f"{line.place} has none of these registers at unit {unit}; check unit:, kind: and the numbers, "
                "which documents count from 0, 1 or 40001 (counts_from:)"
            )
            raise BadAnswer(message)
    found = False
    for name, wanted in block.readings.items():
        if reading := _reading(block, name, wanted, answers, visit):
            found = True
            yield reading
    if not found and visit.remarks.left_out:
        message = f"the device answered, but nothing that counts ({visit.remarks.left_out})"
        raise BadAnswer(message)


def _answers(line: Line, unit: int, block: ModbusBlock, visit: Visit) -> Answers:
    """What every stretch says that the device has; where it refuses several together, it is asked for each alone."""
    wanted = [one for reading in block.readings.values() for one in block.stretches(reading)]
    todo, found, first = together(wanted, block.gap, block.at_once), {}, True
    while todo:
        stretch = todo.pop(0)
        if not first:
            SystemClock().wait(block.between)
        first = False
        words = line.fetch(unit, stretch.kind, stretch.start, stretch.size)
        if visit.explained is not None:
            said = "no such registers" if words is None else "answered"
            visit.explained.append(f"unit {unit}, {stretch.kind} {stretch.start} to {stretch.end - 1}: {said}")
        if words is not None:
            found[stretch] = words
            continue
        parts = sorted({one for one in wanted if stretch.holds(one)})
        todo = [*(one for one in parts if one != stretch), *todo]
    return found


def _words(answers: Answers, stretch: Stretch) -> list[int] | None:
    for whole, words in answers.items():
        if whole.holds(stretch):
            return words[stretch.start - whole.start :][: stretch.size]
    return None


def _reading(block: ModbusBlock, name: str, wanted: RegisterReading, answers: Answers, visit: Visit) -> Reading | None:
    own, *scale = block.stretches(wanted)
    words = _words(answers, own)
    if words is None:
        visit.remarks.add(f"{name}: the device has no {wanted.kind} register {wanted.register}")
        return None
    value = wanted.decode(words, block.word_order, block.byte_order)
    exponent = _words(answers, scale[0]) if scale else None
    raw = None if value is None else wanted.scaled(value, exponent[0] if exponent else None)
    made = wanted.reading(name, raw, visit.now, visit)
    if visit.explained is not None:
        visit.explained.append(_explained(name, wanted, words, value, made))
    return made


def _explained(name: str, wanted: RegisterReading, words: Sequence[int], value: object, made: Reading | None) -> str:
    """How one value was found, for whoever writes a block."""
    kind = wanted.kind if wanted.kind in {"coil", "discrete"} else f"{wanted.kind}, {wanted.type}"
    raw = " ".join(f"{word:04X}" for word in words)
    became = f"{made.metric.rounded(made.value):g} {made.metric.unit}".strip() if made else "no reading"
    return f"{name}: {wanted.register} ({kind}): {raw} says {'nothing' if value is None else value}: {became}"
