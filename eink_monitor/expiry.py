"""What will soon want a person: sign-ins and keys that die within days, looked up once an hour without any call."""

from __future__ import annotations

from eink_monitor.clock import HOUR
from eink_monitor.config import Config, Feed
from eink_monitor.errors import Trouble
from eink_monitor.model import Visit
from eink_monitor.signin import WARNING


class Expiry:
    """Remembers what was found for an hour: it lies in small files on the card."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._found: dict[str, tuple[int, str]] = {}

    def warning(self, feed: Feed, now: int) -> str:
        """A sentence about the credential of a feed that dies first, if that is within three days; else empty."""
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
