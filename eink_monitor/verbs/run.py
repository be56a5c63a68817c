"""``eink-monitor run``: the daemon."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.service import serve
from eink_monitor.verbs._house import config_option


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@config_option
def command(config_file: Path | None, *, verbose: bool) -> int:
    """Poll, store and draw until told to stop.

    Ctrl-C and SIGTERM stop it within a second; the last panel stays on the display. Under systemd it reports when
    it is ready and how it is doing, feeds the watchdog, and logs in journald's format.
    """
    return serve(config_file, verbose=verbose)
