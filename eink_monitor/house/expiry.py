"""Sign-ins and keys that expire within days, checked once an hour without any call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eink_monitor.clock import HOUR
from eink_monitor.config import Config, Feed
from eink_monitor.errors import AuthFailed, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.model.signin import WARNING


@contextmanager
def looking(config: Config, feed: Feed, now: int) -> Iterator[Visit]:
    """A read-only visit: it must not create the source's folder, which would belong to this user."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - only verbs look; the daemon does without

    with TemporaryDirectory() as nowhere:
        state = config.state / feed.name
        if not any(os.path.exists(folder) for folder in (state, *feed.source.shares(state))):  # noqa: PTH110 - no errors
            state = Path(nowhere) / "state" / feed.name
        yield Visit(feed.name, feed.subject, now, config.zone, feed.every, {}, state)


def unsigned(config: Config, feed: Feed, now: int) -> bool:
    """Whether nothing can be polled before a person signs in."""
    if feed.source.sign_in() is None:
        return False
    with looking(config, feed, now) as visit:
        try:
            known = feed.source.credentials(visit)
        except Trouble as error:  # the next poll meets it too, and says so
            return isinstance(error, AuthFailed)
    return any(not one.present or (one.expires_at is not None and one.expires_at <= now) for one in known)


class Expiry:
    """Caches the result for an hour: it comes from small files on the card."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._found: dict[str, tuple[int, str]] = {}

    def warning(self, feed: Feed, now: int) -> str:
        """A sentence about the credential of a feed that expires first, if within three days; else empty."""
        looked, words = self._found.get(feed.name, (0, ""))
        if not 0 <= now - looked < HOUR:  # never yet, an hour ago, or the wall clock went back
            words = self._look(feed, now)
            self._found[feed.name] = now, words
        return words

    def _look(self, feed: Feed, now: int) -> str:
        config = self._config
        visit = Visit(feed.name, feed.subject, now, config.zone, feed.every, {}, config.state / feed.name)
        try:
            known = feed.source.credentials(visit)
        except Trouble:  # the next poll meets it too, and says so
            return ""
        dying = [(one.expires_at, one.words) for one in known if one.expires_at is not None]
        expires_at, words = min(dying, default=(now + 2 * WARNING, ""))
        return words.removeprefix("the ") if expires_at - now <= WARNING else ""
