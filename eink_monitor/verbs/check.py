"""``eink-monitor check``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from eink_monitor import places
from eink_monitor.config import Config, Slide, extras
from eink_monitor.config.doubts import doubts
from eink_monitor.errors import ConfigError
from eink_monitor.finding import BAD, Finding, good
from eink_monitor.model.display import Display
from eink_monitor.model.source import Source
from eink_monitor.verbs._house import config_option, load
from eink_monitor.verbs._table import findings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of findings, as from `doctor --json`.")
@config_option
def command(config_file: Path | None, *, as_json: bool) -> int:
    """Validate the configuration and print it.

    Every problem is reported at once, with its line. Secrets are masked, and so is everything from a secret file or
    the environment. The exit code is 69 if a required library is missing, or two sources need libraries that
    exclude each other.
    """
    if as_json:
        found, code = _found(config_file)
        click.echo(findings(found))
        return code
    config = load(config_file)
    click.echo(f"{config.named}: good")
    for line in lines(config):
        click.echo(line)
    wanting = list(_wanting(config))
    for finding in wanting:
        click.echo(places.sayable(f"{finding.check}: {finding.words}: {finding.mend}", config_file), err=True)
    return _gravest(wanting)


def _found(config_file: Path | None) -> tuple[list[Finding], int]:
    """What is right and wrong with a configuration, and the exit code; never raises ``ConfigError``."""
    try:
        config = load(config_file)
    except ConfigError as error:
        mend = "edit the configuration"
        with suppress(ConfigError):
            mend = f"edit {places.origin(places.configuration(config_file))}"
        code = error.exit_code
        return [Finding("configuration", BAD, str(complaint), mend, code) for complaint in error.complaints], code
    wanting = list(_wanting(config))
    return [good("configuration", f"{config.named} is good"), *wanting], _gravest(wanting)


def _gravest(found: list[Finding]) -> int:
    return max((finding.code for finding in found if finding.state == BAD), default=0)


def lines(config: Config) -> Iterator[str]:
    """The configuration, line by line, with secrets masked."""
    shown = (
        ("database", config.database),
        ("timezone", config.zone.key),
        ("quiet_hours", config.quiet_hours or "never"),
        ("language", config.locale.language),
        ("units", config.locale.counts),
    )
    for key, value in shown:
        hidden = _hidden(config, key) or (key == "units" and _hidden(config, "timezone"))  # which they could tell
        yield f"{key:<13}{'****' if hidden else value}"
    display = type(config.display).__module__.rpartition(".")[2]
    yield f"display      {display}{_fields(config, config.display, 'display')}"
    for feed in config.feeds.values():
        path = f"sources.{feed.name}"
        source = feed.source
        told = [asks(feed.subject) for asks in (source.publishes, source.expects, source.lists, source.tells)]
        subjects = dict.fromkeys(subject for said in told for subject in said)
        about = "****" if _hidden(config, f"{path}.subject") else ", ".join(subjects)
        fields = _fields(config, feed.source, path)
        yield f"source       {feed.name}: {feed.type}, every {feed.every}, about {about}{fields}"
    for slide in config.slides.values():
        fields = _fields(config, slide.panel, f"panels.{slide.name}")
        yield f"panel        {slide.name}: {slide.type} for {slide.dwell}{_attention(slide)}{fields}"


def _attention(slide: Slide) -> str:
    """When and how often a panel is shown, if that was configured."""
    conditions = "".join(f", {key} {one}" for key, one in (("when", slide.when), ("first", slide.first)) if one)
    return f"{conditions}, weight {slide.weight}" if slide.weight > 1 else conditions


def _wanting(config: Config) -> Iterator[Finding]:
    """What is missing, and what is probably unintended."""
    plugins: dict[str, Source | Display] = {
        "display": config.display,
        **{f"source {feed.name}": feed.source for feed in config.feeds.values()},
    }
    clashes = list(extras.clashes({feed.name: feed.source for feed in config.feeds.values()}))
    yield from clashes
    if not clashes:  # else what is missing could not be added
        yield from (lack for name, plugin in plugins.items() if (lack := extras.missing(name, plugin)))
        yield from extras.keyring()
    yield from extras.rivals()
    yield from doubts(config)


def _hidden(config: Config, path: str) -> bool:
    """Whether a setting, or a part of it, came from where secrets live."""
    return any(hidden == path or hidden.startswith((f"{path}.", f"{path}[")) for hidden in config.hidden)


def _said(value: object) -> str:
    """A setting nearly as it is written: a list in brackets, a block in braces."""
    if isinstance(value, tuple | list) and type(value) in (tuple, list):  # a tuple with names is one thing
        return f"[{', '.join(map(_said, value))}]"
    if dataclasses.is_dataclass(value) and type(value).__str__ is object.__str__:
        return _said(
            {field.name: own for field in dataclasses.fields(value) if (own := _own(value, field)) is not None}
        )
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_said(own)}' for key, own in value.items())}}}"
    return repr(value) if isinstance(value, str) else str(value)


def _own(record: object, field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 - a setting
    """A setting that differs from its default, else None."""
    value = getattr(record, field.name)
    usual = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return None if value == usual else value


def _fields(config: Config, plugin: Any, path: str) -> str:  # noqa: ANN401 - any plugin
    """The plugin's own settings that differ from their defaults; secrets print as stars by themselves."""
    told = []
    for field in dataclasses.fields(plugin):
        value = getattr(plugin, field.name)
        if _hidden(config, f"{path}.{field.name}"):
            told.append(f"{field.name} ****")
        elif field.init and value not in (field.default, "", [], (), {}):
            told.append(f"{field.name} {_said(value)}")
    return f" ({', '.join(told)})" if told else ""
