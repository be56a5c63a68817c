"""What is done to a daemon that lives and to what it lives by; each returns when it is over or raises ``HurtError``."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from eink_monitor.daemon.control import LARGEST, Reply, Request, address, ask, short
from eink_monitor.errors import StoreError
from soak.life import HurtError, Life

_FLOOD = 2000  # requests
_PATIENCE = 20.0  # s
_STANDS_STILL = 3.0 + 7.0  # s that a verb waits for a daemon, and that this machine may take to start it
_HOSTILE = ("https://example.com/" + "W" * 20_000, "\x1b]0;owned\x07\x1b[2J", "\udce4\u202e" + "A" * 9_000)


def wish_too_large(life: Life) -> None:
    """Of 250 kB; and as a datagram past whoever knows better."""
    answer = _asked(life, Request("sign in", "car", ("https://" + "a" * 250_000, "", "")))
    if answer.code != 64:
        raise HurtError(f"a request of 250 kB: {answer.code}, {answer.words[:80]}")
    _send(life, b"x" * (LARGEST + 1), 1)
    _hears(life)


def flood_of_requests(life: Life) -> None:
    """Thousands at once, sense and nonsense."""
    pieces = [b'{"verb": "show", "panel": "car"}', b'{"verb": "write", "panel": ""}', b"\xff\xfe", b"[" * 5000, b""]
    for piece in pieces:
        _send(life, piece, _FLOOD // len(pieces))
    _hears(life)


def hostile_sign_in(life: Life) -> None:
    """A card with an address without end, with escapes and half letters: drawn or refused, and soon."""
    for words in (_HOSTILE, ("https://example.com/" + "i" * 60_000, "x", "y"), ("", "", "")):
        message = Request("sign in", "car\u2028", words)
        with suppress(UnicodeError):  # what cannot even be sent
            _asked(life, message)
    _hears(life)


def _hears(life: Life) -> None:
    answer = _asked(life, Request("write"))
    if answer.code not in {0, 75}:
        raise HurtError(f"the daemon answers {answer.code}: {answer.words[:80]}")


def _asked(life: Life, request: Request) -> Reply:
    try:
        answer = ask(address(life.database), request, _PATIENCE)
    except StoreError as error:
        raise HurtError(f"{request.verb}: {error}") from error
    if answer is None:
        raise HurtError(f"{request.verb}: no daemon runs")
    return answer


def _send(life: Life, message: bytes, times: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as shouting:
        shouting.bind("")
        shouting.settimeout(2.0)
        with suppress(OSError):  # its queue is full, or the message too long for this machine
            with short(address(life.database)) as name:
                shouting.connect(name)
            for _ in range(times):
                shouting.send(message)


def stopped(life: Life) -> None:
    """A daemon that stands still, and verbs beside it: they tell what was written, and wait for nobody."""
    os.kill(life.pid, signal.SIGSTOP)
    try:
        for verb in (["latest", "--json"], ["quota"], ["history", "car", "odometer", "--json"]):
            _say(life, *verb)
    finally:
        os.kill(life.pid, signal.SIGCONT)


def _say(life: Life, verb: str, *rest: str) -> None:
    command = [sys.executable, "-m", "eink_monitor", verb, "-c", str(life.config), *rest]
    try:
        said = subprocess.run(command, capture_output=True, timeout=_STANDS_STILL, check=False)
    except subprocess.TimeoutExpired:
        raise HurtError(f"{verb} waits for a daemon that stands still") from None
    hurt = b"is damaged" in said.stderr  # by an earlier deed, which the daemon, who has it in memory, has not met yet
    if not (said.stdout or hurt) or b"does not answer" not in said.stderr:
        raise HurtError(f"{verb} beside a daemon that stands still: {said.returncode}, {said.stderr[-200:]!r}")


def second_daemon(life: Life) -> None:
    """One comes while another lives: it is refused."""
    _is_refused(life.spawn())
    life.check()


def _is_refused(daemon: subprocess.Popen[bytes]) -> None:
    try:
        if daemon.wait(timeout=_PATIENCE) == 0:
            raise HurtError("a second daemon came and went as if nothing were wrong")
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
        raise HurtError("two daemons live on one database") from None


def six_daemons(life: Life) -> None:
    """All start in one moment; one is left."""
    life.begin(rivals=5)


def reload_broken(life: Life) -> None:
    """A configuration with mistakes and a SIGHUP: refused, and the old one goes on."""
    good = life.config.read_text(encoding="utf-8")
    size = life.log.stat().st_size
    life.config.write_text(life.dice.choice([good[: len(good) // 2], good + "\t- {", good + "nonsense: 1\n", ""]))
    try:
        begun = life.board["begun"]
        os.kill(life.pid, signal.SIGHUP)
        life.wait(lambda: "is rejected; going on" in _since(life.log, size), "a broken configuration was not refused")
        if life.board["begun"] != begun:
            raise HurtError("a broken configuration was taken over")
    finally:
        life.config.write_text(good)


def reload_good(life: Life) -> None:
    """Another configuration and a SIGHUP: taken over."""
    good = life.config.read_text(encoding="utf-8")
    one, other = ("subject: car, dwell: 4m}", "subject: car}")
    life.config.write_text(good.replace(one, other) if one in good else good.replace(other, one))
    begun = life.board["begun"]
    os.kill(life.pid, signal.SIGHUP)
    life.wait(lambda: life.board["begun"] > begun, "a good configuration was not taken over")


def _since(log: Path, size: int) -> str:
    with log.open("rb") as file:
        file.seek(size)
        return file.read().decode("utf-8", "replace")


def no_more_files(life: Life) -> None:
    """EMFILE for whatever wants one: polls, the card, the socket, the panel."""
    _limit(life, resource.RLIMIT_NOFILE, len(list(Path(f"/proc/{life.pid}/fd").iterdir())) - 1)


def _limit(life: Life, what: int, most: int) -> None:
    usual = resource.prlimit(life.pid, what)
    resource.prlimit(life.pid, what, (most, usual[1]))
    try:
        _a_while(life)
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(life.pid, what, usual)


def no_more_processes(life: Life) -> None:
    """EAGAIN at every fork."""
    _bid(life, "short of forks", lambda: _a_while(life))


def greedy_child(life: Life) -> None:
    """A poll eats processes; afterwards all of them are gone."""
    polls = life.board["polls"]
    _bid(life, "greedy", lambda: life.wait(lambda: life.board["polls"] > polls + 8, "polls stand still"))
    life.wait(lambda: len(life.children(life.pid)) < 6, "what a poll has left lives on")


def _bid(life: Life, what: str, meanwhile: Callable[[], object]) -> None:
    life.board[what] = 1
    try:
        meanwhile()
    finally:
        life.board[what] = 0


def _a_while(life: Life) -> None:
    """An hour or so of the house, if it gets there."""
    until = life.board["now"] + 3600
    with suppress(HurtError):
        life.wait(lambda: life.board["now"] > until, "", 5.0)
    life.check()
