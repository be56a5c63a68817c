"""Fences: whatever a feed, a panel or the display raises costs itself only.

A plugin may raise anything, at any call, a library's own exceptions and ``SystemExit`` among it. It is told by its
class and place: the text of a stranger's exception may hold a secret.
"""

from __future__ import annotations

import os
from pathlib import Path


def bug(error: BaseException) -> str:
    """What an exception is and where it was raised, without its text: "ValueError at solar.py:12"."""
    reason = f" ({os.strerror(error.errno)})" if isinstance(error, OSError) and error.errno else ""
    return f"{type(error).__name__}{reason}{_where(error)}"


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
