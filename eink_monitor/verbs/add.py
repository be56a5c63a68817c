"""``eink-monitor add [TYPE] [NAME]``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.config import plugins
from eink_monitor.editing.draft import drafted
from eink_monitor.model.source import Source
from eink_monitor.verbs import _wall
from eink_monitor.verbs._adding import Adding
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._talk import Dialogue, known, leaving_nothing
from eink_monitor.verbs._types import types_by_group

_EPILOG = """\b
Examples:
  eink-monitor add                       what there is
  eink-monitor add skoda enyaq           asks for the rest
  eink-monitor add skoda enyaq --secret api_key=key.txt --secret vin=- --yes"""


@click.command(epilog=_EPILOG)
@click.argument("kind", required=False, metavar="[TYPE]")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An answer; may be repeated.")
@click.option("--secret", "secrets", multiple=True, metavar="KEY=FILE", help="A secret from a file; - is the input.")
@click.option("--panel", metavar="TYPE", help="The panel that shows it, or `none`  [default: the first that fits].")
@click.option("--yes", is_flag=True, help="Ask nothing; fail with what is missing.")
@click.option("--untried", is_flag=True, help="Write it without polling it first.")
@config_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    config_file: Path | None,
    kind: str | None,
    name: str | None,
    settings: tuple[str, ...],
    secrets: tuple[str, ...],
    panel: str | None,
    *,
    yes: bool,
    untried: bool,
) -> int:
    """Set up a source and its panel, without an editor.

    TYPE is what it reads (without one, all are listed), NAME what it shall be called. It asks what the source needs
    and says where to find it, polls the source once, shows what came, and offers the panels that can show it. Then
    it writes both into the configuration, in which no other line changes; a secret goes into a file of its own that
    only you can read. Until then nothing is written; Ctrl-C leaves nothing behind.

    Where there is no terminal, or with --yes, it asks nothing. The previous configuration is kept: `eink-monitor
    undo` brings it back.
    """
    talk = Dialogue(silent=yes)
    file = _wall.file_of(config_file, new=True)
    if kind is None:
        click.echo("\n".join(types_by_group(file.parent)))
        if not talk.asks:
            return 0
        kind = talk.ask("\nWhich type")
    kind = known(kind, plugins.types(Source, file.parent), "type")  # type: ignore[type-abstract]
    with leaving_nothing(), drafted(file, lambda: _blank(talk)) as draft:
        draft.load()
        adding = Adding(draft, kind, name, talk)
        adding.asks(settings, secrets)
        return adding.run(panel, untried=untried)


def _blank(talk: Dialogue) -> str:
    """A new configuration; on a Pi a person may have a panel plugged to it."""
    talk.say("There is no configuration yet: a new one is made.")
    model = ""
    if talk.asks and _wall.is_pi():
        model = talk.ask("Which Waveshare panel is plugged to this Pi, as its sticker says (2in13_V4); Enter for none")
    return _wall.blank(model)
