"""CONTRIBUTING's examples, followed to the letter: a source, a panel and a recipe that nobody has seen before."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.clock import SystemClock
from eink_monitor.config import recipes
from eink_monitor.config.recipe_file import _RecipeHead
from eink_monitor.model.source import GROUPS
from loopback import recipes as recorded
from loopback.server import Asked, LoopbackServer, Said

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"```python\n# (eink_monitor/\S+)\n(.*?)```", GUIDE, re.DOTALL))
BARREL = dict(re.findall(r"```yml\n# (eink_monitor/\S+)\n(.*?)```", GUIDE, re.DOTALL))
RECORDING = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
MOST_NAMES = 12
CONFIG = """\
database: {folder}/house.db
display: {{type: png, path: {folder}/out}}
sources: {{mine: {{type: meter, base_url: "{url}"}}}}
panels: {{big: {{type: meter, subject: mine}}}}
"""


class Meter(LoopbackServer):
    def answer(self, asked: Asked) -> Said:
        return Said(200, {"power": 512, "time": SystemClock().now() - 5})


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    """The program with both recipes in it, and a configuration that names them."""
    shutil.copytree(ROOT / "eink_monitor", tmp_path / "eink_monitor", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "fonts", tmp_path / "fonts")
    for name, text in RECIPES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with Meter() as meter:
        (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path, url=meter.url), encoding="utf-8")
        yield tmp_path


def say(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eink_monitor", *words]
    return subprocess.run(command, cwd=program, capture_output=True, text=True, timeout=60, check=False)


def test_both_work_at_once(program: Path) -> None:
    assert set(RECIPES) == {"eink_monitor/sources/meter.py", "eink_monitor/panels/meter.py"}
    for verb, told in (("sources", "The power of a meter in the house, over HTTP."), ("panels", "as large as it gets")):
        assert told in say(program, verb).stdout
    checked = say(program, "check", "-c", "config.yaml")
    assert checked.returncode == 0, checked.stderr
    polled = say(program, "poll", "mine", "-c", "config.yaml")
    assert polled.returncode == 0, polled.stderr
    assert "512" in polled.stdout
    shown = say(program, "show", "big", "--png", "shown", "-c", "config.yaml")
    assert shown.returncode == 0, shown.stderr
    (picture,) = (program / "shown").glob("*.png")
    with Image.open(picture) as drawn:
        ink = drawn.convert("L").histogram()[0]
    assert ink > 250 * 18 // 2, "a header and large digits"


def test_a_mistake_is_shown_where_it_stands(program: Path) -> None:
    config = program / "config.yaml"
    config.write_text(re.sub(r'"http://[^"]+"', "ftp://x", config.read_text(encoding="utf-8")), encoding="utf-8")
    checked = say(program, "check", "-c", "config.yaml")
    assert checked.returncode == 78
    assert "config.yaml:3:" in checked.stdout + checked.stderr
    assert "base_url must be an address" in checked.stdout + checked.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_neither_needs_to_know_much(name: str) -> None:
    """As many names of ours as one can keep in mind."""
    imports = [node for node in ast.walk(ast.parse(RECIPES[name])) if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in imports if (node.module or "").startswith("eink_monitor") for alias in node.names]
    assert len(names) <= MOST_NAMES, names


def test_the_recipe_is_whole_and_its_recording_becomes_what_it_says(tmp_path: Path) -> None:
    ((name, text),) = BARREL.items()
    recording = json.loads(*RECORDING)
    file = tmp_path / Path(name).name
    file.write_text(text, encoding="utf-8")
    with recorded.Recorded(recording) as vendor:
        made = recorded.source(file, tmp_path, vendor.url, {})
        said = list(made.poll(recorded.visit(made, recording, tmp_path / "state")))
        assert recorded.told(said)["readings"] == recording["readings"]
        assert vendor.paths() == [recording["asked"][0]["path"]]
    checked = subprocess.run(
        [sys.executable, "-m", "eink_monitor", "recipe", "check", file], capture_output=True, text=True, check=True
    )
    assert checked.stderr == ""


def test_the_guide_to_recipes_begins_with_one_that_is_good(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    ((name, text),) = re.findall(r"```yml\n# (\S+)\n(.*?)```", page, re.DOTALL)
    file = tmp_path / Path(name).name
    file.write_text(text, encoding="utf-8")
    assert list(recipes.made(file).recipe.takes) == ["host", "key"]
    keys = [field.name for field in dataclasses.fields(_RecipeHead)]
    told = re.findall(r"^\| `(\w+)` \|", page.partition("| Key |")[2], re.MULTILINE)
    assert set(keys) <= set(told)
    assert set(GROUPS) <= set(re.findall(r"`(\w+)`", page))
