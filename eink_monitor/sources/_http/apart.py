"""Work that a poll's deadline must not interrupt.

A rotated refresh token exists only in the vendor's answer until it is saved; a SIGKILL between the two would lose the
account. So that stretch runs in a process of its own session, which neither the kill of the poll's process group nor
Ctrl-C reaches, and which ends itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection

from eink_monitor import forked, orphans
from eink_monitor.errors import Overloaded, Unavailable


def apart(work: Callable[[], None], feed: str, keep: Collection[int] = (), seconds: int = 60) -> None:
    """Do ``work`` out of reach of the deadline and wait for it; its ``Trouble`` is raised here.

    ``keep`` names file descriptors that the work needs (a lock stays held until both processes let go of it); all
    others are closed, above all the pipe on which the daemon waits for the poll's end. After ``seconds`` the work is
    given up: ``Unavailable``.
    """

    def out_of_reach() -> None:
        os.setsid()
        orphans.offer(orphans.SPARED)  # or the daemon would end it with its poll
        for deaf in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(deaf, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        work()

    renewing = f"{feed}: renewing the sign-in"
    try:
        forked.ask(out_of_reach, keep=keep)
    except forked.Silent:
        trouble: Unavailable | forked.Crashed = Unavailable(f"{renewing} was interrupted", "trying again later")
    except forked.Crashed as error:
        trouble = forked.Crashed(f"{renewing} broke off: {error}")
    except Overloaded as error:
        trouble = Overloaded(f"{renewing} must wait: {error}")
    else:
        return
    raise trouble
