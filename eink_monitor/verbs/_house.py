"""What most verbs begin with: the configuration, the store, and a feed named by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from eink_monitor import config as configuration
from eink_monitor.config import Config, Feed
from eink_monitor.errors import ConfigError
from eink_monitor.store import Store

Function = TypeVar("Function", bound=Callable[..., Any])


def config_option(function: Function) -> Function:
    """Add ``-c/--config FILE``."""
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The configuration [default: $EINK_MONITOR_CONFIG, ./config.yaml, ~/.config/eink-monitor/config.yaml, "
        "/etc/eink-monitor/config.yaml].",
    )(function)


def load(config_file: Path | None) -> Config:
    """The configuration a person means. Raises ``ConfigError``."""
    return configuration.load(configuration.find(config_file))


@contextmanager
def opened(config: Config, *, writes: bool) -> Iterator[Store]:
    """The store of a house, closed afterwards."""
    store = Store(config.database, config.zone, writes=writes)
    try:
        yield store
    finally:
        store.close()


def feed_named(config: Config, name: str) -> Feed:
    """A feed by its name. Raises ``ConfigError`` with the names there are."""
    if name not in config.feeds:
        raise ConfigError([f"{config.file}: no source is called `{name}`; there are {', '.join(config.feeds)}"])
    return config.feeds[name]
