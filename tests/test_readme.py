"""The contract that keeps the documents true: what they print can be typed, what they name exists."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest

from bench.__main__ import TARGETS
from eink_monitor import __version__, config, errors, metrics
from eink_monitor.cli import commands
from eink_monitor.config import blocks as config_blocks
from eink_monitor.config import plugins
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Metric
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration
from eink_monitor.store import Store
from houses import complaints

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
PAGES = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in FILES}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
ROOMS: dict[str, type[Any]] = {"Sources": Source, "What it shows": Panel, "Displays": Display}
PLUGINS = [(title, name) for title, kind in ROOMS.items() for name in plugins.names(kind)]

COMING: set[str] = set()  # what another branch will bring


def section(title: str, text: str = README) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no chapter called {title}"
    return found[1]


def code(text: str) -> list[str]:
    """What stands in backticks within sentences."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def blocks(text: str, *languages: str) -> Iterator[str]:
    for indent, language, body in re.findall(r"^( *)```(\w+)\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL):
        if language in languages:
            yield textwrap.dedent(body) if indent else body


def lines(page: str) -> list[str]:
    """Every command a page prints, in blocks and within sentences."""
    typed = [line.removeprefix("$ ") for block in blocks(PAGES[page], "sh", "console") for line in block.splitlines()]
    said = [span for span in code(PAGES[page]) if "VERB" not in span]
    return [line for line in (*typed, *said) if re.match(r"(sudo )?(eink-monitor|make) [a-z]", line)]


# -- what can be typed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in PAGES for line in lines(page)])
def test_a_printed_command_exists(page: str, line: str) -> None:
    words = shlex.split(re.split(" [<>] ", line)[0], comments=True)
    program, verb, *rest = words[1:] if words[0] == "sudo" else words
    if program == "make":
        rules = re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert verb in " ".join(rules).split(), page
        return
    program_itself = click.Context(commands, **commands.context_settings)  # without it the verbs would forget their -h
    command = commands.get_command(program_itself, verb)
    assert command is not None, f"{page}: there is no verb {verb}"
    command.make_context(verb, rest, program_itself)  # a wrong option or a missing argument is a UsageError


def test_nothing_else_stands_in_the_blocks_of_the_readme() -> None:
    known = {"make", "eink-monitor", ".", "cp", "install", "sqlite-utils"}
    first = {line.split()[0] for block in blocks(README, "sh", "console") for line in block.splitlines() if line}
    assert first <= known, "a new kind of command needs a test of its own here"
    assert (ROOT / "config.example.yaml").is_file()


@pytest.mark.parametrize("page", ["README.md", "docs/solaredge.md"])
def test_a_secret_file_is_made_for_nobody_else_to_read(page: str, tmp_path: Path) -> None:
    (line,) = [one for block in blocks(PAGES[page], "sh") for one in block.splitlines() if one.startswith("install ")]
    making, _, editing = line.partition("&&")
    subprocess.run(shlex.split(making), check=True, cwd=tmp_path)
    (secret,) = tmp_path.iterdir()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert shlex.split(editing, comments=True)[1] == secret.name
    assert f"!file {secret.name}" in PAGES[page]


def test_the_first_hour_is_in_the_order_that_works() -> None:
    """Each page edits before it installs or asks, checks what was edited, and signs in before the first poll."""
    own = section("Try it with your own roof, in five minutes")
    steps = [
        "client_secret: !file",
        "install -m 600",
        "monitor check",
        "monitor login roof",
        "monitor poll roof",
        "run",
    ]
    places = [own.rindex(step) for step in steps]
    assert places == sorted(places)
    page = PAGES["docs/install.md"]
    order = ["nano /etc/eink-monitor/config.yaml", "sudo make install", "monitor check", "monitor login", "doctor"]
    places = [page.index(step) for step in order]
    assert places == sorted(places)


@pytest.mark.parametrize("verb", commands.list_commands(click.Context(commands)))
def test_every_verb_has_a_row_whose_options_exist(verb: str) -> None:
    mine = [row for row in rows(section("The command line")) if verb in [span.split()[0] for span in code(row[0])]]
    assert len(mine) == 1
    command = commands.get_command(click.Context(commands), verb)
    assert command is not None
    parts = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    options = {name for part in parts for param in part.params for name in param.opts}
    told = {word for span in code(mine[0][1]) for word in span.split() if word.startswith("--")}
    assert told <= options


def test_the_exit_codes_are_those_of_the_errors() -> None:
    told = {int(number) for number in re.findall(r"\b(\d+) [a-z]", section("The command line").split("Exit codes:")[1])}
    raised = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    assert told == raised | {0, 64, 70}


def test_the_queries_work_on_a_real_database(tmp_path: Path) -> None:
    file = tmp_path / "readings.db"
    Store(file, ZoneInfo("UTC")).close()
    chapter = section("Reading the data")
    for line in "".join(blocks(chapter, "sh")).splitlines():
        words = shlex.split(line.replace("out/demo.db", str(file)))[1:]
        subprocess.run([sys.executable, "-m", "sqlite_utils", *words], check=True, capture_output=True, timeout=30)
    made = subprocess.run(
        [sys.executable, "-m", "sqlite_utils", "schema", str(file)], check=True, capture_output=True, text=True
    ).stdout
    for table in code("\n".join(re.findall(r"^- (.*?):", chapter, re.MULTILINE))):
        assert f"TABLE {table} " in made.replace('"', "").replace("[", "").replace("]", ""), table


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (r".*_power", "powers are in W"),
        (r".*_(today|month|year|lifetime)", "energies in Wh"),
        (r"range|odometer", "distances in km"),
        (r"disk_(size|used|free)", "disk sizes in B"),
        (r".*soc", "states of charge in %"),
    ],
)
def test_a_metric_has_the_unit_that_the_readme_says(names: str, words: str) -> None:
    told = " ".join(section("Reading the data").split())
    assert words in told
    every = [known for known in vars(metrics).values() if isinstance(known, Metric) and re.fullmatch(names, known.name)]
    assert every
    assert {known.unit for known in every} == {words.rsplit(maxsplit=1)[-1]}


# -- configuration -----------------------------------------------------------------------------------------------------

YAML = [(page, block) for page, text in PAGES.items() for block in blocks(text, "yaml")]
REST = {"display": "{type: 'null'}", "sources": "{spare: {type: demo}}", "panels": "{spare: {type: health}}"}


@pytest.mark.parametrize(("page", "block"), YAML)
def test_a_printed_configuration_is_good(page: str, block: str, tmp_path: Path) -> None:
    for secret in re.findall(r"!file (\S+?)[,}\s]", block):
        text = "WBA00000000000001" if "vin" in secret else "secret"
        (tmp_path / secret).parent.mkdir(exist_ok=True)
        (tmp_path / secret).write_text(text, encoding="utf-8")
    missing = [f"{key}: {value}\n" for key, value in REST.items() if not re.search(rf"^{key}:", block, re.MULTILINE)]
    (tmp_path / "config.yaml").write_text(block + "".join(missing), encoding="utf-8")
    assert complaints(tmp_path / "config.yaml") == [], page


@pytest.mark.parametrize(("title", "name"), PLUGINS)
def test_every_plugin_has_a_row(title: str, name: str) -> None:
    assert [row for row in rows(section(title)) if code(" ".join(row))[:1] == [name]], f"no row under {title}"


@pytest.mark.parametrize(("title", "name"), PLUGINS)
def test_every_key_of_a_plugin_is_told_with_its_default(title: str, name: str) -> None:
    own = section("Configuration").split("Each type has keys of its own")[1]
    fields = {field.name: field for field in dataclasses.fields(plugins.load(ROOMS[title], name)) if field.init}
    rows_of_it = [row[1] for row in rows(own) if name in code(row[0])]  # a source and a panel may have one name
    told = next((row for row in rows_of_it if set(code(row)) == set(fields)), None)
    assert told is not None, f"no row under Configuration tells `{name}` with the keys {', '.join(fields)}"
    for key, text in re.findall(r"`(\w+)` \(([^,:;)]+)", told):
        field = fields[key]
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if default not in ("", None):
            assert text == spoken(default), key


def spoken(value: object) -> str:
    """A default as the README writes it."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kind", [config._Head, config_blocks._FeedTimes, config_blocks._SlideTimes, config.Keep])
def test_every_key_of_the_house_is_told(kind: type[Any]) -> None:
    prefix = "keep." if kind is config.Keep else ""
    told = code(section("Configuration"))
    for field in dataclasses.fields(kind):
        assert f"{prefix}{field.name}" in told or field.name == "keep"
        if isinstance(field.default, Duration) and not prefix:
            assert re.search(rf"`{field.name}`.*\b{field.default}\b", section("Configuration"))


# -- what is named -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_is_there(page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", PAGES[page])
    gone = {link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()}
    assert gone <= COMING


@pytest.mark.parametrize("page", PAGES)
def test_every_anchor_is_a_heading(page: str) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", PAGES[page]):
        if "://" not in target:
            file = (ROOT / page).parent / target if target else ROOT / page
            headings = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings], target


def test_the_figures_are_those_of_the_bench() -> None:
    told = {code(row[0])[0]: float(row[2]) for row in rows(section("Measured")) if code(row[0])}
    assert told == TARGETS


@pytest.mark.parametrize("row", rows(PAGES["docs/faults.md"])[1:], ids=itemgetter(0))
def test_every_fault_is_proven_by_a_test_that_exists(row: list[str]) -> None:
    are_tests([span for span in code(row[2]) if span.startswith("tests/")])


def test_there_are_as_many_faults_as_the_readme_says() -> None:
    assert "sixty kinds of fault" in section("What may go wrong")
    assert 60 <= len(rows(PAGES["docs/faults.md"])[1:]) < 70


def are_tests(proofs: list[str]) -> None:
    assert proofs
    for proof in proofs:
        file, _, name = proof.partition("::")
        assert f"\ndef {name or 'test_'}" in (ROOT / file).read_text(encoding="utf-8"), proof


def test_what_is_said_of_security_is_proven_by_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    claims = [row for row in rows(text) if "cannot" not in row[0]]
    assert len(claims) > 15
    for row in claims:
        are_tests([span for span in code(row[1]) if span.startswith("tests/")])
    are_tests([span for span in code(text) if span.startswith("tests/")])


def test_extras_are_named_and_exist() -> None:
    named = {extra for text in PAGES.values() for extra in re.findall(r"eink-monitor\[(\w+)\]", text)}
    assert named == set(EXTRAS)


def test_every_room_is_on_the_map() -> None:
    chapter = section("The map", MAP)
    told = {span.rstrip("/") for row in rows(chapter) for span in code(row[1])}
    house = ROOT / "eink_monitor"
    there = {file.name for file in house.glob("[!_]*.py")} | {file.parent.name for file in house.glob("*/__init__.py")}
    assert there <= told <= there | COMING


@pytest.mark.parametrize("path", [span for span in code(MAP) if span.startswith(("tests/", "fonts/", "systemd/"))])
def test_what_the_guide_points_to_is_there(path: str) -> None:
    assert "mine" in path or (ROOT / path).exists()


def test_the_changelog_knows_this_version() -> None:
    assert f"## {__version__} " in PAGES["CHANGELOG.md"]


def test_root_does_nothing_by_name_in_a_folder_of_others() -> None:
    """There a name may be a link: what a guide lets root write belongs where only root may."""
    theirs = re.compile(r"~\w*/|/home/|/var/lib/eink-monitor/|/tmp/|\$HOME")
    for page in FILES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for command in re.findall(r"\bsudo (?!eink-monitor|-u |-H -u |apt |make )[^\n|;&`]+", text):
            assert not theirs.search(command), f"{page.name}: sudo {command}"
