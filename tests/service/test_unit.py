"""The unit file, judged by systemd's own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "eink-monitor.service"
EXPOSURE = 1.3

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd: make packages")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *words],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_exposes_next_to_nothing() -> None:
    said = analyze("security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}", str(UNIT))
    found = re.search(r"Overall exposure level for eink-monitor.service: ([\d.]+)", said.stdout)
    assert found, said.stdout
    assert float(found[1]) <= EXPOSURE, said.stdout
    assert said.returncode == 0, said.stdout


def test_it_is_without_fault(tmp_path: Path) -> None:
    program = tmp_path / "opt" / "current" / "bin" / "eink-monitor"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    (program.parents[1] / "eink-monitor.sh").touch(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/eink-monitor", str(tmp_path / "opt")))
    said = analyze("verify", "--man=no", str(unit))
    assert (said.returncode, said.stdout) == (0, "")


def test_a_fault_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("WatchdogSec", "WatchDog"))
    assert "WatchDog" in analyze("verify", "--man=no", str(unit)).stdout
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("SystemCallFilter=@system-service\n", ""))
    assert analyze("security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}", str(unit)).returncode != 0


def test_it_says_what_the_daemon_relies_on() -> None:
    unit = settings()
    for name, value in {
        "Type": "notify",
        "NotifyAccess": "main",
        "RestartPreventExitStatus": "78",
        "KillMode": "mixed",
        "OOMPolicy": "continue",
        "StateDirectory": "eink-monitor",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "SupplementaryGroups": "spi gpio",
        "WorkingDirectory": "%t/eink-monitor",
        "LimitCORE": "0",
        "LoadCredentialEncrypted": "eink-monitor-token-key",  # by name alone: where it is missing nothing is amiss
    }.items():
        assert unit[name] == [value], name
    assert unit["DeviceAllow"] == ["char-spi rw", "char-gpiochip rw", "/dev/gpiomem rw"]
    assert {"WatchdogSec", "MemoryMax", "StartLimitBurst", "LoadCredential"} <= set(unit)
