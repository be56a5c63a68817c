"""Several sources of one broker under the real daemon: one child, one connection, and everything apart."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.config import load
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Company, Result
from eink_monitor.model.poll import Visit
from loopback.mosquitto import Mosquitto

CONFIG = """
database: {folder}/readings.db
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: mqtt, every: 5s, broker: "{url}", readings: {{pv_power: {{topic: roof/state, path: power}}}}}}
  car: {{type: mqtt, every: 5s, broker: "{url}", readings: {{soc: {{topic: car/soc}}}}}}
panels: {{}}
"""


def company(folder: Path, url: str) -> tuple[Forked, Company]:
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(folder=folder, url=url), encoding="utf-8")
    config = load(file)
    feeds = list(config.feeds.values())
    assert len({feed.source.line.key for feed in feeds if feed.source.line}) == 1
    now = SystemClock().now()
    return Forked(config), [
        (feed, Visit(feed.name, feed.subject, now, config.zone, feed.every, {}, config.state / feed.name))
        for feed in feeds
    ]


def cpu(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    ticks = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[13:15]
    return sum(map(int, ticks)) / 100


def test_a_flood_costs_little_and_writes_one_reading_per_beat(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        runner, everyone = company(tmp_path, broker.url)
        stream = runner.follow(everyone)
        thing = Client(CallbackAPIVersion.VERSION2)
        thing.connect("127.0.0.1", broker.port)
        thing.loop_start()
        clock, began, heard = SystemClock(), stopwatch(), list[Result]()
        said = 0
        while (passed := stopwatch() - began) < 7 or (passed < 60 and len({result.feed for result in heard}) < 2):
            for _ in range(100):
                said += 1
                thing.publish("roof/state", f'{{"power": {said}}}')
            thing.publish("car/soc", "64", retain=True)
            clock.wait(0.1)
            heard += stream.results()
        used = cpu(stream._pid)  # type: ignore[attr-defined]
        stream.kill()
        thing.loop_stop()
    roof = [result.readings[0].value for result in heard if result.feed == "roof" and result.readings]
    car = [result.readings[0].value for result in heard if result.feed == "car" and result.readings]
    assert 1 <= len(roof) <= 1 + passed / 5, "at most one every 5 s"
    assert car[0] == 64
    assert {result.what for result in heard} == {"ok"}
    assert said > 200 * passed
    assert used < 0.2 * passed


def test_a_broker_that_is_killed_ends_the_line_for_everyone(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        runner, everyone = company(tmp_path, broker.url)
        stream = runner.follow(everyone)
        began, heard = stopwatch(), list[Result]()
        while len(heard) < 2 and stopwatch() - began < 20:
            select.select(stream.watch, (), (), 0.5)
            heard += stream.results()
        broker.stop(hard=True)
        while not stream.over and stopwatch() - began < 40:
            select.select(stream.watch, (), (), 0.5)
            heard += stream.results()
        stream.kill()
    assert [(result.feed, result.what) for result in heard] == [("roof", "ok"), ("car", "ok"), ("", "unavailable")]
    assert "closed the connection" in heard[-1].detail


def test_the_daemon_loads_nothing_of_the_connection(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from eink_monitor.config import load; "
        "from eink_monitor.daemon.polls import Forked; config = load(Path(sys.argv[1])); Forked(config)._prepare(); "
        "assert len({feed.source.line.key for feed in config.feeds.values()}) == 1; "
        "print(sorted({'ssl', 'paho', 'eink_monitor.sources.mqtt.session'} & set(sys.modules)))"
    )
    company(tmp_path, "mqtts://broker.local")
    words = [sys.executable, "-c", program, str(tmp_path / "config.yaml")]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout == "[]\n"
