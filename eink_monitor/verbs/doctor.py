"""``eink-monitor doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from eink_monitor.clock import Clock, SystemClock
from eink_monitor.config import Config
from eink_monitor.daemon.control import Request
from eink_monitor.daemon.display_control import ask_display
from eink_monitor.doctor import Doctor
from eink_monitor.draw.testcard import SEEN, SEEN_RED
from eink_monitor.errors import DisplayError, Trouble
from eink_monitor.finding import BAD, Finding, doubt, fault, good
from eink_monitor.model.display import Display
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._table import findings as in_json

_QUESTION = f"""
What do you see on the panel?
  1  {SEEN}
  2  the same, but pale, grey or with ghosts of the previous picture
  3  stripes, noise, or a picture that is shifted, mirrored or cut
  4  nothing new
  0  I cannot look now"""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of findings.")
@click.option("--picture", is_flag=True, help="Draw the test picture without asking first; one refresh.")
@config_option
def command(config_file: Path | None, *, as_json: bool, picture: bool) -> int:
    """Find out what is wrong, without spending a vendor call.

    One line per check: ok, warn or bad, what was found, and after -> how to fix it. It checks the configuration,
    the machine, the wiring and the panel, the database, and every source's credentials. The exit code is 0, or that
    of the worst bad finding: 78 configuration, 69 panel or library, 77 sign in, 75 try again later.

    On a terminal it offers to draw a test picture, which shows whether `model` is right.
    """
    clock = SystemClock()
    doctor = Doctor(config_file, clock)
    asking = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    findings = chain(doctor.findings(), _looked_at(doctor, clock, picture=picture, asking=asking))
    if as_json:
        click.echo(in_json(list(findings)))
    else:
        for finding in findings:
            click.echo(str(finding))
    return doctor.code


def _looked_at(doctor: Doctor, clock: Clock, *, picture: bool, asking: bool) -> Iterator[Finding]:
    """What the user sees of the test picture, if the configuration is valid and the picture is wanted."""
    if doctor.config and (picture or (asking and _offered(doctor.config.display))):
        yield from map(doctor.count, _picture(doctor.config, clock, asking=asking))


def _offered(display: Display) -> bool:
    """Only e-paper needs the question."""
    return type(display).clear is not Display.clear and click.confirm("Draw a test picture on the panel?")


def _picture(config: Config, clock: Clock, *, asking: bool) -> Iterator[Finding]:
    try:
        answer = ask_display(Request("picture"), config, clock)
    except Trouble as error:
        yield fault("picture", error)
        return
    if answer.code:
        yield Finding("picture", BAD, answer.words, "", answer.code)
        return
    label = config.display.label
    if not asking:
        yield good("picture", f"{answer.words}; you should see {SEEN}{SEEN_RED * config.display.red}")
        return
    click.echo(_QUESTION.replace(SEEN, f"{SEEN}{SEEN_RED * config.display.red}"))
    yield _verdict(click.prompt("Which", type=click.IntRange(0, 4)), label)


def _verdict(seen: int, label: str) -> Finding:
    others = "set display.model to another one of its size and look again"
    if seen == 1:
        return good("picture", f"the panel is a {label}")
    if seen == 2:
        return doubt("picture", f"pale as {label}: the waveform of another revision, or a cold room", others)
    if seen == 3:
        return fault("picture", DisplayError(f"the panel is not a {label}", others))
    if seen == 4:
        return fault("picture", DisplayError("no ink moved", "push the ribbon cable home, then " + others))
    return good("picture", f"sent as {label}, but nobody looked")
