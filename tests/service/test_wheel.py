"""The wheel is whole: installed by the real installer into a real environment, it lives a day without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from eink_monitor.config import plugins
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source
from machines import SYSTEMD, Machine

NEEDED = (
    "PIL",
    "click",
    "click_default_group.py",
    "dateutil",
    "pluggy",
    "six.py",
    "sqlite_fts4",
    "sqlite_utils",
    "tabulate",
    "yaml",
    "_yaml",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(SYSTEMD.parent)], check=True)
    (file,) = folder.iterdir()
    return file


def test_it_holds_what_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    checkout = SYSTEMD.parent
    for file in (checkout / "fonts").iterdir():
        assert f"eink_monitor/fonts/{file.name}" in names or file.is_dir()
    for file in (checkout / "locks").glob("*.*"):
        assert f"eink_monitor/locks/{file.name}" in names
    for file in (checkout / "eink_monitor" / "locale").glob("*.[jm]*o*"):  # tables and catalogues
        assert f"eink_monitor/locale/{file.name}" in names
    for file in (checkout / "eink_monitor" / "recipes").iterdir():
        assert f"eink_monitor/recipes/{file.name}" in names
    for name in ("config.example.yaml", "demo.yaml", "systemd/eink-monitor.service", "systemd/eink-monitor.sh"):
        assert f"eink_monitor/{name}" in names
    found = {
        "sources": plugins.names(Source),  # type: ignore[type-abstract]
        "panels": plugins.names(Panel),  # type: ignore[type-abstract]
        "displays": plugins.names(Display),  # type: ignore[type-abstract]
    }
    for room, known in found.items():
        for plugin in known:
            assert {f"eink_monitor/{room}/{plugin}{end}" for end in (".py", "/__init__.py")} & names
    assert not [name for name in names if "tests" in name or name.endswith((".db", ".pyc"))]


def test_installed_it_lives_a_day(tmp_path: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")  # which holds all that its own installer needs
    machine = Machine(tmp_path, venv=True, scripts=tmp_path / "wheel" / "eink_monitor" / "systemd")
    elsewhere = {"PYTHONPATH": str(libraries(tmp_path / "libraries")), "PYTHONSAFEPATH": "1"}
    for name in ("build", "run"):  # nothing is fetched
        machine.folder.joinpath(f"{name}.txt").touch()
    offline = {"LOCKS": str(machine.folder), "PIP_NO_INDEX": "1", "PIP_NO_COMPILE": "1"}
    code, said = machine.run(WHEEL=str(wheel), **offline, **elsewhere)
    assert code == 0, said
    assert "running      eink-monitor, version " in said
    program = machine.version() / "bin" / "eink-monitor"
    environment = {**os.environ, **elsewhere}
    done = subprocess.run(
        [str(program), "demo", "--out", str(tmp_path / "out")],
        env=environment,
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "contact.png").exists()
    where = [str(program.with_name("python")), "-c", "import eink_monitor; print(eink_monitor.__file__)"]
    found = subprocess.run(where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(machine.version())), "not the checkout"


def libraries(folder: Path) -> Path:
    """What eink-monitor depends on, without the checkout itself: nothing is fetched from anywhere."""
    folder.mkdir()
    installed = Path(sysconfig.get_path("purelib"))
    for name in NEEDED:
        if (installed / name).exists():
            (folder / name).symlink_to(installed / name)
    for extra in installed.glob("pillow.libs"):
        (folder / extra.name).symlink_to(extra)
    return folder
