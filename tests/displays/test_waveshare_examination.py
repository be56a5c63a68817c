"""Who else has the wires, as far as /proc tells."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.examination import chip_select, holders
from eink_monitor.displays.waveshare.wires import Wiring
from ink_bench import mounted


@contextmanager
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds a file open."""
    program = f"import sys; f = open({str(file)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_whoever_has_it_open_is_named(tmp_path: Path) -> None:
    file = tmp_path / "spidev0.0"
    file.touch()
    with file.open(encoding="ascii"), holder(file) as process:
        ((pid, name, what),) = holders((str(file),))
        assert (pid, what) == (process.pid, str(file)), "we ourselves do not count"
        assert name.startswith("python")
        assert "sys.stdin" not in name, "a command line may hold secrets"
    assert holders((str(file),)) == []


def test_a_process_that_ends_meanwhile_or_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2" / "fd").mkdir(parents=True)
    (tmp_path / "2" / "fd" / "3").symlink_to("/dev/gpiochip0")
    (tmp_path / "3" / "fd").mkdir(parents=True)
    (tmp_path / "3" / "fd" / "7").symlink_to("anon_inode:gpio-line")
    (tmp_path / "3" / "comm").write_text("pigpiod\n", encoding="utf-8")
    (tmp_path / str(os.getpid()) / "fd").mkdir(parents=True)
    found = holders(("/dev/gpiochip", "anon_inode:gpio-"), tmp_path)
    assert found == [(3, "pigpiod", "anon_inode:gpio-line")], "process 2 has lost its name meanwhile"


def test_another_owner_of_spi_is_told_with_the_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "spidev"
    file.touch()
    monkeypatch.setattr(Wiring, "node", str(file))
    with holder(file) as process, mounted() as ink:
        told = [str(finding) for finding in ink.display.examine() if finding.state == "warn"]
    assert len(told) == 1
    assert f"process {process.pid} (python" in told[0]
    assert f"-> sudo kill {process.pid}, or stop the service it is" in told[0]


def test_the_extra_of_this_machine() -> None:
    assert Waveshare("2in13_V4").extra in {"pi", "pi5"}
    assert Waveshare("2in13_V4").modules == ("spidev", "RPi.GPIO")
    assert Waveshare("vendor:epd2in9_V2").modules == ()


def test_a_controller_that_selects_nobody(tmp_path: Path) -> None:
    """What dtoverlay=spi0-0cs leaves of the device tree: the list of lines is there and empty."""
    wiring = Wiring()
    assert list(chip_select(wiring, tmp_path)) == []  # no Pi
    lines = tmp_path / "sys/class/spi_master/spi0/of_node/cs-gpios"
    lines.parent.mkdir(parents=True)
    lines.write_bytes(bytes.fromhex("00000007 00000008 00000001 00000007 00000007 00000001"))
    assert list(chip_select(wiring, tmp_path)) == []
    lines.write_bytes(bytes.fromhex("00000007 00000016 00000001"))  # dtoverlay=spi0-1cs,cs0_pin=22
    (moved,) = chip_select(wiring, tmp_path)
    assert (moved.state, moved.words) == (
        "warn",
        "/dev/spidev0.0 selects its panel by GPIO 22, and the HAT waits for GPIO 8",
    )
    assert "take cs0_pin and cs1_pin out of" in moved.mend
    lines.write_bytes(b"")
    (found,) = chip_select(wiring, tmp_path)
    assert (found.check, found.state, found.code) == ("spi", "bad", 69)
    assert found.words.startswith("/dev/spidev0.0 selects no panel")
    assert found.mend.startswith("take dtoverlay=spi0-0cs out of /boot/firmware/config.txt, write dtparam=spi=on")
    assert list(chip_select(Wiring(bus=1), tmp_path)) == []
