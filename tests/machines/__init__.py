"""Machines for tests: a folder on which the real install.sh runs; systemctl and the like write down their calls.

``python`` may be a stand-in that makes "virtual environments" in no time; what it installs is a program that says its
version. Both stand-ins are real programs on the PATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SYSTEMD = Path(__file__).parents[2] / "systemd"

_NOTED = '#!/bin/sh\nprintf "%s\\n" "${{0##*/}} $*" >>"{log}"\n{more}\n'
_RESTART = """\
case "$*" in restart*) ;; *) exit 0 ;; esac
[ ! -e "{folder}/slow" ] || {{ touch "{folder}/restarting"; exec sleep 60; }}
if [ -e "{folder}/broken" ]; then rm "{folder}/broken"; {deed}; exit 1; fi"""
_PYTHON = """\
#!/bin/sh
case "$*" in
*"import spidev"* | *find_spec* | *"-m eink_monitor.sources"*) exec "{python}" "$@" ;;
"-m venv"*) for folder; do :; done
  mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python"
  [ ! -e "{folder}/slow-venv" ] || {{ touch "{folder}/building"; exec sleep 60; }} ;;
*"-m pip install"*) [ ! -e "{folder}/offline" ] || {{ cat "{folder}/offline" >&2; exit 1; }}
  printf '%s\n' "$*" >>"{folder}/installed"
  for wanted; do :; done
  printf '#!/bin/sh\\nm="%s"; [ "$1" != check ] || [ ! -e "$m" ] || {{ cat "$m" >&2; exit 78; }}\\necho "%s"\\n' \\
    "{folder}/mistakes" "$wanted" >"${{0%/*}}/eink-monitor"; chmod +x "${{0%/*}}/eink-monitor" ;;
-c*) exit 0 ;;
esac
"""


def program(file: Path, text: str) -> Path:
    """Write a program."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


class Machine:
    """``folder`` holds everything: ``root`` is /, ``calls`` what the stand-ins were told. Its name has a space."""

    def __init__(self, folder: Path, *, venv: bool = False, scripts: Path = SYSTEMD) -> None:
        self.folder = folder / "a machine"
        self.root = self.folder / "root"
        self.scripts = scripts
        self.bin = self.folder / "bin"
        self.keyboard = subprocess.DEVNULL
        self._log = self.folder / "calls"
        self.bin.mkdir(parents=True)
        for name in ("systemctl", "raspi-config", "getent", "groupadd", "apt-get", "apt-cache"):
            self.program(name)
        self.breaks_with("true")
        self.environment = {
            **os.environ,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "ROOT": str(self.root),
            "PYTHON": sys.executable if venv else str(self._python()),
        }

    def program(self, name: str, more: str = "") -> None:
        """Put a stand-in on the PATH that notes its call and then does some more."""
        program(self.bin / name, _NOTED.format(log=self._log, more=more))

    def breaks_with(self, deed: str) -> None:
        """What a new version does to the machine before it fails, in shell; it fails when ``folder/broken`` exists."""
        self.program("systemctl", _RESTART.format(folder=self.folder, deed=deed))

    def start(self, script: str = "install.sh", **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", str(self.scripts / script)],
            env={**self.environment, **more},
            stdin=self.keyboard,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def run(self, script: str = "install.sh", **more: str) -> tuple[int, str]:
        """Exit code and everything that was said."""
        with self.start(script, **more) as process:
            said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def installed(self) -> list[set[str]]:
        """The names of the lock files and folders that each pip since the last time was told to install."""
        file = self.folder / "installed"
        said = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [{Path(word).stem for word in line.split() if "/" in word} for line in said]

    def flag(self, name: str) -> None:
        (self.folder / name).touch()

    def calls(self) -> list[str]:
        """What the stand-ins were told since the last time."""
        said = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return said

    @property
    def opt(self) -> Path:
        return self.root / "opt" / "eink-monitor"

    @property
    def config(self) -> Path:
        return self.root / "etc" / "eink-monitor" / "config.yaml"

    @property
    def state(self) -> Path:
        return self.root / "var" / "lib" / "eink-monitor"

    def version(self, link: str = "current") -> Path:
        return (self.opt / link).readlink()

    def versions(self) -> set[Path]:
        return set((self.opt / "versions").iterdir())

    def _python(self) -> Path:
        return program(self.bin / "python3", _PYTHON.format(folder=self.folder, python=sys.executable))
