"""What a first `make` leaves behind when it is interrupted must not stand in the way of the second."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from machines import program

HERE = Path(__file__).parent.parent
TOLD = {"MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "VENV", "LOCKS", "PYTHON"}
VENV = """\
#!/bin/sh
# stands for a Python that can make environments
if [ "$1" = -c ]; then exit 0; fi
rm -rf .venv && mkdir -p .venv/bin && printf '#!/bin/sh\\necho "$@" >> said\\n' > .venv/bin/python
chmod +x .venv/bin/python
"""


def set_up(folder: Path, python: str = VENV) -> subprocess.CompletedProcess[str]:
    shutil.copy(HERE / "Makefile", folder)
    shutil.copytree(HERE / "locks", folder / "locks", dirs_exist_ok=True)
    (folder / "pyproject.toml").touch()
    command = ["make", "--no-print-directory", f"PYTHON={program(folder / 'python', python)}", ".venv/ready"]
    # What the make that runs these tests was told is not meant for this one: `make latest` has its own environment.
    told = {name: value for name, value in os.environ.items() if name not in TOLD}
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)


def test_a_half_made_environment_is_made_anew(tmp_path: Path) -> None:
    program(tmp_path / ".venv/bin/python", "#!/bin/sh\nexit 1\n")  # as Ctrl-C leaves it: no pip in it yet
    done = set_up(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "setting up .venv ...\n", "")
    pips = [line.split()[-1] for line in (tmp_path / "said").read_text(encoding="utf-8").splitlines()]
    assert [Path(last).name for last in pips] == ["build.txt", "run.txt", ""]
    assert (tmp_path / ".venv/ready").exists()


def test_a_whole_environment_is_kept(tmp_path: Path) -> None:
    program(tmp_path / ".venv/bin/python", "#!/bin/sh\nexit 0\n")
    assert set_up(tmp_path, "#!/bin/sh\n[ $1 = -c ]\n").returncode == 0


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    done = set_up(tmp_path, "#!/bin/sh\n[ $1 = -c ]\n")
    assert done.returncode == 2
    assert done.stderr.startswith("the venv module is missing: sudo apt install python3-venv\n")
    done = set_up(tmp_path, "#!/bin/sh\nexit 1\n")
    assert "Python 3.11 or newer is needed" in done.stdout
    done = set_up(tmp_path, VENV.replace('echo "$@" >> said', '[ "$3" = --version ]'))
    assert (done.returncode, "is the internet connection up?" in done.stderr) == (2, True)
    assert not (tmp_path / ".venv/ready").exists()
