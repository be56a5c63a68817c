"""One source being set up: its answers, each checked at once by what reads the configuration."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eink_monitor.config import Config
from eink_monitor.config.scalars import scalar
from eink_monitor.editing.draft import Draft
from eink_monitor.editing.surgery import inserted
from eink_monitor.errors import Complaint, ConfigError
from eink_monitor.model.source import Source
from eink_monitor.nearest import nearest
from eink_monitor.settings import Secret, Vin, kinds
from eink_monitor.verbs._answers import bare, is_block, is_needed, merged, said, text_of, typed
from eink_monitor.verbs._talk import Dialogue, refuse

COMMON = {
    "every": "how often it is polled, such as 5m",
    "name": "what the panels call it",
    "subject": "what its readings are about, where that is not its own name",
    "deadline": "how long a poll may take, such as 1m",
}
"""The keys that every source takes."""


class SettingUp:
    """A block below `sources:` of a draft, in which it stands as far as it goes."""

    def __init__(self, draft: Draft, type_name: str, kind: type[Source], name: str, talk: Dialogue) -> None:
        self.name = name
        self.answers: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._draft = draft
        self._base = draft.text
        self._type = type_name
        self._kind = kind
        self._talk = talk
        self._kinds = kinds(kind)
        self._fields = {field.name: field for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]

    @property
    def block(self) -> dict[str, Any]:
        """The block as it is written."""
        return {"type": self._type, **self.answers}

    # -- answers ---------------------------------------------------------------------------------------------------

    def take(self, settings: Iterable[str], secrets: Iterable[str]) -> None:
        """What a command line says: `key=value`, and `key=FILE` for secrets. Raises ``click.UsageError``."""
        for word in settings:
            key, text = self._halves(word, "--set")
            if self._is_secret(key):
                refuse(f"{key} is a secret, which others could read on a command line; use --secret {key}=FILE, or -")
            self._put(key, text)
        for word in secrets:
            key, file = self._halves(word, "--secret")
            self._put(key, text_of(file))
        for key in self.answers:
            if wrong := self._wrong(key):
                refuse(f"{key}: {wrong}")

    def _halves(self, word: str, option: str) -> tuple[str, str]:
        key, equals, text = word.partition("=")
        if not equals:
            refuse(f"{option} takes key=value, not `{word}`")
        return self._known(key.strip()), text.strip()

    def _known(self, key: str) -> str:
        known = [*self._fields, *COMMON]
        if key in known:
            return key
        near = nearest(key, known)
        return refuse(f"`{self._type}` has no `{key}`; {f'did you mean `{near}`?' if near else ', '.join(known)}")

    def _is_secret(self, key: str) -> bool:
        return key in self._kinds and bare(self._kinds[key]) in {Secret, Vin}

    def _put(self, key: str, text: str) -> None:
        self._draft.forget(self.answers.pop(key, None))
        if self._is_secret(key):
            self.answers[key] = self._draft.secret(f"{self.name}.{key}", text)
        else:
            self.answers[key] = typed(self._kinds.get(key, str), text)

    @contextmanager
    def patched(self, settings: Mapping[str, object]) -> Iterator[None]:
        """With answers in place of those that are still to be chosen; what is answered meanwhile stays."""
        self.answers |= settings
        try:
            yield
        finally:
            self.answers = {
                key: one for key, one in self.answers.items() if key not in settings or one is not settings[key]
            }

    def add(self, settings: Mapping[str, object]) -> None:
        """Merge what a suggestion brings: blocks key by key, lists joined."""
        for key, value in settings.items():
            self.answers[key] = merged(self.answers.get(key), value)

    def wanted(self, key: str) -> str:
        """How a command line says what is missing."""
        words = self._kind.words.get(key, "")
        return (
            f"{f'--secret {key}=FILE' if self._is_secret(key) else f'--set {key}=...'}{f' ({words})' if words else ''}"
        )

    # -- questions -------------------------------------------------------------------------------------------------

    @property
    def missing(self) -> list[str]:
        """The required keys that have no answer."""
        return [key for key, field in self._fields.items() if key not in self.answers and is_needed(field)]

    def ask_all(self, *, later: bool) -> None:
        """Everything that needs an answer; with ``later`` not the blocks, which may be chosen from a list."""
        for key in self._fields:
            is_new = key not in self.answers and key not in self._asked
            if is_new and (key in self._kind.words or key in self.missing):
                if later and is_block(self._kinds[key]):
                    continue
                self.ask(key)

    def ask_again(self) -> None:
        """Everything that was answered, which stays where nothing else is said, and what was asked in vain."""
        for key in dict.fromkeys((*self.answers, *(key for key in self._fields if key in self._asked))):
            if not isinstance(self.answers.get(key), dict | list):
                self.ask(key)

    def ask(self, key: str) -> None:
        """One question, until the answer is right; empty for what may be left out."""
        self._asked.add(key)
        field = self._fields.get(key)
        words = self._kind.words.get(key) or COMMON.get(key, "")
        question = f"{key} ({words})" if words else key
        default = self._default(key)
        while True:
            if self._is_secret(key):
                answer = self._talk.ask(f"{question}, not shown", hidden=True)
            else:
                answer = self._talk.ask(question, default)
            if not answer or answer == default:
                if key not in self.missing:
                    return
                self._talk.say("  it is needed")
                continue
            self._put(key, answer)
            wrong = self._wrong(key)
            if not wrong:
                return
            self._talk.say(f"  {wrong}")
            self._draft.forget(self.answers.pop(key))
            default = "" if field is None else default

    def _default(self, key: str) -> str:
        """The answer so far, else the default of the field, as it is written."""
        if key in self.answers:
            return said(self.answers[key])
        field = self._fields.get(key)
        plain = field is not None and not is_needed(field) and field.default is not dataclasses.MISSING
        value = field.default if field and plain else None
        return "" if value in (None, "", (), []) else said(value)

    def offer_others(self) -> None:
        """The settings that nobody asked for, to be given as `key=value`."""
        others = [key for key in (*COMMON, *self._fields) if key not in self.answers and key not in self.missing]
        told = (f"{key} ({default})" if (default := self._default(key)) else key for key in others)
        self._talk.say(f"More settings: {', '.join(told)}")
        while word := self._talk.ask("key=value, or Enter for none"):
            self._take_word(word)

    def _take_word(self, word: str) -> None:
        key, equals, text = word.partition("=")
        key = key.strip()
        if key not in self._fields and key not in COMMON:
            near = nearest(key, [*self._fields, *COMMON])
            self._talk.say(f"  there is no `{key}`" + (f"; did you mean `{near}`?" if near else ""))
        elif not equals or self._is_secret(key):
            self.ask(key)
        else:
            self._put(key, text.strip())
            if wrong := self._wrong(key):
                self._talk.say(f"  {wrong}")
                self._draft.forget(self.answers.pop(key))

    # -- judgement -------------------------------------------------------------------------------------------------

    def stand(self) -> None:
        """Put the block into the draft as it is."""
        self._draft.text = self._base
        self._draft.change(lambda text: inserted(text, "sources", self.name, self.block))

    def config(self) -> Config:
        """The configuration with it. Raises ``ConfigError``."""
        self.stand()
        return self._draft.load()

    def complaints(self) -> list[Complaint]:
        """What is wrong with the configuration now."""
        try:
            self.config()
        except ConfigError as error:
            return error.complaints
        return []

    def beyond_answers(self) -> str:
        """What is wrong with its type, which no answer mends; empty when nothing is."""
        return "; ".join(one.message for one in self.complaints() if one.path == f"sources.{self.name}.type")

    def _wrong(self, key: str) -> str:
        """What is wrong with one answer; empty when nothing is."""
        if self._is_secret(key):
            try:
                scalar(bare(self._kinds[key]), (self._draft.folder / self.answers[key]).read_text(encoding="utf-8"))
            except ValueError as error:
                return str(error)
        path = f"sources.{self.name}.{key}"
        mine = (one for one in self.complaints() if one.path == path or one.path.startswith((f"{path}.", f"{path}[")))
        return "; ".join(dict.fromkeys(one.message for one in mine))

    def mentioned(self, complaints: Iterable[Complaint]) -> Iterator[str]:
        """Which of its settings are spoken of."""
        words = [word for one in complaints for word in _quoted(one)]
        words += [word for one in complaints for word in re.findall(r"\w+", one.message) if word in self._fields]
        return (key for key in (*self._fields, *COMMON) if key in words)


def _quoted(complaint: Complaint) -> list[str]:
    """What a complaint is about for certain: where it stands, and what it quotes."""
    return [*re.split(r"[.\[\]]", complaint.path)[2:], *re.findall(r"`(\w+)`", complaint.message)]
