from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.config import extras
from eink_monitor.displays.waveshare import Waveshare


def package(folder: Path, name: str, text: str = "") -> None:
    """A package that can be imported, or fails in its own way."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text, encoding="utf-8")


def test_libraries_that_cannot_share_an_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package(tmp_path, "weconnect")
    package(tmp_path, "carconnectivity")
    (finding,) = extras.rivals()
    assert finding.state == "warn"
    assert "cannot share an environment" in finding.words
    assert finding.mend == "pip uninstall weconnect"


def test_a_package_that_breaks_is_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package(tmp_path, "broken_by_its_own_fault", "raise SystemError('compiled for another Python')")
    assert extras.installed("broken_by_its_own_fault")
    assert not extras.installed("broken_by_its_own_fault.part")
    assert not extras.installed("no_such_package.part")
    assert extras.installed("json.decoder")


def test_one_or_several() -> None:
    lack = extras.missing("display", Waveshare("2in13_V4"))
    if lack is not None:  # not on a Raspberry Pi
        assert lack.words in {
            "spidev and RPi.GPIO are not installed",
            "spidev is not installed",
            "RPi.GPIO is not installed",
        }
        assert lack.code == 69
    assert extras.missing("display", Waveshare("vendor:epd2in9_V2")) is None
