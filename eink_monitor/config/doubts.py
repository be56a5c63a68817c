"""What is valid but probably unintended: it works, but not as well as it could."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from eink_monitor.config import Config
from eink_monitor.draw import fonts
from eink_monitor.finding import Finding, doubt

_READABLE, _PASSABLE = stat.S_IROTH, stat.S_IXOTH


def doubts(config: Config) -> Iterator[Finding]:
    """One finding each, with what to write instead."""
    for feed in config.feeds.values():
        for words, mend in feed.source.doubts():
            yield doubt(f"source {feed.name}", words, mend)
    for noun, things in (("source", config.feeds), ("panel", config.slides)):
        if not things:
            yield doubt(f"{noun}s", f"there is no {noun}", f"add a block below `{noun}s:`")
    yield from _forecasts(config)
    yield from _unwritable(config)
    yield from _open_to_all(config)


def _forecasts(config: Config) -> Iterator[Finding]:
    """Forecasts that replace each other, or that are of what nobody measures."""
    published = {subject for feed in config.feeds.values() for subject in feed.source.publishes(feed.subject)}
    claims: dict[tuple[str, str], str] = {}
    for feed in config.feeds.values():
        expected = {} if feed.source.demo else feed.source.expects(feed.subject)  # a demo gives way
        for subject, metrics in expected.items():
            rivals = {claims.setdefault((subject, metric.name), feed.name) for metric in metrics} - {feed.name}
            for rival in sorted(rivals):
                told = f"it forecasts the same as {rival}, and each replaces the outlook of the other"
                yield doubt(f"source {feed.name}", told, "keep one of them")
            if subject not in published and not rivals:
                told = "it forecasts a roof that no source measures"
                yield doubt(f"source {feed.name}", told, "write the subject of your roof as `roof:`")


def _unwritable(config: Config) -> Iterator[Finding]:
    """Names with letters that the panels' fonts lack."""
    for check, path, texts in _names(config):
        for text in dict.fromkeys(texts):
            if letters := fonts.unwritable(text):
                name = "its name" if path in config.hidden else f'the name "{text}"'
                told = f"{name} has letters that no panel can draw, {' '.join(letters)}"
                yield doubt(check, told, "each shows as an empty box; choose another name or title")


def _names(config: Config) -> Iterator[tuple[str, str, list[str]]]:
    """Who is named, by which setting, and how."""
    for feed in config.feeds.values():
        yield f"source {feed.name}", f"sources.{feed.name}.name", [feed.label]
        yield f"source {feed.name}", f"sources.{feed.name}.subject", [feed.name, *feed.source.publishes(feed.subject)]
    for slide in config.slides.values():
        yield f"panel {slide.name}", f"panels.{slide.name}.title", [str(getattr(slide.panel, "title", ""))]


def _open_to_all(config: Config) -> Iterator[Finding]:
    """Files with a secret that every user of this machine can read."""
    for file in config.secrets:
        try:
            modes = [place.stat().st_mode for place in (file.absolute(), *file.absolute().parents)]
        except OSError:
            continue  # if we may not look there, others may not either
        if modes[0] & _READABLE and all(mode & _PASSABLE for mode in modes[1:]):
            told = f"every user of this machine can read {file}, which holds a secret"
            yield doubt("secrets", told, f"chmod o-rwx {_quoted(file)}")


def _quoted(file: Path) -> str:
    import shlex  # noqa: PLC0415 - only ever needed to complain

    return shlex.quote(str(file))
