"""Polls without a process: for houses whose sources wait for nobody."""

from __future__ import annotations

from eink_monitor.config import Feed
from eink_monitor.daemon.child import carry_out
from eink_monitor.daemon.polls import Done, SilentStream
from eink_monitor.daemon.runner import Company
from eink_monitor.model.poll import Visit


class Inline:
    """Carries a poll out on the spot, without a process."""

    def start(self, feed: Feed, visit: Visit) -> Done:
        """Poll now; the result is there at once."""
        return Done(carry_out(feed, visit))

    def follow(self, company: Company) -> SilentStream:
        """Nobody speaks up in a simulation."""
        return SilentStream()
