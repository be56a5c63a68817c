"""The daemon's configuration: whether its files have changed since, and replacing it.

What is wrong with a new one is said, and the old one goes on. systemd copies a service's files at the start only, so a
service needs a restart (``eink-monitor reload`` of the service does both: check, and restart).
"""

from __future__ import annotations

import logging
import os

from eink_monitor import config as configuration
from eink_monitor import places
from eink_monitor.clock import MINUTE
from eink_monitor.config import Config
from eink_monitor.daemon.control import Reply
from eink_monitor.draw.words import count
from eink_monitor.errors import ConfigError
from eink_monitor.finding import Finding, doubt

log = logging.getLogger("eink_monitor")


class Reloading:
    """``following`` is the next configuration, once it was found valid."""

    def __init__(self, config: Config, mono: float) -> None:
        self.following: Config | None = None
        self._config = config
        self._known = self._told = config.ages()
        self._due = mono + MINUTE

    def look(self, mono: float) -> None:
        """Once a minute at most: say in the log, once for every change, that the files have changed."""
        if mono < self._due:
            return
        self._due = mono + MINUTE
        ages = self._config.ages()
        if ages not in {self._told, self._known}:
            log.warning("%s; run: %s", self._changed, places.sayable("eink-monitor reload"))
        self._told = ages

    def findings(self) -> list[Finding]:
        """The finding for ``doctor``."""
        if self._config.ages() == self._known:
            return []
        return [doubt("configuration", self._changed, "eink-monitor reload")]

    def reload(self) -> Reply:
        """Read the files again; ``following`` is what was read if it is good."""
        file = self._config.named
        if file != self._config.file:
            words = f"systemd hands over {file} at the start only; run: sudo eink-monitor reload, which restarts it"
            log.warning("%s", words)
            return Reply(os.EX_TEMPFAIL, words)
        try:
            self.following = configuration.load(self._config.file)
        except ConfigError as error:
            for complaint in error.complaints:
                log.error("%s", complaint)  # noqa: TRY400 - a sentence, no bug
            log.error("%s is rejected; going on with the configuration read before", file)  # noqa: TRY400 - as above
            goes_on = "the daemon goes on with the configuration it read before"
            return Reply(error.exit_code, f"{error}\n{goes_on}")
        return Reply(0, f"the daemon goes on with {in_words(self.following)}")

    @property
    def _changed(self) -> str:
        return f"{self._config.named} has changed since the daemon read it"


def in_words(config: Config) -> str:
    """For example "config.yaml: 3 sources, 4 panels on png, pictures in /home/pi/out"."""
    display = config.display
    where = f", {display.where}" if display.where else ""
    house = f"{count(len(config.feeds), 'source')}, {count(len(config.slides), 'panel')}"
    return f"{config.named}: {house} on {display.label}{where}"
