"""``eink-monitor show``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.clock import SystemClock
from eink_monitor.config import Config, Slide
from eink_monitor.draw.pictures import half_blocks, write_png
from eink_monitor.drawing import draw
from eink_monitor.errors import ConfigError, DisplayError
from eink_monitor.house import House
from eink_monitor.verbs._house import config_option, load, opened


@click.command()
@click.argument("panels", nargs=-1, metavar="[PANEL]...")
@click.option("--png", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/<panel>.png instead.")
@config_option
def command(panels: tuple[str, ...], folder: Path | None, config_file: Path | None) -> None:
    """Draw panels (all, or those named) from what is stored; no network. Without --png: here in the terminal."""
    config = load(config_file)
    slides = [_named(config, name) for name in panels] or list(config.slides.values())
    with opened(config, writes=False) as store:
        now = SystemClock().now()
        house = House(config, store, now)
        frames = [draw(slide, house, now, config.display.size) for slide in slides]
    for frame in frames:
        if folder is None:
            click.echo(f"{frame.name}\n{half_blocks(frame)}\n")
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_png(frame, folder / f"{frame.name}.png")
        except OSError as error:
            raise DisplayError(f"{folder} cannot be written: {error.strerror}") from None
        click.echo(folder / f"{frame.name}.png")


def _named(config: Config, name: str) -> Slide:
    if name not in config.slides:
        raise ConfigError([f"{config.file}: no panel is called `{name}`; there are {', '.join(config.slides)}"])
    return config.slides[name]
