"""Trying a source that is being set up: the poll that `eink-monitor poll` makes, and what it brought."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr, suppress
from typing import NamedTuple

import click

from eink_monitor import forked
from eink_monitor.clock import SystemClock
from eink_monitor.config import Config
from eink_monitor.editing.draft import Draft
from eink_monitor.errors import StoreError, Trouble
from eink_monitor.model.reading import Metric
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.store import Store
from eink_monitor.verbs import login, poll
from eink_monitor.verbs._house import opened, visit_of


class Brought(NamedTuple):
    """One thing that is known of a subject: a metric, measured or ``expected``, or what is ``listed`` by that name."""

    subject: str
    metric: Metric | None
    expected: bool = False
    listed: str = ""


class Trial:
    """Of the source called ``name`` in a draft; what it stored is forgotten again unless the source is kept."""

    def __init__(self, draft: Draft, name: str) -> None:
        self._draft = draft
        self._name = name
        self._strangers: set[str] = set()
        self._config: Config | None = None

    def poll(self) -> int:
        """Poll it once, with its deadline and booked calls; prints what it brought, or why nothing; an exit code."""
        config = self._config = self._draft.load()
        feed = config.feeds[self._name]
        click.echo(f"Asking {self._name} (at most {feed.deadline}) ...", err=True)
        known = self._known(config)
        source = feed.source
        told = (source.publishes, source.expects, source.lists, source.tells)
        self._strangers |= {subject for one in told for subject in one(feed.subject)} - known
        return self._said(poll.command)

    def login(self) -> int:
        """Sign in; an exit code."""
        return self._said(login.command, loud=True)

    def _said(self, command: click.Command, *, loud: bool = False) -> int:
        """What a verb says of the draft, with the name of the configuration itself; ``loud``: as it says it."""
        words = io.StringIO()
        try:
            with nullcontext() if loud else redirect_stderr(words):
                context = click.get_current_context()
                return int(context.invoke(command, name=self._name, config_file=self._draft.path) or 0)
        except Trouble as error:
            words.write(error.in_full())
            return error.exit_code
        finally:
            said = words.getvalue().replace(f" -c {self._draft.path}", "")
            click.echo(said.replace(str(self._draft.path), str(self._draft.file)), err=True, nl=False)

    def suggestions(self, source: Source) -> Sequence[Suggestion]:
        """What could be read there; asked in a child, with the deadline of the feed. Raises ``Trouble``."""
        if type(source).suggestions is Source.suggestions:
            return ()
        config = self._draft.load()
        feed = config.feeds[self._name]
        visit = visit_of(config, feed, SystemClock())
        visit.allowance = max(1, feed.source.cost(visit))
        click.echo(f"Looking for what {self._name} could read (at most {feed.deadline}) ...", err=True)
        try:
            return forked.ask(lambda: list(source.suggestions(visit)), feed.deadline)
        except TimeoutError:
            raise StoreError(f"no answer within {feed.deadline}") from None
        finally:
            with suppress(OSError):
                visit.state.rmdir()  # only an empty one goes

    def promised(self) -> list[Brought]:
        """What it publishes, expects and lists, by its own words."""
        feed = self._draft.load().feeds[self._name]
        published, expected = feed.source.publishes(feed.subject), feed.source.expects(feed.subject)
        lists = feed.source.lists(feed.subject)
        return [
            *(Brought(subject, metric) for subject, metrics in published.items() for metric in metrics),
            *(Brought(subject, metric, expected=True) for subject, metrics in expected.items() for metric in metrics),
            *(Brought(subject, None, listed=name) for subject, names in lists.items() for name in names),
        ]

    def brought(self) -> list[Brought]:
        """What of that is known now."""
        with suppress(StoreError), opened(self._draft.load(), writes=False) as store:
            return [one for one in self.promised() if _is_known(store, one)]
        return []

    def forget(self) -> None:
        """The source is not kept: what the trial stored of subjects that were unknown before goes."""
        if self._config and self._strangers:
            with suppress(Trouble), opened(self._config, writes=True) as store:
                store.forget(self._strangers)

    def _known(self, config: Config) -> set[str]:
        with suppress(StoreError), opened(config, writes=False) as store:
            listed = {listing.subject for listing in store.listings.all()}
            return {subject for subject, _ in (*store.readings, *store.events.kinds())} | listed
        return set()


def _is_known(store: Store, one: Brought) -> bool:
    if one.metric is None:
        return store.listings.at(one.subject, one.listed) is not None
    return (store.outlooks.get if one.expected else store.readings.latest)(one.subject, one.metric) is not None
