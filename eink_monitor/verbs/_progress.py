"""Progress on a terminal, silence in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from eink_monitor.verbs._terminal import bare


def aside(words: str) -> None:
    """Print a line while a bar may be moving: it goes where the bar stands, and the bar comes again below it."""
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, file=bare(sys.stderr))
    click.echo(words)


@contextmanager
def progress(length: int, label: str) -> Iterator[Callable[[], None]]:
    """A bar on standard error; the yielded function moves it one step on."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=length, label=label, file=bare(sys.stderr)) as bar:
        yield lambda: bar.update(1)
