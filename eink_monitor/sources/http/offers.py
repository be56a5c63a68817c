"""What could be read of an answer, for a person who sets a source up: its numbers, and when they were measured."""

from __future__ import annotations

import re
from typing import NamedTuple

from eink_monitor.clock import AHEAD, DAY
from eink_monitor.metrics import KNOWN, METRICS
from eink_monitor.model.poll import Visit
from eink_monitor.model.source import Suggestion
from eink_monitor.outside import clean
from eink_monitor.sources._expression import number
from eink_monitor.sources._http.address import is_at_home
from eink_monitor.sources._times import instant
from eink_monitor.sources.http.asking import place
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.explained import leaves, sample
from eink_monitor.sources.http.talk import HttpPage, Talk

_MOST = 30
_EARLIEST = 946_684_800  # 2000-01-01: what is less counts seconds since something else
_TIMES = re.compile(r"(?i)(?:^|[._])(?:at|on|date|time|ts|unix\w*|timestamp)$|_(?:at|ts)$|(?:ed|At|ime|date|stamp)$")
_NOT_MEASURED = re.compile(r"(?i)boot|start|creat|install|buil[dt]|expir|valid|until|first|since|born|sun|next|due")
_NO_AMOUNT = re.compile(r"(?i)(?:^|[._])(?:id|uuid|version|port|code|status|uptime|serial\w*|mac)$|Id$")
_UNITS: tuple[tuple[str, str], ...] = (
    (r"(?:_|\b)t?c(?:elsius)?$|[a-z]C$", "°C"),
    (r"(?:_|\b)t?f(?:ahrenheit)?$|[a-z]F$", "°F"),
    (r"humidity|percent|_pct$", "%"),
    (r"voltage", "V"),
    (r"kwh", "kWh"),
    (r"_wh$", "Wh"),
    (r"power|_w$", "W"),
    (r"co2|_ppm$", "ppm"),
    (r"pressure", "hPa"),
    (r"frequency|_hz$", "Hz"),
)
"""Units that a name tells; a temperature that does not say in which is offered without one."""


class _Leaf(NamedTuple):
    path: str
    value: object


def offers(block: HttpBlock, visit: Visit, who: str) -> list[Suggestion]:
    """The numbers of the answer, in its order. Raises what a poll raises."""
    talk = Talk(block, visit, {}, who)
    page = talk.pages()[0]
    document = [page.document] if block.next else page.document
    found = [_Leaf(*one) for one in leaves(document)]
    dated = _dated(found, page, block)
    offered: dict[str, Suggestion] = {}
    for leaf in (leaf for leaf in found if _is_figure(leaf, page)):
        if name := _name(leaf.path):
            offered.setdefault(name, _offer(leaf, name, dated))
    return list(offered.values())[:_MOST]


def _is_figure(leaf: _Leaf, page: HttpPage) -> bool:
    """Whether it may be worth reading: a number, or yes and no."""
    if _NO_AMOUNT.search(leaf.path) or _when(leaf, page):
        return False
    return isinstance(leaf.value, bool) or number(leaf.value) is not None


def _offer(leaf: _Leaf, name: str, dated: dict[str, object]) -> Suggestion:
    unit = _unit(name, leaf)
    reading = {"path": leaf.path} | ({"unit": unit} if unit else {})
    told = f"{leaf.path}: {sample(leaf.value)}, as {name} {unit}".strip()
    return Suggestion(clean(told, 100), {"readings": {name: reading}, **dated})


def _dated(found: list[_Leaf], page: HttpPage, block: HttpBlock) -> dict[str, object]:
    """Where the answer says when it was measured: the newest time in it; nothing where its Date header must do.

    However old: a Date header would make a value that stands still look new. Of those from before yesterday only one
    whose name may mean that.
    """
    if block.at or block.live:
        return {}
    now = page.answered.scope.now
    times = [(at, leaf.path) for leaf in found if (at := _when(leaf, page)) and _EARLIEST < at <= now + AHEAD]
    if times := [one for one in times if one[0] > now - DAY or not _NOT_MEASURED.search(one[1])]:
        return {"at": max(times)[1]}
    at_home = is_at_home(place(block.url.text).partition(":")[0])
    return {"live": True} if not page.said_at and at_home else {}


def _when(leaf: _Leaf, page: HttpPage) -> int | None:
    return instant(leaf.value, page.answered.scope.zone) if _TIMES.search(leaf.path) else None


def _name(path: str) -> str:
    """A name for what stands there: its last two keys, or the one that the dictionary has."""
    keys = [re.sub(r"[^a-z0-9]+", "_", _spaced(key)).strip("_") for key in path.split(".") if key]
    if keys and keys[-1] in KNOWN:
        return keys[-1]
    name = "_".join(keys[-2:])[-40:].strip("_")
    return name if not name or name[0].isalpha() else f"value_{name}"[:40]


def _spaced(key: str) -> str:
    """Lower case, with a line where a capital letter begins a word."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def _unit(name: str, leaf: _Leaf) -> str:
    if name in KNOWN:
        return METRICS[name].unit if METRICS[name].unit not in {"0/1", "times", "files"} else ""
    if isinstance(leaf.value, bool):
        return "0/1"
    return next((unit for pattern, unit in _UNITS if re.search(pattern, leaf.path) or re.search(pattern, name)), "")
