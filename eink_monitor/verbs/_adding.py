"""One source on its way into a configuration: asked for, tried, shown, written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from eink_monitor.config import plugins
from eink_monitor.draw.preview import can_show
from eink_monitor.editing.draft import Draft
from eink_monitor.editing.surgery import inserted, names, written_out
from eink_monitor.errors import ConfigError, Trouble
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.verbs import _wall, show
from eink_monitor.verbs._fitting import fitting
from eink_monitor.verbs._setting_up import SettingUp
from eink_monitor.verbs._talk import Dialogue, proper, refuse
from eink_monitor.verbs._trial import Trial

_TAKEN = ("now", "contact", "board")  # names of pictures that are no panel's


class Adding:
    """One source on its way into a draft."""

    def __init__(self, draft: Draft, kind: str, name: str | None, talk: Dialogue) -> None:
        self.draft = draft
        self.talk = talk
        self.source = plugins.load(Source, kind, draft.file.parent)  # type: ignore[type-abstract]
        self.name = self._named(name, kind)
        self.panels: list[str] = []
        self.setting = SettingUp(draft, kind, self.source, self.name, talk)
        self.trial = Trial(draft, self.name)

    def _named(self, name: str | None, kind: str) -> str:
        taken = names(self.draft.text, "sources")
        while True:
            name = name or (self.talk.ask("What shall it be called", kind) if self.talk.asks else kind)
            wrong = proper(name, taken, "source")
            if not wrong:
                return name
            if not self.talk.asks:
                refuse(wrong)
            self.talk.say(f"  {wrong}")
            name = None

    def asks(self, settings: Sequence[str], secrets: Sequence[str]) -> None:
        """Every answer that it needs. Raises ``UsageError`` and ``ConfigError`` where nobody is asked."""
        self.setting.take(settings, secrets)
        if not self.talk.asks:
            if missing := self.setting.missing:
                refuse(f"missing: {', '.join(self.setting.wanted(key) for key in missing)}")
            if complaints := self.setting.complaints():
                raise ConfigError(complaints)
            return
        first = (self.source.__doc__ or "").strip().partition("\n")[0]
        self.talk.say("\n".join(filter(None, (first, self.source.guide.strip()))))
        if beyond := self.setting.beyond_answers():
            refuse(beyond)
        chooses = self.source.suggestions is not Source.suggestions
        self.setting.ask_all(later=chooses)
        if chooses:
            self._choose()
            self.setting.ask_all(later=False)
        self._mend()

    def _choose(self) -> None:
        """What of all that it could read is wanted; an answer that leads nowhere can be changed."""
        while (found := self._found()) is None:
            if not self.talk.agrees("Change an answer and look again?"):
                return
            self.setting.ask_again()
            self._offer_others()
        if found:
            for index in self.talk.pick("Which of these", [one.words for one in found]):
                self.setting.add(found[index].settings)

    def _found(self) -> Sequence[Suggestion] | None:
        """What it could read; nothing where that was said already, None where the answers lead nowhere."""
        missing = {key: value for key, value in self.source.stopgap.items() if key not in self.setting.answers}
        if self.source.stopgap and not missing:
            return ()
        with self.setting.patched(missing):
            self._mend()
            try:
                found = self.trial.suggestions(self.setting.config().feeds[self.name].source)
            except Trouble as error:
                self.talk.say(f"  {error}")
                return None
        if not found:
            self.talk.say("  Nothing was found there that could be read.")
        return found

    def _offer_others(self) -> None:
        if self.talk.agrees("Any other settings?", default=False):
            self.setting.offer_others()

    def _mend(self) -> None:
        """Ask again what is wrong, until nothing is."""
        while complaints := self.setting.complaints():
            for one in complaints:
                self.talk.say(f"  {one.message}")
            keys = list(self.setting.mentioned(complaints))
            for key in keys:
                self.setting.ask(key)
            if not keys:
                self.setting.ask_again()
                self.setting.offer_others()

    def run(self, panel: str | None, *, untried: bool) -> int:
        """Try it, show it, write it; an exit code."""
        kept = False
        try:
            code = 0 if untried else self._try()
            if code < 0:
                return -code
            self.setting.stand()
            if panel != "none":
                self._show(panel)
            self.talk.say(f"\n{written_out(self.draft.text, 'sources', self.name)}")
            for one in self.panels:
                self.talk.say(written_out(self.draft.text, "panels", one))
            if not self.talk.agrees(f"\nWrite this into {self.draft.file}?"):
                self.talk.say("Nothing was written.")
                return 0
            told = self.draft.keep(f"add-{self.name}")
            kept = True
        finally:
            if not kept:
                self.trial.forget()
        _wall.tell(f"{self.draft.file} has the source `{self.name}`{_and(self.panels)}.")
        _wall.tell_way_back(told, self.draft.file)
        _wall.tell_daemon(self.draft.file)
        return 0

    def _try(self) -> int:
        """Poll it until that works or a person has had enough: 0, or why it is kept all the same, negative if not."""
        if self.talk.asks:
            self._offer_others()
            self._mend()
        while True:
            self._sign_in()
            code = self.trial.poll()
            if code == 0:
                return 0
            if not self.talk.asks:
                self.talk.say("Nothing was written; with --untried it is written all the same.")
                return -code
            self.talk.say("It did not work. Keep it all the same (k), change an answer (c), or leave (l)?")
            answer = self.talk.ask("k, c or l", "c")[:1].lower()
            if answer == "k":
                return code
            if answer == "l":
                self.talk.say("Nothing was written.")
                return -code
            self.setting.ask_again()
            self._mend()

    def _sign_in(self) -> None:
        """Some sources need a person to sign in before the first poll."""
        if self.setting.config().feeds[self.name].source.sign_in() is None:
            return
        if not self.talk.asks:
            self.talk.say(f"{self.name} needs a sign-in: eink-monitor login {self.name}")
        elif self.talk.agrees("This source needs a sign-in. Sign in now?"):
            self.trial.login()

    def _show(self, wanted: str | None) -> None:
        """Offer the panels that fit, and draw those that are chosen."""
        fits = fitting(self.draft, self.trial.brought() or self.trial.promised())
        if wanted:
            fits = [block for block in fits if block["type"] == wanted]
            if not fits:
                refuse(f"no panel of type `{wanted}` can show what {self.name} brings")
        if not fits:
            self.talk.say("No panel fits what came; add one later below `panels:`.")
        elif wanted or not self.talk.asks:
            self._add_panel(fits[0])
        else:
            self.talk.say("\nPanels that can show this:")
            for index in self.talk.pick("Which of these", [_in_words(block) for block in fits]):
                self._add_panel(fits[index])

    def _add_panel(self, block: dict[str, Any]) -> None:
        taken = {*names(self.draft.text, "panels"), *_TAKEN}
        stems = (self.name, f"{self.name}_{block.get('metric', block['type'])}")
        numbered = (f"{self.name}_{number}" for number in range(2, 1000))
        name = next(one for one in (*stems, *numbered) if one not in taken)
        self.draft.change(lambda text: inserted(text, "panels", name, block))
        self.draft.load()
        self.panels.append(name)
        if self.talk.asks and can_show(sys.stdout.encoding):
            with suppress(Trouble):
                _draw(self.draft, name)


def _draw(draft: Draft, panel: str) -> None:
    """The panel, here in the terminal, as `eink-monitor show` draws it."""
    click.get_current_context().invoke(show.command, panels=(panel,), config_file=draft.path)


def _in_words(block: dict[str, Any]) -> str:
    """A panel by its type, and what it shows."""
    return f"{block['type']}: {block['subject']}{' ' if 'metric' in block else ''}{block.get('metric', '')}"


def _and(panels: Sequence[str]) -> str:
    named = " and ".join(f"`{panel}`" for panel in panels)
    return f" and the panel{'s' * (len(panels) > 1)} {named}" if panels else ""
