"""Find every text that is said in the language of the house, and bring the catalogues up to date: ``make messages``.

``eink_monitor.pot`` is the template, ``LANGUAGE.po`` what a translator edits, ``eink_monitor/locale/LANGUAGE.mo`` what
the program reads. A comment ``TRANSLATORS: at most 9 letters`` above a text, or above a paragraph of
them, travels along and is their limit.
"""

from __future__ import annotations

import io
import itertools
import re
import struct
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "eink_monitor"
LANGUAGES = ("de", "nl", "fr", "it", "es", "sv", "nb", "da", "pl", "cs")
SAYS = {
    "say": None,
    "marked": None,
    "say_of": ((1, "c"), 2),
    "marked_of": ((1, "c"), 2),
    "say_many": (1, 2),
    "marked_many": (1, 2),
}
MAGIC = 0x950412DE  # of a .mo file


def files() -> dict[Path, bytes]:
    """Every file and what should stand in it, by the texts in the program and the translations there are."""
    texts = template()
    found = {HERE / "eink_monitor.pot": _text(texts)}
    for language in LANGUAGES:
        known = translations(language)
        found[HERE / f"{language}.po"] = _text(_translated(texts, known, language))
        found[PACKAGE / "locale" / f"{language}.mo"] = _machine(known, texts)
    return found


def template() -> Catalog:
    """Every text of the program, with what translators are told about it."""
    found = Catalog(charset="utf-8")
    methods = [("verbs/**.py", "ignore"), ("**.py", "python")]  # a terminal speaks English
    said = extract_from_dir(PACKAGE, methods, keywords=SAYS)
    for file, line, text, _, context in sorted(said, key=lambda one: one[:2]):
        told = _told((PACKAGE / file).read_text(encoding="utf-8").splitlines()[:line])
        flags = {f"max-length:{most}" for most in re.findall(r"at most (\d+) letters", told)}
        found.add(text, None, [(f"eink_monitor/{file}", 1)], flags, [told] * bool(told), context=context)
    return found


def _told(lines: list[str]) -> str:
    """What the nearest comment for translators says above the last of these lines, in its paragraph."""
    told: list[str] = []
    above = False  # whether the line before was a comment for translators
    for line in reversed(list(itertools.takewhile(str.strip, reversed(lines)))):
        comment = line.strip().removeprefix("# ")
        begins = comment.startswith("TRANSLATORS: ")
        above = begins or (above and comment != line.strip())
        if above:
            told = [*([] if begins else told), comment.removeprefix("TRANSLATORS: ")]
    return " ".join(told)


def translations(language: str) -> Catalog:
    """What a language has been translated into so far."""
    file = HERE / f"{language}.po"
    if not file.exists():
        return Catalog(language, charset="utf-8")
    with file.open("rb") as opened:
        return read_po(opened, language, charset="utf-8")


def _translated(texts: Catalog, known: Catalog, language: str) -> Catalog:
    """The texts of the template in a language; what is no longer said is left out."""
    made = Catalog(language, charset="utf-8")
    for text in texts:
        if text.id:
            old = known.get(text.id, text.context)
            notes = old.user_comments if old else ()
            string = old.string if old else ""
            made.add(text.id, string, text.locations, text.flags, text.auto_comments, notes, context=text.context)
    return made


def _text(catalogue: Catalog) -> bytes:
    """A catalogue as a file, without dates and names: git knows them."""
    written = io.BytesIO()
    write_po(written, catalogue, width=110, omit_header=True, include_lineno=False)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    if catalogue.locale:
        header += f'"Language: {catalogue.locale}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n'
    return header.encode() + b"\n" + written.getvalue().strip() + b"\n"


def _machine(known: Catalog, texts: Catalog) -> bytes:
    """The translations of what is said, as gettext reads them."""
    head = f"Content-Type: text/plain; charset=utf-8\nPlural-Forms: {known.plural_forms}\n"
    pairs = {b"": head.encode()}
    for text in texts:
        found = known.get(text.id, text.context) if text.id else None
        if found and found.string and (isinstance(found.string, str) or all(found.string)):
            pairs[_key(text)] = "\0".join([found.string] if isinstance(found.string, str) else found.string).encode()
    return _packed(sorted(pairs.items()))


def _key(text: Message) -> bytes:
    """How gettext looks a text up."""
    key = text.id if isinstance(text.id, str) else "\0".join(text.id)
    return (f"{text.context}\x04{key}" if text.context else key).encode()


def _packed(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """The format of a .mo file: two tables of lengths and offsets, and the texts, each ended by a zero."""
    at = 28 + 16 * len(pairs)
    tables, texts = b"", b""
    for column in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[column]), at + len(texts))
            texts += pair[column] + b"\0"
    return struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + tables + texts


def main() -> None:
    """Write every file, and say what still wants a translator."""
    for file, content in files().items():
        file.write_bytes(content)
    for language in LANGUAGES:
        if lacking := sum(
            not message.string or not all(message.string) for message in translations(language) if message.id
        ):
            print(f"{language}: {lacking} texts are not translated yet")  # noqa: T201 - it is a script


if __name__ == "__main__":
    sys.exit(main())
