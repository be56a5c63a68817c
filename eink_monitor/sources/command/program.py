"""Running a program of the owner's: which may be run, with what, and what it says."""

from __future__ import annotations

import json
import os
import re
import select
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from eink_monitor.clock import stopwatch
from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.outside import clean

MOST = 1_000_000
"""Bytes of what it prints."""
_MOST_SAID = 4_000  # bytes of its complaints that are read
_LONGEST = 160  # characters of a complaint
_PIECE = 1 << 16
_LOOK = 0.1  # s between two looks whether it has ended
_AFTER = 0.5  # s for what is left in the pipe, which a program that it left behind may hold open
_PATH = "/usr/local/bin:/usr/bin:/bin"
_INTERPRETER = re.compile(r"python[\d.]*|[bdkz]?a?sh|perl|ruby|node|php|env")
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_SECRETS = (
    re.compile(r"://[^/\s@]+@"),
    re.compile(r"(?i)\b\w*(?:token|key|secret|password|passwd|pwd|authorization)[\"']?\s*[:=]\s*(?:bearer\s+)?\S+"),
    re.compile(r"\b(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{16,}"),
)


def distrust(run: Sequence[str]) -> tuple[str, str] | None:
    """Why a program is not run: what is wrong with it or the folders above it, and the way out; None if nothing is.

    Whoever may write it could do what we can. An interpreter is as trustworthy as the file that it reads.
    """
    program = Path(run[0])
    files = [program]
    if _INTERPRETER.fullmatch(program.name):
        files += [Path(word) for word in run[1:] if word.startswith("/") and Path(word).is_file()]
    for file in files:
        if told := _doubt(file):
            return told
    if not os.access(program, os.X_OK) or not program.is_file():
        return f"{program} is no program that may be run", f"chmod +x {program}"
    return None


def _doubt(file: Path) -> tuple[str, str] | None:
    """Why one file is not trusted."""
    try:
        real = file.resolve(strict=True)
        places = [(place, place.stat()) for place in (real, *real.parents)]
    except (OSError, RuntimeError):
        return f"there is no program {file}, or nobody but others may see it", "install it, or correct run"
    for place, about in places:
        if about.st_uid not in {0, os.geteuid()}:
            return f"{place} belongs to another user, who could change what runs", f"chown root {place}"
        shared = place != real and about.st_mode & stat.S_ISVTX  # as /tmp: nobody can replace what is another's there
        if about.st_mode & _OTHERS and not shared:
            return f"others can write {place}, and could change what runs", f"chmod go-w {place}"
    return None


def printed(run: Sequence[str], visit: Visit) -> object:
    """The JSON that a program prints. Raises our errors; the deadline of the poll ends it with all that it started."""
    if told := distrust(run):
        raise BadAnswer(*told)
    name = Path(run[0]).name
    try:
        process = subprocess.Popen(  # noqa: S603 - the owner's own program, and no shell
            list(run),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=visit.state if visit.state.is_dir() else "/",
            env=_environment(visit),
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown fault"
        message = f"{name} cannot be run: {reason.lower()}"
    else:
        return _heard(process, name)
    raise Unavailable(message)


def _environment(visit: Visit) -> dict[str, str]:
    """Nothing of ours: the daemon's may hold secrets, and where systemd keeps some."""
    return {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": str(visit.state), "TZ": visit.zone.key}


def _heard(process: subprocess.Popen[bytes], name: str) -> object:
    try:
        said, complaint = _read(process, name)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    if code:
        _judge(code, name, complaint)
    try:
        document: object = json.loads(said.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        document = _NOTHING
    if document is _NOTHING:
        raise BadAnswer(f"{name} printed something that is not JSON" if said.strip() else f"{name} printed nothing")
    return document


def _read(process: subprocess.Popen[bytes], name: str) -> tuple[bytes, bytes]:
    """What it prints, and the beginning of its complaints. Raises ``BadAnswer`` for more than ``MOST``."""
    said, complaint = bytearray(), bytearray()
    found = {pipe: into for pipe, into in ((process.stdout, said), (process.stderr, complaint)) if pipe}
    ended = 0.0
    while found:
        ready, _, _ = select.select(list(found), [], [], _LOOK)
        for pipe in ready:
            if piece := os.read(pipe.fileno(), _PIECE):
                found[pipe] += piece
            else:
                del found[pipe]
        del complaint[_MOST_SAID:]
        if len(said) > MOST:
            raise BadAnswer(f"{name} printed more than {MOST // 1_000_000} MB; it is ignored")
        if process.poll() is not None:
            ended = ended or stopwatch()
            if not ready or stopwatch() - ended > _AFTER:
                break
    return bytes(said), bytes(complaint)


def _judge(code: int, name: str, complaint: bytes) -> NoReturn:
    """What an exit code means (sysexits.h), with the first line that the program complained in."""
    lines = complaint.decode("utf-8", "replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    told = f": {masked(first)}" if first else ""
    if code < 0:
        raise Unavailable(f"{name} was killed by signal {-code}{told}")
    kinds = {os.EX_NOPERM: AuthFailed, os.EX_DATAERR: BadAnswer, os.EX_CONFIG: BadAnswer, os.EX_USAGE: BadAnswer}
    raise kinds.get(code, Unavailable)(f"{name} ended with code {code}{told}")


def masked(text: str) -> str:
    """A line without what looks like a password, a key or a token."""
    for look in _SECRETS:
        text = look.sub("****", text)
    return clean(text, _LONGEST)


_NOTHING = object()
