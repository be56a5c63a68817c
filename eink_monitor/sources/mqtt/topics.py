"""Topic filters: what may be asked for, and what it matches."""

from __future__ import annotations

LONGEST = 200  # characters


def check_filter(topic: str) -> None:
    """Raise ``ValueError`` with a sentence for what is no topic filter."""
    levels = topic.split("/")
    if not topic or len(topic.encode()) > LONGEST or not topic.isprintable():
        message = f"topic: 1 to {LONGEST} printable characters"
    elif any("+" in level and level != "+" for level in levels) or "#" in topic.removesuffix("#"):
        message = f"topic {topic}: + stands for a whole level, # for all the rest at the end"
    elif topic.endswith("#") and levels[-1] != "#":
        message = f"topic {topic}: # is a level of its own, at the end"
    elif topic.startswith("$share/"):
        message = f"topic {topic}: a shared subscription would get a part of the messages only"
    else:
        return
    raise ValueError(message)


def check_name(topic: str) -> None:
    """Raise ``ValueError`` with a sentence for what is no topic to write to."""
    if topic and (not topic.isprintable() or len(topic.encode()) > LONGEST or set("+#") & set(topic)):
        message = f"status: a topic without + and #, at most {LONGEST} characters"
        raise ValueError(message)


def matches(wanted: str, topic: str) -> bool:
    """Whether a topic is among those of a filter; those that begin with $ only where the filter says so."""
    if wanted == topic:
        return True
    if topic.startswith("$") and wanted[:1] in "+#":
        return False
    asked, said = wanted.split("/"), topic.split("/")
    if asked[-1] == "#":
        asked.pop()
        if len(said) < len(asked):  # "a/#" is "a", too
            return False
        said = said[: len(asked)]
    return len(asked) == len(said) and all(level in ("+", one) for level, one in zip(asked, said, strict=True))
