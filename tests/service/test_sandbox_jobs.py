"""Every poll, stream, job and verb does its work under the unit's restrictions, and not only in a plain shell."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from doors import inverter
from doors.sshd import Hosts
from eink_monitor.clock import DAY, MINUTE, FastClock, SystemClock, stopwatch
from eink_monitor.draw import codes
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, Secret, Vin
from eink_monitor.sources.demo import Demo
from eink_monitor.sources.skoda import Skoda
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus
from eink_monitor.sources.ssh_disk import SshDisk
from eink_monitor.store import Store
from eink_monitor.store.repair.job import Job
from loopback.bmw import GCID, VIN, Bmw, signed_in
from loopback.broker import Broker, QuickClock
from loopback.cars import NOW, Reply, Vendor, recording, visit_to
from loopback.solaredge import KEY, SITE, SolarEdgeServer
from loopback.vw_portal import ID3, VwPortal, delivery
from machines import SYSTEMD, sandbox
from small_house import Scripted, feed, small_house

UNIT = SYSTEMD / "eink-monitor.service"
BERLIN = ZoneInfo("Europe/Berlin")
TOPIC = f"{GCID}/{VIN}"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None, reason="needs systemd"
)

Scene = Callable[[Path, Hosts], AbstractContextManager[tuple[Source, Visit]]]


@contextmanager
def demo(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    yield Demo(), visit_to(folder)


@contextmanager
def disk(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    yield hosts.start().source(), visit_to(folder)


@contextmanager
def own_disk(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    yield SshDisk(host="localhost", mounts={"root": "/"}), visit_to(folder)


@contextmanager
def modbus(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    with inverter.serve(inverter.House().inverter(4321).registers) as port:
        yield SolarEdgeModbus(host="127.0.0.1", port=port, timeout=Duration(2)), visit_to(folder)


@contextmanager
def cloud(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    with SolarEdgeServer(BERLIN, lambda: NOW) as server:
        yield SolarEdge(SITE, api_key=Secret(KEY), base_url=f"{server.url}/v2"), visit_to(folder)


@contextmanager
def skoda(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    with Vendor({("GET", f"/api/v1/vehicles/{VIN}"): [Reply(recording("skoda", "enyaq"))]}) as vendor:
        yield Skoda(Secret("key"), Vin(VIN), base_url=vendor.url), visit_to(folder)


@contextmanager
def bmw(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    """Its sign-in has to be renewed first, which a process of its own does."""
    signed_in(folder, expires_at=NOW - MINUTE)
    with Bmw([Reply(recording("bmw_cardata", "i4_charging"))]) as vendor:
        yield vendor.source(), visit_to(folder)


@contextmanager
def vw(folder: Path, hosts: Hosts) -> Iterator[tuple[Source, Visit]]:
    pytest.importorskip("carconnectivity")
    with VwPortal() as portal:
        portal.deliver(NOW - 100 * MINUTE, delivery(ID3))
        yield portal.source(), visit_to(folder)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """All that may be written to; the servers that a test starts live outside."""
    (folder := tmp_path / "state").mkdir()
    return folder


@pytest.mark.parametrize("scene", [demo, disk, own_disk, modbus, cloud, skoda, bmw, vw], ids=lambda it: it.__name__)
def test_every_kind_of_poll(state: Path, hosts: Hosts, scene: Scene) -> None:
    with scene(state, hosts) as (source, visit):
        outside = (
            {one.metric for one in source.poll(visit) if isinstance(one, Reading | Outlook)}
            if scene in {own_disk, demo}
            else set()
        )
        found = sandbox.inside(UNIT, state, lambda: list(source.poll(visit)))
    assert found
    assert outside <= {one.metric for one in found if isinstance(one, Reading | Outlook)}


def test_a_stream(tmp_path: Path, state: Path) -> None:
    signed_in(state)
    clock = QuickClock(NOW)
    message = {
        "vin": VIN,
        "data": {
            "vehicle.drivetrain.batteryManagement.header": {
                "value": 72,
                "unit": "%",
                "timestamp": "2026-10-08T11:59:00Z",
            }
        },
    }
    (tmp_path / "broker").mkdir()
    with Broker(tmp_path / "broker", GCID, "id-token-0", TOPIC) as broker, Bmw() as vendor:
        clock.at_rest = lambda: broker.say(TOPIC, message)
        source = vendor.source(stream=True, stream_url=broker.url)
        first = sandbox.inside(UNIT, state, lambda: next(iter(source.follow(visit_to(state), clock))))
    assert [(reading.metric.name, reading.value) for reading in first] == [("soc", 72)]


def filled(path: Path) -> Path:
    """A database of a few days."""
    with closing(Store(path, BERLIN, durable=False)) as store:
        for at in range(NOW - 3 * DAY, NOW, 5 * MINUTE):
            store.add([Reading("roof", PV_POWER, at // 300 % 1000, at)], 750)
        store.flush()
    return path


def came_of(job: Job) -> str | None:
    began = stopwatch()
    while (answer := job.answer()) is None and stopwatch() - began < 30:
        SystemClock().wait(0.01, job.watch)
    return answer


@pytest.mark.parametrize("kind", ["quick_check", "integrity_check"])
def test_a_check_of_the_database(state: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = filled(state / "readings.db")
    assert sandbox.inside(UNIT, state, lambda: came_of(Job(kind, path))) == "ok"
    assert capfd.readouterr().err == ""


def test_a_damaged_database_is_set_aside_and_saved(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = filled(state / "readings.db")
    data = path.read_bytes()
    path.write_bytes(bytes(100) + data[100:])

    def lives() -> int:
        house = small_house(path, [feed("roof", Scripted())], clock=FastClock(NOW), durable=True)
        began = stopwatch()
        while stopwatch() - began < 30:
            house.live(MINUTE)
            if house.store.facts.saved is not None and not house.store.facts.salvage:
                break
        house.daemon.stop()
        return house.store.facts.saved or 0

    assert sandbox.inside(UNIT, state, lives) >= 3 * DAY // (5 * MINUTE)
    assert "Traceback" not in capfd.readouterr().err
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM readings").fetchone()[0] >= 3 * DAY // (5 * MINUTE)


def test_a_database_is_made_and_one_in_memory(state: Path) -> None:
    def opens() -> tuple[int, bool]:
        with (
            closing(Store(state / "readings.db", BERLIN)) as store,
            closing(Store(Path("/no.db"), BERLIN, lasting=NOW)) as bare,
        ):
            return store.commits, bare.fault is not None

    assert sandbox.inside(UNIT, state, opens) == (0, True)
    assert (state / "readings.db").exists()


def test_a_code_for_the_phone(state: Path) -> None:
    text = "https://example.org/a-code-that-nobody-has-drawn-before"
    assert sandbox.inside(UNIT, state, lambda: codes.code(text)) == codes.code(text)


HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: demo, show: roof}}
panels:
  sun: {{type: solar, subject: roof}}
  health: {{type: health}}
"""


def test_every_verb_of_a_house(state: Path) -> None:
    file = state / "config.yaml"
    file.write_text(HOUSE.format(folder=state), encoding="utf-8")
    for words in (
        ["check"],
        ["poll", "roof"],
        ["latest"],
        ["history", "roof", "pv_power"],
        ["quota"],
        ["show", "--png", str(state / "pictures")],
        ["backup", str(state / "copy.db")],
        ["dump", str(state / "report.txt")],
        ["doctor"],
    ):
        command = [sys.executable, str(sandbox.__file__), str(UNIT), str(state), sys.executable, "-m", "eink_monitor"]
        command += [*words, "-c", str(file)]
        done = subprocess.run(
            command, env={**os.environ, "HOME": str(state)}, check=False, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr + done.stdout, words
        assert done.returncode == 0, (words, done)
    assert (state / "copy.db").stat().st_mode & 0o077 == 0
    assert (state / "pictures" / "sun.png").exists()
