"""Run a function in a fork of this process, which shares all loaded modules and can be killed if it hangs.

SQLite forbids using a database in a fork of a process that has it open: such work is a ``store.repair.job``. A poll,
which is watched while the daemon goes on, is a ``daemon.process``.
"""

from __future__ import annotations

import math
import os
import select
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, NoReturn, TypeVar

from eink_monitor import orphans
from eink_monitor.clock import stopwatch
from eink_monitor.errors import Overloaded, Trouble, bug

T = TypeVar("T")
_PIECE = 1 << 16  # bytes


class Crashed(Trouble):
    """The function hit a bug; the sentence names it and its place, and quotes nothing."""

    what: ClassVar[str] = "crashed"


class Silent(Crashed):
    """The child ended before it had answered."""


def ask(work: Callable[[], T], seconds: float = math.inf, keep: Collection[int] | None = None) -> T:
    """What ``work`` returns in a child, where it can be pickled; the ``Trouble`` that it raises is raised here.

    With ``keep`` the child closes all files but the standard ones and these. After ``seconds`` it is killed:
    ``TimeoutError``. Raises ``Crashed`` for whatever else went wrong in it, ``Silent`` among it, and ``Overloaded``
    where this machine is short of processes, memory or files.
    """
    import pickle  # noqa: PLC0415 - most days nobody asks

    child, reader = _fork(work, keep)
    try:
        said = _hear(reader, seconds)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        orphans.bury(child)  # a process stuck in the kernel stays until that lets go, and is reaped with its poll
        raise
    finally:
        os.close(reader)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
    try:
        answer, error = pickle.loads(said)  # noqa: S301 - written by our own child a moment ago
    except (EOFError, pickle.UnpicklingError):
        raise Silent("it ended before it had answered") from None
    if error is not None:
        raise error
    return answer  # type: ignore[no-any-return]


def _fork(work: Callable[[], object], keep: Collection[int] | None) -> tuple[int, int]:
    """The child, and where its answer comes from."""
    try:
        reader, writer = os.pipe()
        try:
            child = os.fork()
            if child == 0:
                _live(work, reader, writer, keep)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", "") or "no memory"
        raise Overloaded(f"this machine is short of processes, memory or files ({reason})") from None
    return child, reader


def _live(work: Callable[[], object], reader: int, writer: int, keep: Collection[int] | None) -> NoReturn:
    """The child; it never returns into its parent's code."""
    try:
        os.close(reader)
        if keep is not None:
            _close_all_but({0, 1, 2, writer, *keep})
        said = _said(work)
        while said:
            said = said[os.write(writer, said) :]
    finally:
        os._exit(0)


def _close_all_but(kept: Collection[int]) -> None:
    for file in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        if file not in kept:
            with suppress(OSError):  # that of the folder itself is closed by now
                os.close(file)


def _said(work: Callable[[], object]) -> bytes:
    import pickle  # noqa: PLC0415 - as above

    try:
        return pickle.dumps((work(), None))
    except Trouble as error:
        return pickle.dumps((None, error))
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would hear of it
        return pickle.dumps((None, Crashed(f"a bug, please report it: {bug(error)}")))


def _hear(reader: int, seconds: float) -> bytes:
    """All that comes until nothing more can. Raises ``TimeoutError``."""
    began, said = stopwatch(), b""
    coming = select.poll()
    coming.register(reader, select.POLLIN)
    while (left := seconds - (stopwatch() - began)) > 0:
        if not coming.poll(None if left == math.inf else math.ceil(1000 * left)):
            break
        piece = os.read(reader, _PIECE)
        if not piece:
            return said
        said += piece
    raise TimeoutError
