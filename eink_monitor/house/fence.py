"""Fences: whatever a feed, a panel or the display raises affects only itself.

A plugin may raise anything, at any call, including a library's own exceptions and ``SystemExit``. That is reported
once, by class and place: the text of a foreign exception may hold a secret. A harmless answer is used instead.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

from eink_monitor.config import Config, Feed
from eink_monitor.errors import DisplayError, Trouble, bug
from eink_monitor.model.display import ALONE, USUAL, Display
from eink_monitor.model.source import Source

log = logging.getLogger("eink_monitor")

_MOST = 1000  # bugs that are reported once


class Bug(Trouble):
    """A bug in our code or a library; the call was not made."""

    what = "bug"


class Once:
    """Logs each bug once: one that recurs at every poll would fill the journal."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, words: str) -> None:
        """Log a bug that was not logged yet."""
        if words not in self._told and len(self._told) < _MOST:
            self._told.add(words)
            log.error("%s", words)


class Fence:
    """``with Fence(cure):`` hands whatever is raised within to ``cure`` and goes on; Ctrl-C alone passes."""

    def __init__(self, cure: Callable[[BaseException], None]) -> None:
        self._cure = cure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, KeyboardInterrupt):
            return False
        self._cure(error)
        return True


class _Call(NamedTuple):
    """``instead`` answers, of the plugin and the same words, for a call that breaks; ``proper`` is what answers are.

    Where there is nothing to answer instead, ``Bug`` is raised. ``may_fail``: its ``Trouble`` is an answer, too.
    ``told``: nobody else reports it.
    """

    instead: Callable[..., Any] | None
    proper: Callable[[Any], Any] = lambda answer: answer
    may_fail: bool = False
    told: bool = True


def _seconds(answer: float) -> float:
    if not math.isfinite(answer) or answer < 0:
        raise ValueError
    return answer


def _dark(display: Display, *_: object, **__: object) -> None:
    raise DisplayError(f"the display ({display.label}) hit a bug", "the log says where")


_SOURCE: Mapping[str, _Call] = {
    "publishes": _Call(lambda source, subject: {subject: source.metrics}, dict),
    "expects": _Call(lambda *_: {}, dict),
    "titles": _Call(lambda *_: {}, dict),
    "lists": _Call(lambda *_: {}, dict),
    "tells": _Call(lambda *_: {}, dict),
    "quota": _Call(lambda _: None, told=False),  # without a known quota or a booking there is no poll: an outcome
    "cost": _Call(None, int, told=False),
    "pace": _Call(lambda _, visit: visit.every, _seconds),
    "patience": _Call(lambda _, every: 3 * every, _seconds),
    "patience_with": _Call(lambda source, _, every: source.patience(every), _seconds),
    "shares": _Call(lambda *_: (), tuple),
    "credentials": _Call(lambda *_: [], list, may_fail=True),
    "sign_in": _Call(lambda _: None),
}
_SOURCE_IS: Mapping[str, Any] = dict(
    [(what, ()) for what in ("metrics", "preload", "modules")]
    + [(what, "") for what in ("extra", "door", "way_in", "renews", "together", "family")]
    + [(what, False) for what in ("demo", "follows", "local", "independent")],
    lag=0,
    polls=True,
    thing=None,
    line=None,
)
_DISPLAY: Mapping[str, _Call] = {
    "open": _Call(lambda *_: None),
    "ready_in": _Call(lambda _: 0.0, _seconds),
    "press_in": _Call(lambda _: 0.0, _seconds),
    "pressed": _Call(lambda _: "", str, may_fail=True),
    "show": _Call(_dark, may_fail=True),
    "clear": _Call(_dark, may_fail=True),
    "collect": _Call(lambda *_: None, may_fail=True),
    "freshen": _Call(lambda _: None),
    "examine": _Call(lambda _: [], list),
    "close": _Call(lambda _: None),
}
_DISPLAY_IS: Mapping[str, Any] = {
    "size": USUAL,
    "red": False,
    "board": ALONE,
    "sheet": USUAL,
    "label": "display",
    "modules": (),
    "extra": "",
    "where": "",
    "looks": True,
    "every_beat": False,
    "look_every": 0.0,
}


class Fenced:
    """A plugin behind a fence. Calls outside the daemon (``poll``) are passed on."""

    def __init__(
        self, name: str, plugin: object, calls: Mapping[str, _Call], facts: Mapping[str, Any], once: Once
    ) -> None:
        self.plugin = plugin
        self._name = name
        self._facts = facts
        self._once = once
        self._broken: dict[str, str] = {}
        for what, call in calls.items():
            setattr(self, what, partial(self._ask, what, call))

    def __getattr__(self, what: str) -> Any:  # noqa: ANN401 - whatever the plugin's is
        if what not in self._facts:
            return getattr(self.plugin, what)
        with Fence(partial(self._tell, what)):
            return getattr(self.plugin, what)
        return self._facts[what]

    def _ask(self, what: str, call: _Call, *words: object, **more: object) -> Any:  # noqa: ANN401 - whatever it says
        if what == "cost" and "quota" in self._broken:
            raise Bug(self._broken["quota"])
        try:
            return call.proper(getattr(self.plugin, what)(*words, **more))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if call.may_fail and isinstance(error, Trouble):
                raise
            self._tell(what, error, told=call.told)
        if call.instead is None:
            raise Bug(self._broken[what])
        return call.instead(self, *words, **more)

    def _tell(self, what: str, error: BaseException, *, told: bool = True) -> None:
        self._broken[what] = f"{self._name}: a bug in its `{what}`, please report it: {bug(error)}"
        if told:
            self._once.tell(self._broken[what])


def fenced(config: Config) -> Config:
    """The same configuration with a fence around every source and the display, unless they have one already."""
    if isinstance(config.display, Fenced):
        return config
    once = Once()

    def source(feed: Feed) -> Source:
        return cast("Source", Fenced(feed.name, feed.source, _SOURCE, _SOURCE_IS, once))

    display = cast("Display", Fenced("the display", config.display, _DISPLAY, _DISPLAY_IS, once))
    feeds = {name: replace(feed, source=source(feed)) for name, feed in config.feeds.items()}
    return replace(config, display=display, feeds=feeds)
