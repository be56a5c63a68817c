"""``eink-monitor rename OLD NEW``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click

from eink_monitor.config import Config
from eink_monitor.editing.draft import Draft, drafted
from eink_monitor.editing.keeping import guard
from eink_monitor.editing.renaming import renamed
from eink_monitor.editing.surgery import names
from eink_monitor.errors import StoreError
from eink_monitor.verbs import _wall
from eink_monitor.verbs._house import config_option, opened
from eink_monitor.verbs._talk import known, proper, refuse


@click.command(epilog="Example: eink-monitor rename roof south_roof")
@click.argument("old")
@click.argument("new")
@config_option
def command(config_file: Path | None, old: str, new: str) -> int:
    """Rename a source or a panel; history comes along.

    OLD is a key below `sources:` or `panels:`. With a source go its readings, forecasts, outcomes and sign-in, and
    wherever the configuration refers to it: as the subject of a panel, on tiles, in conditions. No other line changes.
    A panel that has the same name as its source keeps it: rename that, too, if you like. `rename NEW OLD` undoes it.
    """
    file = _wall.file_of(config_file)
    with drafted(file) as draft:
        config = draft.load()
        section = _section(draft, old, new)
        feed = config.feeds.get(old) if section == "sources" else None
        subject = feed is not None and feed.subject == old
        if subject and new in _subjects(config):
            refuse(f"`{new}` is the subject of another source already; choose another name")
        draft.change(lambda text: renamed(text, section, old, new, subject=subject))
        draft.load()
        with ExitStack() as stack:
            if feed:
                stack.enter_context(_moved(config, old, new, subject=subject))
            told = draft.keep(f"rename-{old}-{new}")
    _wall.tell(f"{section[:-1].capitalize()} `{old}` is `{new}` now{', and its history with it' if feed else ''}.")
    for sentence in told:
        click.echo(f"{sentence}.")
    _wall.tell(f"To undo this: eink-monitor rename {new} {old}")
    _wall.tell_daemon(file)
    return 0


def _section(draft: Draft, old: str, new: str) -> str:
    """Where the old name stands; a source goes before a panel. Raises ``click.UsageError``."""
    there = {section: names(draft.text, section) for section in ("sources", "panels")}
    section = next((one for one, found in there.items() if old in found), "")
    if not section:
        known(old, [one for found in there.values() for one in found], "source or panel")
    if wrong := proper(new, there[section], section[:-1]):
        refuse(wrong)
    return section


def _subjects(config: Config) -> set[str]:
    return {
        subject for feed in config.feeds.values() for subject in (feed.subject, *feed.source.publishes(feed.subject))
    }


@contextmanager
def _moved(config: Config, old: str, new: str, *, subject: bool) -> Iterator[None]:
    """What is stored goes by the new name, all of it once the block has ended well, or nothing. ``StoreError``."""
    with ExitStack() as stack:
        if config.database.exists():
            store = stack.enter_context(opened(config, writes=True))
            stack.enter_context(store.renaming(old, new, subject=subject))
        before, after = config.state / old, config.state / new
        if not before.is_dir():
            yield
            return
        guard(config.state)
        if after.exists():
            raise StoreError(f"{after} is there already", "choose another name, or remove it")
        try:
            _move(before, after)
            yield
        except BaseException as error:
            with suppress(OSError):
                _move(after, before)
            if isinstance(error, OSError):
                raise StoreError(f"{after} cannot be made: {error.strerror}", "nothing was renamed") from None
            raise


def _move(before: Path, after: Path) -> None:
    """A folder of sign-ins, and in it the files that are named after it."""
    before.rename(after)
    for file in after.glob(f"{before.name}.*"):
        file.rename(after / f"{after.name}{file.name.removeprefix(before.name)}")
