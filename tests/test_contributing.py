"""CONTRIBUTING's two recipes, followed to the letter: a source and a panel that nobody has seen before."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.clock import SystemClock
from loopback.server import Asked, LoopbackServer, Said

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"```python\n# (eink_monitor/\S+)\n(.*?)```", GUIDE, re.DOTALL))
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
