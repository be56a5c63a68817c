"""What most verbs need: the configuration, the store, and a feed by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from eink_monitor import config as configuration
from eink_monitor import places
from eink_monitor.clock import Clock
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.writing import written
from eink_monitor.errors import StoreError
from eink_monitor.model.poll import Visit
from eink_monitor.nearest import nearest
from eink_monitor.store import Store

Function = TypeVar("Function", bound=Callable[..., Any])
Thing = TypeVar("Thing")


def config_option(function: Function) -> Function:
    """Add ``-c/--config FILE``."""
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path, readable=False),  # a file that cannot be read is a complaint like others
        metavar="FILE",
        help="The configuration [default: $EINK_MONITOR_CONFIG, ./config.yaml, "
        "$XDG_CONFIG_HOME/eink-monitor/config.yaml, /etc/eink-monitor/config.yaml].",
    )(function)


def load(config_file: Path | None) -> Config:
    """The configuration a person means. Raises ``ConfigError``."""
    return configuration.load(places.configuration(config_file))


@contextmanager
def opened(config: Config, *, writes: bool) -> Iterator[Store]:
    """The store, closed afterwards.

    A running daemon first writes what is only in its memory; if it does not, a sentence says so. A verb that writes
    wakes it afterwards, to read what is new.
    """
    silent = fresh(config)
    store = Store(config.database, config.zone, writes=writes)
    try:
        yield store
    finally:
        store.close()
        if writes and not silent:
            written(config)


def fresh(config: Config) -> bool:
    """Have the daemon write, once per command; say what may be missing; return whether it was silent."""
    context = click.get_current_context(silent=True)
    told = context.find_root().meta if context else {}
    if _ASKED not in told:
        answer = told[_ASKED] = written(config)
        if answer.words:
            click.echo(f"eink-monitor: {answer.words}", err=True)
    return bool(told[_ASKED].process < 0)


_ASKED = "eink_monitor.verbs.daemon"


def within_reach(path: Path, instead: str) -> None:
    """Refuse a path that a service's verb cannot see: it runs in the sandbox, with its own /tmp.

    Raises ``click.UsageError`` with what to say instead.
    """
    state = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if places.served() and not (path.is_absolute() and state and path.resolve().is_relative_to(Path(state).resolve())):
        message = f"{path} is outside the service's sandbox; use: {places.sayable(instead)}"
        raise click.UsageError(message, click.get_current_context())


def visit_of(config: Config, feed: Feed, clock: Clock) -> Visit:
    """A visit for signing in or out. Creates the feed's private directory."""
    state = config.state / feed.name
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"{state} cannot be created: {error.strerror}; does this user own the state directory?"
        raise StoreError(message) from None
    return Visit(feed.name, feed.subject, clock.now(), config.zone, feed.every, {}, state)


def named(things: Mapping[str, Thing], name: str, noun: str) -> Thing:
    """A source or panel by its name, or by its type if it is the only one.

    Raises ``click.UsageError`` with the names of that type, else the nearest name, or all.
    """
    if name in things:
        return things[name]
    typed = [key for key, thing in things.items() if getattr(thing, "type", None) == name]
    if len(typed) == 1:
        return things[typed[0]]
    near = nearest(name, things)
    known = ", ".join(f"`{thing}`" for thing in things) or "none"
    hint = f"did you mean `{near}`?" if near else f"there is {known}."
    if typed:
        hint = f"those of type {name} are {', '.join(f'`{key}`' for key in typed)}."
    raise click.UsageError(f"no {noun} is called `{name}`; {hint}", click.get_current_context())
