"""What a look at something came to: one line for a person, one object for a tool."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.errors import Trouble

OK, WARN, BAD = "ok", "warn", "bad"


class Finding(NamedTuple):
    """What was looked at, how it is (ok, warn, bad), and the command or deed that mends it; ``code`` is for the bad."""

    check: str
    state: str
    words: str
    mend: str = ""
    code: int = 0

    def __str__(self) -> str:
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{self.state:<5} {self.check:<14} {' '.join(self.words.split())}{mend}"


def good(check: str, words: str) -> Finding:
    """All is well, or merely worth knowing."""
    return Finding(check, OK, words)


def doubt(check: str, words: str, mend: str) -> Finding:
    """It works, but not for long or not as well as it could."""
    return Finding(check, WARN, words, mend)


def fault(check: str, trouble: Trouble, mend: str = "") -> Finding:
    """A trouble, with the cure that it brings itself unless a better one is given."""
    return Finding(check, BAD, trouble.fact, mend or trouble.cure, trouble.exit_code)
