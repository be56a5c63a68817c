"""``eink-monitor remove NAME``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from eink_monitor import places
from eink_monitor.config import Config
from eink_monitor.editing.draft import Draft, drafted
from eink_monitor.editing.surgery import names, removed, written_out
from eink_monitor.errors import ConfigError
from eink_monitor.verbs import _wall
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._talk import Dialogue, known, refuse

_SECRET = re.compile(r"!file +['\"]?([\w./-]+)")


@click.command(epilog="Example: eink-monitor remove enyaq")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Ask nothing: remove it with the panels that need it, and keep its secrets.")
@config_option
def command(config_file: Path | None, name: str, *, yes: bool) -> int:
    """Remove a source or a panel, without an editor.

    NAME is a key below `sources:` or `panels:`. Panels that have nothing to show without a source are removed with
    it, if you agree. Its readings stay in the database, and files with its secrets stay unless you say otherwise. No
    other line of the configuration changes, and the previous one is kept: `eink-monitor undo` brings it back.
    """
    file = _wall.file_of(config_file)
    talk = Dialogue(silent=yes)
    with drafted(file) as draft:
        config = draft.load()
        section = _section(draft.text, name)
        if section == "panels":
            gone = written_out(draft.text, "panels", name)
            draft.change(lambda text: removed(text, "panels", name))
            draft.load()
        else:
            gone = _remove_source(draft, config, name, talk)
        talk.say(gone)
        if not talk.agrees("Remove this?"):
            talk.say("Nothing was changed.")
            return 0
        told = draft.keep(f"remove-{name}")
        if not places.served():
            _secrets(draft, gone, talk)
    _wall.tell(f"{section[:-1].capitalize()} `{name}` is removed from {file}.")
    if section == "sources":
        talk.say("Its readings stay in the database.")
    _wall.tell_way_back(told, file)
    _wall.tell_daemon(file)
    return 0


def _section(text: str, name: str) -> str:
    """Where a name stands; a source goes before a panel of the same name. Raises ``click.UsageError``."""
    there = {section: names(text, section) for section in ("sources", "panels")}
    for section, found in there.items():
        if name in found:
            return section
    return known(name, [one for found in there.values() for one in found], "source or panel")


def _remove_source(draft: Draft, config: Config, name: str, talk: Dialogue) -> str:
    """Cut it out, with the panels that need it if a person agrees; what is gone."""
    gone = [written_out(draft.text, "sources", name)]
    draft.change(lambda text: removed(text, "sources", name))
    while orphans := list(_orphans(draft)):
        told = ", ".join(f"`{one}` ({config.slides[one].type})" for one in orphans)
        if not talk.agrees(f"Without it there is nothing to show on {told}. Remove that, too?"):
            refuse(f"`{name}` stays, because panels need it: {', '.join(orphans)}")
        for one in orphans:
            gone.append(written_out(draft.text, "panels", one))
            draft.change(lambda text, panel=one: removed(text, "panels", panel))  # type: ignore[misc]
    return "\n".join(gone)


def _orphans(draft: Draft) -> Iterator[str]:
    """The panels of which a configuration complains. Raises ``ConfigError`` if it complains of anything else."""
    try:
        draft.load()
    except ConfigError as error:
        panels = [one.path.split(".")[1] for one in error.complaints if one.path.startswith("panels.")]
        conditions = [one for one in error.complaints if one.path.count(".") != 1 or not one.path.startswith("panels.")]
        if conditions:
            raise ConfigError(conditions) from None
        yield from dict.fromkeys(panels)


def _secrets(draft: Draft, gone: str, talk: Dialogue) -> None:
    """Files of secrets that nothing else names: kept, or removed if a person says so."""
    for named in dict.fromkeys(_SECRET.findall(gone)):
        path = draft.file.parent / named
        if named in draft.text or not path.is_file():
            continue
        if talk.agrees(f"Delete the secret in {path}, too? `undo` could not bring it back.", default=False):
            path.unlink()
            talk.say(f"{path} is deleted.")
        else:
            talk.say(f"{path} stays.")
