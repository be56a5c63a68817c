"""``eink-monitor show``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from eink_monitor.clock import SystemClock
from eink_monitor.draw.pictures import write_png
from eink_monitor.drawing import draw
from eink_monitor.errors import DisplayError
from eink_monitor.house import House
from eink_monitor.model import Frame
from eink_monitor.verbs._house import config_option, load, named, opened
from eink_monitor.verbs._preview import preview


@click.command(epilog="Example: eink-monitor show solar --png out")
@click.argument("panels", nargs=-1, metavar="[PANEL]...")
@click.option("--png", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/<panel>.png instead.")
@config_option
def command(panels: tuple[str, ...], folder: Path | None, config_file: Path | None) -> None:
    """Draw panels from what is stored, without any network.

    All of them, or those named. Without --png they are shown here in the terminal: every pixel at 250 columns (half
    blocks) or 125 (Braille dots), smaller where there are fewer.
    """
    config = load(config_file)
    slides = [named(config.slides, name, "panel") for name in panels] or list(config.slides.values())
    with opened(config, writes=False) as store:
        now = SystemClock().now()
        house = House(config, store, now)
        frames = [draw(slide, house, now, config.display.size) for slide in slides]
    if folder is None:
        _print(frames)
    else:
        _write(frames, folder)


def _print(frames: Sequence[Frame]) -> None:
    columns = shutil.get_terminal_size((1000, 0)).columns  # a pipe is as wide as it likes
    try:
        for frame in frames:
            click.echo(f"{frame.name}\n{preview(frame, columns)}\n")
    except UnicodeEncodeError:
        message = "this terminal cannot show block characters; set LANG to a UTF-8 locale such as C.UTF-8, or use --png"
        raise DisplayError(message) from None
    if any(2 * columns < frame.width for frame in frames):
        click.echo(
            f"Shown smaller to fit {columns} columns; 125 show every pixel, --png DIR writes pictures.", err=True
        )


def _write(frames: Sequence[Frame], folder: Path) -> None:
    for frame in frames:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_png(frame, folder / f"{frame.name}.png")
        except OSError as error:
            message = f"{folder} cannot be written: {error.strerror}; choose another folder for --png"
            raise DisplayError(message) from None
        click.echo(folder / f"{frame.name}.png")
