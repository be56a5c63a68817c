"""What the log is told of polls."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.clock import HOUR
from eink_monitor.daemon.fault_log import FaultLog
from eink_monitor.model.poll import Outcome
from small_house import START, Scripted, feed, small_house


def test_an_account_that_is_kept_waiting_says_so_once_a_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    told = FaultLog(small_house(tmp_path / "readings.db", [feed("car", Scripted())]).store)
    for hour in range(49):
        told.tell(Outcome("car", START + hour * HOUR, 0.1, "throttled", "car: all calls are used"), hour * HOUR)
    said = [record.message for record in caplog.records if "used" in record.message]
    assert len(said) == 3, "at the beginning, and after each day"
