"""Small houses for tests: a configuration in a folder, and a command line said to it."""

from __future__ import annotations

import io
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from eink_monitor.cli import execute
from eink_monitor.config import Config, load
from eink_monitor.errors import ConfigError
from eink_monitor.store import VERSION

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: demo, show: roof, every: 5m}}
  car: {{type: demo, show: car, every: 15m, calls_per_day: 45}}
  attic: {{type: demo, show: disk, every: 15m}}
panels:
  sun: {{type: solar, subject: roof}}
  flow: {{type: flow, subject: roof}}
  disk: {{type: disk, subject: "attic:backups"}}
"""


def outdate(path: Path) -> None:
    """Let a database be of the next version."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('eink-monitor', 'm999_next', '')"
        )
        db.commit()


@contextmanager
def no_room(size: int = 1024) -> Iterator[None]:
    """No file of this process grows beyond so many bytes; a full card says the same of all of them."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Said(NamedTuple):
    """What came of a command line."""

    code: int
    out: str
    err: str


def say(*words: object) -> Said:
    """Say a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = execute([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def write(folder: Path, text: str = HOUSE) -> Path:
    """Write ``folder/config.yaml``; ``{folder}`` in the text is where it stands."""
    file = folder / "config.yaml"
    file.write_text(text.format(folder=folder), encoding="utf-8")
    return file


def complaints(file: Path) -> list[str]:
    """What is wrong with a configuration, without its name; empty when nothing is."""
    read = read_or_complain(file)
    if isinstance(read, Config):
        return []
    return [str(complaint).removeprefix(f"{file}:") for complaint in read.complaints]


def read_or_complain(file: Path) -> Config | ConfigError:
    """A configuration, or why it is none; anything else that is raised is a bug."""
    try:
        return load(file)
    except ConfigError as error:
        return error
