"""Work that a poll's deadline must not cut in two.

A rotated refresh token exists only in the vendor's answer until it is saved; a SIGKILL between the two would lose the
account. So that stretch runs in a process of its own session, which neither the kill of the poll's process group nor
Ctrl-C reaches, and which ends itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from eink_monitor import orphans
from eink_monitor.errors import Trouble, Unavailable

_DONE = b"done"


def apart(work: Callable[[], None], feed: str, keep: Collection[int] = (), seconds: int = 60) -> None:
    """Do ``work`` out of reach and wait for it; its ``Trouble`` is raised here.

    ``keep`` names file descriptors that the work needs (a lock stays held until both processes let go of it). After
    ``seconds`` the work is given up: ``Unavailable``.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _work(work, writer, {0, 1, 2, writer, *keep}, seconds)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if said == _DONE:
        return
    if said:
        import pickle

        raise pickle.loads(said)  # noqa: S301 - written by our own child a moment ago
    message = f"{feed}: renewing the sign-in was cut off; trying again later"
    raise Unavailable(message)


def _work(work: Callable[[], None], writer: int, keep: Collection[int], seconds: int) -> NoReturn:
    said = b""
    try:
        os.setsid()
        orphans.offer(orphans.SPARED)  # or the daemon would end it with its poll
        for deaf in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(deaf, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        for handle in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
            if handle not in keep:  # above all the pipe on which the daemon waits for the poll's end
                with suppress(OSError):
                    os.close(handle)
        work()
        said = _DONE
    except Trouble as error:
        import pickle

        said = pickle.dumps(error)
    finally:
        with suppress(OSError):  # the poll may be dead by now
            os.write(writer, said)
        os._exit(0)
