from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import FastClock, SystemClock
from eink_monitor.config import load
from eink_monitor.doctor import machine, storage, wall
from eink_monitor.finding import Finding
from eink_monitor.store import Store
from houses import HOUSE, write

CLOCK = FastClock(1_780_000_000)


def findings(root: Path) -> dict[str, Finding]:
    """What is found on a machine whose kernel's files are below ``root``."""
    return {finding.check: finding for finding in machine.findings(CLOCK, None, root)}


def put(root: Path, path: str, text: str) -> None:
    """One of the kernel's files."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def test_this_machine() -> None:
    found = {finding.check: finding for finding in machine.findings(CLOCK, None)}
    assert {"machine", "clock", "time zone"} <= set(found)
    assert all(finding.state != "bad" for finding in found.values())


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert set(findings(tmp_path)) == {"machine", "clock", "time zone"}


def test_a_raspberry_pi(tmp_path: Path) -> None:
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0")
    put(tmp_path, "proc/meminfo", "MemTotal: 524288 kB\nMemFree: 9 kB\nMemAvailable: 204800 kB\n")
    put(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", "0\n")
    put(tmp_path, "run/systemd/timesync/synchronized", "")
    found = findings(tmp_path)
    assert found["machine"].words.startswith("Raspberry Pi Zero 2 W Rev 1.0, Python 3.")
    assert found["memory"] == Finding("memory", "ok", "200 of 512 MiB are free")
    assert found["power"].words == "the supply voltage is sufficient"
    assert found["clock"] == Finding("clock", "ok", "synchronised")


@pytest.mark.parametrize(("bits", "words"), [("50005", "is too low"), ("50000", "has been too low"), ("1", "is too")])
def test_a_weak_supply(tmp_path: Path, bits: str, words: str) -> None:
    put(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", bits)
    power = findings(tmp_path)["power"]
    assert power.state == "warn"
    assert words in power.words


def test_little_memory(tmp_path: Path) -> None:
    put(tmp_path, "proc/meminfo", "MemTotal: 524288 kB\nMemAvailable: 20480 kB\n")
    assert findings(tmp_path)["memory"].words == "only 20 of 512 MiB are free"


@pytest.mark.parametrize("text", ["", "MemTotal: x kB\nMemAvailable: 1 kB", "MemTotal:\nMemAvailable:"])
def test_files_that_make_no_sense(tmp_path: Path, text: str) -> None:
    put(tmp_path, "proc/meminfo", text)
    put(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", "none")
    assert not {"memory", "power"} & set(findings(tmp_path))


def test_what_is_said_of_the_clock() -> None:
    assert machine.synchronisation(right=None).words.endswith("this system does not say whether it is synchronised")
    assert machine.synchronisation(right=True).state == "ok"
    assert machine.synchronisation(right=False).state == "warn"


@pytest.mark.parametrize(("zone", "state"), [("Europe/Berlin", "ok"), ("UTC", "warn"), ("Etc/UTC", "warn")])
def test_the_time_zone(tmp_path: Path, zone: str, state: str) -> None:
    config = load(write(tmp_path, HOUSE.replace("Europe/Berlin", zone)))
    assert config.zone == ZoneInfo(zone)
    found = {finding.check: finding for finding in machine.findings(CLOCK, config)}
    assert found["time zone"].state == state


@pytest.mark.parametrize(("free", "state", "code"), [(10_000_000, "bad", 75), (10**8, "warn", 0), (10**9, "ok", 0)])
def test_space(tmp_path: Path, free: int, state: str, code: int) -> None:
    finding = storage.space(free, tmp_path)
    assert (finding.state, finding.code) == (state, code)
    assert "MB free" in finding.words or "GB free" in finding.words


def test_fonts() -> None:
    assert [finding.state for finding in wall.fonts()] == ["ok"]
    (bad,) = wall.fonts(["text-12", "text-13"])
    assert (bad.state, bad.words) == ("bad", "text-13 cannot be read")
    (none,) = wall.fonts([])
    assert none.words.startswith("there are none in ")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_database_of_somebody_else() -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        config = load(write(folder))
        Store(config.database, config.zone).close()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                os.write(
                    writer, "\n".join(str(finding) for finding in storage.findings(config, SystemClock())).encode()
                )
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            told = answers.read().splitlines()
        os.waitpid(child, 0)
    (line,) = [line for line in told if " database " in line]  # and not that anything is damaged or worn out
    assert line.startswith("warn  database")
    assert f"{config.database} is not writable by this user; it belongs to root -> sudo -u root" in line
