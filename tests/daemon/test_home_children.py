"""The sources at home in the children that ask in life, with what a child may use and how long it may take."""

from __future__ import annotations

import select
from pathlib import Path

import pytest

from doors.inverter import House, serve
from doors.sshd import Hosts
from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Result
from eink_monitor.metrics import DISK_SIZE, PV_POWER
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus
from eink_monitor.sources.sunspec import SunSpec
from small_house import feed, small_house


@pytest.mark.parametrize("kind", [SolarEdgeModbus, SunSpec])
def test_an_inverter_is_asked_by_a_child(tmp_path: Path, kind: type[SolarEdgeModbus | SunSpec]) -> None:
    with serve(House().inverter(4321).meter(1500).registers) as port:
        roof = feed("roof", kind("127.0.0.1", port, timeout=Duration(2)))
        house = small_house(tmp_path / "house.db", [roof], runner=Forked, clock=SystemClock())  # type: ignore[arg-type]
        assert house.daemon.fetching.poll_now("roof").what == "ok"
    assert house.store.readings["roof", PV_POWER.name].value == 4321
    house.daemon.stop()
    house.store.close()


def test_a_line_that_is_kept_open_speaks_at_every_beat(tmp_path: Path) -> None:
    """A dedicated inverter: one connection, in a child that lives on."""
    with serve(House().inverter(4321).registers) as port:
        roof = feed("roof", SolarEdgeModbus("127.0.0.1", port, keep_open=True, timeout=Duration(2)), every=1)
        house = small_house(tmp_path / "house.db", [roof])
        stream = Forked(house.config).follow([(roof, house.daemon.intake.visit(roof, SystemClock().now()))])
        said: list[Result] = []
        until = stopwatch() + 10
        while len(said) < 2 and stopwatch() < until:
            select.select(stream.watch, (), (), 1)
            said += stream.results()
        stream.kill()
    assert [result.what for result in said] == ["ok", "ok"]
    times = [result.readings[0].at for result in said]
    assert 1 <= times[1] - times[0] <= 2
    house.daemon.stop()
    house.store.close()


def test_a_disk_is_asked_by_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    hosts = Hosts(tmp_path)
    try:
        nas = feed("nas", hosts.start().source())
        house = small_house(tmp_path / "house.db", [nas], runner=Forked, clock=SystemClock())  # type: ignore[arg-type]
        assert house.daemon.fetching.poll_now("nas").what == "ok"
    finally:
        hosts.stop()
    assert house.store.readings["nas:root", DISK_SIZE.name].value > 0
    house.daemon.stop()
    house.store.close()
