"""``eink-monitor show``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from eink_monitor.clock import SystemClock
from eink_monitor.config import Config, Slide
from eink_monitor.daemon.control import Reply, Request, address, ask
from eink_monitor.daemon.display_control import ask_display
from eink_monitor.daemon.drawing import Drawing, draw, drawn
from eink_monitor.draw.pictures import png, write_png
from eink_monitor.draw.preview import can_show, preview
from eink_monitor.draw.spoken import Spoken
from eink_monitor.errors import DisplayError
from eink_monitor.house import House
from eink_monitor.model.frame import Frame
from eink_monitor.verbs._house import config_option, load, named, opened, within_reach
from eink_monitor.verbs._terminal import bare


@click.command(epilog="Example: eink-monitor show solar --png out")
@click.argument("panels", nargs=-1, metavar="[PANEL]...")
@click.option(
    "--png",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write DIR/<panel>.png instead; - is standard output, for one panel.",
)
@click.option("--text", "aloud", is_flag=True, help="Print their content as lines of text, for a screen reader.")
@click.option("--ink", is_flag=True, help="Put one panel on the display now, through the daemon if it runs.")
@click.option("--why", is_flag=True, help="Print which panel is on the display, why, and which comes next.")
@config_option
def command(  # noqa: PLR0913 - one for each option
    panels: tuple[str, ...], folder: Path | None, config_file: Path | None, *, ink: bool, aloud: bool, why: bool
) -> int:
    """Draw panels from stored readings, without any network.

    All of them, or those named. Without --png they are shown in the terminal: every pixel at 250 columns (half
    blocks) or 125 (Braille dots), smaller if there are fewer.

    With --ink one panel (the one whose turn it is, if none is named) goes to the configured display at once and
    stays there for its `dwell`; the display's rules (full refreshes, sleep) still apply, except for the minimum
    interval.
    """
    if why:
        return _why(config_file, (*panels, folder, ink, aloud))
    _check(panels, folder, ink=ink, aloud=aloud)
    config = load(config_file)
    if ink:
        return _ink(config, panels)
    if folder and str(folder) != "-":
        within_reach(folder, f"eink-monitor show {panels[0] if panels else 'PANEL'} --png - > PANEL.png")
    slides = [named(config.slides, name, "panel") for name in panels] or list(config.slides.values())
    _show(config, slides, folder, aloud=aloud)
    return 0


def _check(panels: Sequence[str], folder: Path | None, *, ink: bool, aloud: bool) -> None:
    """Refuse options that exclude each other. Raises ``UsageError``."""
    if ink and (folder or aloud or len(panels) > 1):
        raise click.UsageError("--ink shows one panel and excludes --png and --text")
    if aloud and folder:
        raise click.UsageError("--text and --png exclude each other")
    if str(folder) == "-" and (len(panels) != 1 or sys.stdout.isatty()):
        raise click.UsageError("--png - takes one panel: show PANEL --png - > FILE.png")


def _show(config: Config, slides: Sequence[Slide], folder: Path | None, *, aloud: bool) -> None:
    """Print them as text or pictures, or write them to a folder or to standard output."""
    with opened(config, writes=False) as store:
        now = SystemClock().now()
        house = House(config, store, now)
        if aloud:
            click.echo("\n\n".join(_aloud(slide, house, now, config.display.sheet) for slide in slides))
            return
        frames = [draw(slide, house, now, config.display) for slide in slides]
    if folder is None:
        _print(frames)
    elif str(folder) == "-":
        bare(sys.stdout).buffer.write(png(frames[0]))
    else:
        _write(frames, folder)


def _aloud(slide: Slide, house: House, now: int, size: tuple[int, int]) -> str:
    """A panel's name, and below it what stands on it."""
    return f"{slide.name}\n{drawn(slide, house, now, lambda: Spoken.on(size)).said()}"


def _ink(config: Config, panels: Sequence[str]) -> int:
    slides = [named(config.slides, name, "panel") for name in panels]
    answer = ask_display(Request("show", slides[0].name if slides else ""), config, SystemClock())
    click.echo(f"eink-monitor: {answer.words}" if answer.code else answer.words, err=answer.code != 0)
    return answer.code


def _why(config_file: Path | None, others: Sequence[object]) -> int:
    """The daemon's reply; without one, show the panel it would start with."""
    if any(others):
        raise click.UsageError("--why goes alone")
    config = load(config_file)
    answer = ask(address(config.database), Request("why"))
    if answer is None:
        clock = SystemClock()
        with opened(config, writes=False) as store:
            drawing = Drawing(config, House(config, store, clock.now()), clock.monotonic())
            answer = Reply(0, f"now: nothing (no daemon is running)\n{drawing.why(clock.now(), clock.monotonic())}")
    click.echo(f"eink-monitor: {answer.words}" if answer.code else answer.words, err=answer.code != 0)
    return answer.code


def _print(frames: Sequence[Frame]) -> None:
    columns = shutil.get_terminal_size((1000, 0)).columns  # a pipe is as wide as it likes
    if not can_show(sys.stdout.encoding):
        message = "this terminal cannot show block characters; set LANG to a UTF-8 locale such as C.UTF-8, or use --png"
        raise DisplayError(message)
    for frame in frames:
        click.echo(f"{frame.name}\n{preview(frame, columns)}\n")
    if any(2 * columns < frame.width for frame in frames):
        click.echo(f"Shrunk to {columns} columns. 125 show every pixel; --png DIR writes pictures.", err=True)


def _write(frames: Sequence[Frame], folder: Path) -> None:
    for frame in frames:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_png(frame, folder / f"{frame.name}.png")
        except OSError as error:
            message = f"{folder} cannot be written: {error.strerror}; choose another folder for --png"
            raise DisplayError(message) from None
        click.echo(folder / f"{frame.name}.png")
