"""``eink-monitor demo``: one day of a demo house, through the real program."""

from __future__ import annotations

import dataclasses
import logging
from datetime import date, timedelta
from pathlib import Path

import click

from eink_monitor import config as configuration
from eink_monitor.clock import HOUR, FastClock, local, midnight
from eink_monitor.config import Config, Feed
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.drawing import draw
from eink_monitor.daemon.polls import Forked
from eink_monitor.draw.pictures import contact
from eink_monitor.errors import DisplayError
from eink_monitor.model.display import Display
from eink_monitor.settings import Duration
from eink_monitor.simulation import StandIn, live, silence
from eink_monitor.store import Store
from eink_monitor.verbs._progress import aside, progress

_FILE = Path(__file__).parent.parent / "demo.yaml"
_DAY = date(2026, 6, 17)
_BEFORE = 15  # days simulated first, so that there is a history to draw
_BEGINS = 15  # o'clock
_TRIES = 60


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("out"),
    metavar="DIR",
    help="Where pictures and database go [default: out].",
)
def command(out: Path) -> None:
    """Run one day of a demo house in a few seconds.

    No account, no hardware, and nothing outside DIR is touched.

    The configuration, the timetable, the polls (each a child process), the quota ledger, the database, the panels
    and the PNG display are real; the clock is fast and the vendors are simulated. A vendor fails at 13:40, and at
    noon the car is polled until its quota is used up.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("demo.db*"):
            old.unlink()
        _live(out)
    except OSError as error:
        raise DisplayError(f"{out} cannot be written: {error.strerror}; choose another folder with --out") from None


def _live(out: Path) -> None:
    config = dataclasses.replace(configuration.load(_FILE), database=out / "demo.db", display=_png(out))
    start = midnight(_DAY - timedelta(days=1), config.zone) + _BEGINS * HOUR
    _earlier(config, start)
    clock = FastClock(start)
    _listen(clock, config)
    store = Store(config.database, config.zone)
    daemon = Daemon(config, store, clock, Forked(config))
    with progress(24, "one day") as step:
        for hour in range(1, 25):
            live(daemon, start + hour * HOUR)
            if local(clock.now(), config.zone).hour == 12:
                _somebody_asks(daemon)
            step()
    daemon.stop()
    frames = [draw(slide, daemon.house, clock.now(), config.display) for slide in config.slides.values()]
    contact(frames, out / "contact.png")
    store.close()
    click.echo(f"\n{daemon.fetching.polls} polls, {daemon.drawing.frames} frames, {len(frames)} panels")
    click.echo(f"every panel     {out}/*.png")
    click.echo(f"all on a sheet  {out / 'contact.png'}")
    click.echo(f"the database    {config.database}")


def _png(out: Path) -> Display:
    from eink_monitor.displays.png import Png  # noqa: PLC0415 - verbs name displays only here

    return Png(path=out)


def _earlier(config: Config, until: int) -> None:
    """Simulate the days before in this process, without drawing."""
    from eink_monitor.displays.null import Null  # noqa: PLC0415 - as above

    quick = dataclasses.replace(config, display=Null(), commit_every=Duration(HOUR), feeds=_well(config))
    store = Store(config.database, config.zone, durable=False)
    with silence():
        daemon = Daemon(quick, store, FastClock(until - _BEFORE * 24 * HOUR), StandIn())
        live(daemon, until)
    daemon.stop()
    store.close()


def _well(config: Config) -> dict[str, Feed]:
    """The feeds without their outages: an unseen fault would seem to recover from nothing."""
    return {
        name: dataclasses.replace(feed, source=dataclasses.replace(feed.source, outage=None))  # type: ignore[type-var]
        for name, feed in config.feeds.items()
    }


def _somebody_asks(daemon: Daemon) -> None:
    """Poll the car again and again, until the ledger refuses."""
    for _ in range(_TRIES):
        if daemon.fetching.poll_now("car").what == "throttled":
            return


def _listen(clock: FastClock, config: Config) -> None:
    """Print what the daemon logs, with the simulated time."""

    class Story(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            aside(f"{local(clock.now(), config.zone):%a %H:%M}  {record.getMessage()}")

    logger = logging.getLogger("eink_monitor")
    logger.handlers[:] = [Story()]
    logger.setLevel(logging.INFO)
    logger.propagate = False
