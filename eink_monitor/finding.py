"""The result of one check: a line for people, an object for tools."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.errors import Trouble

OK, WARN, BAD = "ok", "warn", "bad"


class Finding(NamedTuple):
    """What was checked, its state (ok, warn, bad), and what fixes it; ``code`` is the exit code if bad."""

    check: str
    state: str
    words: str
    mend: str = ""
    code: int = 0

    def __str__(self) -> str:
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{self.state:<5} {self.check:<14} {' '.join(self.words.split())}{mend}"


def good(check: str, words: str) -> Finding:
    """Fine, or merely worth knowing."""
    return Finding(check, OK, words)


def doubt(check: str, words: str, mend: str) -> Finding:
    """It works, but not for long or not as well as it could."""
    return Finding(check, WARN, words, mend)


def fault(check: str, trouble: Trouble, mend: str = "") -> Finding:
    """A trouble, with its own cure unless a better one is given."""
    return Finding(check, BAD, trouble.fact, mend or trouble.cure, trouble.exit_code)
