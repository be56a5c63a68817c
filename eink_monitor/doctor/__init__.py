"""What is right and wrong, line by line, without spending a vendor call.

One file per group of findings. Whatever fails on the way becomes a finding.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from eink_monitor import config as configuration
from eink_monitor import places
from eink_monitor.clock import Clock
from eink_monitor.config import Config, extras
from eink_monitor.config.doubts import doubts
from eink_monitor.daemon.writing import written
from eink_monitor.doctor import feeds, machine, storage, wall
from eink_monitor.draw.words import count
from eink_monitor.errors import ConfigError, Trouble
from eink_monitor.finding import BAD, Finding, doubt, fault, good

_GRAVITY = (os.EX_CONFIG, os.EX_UNAVAILABLE, os.EX_NOPERM, os.EX_DATAERR, os.EX_TEMPFAIL)


class Doctor:
    """An examination. ``config`` is there after ``findings`` has told of it, where there is one that can be used."""

    def __init__(self, config_file: Path | None, clock: Clock) -> None:
        self.config: Config | None = None
        self.code = 0
        self._file = config_file
        self._clock = clock

    def findings(self) -> Iterator[Finding]:
        """All findings, as they are made."""
        yield from self._group("configuration", self._configuration)
        yield from self._group("machine", lambda: machine.findings(self._clock, self.config))
        yield from self._group("fonts", wall.fonts)
        yield from self._group("libraries", extras.rivals)
        yield from self._group("sign-ins", extras.keyring)
        if self.config is None:
            yield self.count(
                doubt("display", "not checked: only a configuration says which one it is", "fix that first")
            )
            return
        config, clock = self.config, self._clock
        yield from self._group("configuration", lambda: doubts(config))
        sources = {feed.name: feed.source for feed in config.feeds.values()}
        yield from self._group("sources", lambda: extras.clashes(sources))
        heard = written(config, clock)
        yield from self._group("daemon", lambda: wall.daemon(heard, config))
        yield from self._group("display", lambda: wall.findings(config, clock, heard))
        yield from self._group("database", lambda: storage.findings(config, clock))
        for feed in config.feeds.values():
            yield from self._group(f"source {feed.name}", partial(feeds.findings, config, feed, clock))
        yield from self._group("quota", lambda: feeds.quotas(config, clock))

    def count(self, finding: Finding) -> Finding:
        """Count a finding in the exit code: that of the worst bad one. Returns it as it is to be printed."""
        words, mend = (places.sayable(text, self._file) for text in (finding.words, finding.mend))
        finding = finding._replace(words=words, mend=mend)
        codes = {self.code, finding.code if finding.state == BAD else 0} - {0}
        self.code = next((code for code in _GRAVITY if code in codes), max(codes, default=0))
        return finding

    def _group(self, name: str, group: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
        try:
            for finding in group():
                yield self.count(finding)
        except Trouble as error:
            yield self.count(fault(name, error))
        except Exception as error:  # noqa: BLE001 - a bug of ours must not hide what else there is to say
            words = f"could not be checked: {type(error).__name__}"
            yield self.count(Finding(name, BAD, words, "please report this as a bug", os.EX_SOFTWARE))

    def _configuration(self) -> Iterator[Finding]:
        try:
            file = places.configuration(self._file)
        except ConfigError as error:
            looked = error.complaints[0].message
            yield doubt("configuration", looked, "cp config.example.yaml config.yaml, then change it")
            return
        try:
            self.config = configuration.load(file)
        except ConfigError as error:
            for complaint in error.complaints:
                yield Finding("configuration", BAD, str(complaint), f"edit {places.origin(file)}", error.exit_code)
            return
        sources, panels = count(len(self.config.feeds), "source"), count(len(self.config.slides), "panel")
        yield good("configuration", f"{self.config.named} is good: {sources}, {panels}")
