"""What is printed: no text of a stranger is obeyed by a terminal, and none that it cannot show is an exception."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.model.poll import Outcome
from eink_monitor.outside import legible
from eink_monitor.store import Store
from eink_monitor.verbs._terminal import Legible, bare, legibly
from houses import read_or_complain, say, write

ESCAPES = ["\x1b[2J", "\x9b31m", "\x1b]0;title\x07", "\r\x1b[K", "\b\b", "\u202e", "\u2066", "\ud800", "\x7f", "\x00"]


@given(st.text(st.characters()))
def test_whatever_it_is_it_is_legible(text: str) -> None:
    shown = legible(text, "\n\t")
    assert all(sign.isprintable() or sign in "\n\t\xa0\u2007\u2009\u202f" for sign in shown)
    shown.encode()
    assert legible(shown, "\n\t") == shown
    if text.isprintable():
        assert shown == text
    assert "\n" not in legible(text)


@pytest.mark.parametrize("escape", ESCAPES)
def test_nothing_printed_is_obeyed(tmp_path: Path, escape: str) -> None:
    file = write(tmp_path)
    for words in (("show", f"x{escape}y"), (f"x{escape}y",), ("poll", f"x{escape}y"), ("check", f"--x{escape}y")):
        said = say(*words, *(("-c", file) if len(words) == 2 else ()))
        assert said.code
        assert escape not in said.out + said.err
        said.err.encode()


@pytest.mark.parametrize("escape", ESCAPES[:-3])
def test_nothing_stored_is_obeyed(tmp_path: Path, escape: str) -> None:
    """A database of an older version, or one that somebody else wrote."""
    file = write(tmp_path)
    config = read_or_complain(file)
    store = Store(tmp_path / "readings.db", config.zone)  # type: ignore[union-attr]
    store.note(Outcome("roof", 1_780_000_000, 0.1, "unavailable", f"no {escape} answer"), None, 0)
    store.flush()
    store.close()
    for verb in ("doctor", "dump", "latest", "quota", "check"):
        said = say(verb, *(("-",) if verb == "dump" else ()), "-c", file)
        assert escape not in said.out + said.err


def test_what_we_draw_ourselves_goes_to_the_stream_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with legibly():
        click.echo("a\x07\rb")
        bare(sys.stdout).write("\x1b[K")
        with legibly():  # twice is once
            sys.stdout.writelines(["\x07\n", "ok\n"])
    sys.stdout.write("\x07")
    assert capsys.readouterr().out == "a\\x07\\rb\n\x1b[K\\x07\nok\n\x07"


def test_what_an_old_terminal_cannot_show_is_spelled() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    shown = Legible(stream)
    assert shown.write("für 5 €\n") == 8
    stream.flush()
    assert stream.buffer.getvalue() == b"f\\xfcr 5 \\u20ac\n"
    assert not hasattr(shown, "buffer"), "nobody gets round it"


def test_a_whole_command_in_ascii(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "eink_monitor", "show", "f\xfcr\x1b[2J", "-c", str(write(tmp_path))],
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert said.returncode in {64, 78}
    assert b"f\\xfcr" in said.stderr
    assert b"\x1b" not in said.stderr
