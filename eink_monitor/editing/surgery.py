"""Inserting, removing and renaming a block of a section, in a text whose other lines stay bit for bit."""

from __future__ import annotations

import re

from eink_monitor.editing.emission import Block, in_braces, in_lines
from eink_monitor.editing.tree import Extent, UneditableError, parsed

_BOM = "\ufeff"
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile(r"( *)(#|$|(?=\r|\n))")
_USUAL = "  "


def inserted(text: str, section: str, name: str, block: Block) -> str:
    """The text with one more block, the last of its section, which is made where it is missing.

    Raises ``UneditableError``.
    """
    bom, text = _without_bom(text)
    root = _root(text)
    entry = root.entry(section)
    if entry and entry[1].kind == "map" and entry[1].entry(name):
        raise UneditableError(f"there is a `{name}` below `{section}:` already")
    if entry is None:
        after = _with_section(text, root, section, name, block)
    elif entry[1].kind == "map" and entry[1].flow:
        after = _into_braces(text, *entry, name, block)
    elif entry[1].kind == "map":
        after = _into_block(text, entry[1], name, block)
    elif entry[1].kind == "text" and not entry[1].text and not entry[1].style:
        after = _below(text, entry[0], entry[1].end, name, block)
    else:
        raise UneditableError(f"`{section}:` holds no blocks")
    _check(_without(parsed(after), section, name), _without(root, section, name))
    return bom + after


def removed(text: str, section: str, name: str) -> str:
    """The text without a block and the comments in it; a section that it leaves empty stays as `{}`.

    Raises ``UneditableError``.
    """
    bom, text = _without_bom(text)
    root = _root(text)
    key, value, blocks, head = _found(root, section, name)
    position = blocks.items.index(key)
    if blocks.flow:
        first = blocks.items[position - 1].end if position else key.start
        last = blocks.items[2].start if not position and len(blocks.items) > 2 else value.end
        after = text[:first] + text[last:]
    elif len(blocks.items) == 2:
        colon = text.index(":", head.end) + 1
        rest = _cut(text, key, value)
        after = f"{rest[:colon]} {{}}{rest[colon:]}"
    else:
        after = _cut(text, key, value)
    try:
        found = parsed(after)
    except UneditableError:
        raise UneditableError(f"something else refers to `{name}` with an alias, or it cannot be cut out") from None
    _check(_without(found, section, name), _without(root, section, name))
    return bom + after


def names(text: str, section: str) -> list[str]:
    """The keys of the blocks of a section, as they stand in it."""
    entry = _root(_without_bom(text)[1]).entry(section)
    return [key.text for key, _ in entry[1].pairs()] if entry and entry[1].kind == "map" else []


def written_out(text: str, section: str, name: str) -> str:
    """The lines of a block, for a person to look at. Raises ``UneditableError``."""
    _, text = _without_bom(text)
    key, value, *_ = _found(_root(text), section, name)
    return text[_line_start(text, key.start) : value.end].rstrip()


def _root(text: str) -> Extent:
    root = parsed(text)
    if root.kind != "map":
        raise UneditableError("it is no block of `key: value` lines")
    return root


def _found(root: Extent, section: str, name: str) -> tuple[Extent, Extent, Extent, Extent]:
    """Key and value of a block, the section it is in, and the key of that."""
    head = root.entry(section)
    entry = head[1].entry(name) if head else None
    if not head or not entry:
        raise UneditableError(f"`{name}` does not stand below `{section}:` itself")
    return *entry, head[1], head[0]


# -- inserting ---------------------------------------------------------------------------------------------------------


def _with_section(text: str, root: Extent, section: str, name: str, block: Block) -> str:
    if root.flow:
        glue = ", " if root.items else ""
        at = root.items[-1].end if root.items else root.start + 1
        return f"{text[:at]}{glue}{section}: {{{in_braces(name, block)}}}{text[at:]}"
    indent = " " * _column(text, root.items[0].start)
    lines = [f"{indent}{section}:", *in_lines(name, block, indent + _USUAL)]
    return _put(text, _after(text, root.items[-1], len(indent)), lines)


def _into_braces(text: str, head: Extent, blocks: Extent, name: str, block: Block) -> str:
    """Behind the last one; empty braces in their usual form become a block of lines."""
    if not blocks.items:
        if text[head.end : blocks.end] == ": {}" and _stands_alone(text, head):
            return _below(f"{text[: head.end + 1]}{text[blocks.end :]}", head, head.end + 1, name, block)
        return f"{text[: blocks.end - 1]}{in_braces(name, block)}{text[blocks.end - 1 :]}"
    at = blocks.items[-1].end
    return f"{text[:at]}, {in_braces(name, block)}{text[at:]}"


def _stands_alone(text: str, key: Extent) -> bool:
    """Whether a key begins its line, as in a block."""
    return not text[_line_start(text, key.start) : key.start].strip(" ")


def _into_block(text: str, blocks: Extent, name: str, block: Block) -> str:
    column = _column(text, blocks.items[0].start)
    return _put(text, _after(text, blocks.items[-1], column), in_lines(name, block, " " * column))


def _below(text: str, head: Extent, at: int, name: str, block: Block) -> str:
    """As the first of a section without any."""
    indent = " " * _column(text, head.start) + _USUAL
    return _put(text, _past_comments(text, _line_end(text, at), len(indent)), in_lines(name, block, indent))


def _put(text: str, at: int, lines: list[str]) -> str:
    """Whole lines, after a line or at the end of a text; a text without a final line break keeps having none."""
    found = _BREAK.search(text)
    ending = found[0] if found else "\n"
    said = ending.join(lines)
    if at and not _ends_line(text[:at]):
        return f"{text[:at]}{ending}{said}{text[at:]}"
    return f"{text[:at]}{said}{ending}{text[at:]}"


def _after(text: str, last: Extent, column: int) -> int:
    """Where a line may be put after a node: behind its line, and the comments that belong to it or to its section."""
    return _past_comments(text, _line_end(text, last.end), column)


def _past_comments(text: str, at: int, column: int) -> int:
    """Behind the comments from here on that are indented so far; other lines may be blank."""
    best = at
    while at < len(text):
        found = _COMMENT.match(text, at)
        if not found or (found[2] == "#" and len(found[1]) < column):
            break
        at = _next_line(text, at)
        if found[2] == "#" and column:
            best = at
    return best


# -- removing ----------------------------------------------------------------------------------------------------------


def _cut(text: str, key: Extent, value: Extent) -> str:
    """Without its lines, and the comments directly below that are indented as its own."""
    column = _column(text, key.start)
    start, end = _line_start(text, key.start), _line_end(text, value.end)
    while (found := _COMMENT.match(text, end)) and found[2] == "#" and len(found[1]) > column:
        end = _next_line(text, end)
    if end == len(text) and not _ends_line(text):
        before = list(_BREAK.finditer(text, 0, start))
        start = before[-1].start() if before else 0
    return text[:start] + text[end:]


# -- lines -------------------------------------------------------------------------------------------------------------


def _line_start(text: str, at: int) -> int:
    return max((found.end() for found in _BREAK.finditer(text, 0, at)), default=0)


def _line_end(text: str, at: int) -> int:
    """Behind the line on which a node ends at ``at``; the text of a literal ends with its line break."""
    return at if _ends_line(text[:at]) else _next_line(text, at)


def _next_line(text: str, at: int) -> int:
    found = _BREAK.search(text, at)
    return found.end() if found else len(text)


def _ends_line(text: str) -> bool:
    """Whether a text ends with a line break."""
    return bool(text) and text[-1] in "\n\r\x85\u2028\u2029"


def _column(text: str, at: int) -> int:
    return at - _line_start(text, at)


def _without_bom(text: str) -> tuple[str, str]:
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


# -- proof -------------------------------------------------------------------------------------------------------------


def _without(root: Extent, section: str, name: str) -> object:
    """What a text means apart from one block; an empty section is as good as none."""
    told = []
    for key, value in root.pairs():
        if key.text != section or value.kind not in {"map", "text"}:
            told.append((key.meaning(), value.meaning()))
            continue
        blocks = [(one.meaning(), other.meaning()) for one, other in value.pairs() if one.text != name]
        if blocks or value.lead:
            told.append((key.meaning(), (value.lead, blocks)))
    return told


def _check(found: object, wanted: object) -> None:
    if found != wanted:
        raise UneditableError("it cannot be changed there without changing something else")
