"""``eink-monitor clear``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.clock import SystemClock
from eink_monitor.daemon.control import Request
from eink_monitor.daemon.display_control import ask_display
from eink_monitor.model.display import Display
from eink_monitor.verbs._house import config_option, load


@click.command()
@config_option
def command(config_file: Path | None) -> int:
    """Clear the panel to white before you store it.

    A running daemon does it and keeps polling, but draws nothing until `show --ink` or its next start.
    """
    config = load(config_file)
    if type(config.display).clear is Display.clear:
        click.echo(f"a display of type {config.display.label} cannot be cleared")
        return 0
    answer = ask_display(Request("clear"), config, SystemClock())
    if answer.code:
        click.echo(f"eink-monitor: {answer.words}", err=True)
    elif answer.process:
        click.echo(f"{answer.words}; the daemon keeps polling, and draws again after `show --ink` or its next start")
    else:
        click.echo(answer.words)
    return answer.code
