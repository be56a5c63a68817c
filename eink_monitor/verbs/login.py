"""``eink-monitor login NAME``."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import suppress
from pathlib import Path

import click

from eink_monitor.clock import MINUTE, Clock, SystemClock, local
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.control import Request
from eink_monitor.daemon.display_control import ask_display
from eink_monitor.daemon.writing import written
from eink_monitor.draw.preview import can_show
from eink_monitor.draw.words import count
from eink_monitor.errors import AuthFailed, StoreError, Unavailable
from eink_monitor.model.signin import Prompt
from eink_monitor.verbs._house import config_option, load, named, opened, visit_of

_LONGEST = 16_384  # characters of what a person pastes


@click.command(epilog="Example, over SSH on a Pi without a screen: eink-monitor login car --ink")
@click.argument("name")
@click.option("--ink", is_flag=True, help="Also show the QR code and the code on the panel.")
@config_option
def command(name: str, config_file: Path | None, *, ink: bool) -> int:
    """Sign in to the vendor of a source, once.

    The daemon notices by itself. Prints an address, a code if there is one, and a QR code for a phone. Works over
    SSH: no browser opens here. If the vendor's page sends the browser back to localhost, either paste the address
    it ends up on, or forward the port with `ssh -L 8765:127.0.0.1:8765 pi`.
    """
    config = load(config_file)
    feed = named(config.feeds, name, "source")
    signing = feed.source.sign_in()
    if signing is None:
        return _nobody(config, feed)
    clock = SystemClock()
    visit = visit_of(config, feed, clock)
    prompt = signing.begin(visit)
    _tell(prompt, config, visit.now)
    if ink and prompt.url:
        _on_ink(prompt, config, feed, clock)
    answer = _answer(prompt, clock) if prompt.brings else ""
    if not prompt.brings:
        click.echo("Waiting until you have confirmed ... (Ctrl-C to give up)", err=True)
    click.echo(signing.finish(dataclasses.replace(visit, now=clock.now()), prompt, clock, answer))
    written(config)  # which wakes the daemon, and it looks
    return 0


def _nobody(config: Config, feed: Feed) -> int:
    """For a source without sign-in: which credential it uses instead, and what the vendor last said of it."""
    past = None
    with suppress(StoreError), opened(config, writes=False) as store:
        past = store.outcomes.get(feed.name)
    key, told = feed.source.renews, f"{feed.name}: a source of type {feed.type} needs no sign-in"
    if past and past.what == AuthFailed.what and past.at * 10**9 > config.stamp:
        click.echo(f"{told}, but it was refused: {past.detail}", err=True)
        return AuthFailed.exit_code
    way_in = f", but a key: {feed.source.way_in} makes a new {key}; put it into the configuration" if key else ""
    click.echo(f"{told}{way_in}.")
    return 0


def _tell(prompt: Prompt, config: Config, now: int) -> None:
    click.echo(prompt.text)
    if prompt.url:
        click.echo(f"\n  {prompt.url}\n")
        _draw(prompt.url)
    if prompt.code:
        where = f" at {prompt.short_url}" if prompt.short_url else ""
        click.echo(f"\n  The code{where}: {prompt.code}\n")
    minutes = max(1, round((prompt.expires_at - now) / MINUTE))
    until = local(prompt.expires_at, config.zone)
    click.echo(f"You have {count(minutes, 'minute')}, until {until:%H:%M}.")


def _draw(url: str) -> None:
    """The QR code in half blocks; a terminal that has none does without."""
    import segno  # noqa: PLC0415 - only here

    if can_show(sys.stdout.encoding):
        segno.make_qr(url, error="l", boost_error=False).terminal(compact=True, border=2)


def _on_ink(prompt: Prompt, config: Config, feed: Feed, clock: Clock) -> None:
    """The panel is optional: its errors are printed, and the sign-in goes on."""
    request = Request("sign in", feed.label, (prompt.url, prompt.short_url, prompt.code))
    answer = ask_display(request, config, clock)
    click.echo(answer.words, err=True)


def _answer(prompt: Prompt, clock: Clock) -> str:
    """The person's answer: pasted, typed, or brought by the browser to our page."""
    click.echo(f"\nThen paste here {prompt.brings}, and press Enter:", err=True)
    if prompt.listen is not None and (arrived := _landed(prompt, prompt.listen, clock)):
        return arrived
    line = sys.stdin.readline(_LONGEST)
    if not line.strip():
        raise AuthFailed("nothing was pasted", "start again once you have it")
    return line.strip()


def _landed(prompt: Prompt, port: int, clock: Clock) -> str:
    from eink_monitor.sources._http.landing import Landing  # noqa: PLC0415 - brings an HTTP server

    try:
        landing = Landing(port, prompt.state)
    except Unavailable as error:
        click.echo(str(error), err=True)
        return ""
    with landing:
        return landing.arrived(clock, prompt.expires_at, also=(sys.stdin.fileno(),))
