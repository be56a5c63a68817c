"""What is done to the files of a house: damage, deletions, strangers in their places, rows from the future.

Each deed leaves a daemon that lives, and returns what may be lost by it and by nothing else: the odometers that stood
on pages that are gone.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from eink_monitor.store.repair.pages import Scan, names
from eink_monitor.store.repair.replaced import is_whole
from faults import corpus
from soak.life import HurtError, Life

_PAGE = 1024
_INNER, _LEAF = 0x05, 0x0D  # pages of a table with a rowid: sqlite.org/fileformat2.html, 1.6
_PLANTED = 900_000  # km, and more: what only a row from the future says
_KINDS = (
    corpus.header_byte,
    corpus.header_field,
    corpus.first_page,
    corpus.page_heads,
    corpus.sectors,
    corpus.pages,
    corpus.erased,
    corpus.cut_off,
    corpus.too_long,
    corpus.start_lost,
)
_FOREIGN = "a stranger's own"


@dataclass
class Gone:
    """Odometers that stood on damaged pages, those that only the damage says, and calls that a page may have held."""

    odometers: set[int] = field(default_factory=set)
    forged: set[int] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)

    def add(self, other: Gone) -> None:
        """And the others."""
        self.odometers |= other.odometers
        self.forged |= other.forged
        for account, calls in other.calls.items():
            self.calls[account] = self.calls.get(account, 0) + calls


def damaged(life: Life) -> Gone:
    """The daemon is killed, and begins on a database that was damaged meanwhile."""
    life.kill()
    gone = _harm(life)
    life.begin()
    return gone


def damaged_three_times(life: Life) -> Gone:
    """Damaged again, and again, before anything of it can be salvaged."""
    gone = Gone()
    for _ in range(3):
        life.kill()
        gone.add(_harm(life))
        frames = life.board["frames"]
        life.begin()
        life.wait(lambda frames=frames: life.board["frames"] > frames, "no frame was drawn")  # type: ignore[misc]
    return gone


def damaged_while_in_use(life: Life) -> Gone:
    """The beginning of the file goes while a daemon has it open."""
    noise = life.dice.randbytes(_PAGE)
    gone = _held(life.database, noise + life.database.read_bytes()[_PAGE:])
    with life.database.open("r+b") as file:
        file.write(noise)
    _hour(life)
    return gone


def _harm(life: Life) -> Gone:
    path = life.database
    if not is_whole(path):  # of damage that the daemon has not met yet nobody could say what more would cost
        return Gone()
    before = path.read_bytes()
    if len(before) < 40 * _PAGE:
        with closing(sqlite3.connect(path)) as db:  # all of it is still in the log
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.read_bytes()
    if len(before) < 40 * _PAGE:  # it has only just begun: there is no room for a hole in it
        return Gone()
    data = bytearray(before)
    life.dice.choice(_KINDS)(data, life.dice)
    gone = _held(path, bytes(data))
    path.write_bytes(data)
    return gone


def _held(path: Path, after: bytes) -> Gone:
    """What stands on the pages of a database that are not the same afterwards."""
    before = path.read_bytes()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        try:
            (series, newest), *_ = db.execute(
                "SELECT id, value FROM series WHERE subject = 'car' AND metric = 'odometer'"
            ).fetchall() or [(0, 0)]
            calls = dict(db.execute("SELECT account, sum(calls) FROM call GROUP BY account").fetchall())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise HurtError(f"damaged again, before it was noticed: {error}") from error
    pages = [at for at in range(0, len(before), _PAGE) if before[at : at + _PAGE] != after[at : at + _PAGE]]
    whole = not any(_holds_calls(before[at : at + _PAGE]) for at in pages)
    lost = _odometers([before[at : at + _PAGE] for at in pages], series)
    said = _odometers([after[at : at + _PAGE] for at in pages], series)
    return Gone(lost | {newest or 0}, said - lost, {} if whole else calls)


def _holds_calls(page: bytes) -> bool:
    """Whether it may be a page of the ledger, or one by which its pages are found."""
    return page.startswith(b"SQLite format") or page[0] in {_INNER, _LEAF}


def _odometers(pages: list[bytes], series: int) -> set[int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pages"
        path.write_bytes(b"".join(page.ljust(_PAGE, b"\0") for page in pages if page))
        return _values(path, [series])


def _values(path: Path, series: Collection[int]) -> set[int]:
    """The values of every reading of these series, in a file and in its log."""
    return {
        int(record[2])
        for record in Scan().records_of(path)
        if len(record) == 4 and record[1] in series and isinstance(record[2], int)
    }


def without_log(life: Life) -> Gone:
    """The ``-wal`` is deleted while a daemon writes to it."""
    life.database.with_name("readings.db-wal").unlink(missing_ok=True)
    return _hour(life)


def without_database(life: Life) -> Gone:
    """The database is deleted while a daemon has it open."""
    life.database.unlink()
    return _hour(life)


def without_folder(life: Life) -> Gone:
    """All of it is deleted, with the control socket and the sign-ins."""
    folder = life.database.parent
    gone = Gone()
    while folder.exists():  # the daemon may put a file there meanwhile
        gone.add(_set_aside(life.database))
        shutil.rmtree(folder, ignore_errors=True)
    _hour(life)
    life.recover()
    life.begin()  # it has no ears any more
    return gone


def _set_aside(database: Path) -> Gone:
    """What stands in damaged files that wait for their salvage, and perhaps nowhere else."""
    gone = Gone()
    for path in database.parent.glob(f"{database.name}.damaged-*"):
        if not path.name.endswith(("-wal", "-shm")):
            series = [number for number, known in names(path).items() if ("car", "odometer") in known]
            gone.odometers |= _values(path, series)
    return gone


def _hour(life: Life) -> Gone:
    """Longer than the daemon may take to notice."""
    until = life.board["now"] + 3600
    life.wait(lambda: life.board["now"] > until, "time stands still")
    return Gone()


def foreign_configured(life: Life) -> Gone:
    """A configuration names another program's database: it is refused, and not touched."""
    with tempfile.TemporaryDirectory() as folder:
        path = _foreign(Path(folder) / "theirs.db")
        before = _print_of(path)
        config = Path(folder) / "config.yaml"
        config.write_text(life.config.read_text().replace(str(life.database), str(path)))
        command = [sys.executable, "-m", "eink_monitor", "run", "-c", str(config)]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            raise HurtError("a daemon lives on another program's database") from None
        if ended.returncode != 78:
            raise HurtError(f"another program's database: {ended.returncode}, {ended.stderr[-200:]!r}")
        if _print_of(path) != before:
            raise HurtError("another program's database was touched")
    return Gone()


def foreign_in_its_place(life: Life) -> Gone:
    """Another program's database takes the place of ours while a daemon has it open; then ours is put back."""
    path = life.database
    stranger = _foreign(path.with_name("theirs.db"))
    before = _print_of(stranger)
    stranger.replace(path)
    _hour(life)
    if _print_of(path) != before:
        raise HurtError("another program's database was touched")
    kept = [file for file in path.parent.glob(f"{path.name}.replaced-*") if not file.name.endswith(("-wal", "-shm"))]
    if len(kept) != 1:
        path.unlink()
        raise HurtError(f"what was replaced is kept {len(kept)} times")
    for file in sorted(path.parent.glob(f"{kept[0].name}*"), reverse=True):  # its log first, where it was damaged
        file.replace(path.with_name(path.name + file.name.removeprefix(kept[0].name)))
    return Gone()


def _foreign(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE notes (text)")
        db.executemany("INSERT INTO notes VALUES (?)", [(_FOREIGN,)] * 2000)
        db.execute("PRAGMA user_version = 7")
        db.commit()
    return path


def _print_of(path: Path) -> tuple[str, int]:
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns


def future(life: Life) -> Gone:
    """Rows that are dated years ahead, one of them as the newest of its series."""
    life.kill()
    later = life.board["now"] + life.dice.choice([86400, 400 * 86400, 1 << 33])
    with closing(sqlite3.connect(life.database)) as db:
        (series,) = db.execute("SELECT id FROM series WHERE subject = 'car' AND metric = 'odometer'").fetchone()
        for number in range(3):
            value = _PLANTED + life.dice.randrange(10_000)
            db.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, 0)", (later + number, series, value))
        db.execute("UPDATE series SET end = ? WHERE subject = 'attic' AND end IS NOT NULL", (later,))
        db.commit()
    life.begin()
    return Gone()


def unreadable_state(life: Life) -> Gone:
    """The private folder of a feed cannot be entered (ELOOP, whoever looks), and its vendor says 401."""
    life.kill()
    folder = life.database.parent / "state" / "guest"
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    if not folder.is_symlink():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.symlink_to("guest")
    life.begin()
    return Gone()
