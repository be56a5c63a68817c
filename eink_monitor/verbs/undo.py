"""``eink-monitor undo``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.editing.draft import drafted
from eink_monitor.editing.keeping import earlier
from eink_monitor.errors import StoreError
from eink_monitor.verbs import _wall
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._talk import Dialogue


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask first.")
@config_option
def command(config_file: Path | None, *, yes: bool) -> int:
    """Bring back the configuration as it was before.

    That is, before the last `add`, `remove` or `undo`. The present one is kept in its place, so a second `undo` takes
    the first one back. Readings and the files of secrets stay as they are. What `rename` did is undone by another
    `rename`.
    """
    file = _wall.file_of(config_file)
    talk = Dialogue(silent=yes)
    with drafted(file) as draft:
        before = next(iter(earlier(draft.file)), None)
        if before is None:
            raise StoreError(f"there is no earlier version of {file}", "`add`, `remove` and `rename` keep one")
        if before.name.startswith(f"{file.name}.before-rename-"):
            raise StoreError(f"the last change was a rename ({before.name})", "rename it back with eink-monitor rename")
        draft.text = before.read_bytes().decode("utf-8", "replace")
        draft.load()
        if not talk.agrees(f"Bring back {before.name}?"):
            return 0
        told = draft.keep("undo")
        before.unlink()
    talk.say(f"{file} is as it was before ({before.name.partition('.before-')[2]}).")
    for sentence in told:
        talk.say(f"{sentence}; another undo brings that back.")
    _wall.tell_daemon(file)
    return 0
