"""Questions to a person at a terminal; where nobody is to be asked, what is missing is an error."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from eink_monitor.conditions.tokens import WORDS
from eink_monitor.nearest import nearest

_NAME = re.compile(r"[^\W\d_][\w-]*")
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Dialogue:
    """``asks`` is whether anybody is there to answer."""

    def __init__(self, *, silent: bool) -> None:
        self.asks = not silent and sys.stdin.isatty()

    def say(self, words: str = "") -> None:
        """Say something that nobody waits for."""
        click.echo(words)

    def ask(self, question: str, default: str = "", *, hidden: bool = False) -> str:
        """An answer in one line, without the spaces around it; hidden ones are not shown while they are typed."""
        shown = bool(default) and not hidden
        answer: str = click.prompt(
            question, default=default, show_default=shown, hide_input=hidden, prompt_suffix=": ", err=True
        )
        return answer.strip()

    def agrees(self, question: str, *, default: bool = True) -> bool:
        """Yes or no; where nobody is asked, the ``default``."""
        return click.confirm(question, default=default, err=True) if self.asks else default

    def pick(self, question: str, things: Sequence[str], default: str = "1") -> list[int]:
        """Which of some things, listed by number from 1, are wanted: their indices; empty for none."""
        for number, thing in enumerate(things, 1):
            self.say(f"  {number:>2}  {thing}")
        while True:
            words = self.ask(f"{question} (numbers; 0 for none)", default).replace(",", " ").split()
            if words and all(word.isascii() and word.isdigit() and int(word) <= len(things) for word in words):
                return [number - 1 for number in dict.fromkeys(map(int, words)) if number]
            self.say(f"  write numbers from 1 to {len(things)}, such as 1 or 1 2; or 0")


def proper(name: str, taken: Sequence[str], noun: str) -> str:
    """What is wrong with a name for something new; empty when nothing is."""
    if not _NAME.fullmatch(name) or name in WORDS:
        return "a name begins with a letter and has only letters, digits, - and _; " + (
            f"`{name}` is a word of conditions" if name in WORDS else "for example roof or car_2"
        )
    return f"there is a {noun} `{name}` already; choose another name" if name in taken else ""


def known(word: str, words: Sequence[str], noun: str) -> str:
    """The same word, if it is one of those. Raises ``click.UsageError`` with the nearest."""
    if word in words:
        return word
    near = nearest(word, words)
    hint = f"did you mean `{near}`?" if near else f"known are {', '.join(words)}"
    return refuse(f"no {noun} `{word}`; {hint}")


def refuse(words: str) -> NoReturn:
    """Raises ``click.UsageError``."""
    raise click.UsageError(words, click.get_current_context())


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """A signal that ends this process ends it the usual way, past everything that cleans up."""

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's interface
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
