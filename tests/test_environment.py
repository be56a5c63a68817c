"""An environment of locked libraries; on 32 bits apt's serve where nobody keeps wheels."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from machines import SYSTEMD, program

LOCKS = SYSTEMD.parent / "locks"
PYTHON = """\
#!/bin/sh
case "$*" in
*find_spec*) shift 2; for module; do [ -e "{folder}/has/$module" ] || exit 1; done ;;
"-m venv"*) echo "$*" >>"{folder}/said"; for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
*"-m pip install"*)
  for word; do case "$word" in */*) grep -oE '^[a-z0-9-]+==' "$word" >>"{folder}/said" || : ;; esac; done ;;
esac
"""


class Machine:
    """One on which ``locks/environment.sh`` runs with stand-ins for Python, apt and the like."""

    def __init__(self, folder: Path, bits: int, user: int = 1000) -> None:
        self.folder = folder
        (folder / "has").mkdir()
        self.python = program(folder / "bin" / "python3", PYTHON.format(folder=folder))
        program(folder / "bin" / "getconf", f"#!/bin/sh\necho {bits}\n")
        program(folder / "bin" / "id", f"#!/bin/sh\necho {user}\n")
        program(folder / "bin" / "apt-get", "#!/bin/sh\nexit 100\n")

    def apt_has(self, **modules: str) -> None:
        """What apt brings when it is asked: package and module."""
        words = "\n".join(
            f'*{package.replace("_", "-")}*) : >"{self.folder}/has/{name}" ;;' for package, name in modules.items()
        )
        text = f'#!/bin/sh\nfor word; do case "$word" in\n{words}\nesac; done\n'
        program(self.folder / "bin" / "apt-get", text)

    def make(self, *sets: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(LOCKS / "environment.sh"), str(self.folder / "venv"), *sets]
        path = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"}
        return subprocess.run(command, env=path, capture_output=True, text=True, check=False)

    def said(self) -> list[str]:
        return [line.removesuffix("==") for line in (self.folder / "said").read_text(encoding="utf-8").splitlines()]


def test_on_64_bits_everything_is_fetched(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 64)
    assert machine.make("run", "ssh").returncode == 0
    assert {"pillow", "pyyaml", "paramiko", "click"} <= set(machine.said())
    assert f"-m venv --clear {tmp_path}/venv" in machine.said()


def test_on_32_bits_apt_s_libraries_serve(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 32)
    for module in ("PIL", "yaml", "bcrypt", "nacl", "cryptography", "_cffi_backend"):
        (tmp_path / "has" / module).touch()
    assert machine.make("run", "ssh").returncode == 0
    assert not {"pillow", "pyyaml", "bcrypt", "pynacl", "cryptography", "cffi"} & set(machine.said())
    assert {"click", "segno", "sqlite-utils", "hatchling", "paramiko"} <= set(machine.said())
    assert f"-m venv --clear --system-site-packages {tmp_path}/venv" in machine.said()


@pytest.mark.parametrize(
    ("sets", "packages"),
    [
        (("run",), "python3-pil python3-yaml"),
        (("run", "sealed"), "python3-cffi-backend python3-cryptography python3-pil python3-yaml"),
        (("pi",), "python3-rpi.gpio python3-spidev"),
        (("pi5",), "python3-lgpio python3-rpi-lgpio python3-spidev"),
    ],
)
def test_on_32_bits_a_person_is_told_what_to_install(tmp_path: Path, sets: tuple[str, ...], packages: str) -> None:
    done = Machine(tmp_path, 32).make(*sets)
    words = f"on 32 bits these libraries come from apt: sudo apt install {packages}; then try again\n"
    assert (done.returncode, done.stderr) == (1, words)
    assert not (tmp_path / "venv").exists()


def test_on_32_bits_root_gets_them_by_itself(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 32, user=0)
    machine.apt_has(python3_pil="PIL", python3_yaml="yaml")
    done = machine.make("run")
    assert (done.returncode, done.stdout) == (0, "installing python3-pil python3-yaml with apt ...\n")


def test_libraries_that_this_python_does_not_see_are_said(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 32, user=0)
    assert "apt could not install python3-pil python3-yaml" in machine.make("run").stderr
    machine.apt_has(python3_yaml="yaml")
    assert machine.make("run").stderr == (
        "python3 does not see what apt has installed: python3-pil; use Debian's own, PYTHON=/usr/bin/python3\n"
    )


def test_a_missing_venv_module_and_a_missing_network_are_told_apart(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 64)
    whole = machine.python.read_text(encoding="utf-8")
    program(machine.python, whole.replace('"-m venv"*)', '"-m venv"*) exit 1;'))
    assert machine.make("run").stderr == "the venv module is missing: sudo apt install python3-venv\n"
    program(machine.python, whole.replace('*"-m pip install"*)', '*"-m pip install"*) exit 1;'))
    assert "is the internet connection up?" in machine.make("run").stderr
