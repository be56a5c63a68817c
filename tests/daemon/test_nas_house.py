"""A backup disk behind a real sshd, from the configuration to the panel: refused, mended, fresh, full, gone."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from doors.sshd import ME, Host, Hosts, fingerprint
from eink_monitor import config as configuration
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.daemon import Daemon
from eink_monitor.metrics import DISK_FREE, DISK_STATE, NEWEST_BACKUP
from eink_monitor.simulation import live
from eink_monitor.store import Store
from houses.inline import Inline

NOW = 1_795_000_000
HEAD = "Filesystem 1024-blocks Used Available Capacity Mounted on"
DF = f"""[ "$1" = -Pk ] || exit 1
for last; do :; done
echo '{HEAD}'; cat FOLDER/row; echo "$last\""""

TEXT = """
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  nas:
    type: ssh_disk
    every: 15m
    host: 127.0.0.1
    port: {port}
    user: {user}
    fingerprint: "{fingerprint}"
    {secret}
    mounts: {{backups: {folder}/disk}}
    newest: {{backups: "*.sparsebundle"}}
panels:
  disk: {{type: disk, subject: "nas:backups"}}
"""


def write(folder: Path, host: Host, secret: str) -> None:
    """The configuration; ``secret`` is how the house signs in."""
    shown = fingerprint(host.folder / "host")
    text = TEXT.format(folder=folder, port=host.port, user=ME, fingerprint=shown, secret=secret)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


class House:
    """A house with a disk."""

    def __init__(self, folder: Path, clock: FastClock) -> None:
        self.config = configuration.load(folder / "config.yaml")
        self.store = Store(self.config.database, ZoneInfo("Europe/Berlin"), durable=False)
        self.daemon = Daemon(self.config, self.store, clock, Inline())

    def live(self, seconds: int) -> Image.Image:
        """Let so much time pass; the picture that stands then."""
        live(self.daemon, self.daemon.clock.now() + seconds)
        with Image.open(self.config.file.parent / "out" / "disk.png") as picture:
            return picture.copy()

    def what(self) -> str:
        past = self.store.outcomes.get("nas")
        assert past is not None
        return past.what

    def stop(self) -> None:
        self.daemon.stop()
        self.store.close()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that df takes for a disk of 1,000 KB, with one backup, four hours old."""
    bundle = tmp_path / "disk" / "mac.sparsebundle"
    bundle.mkdir(parents=True)
    os.utime(bundle, (NOW - 4 * HOUR, NOW - 4 * HOUR))
    (tmp_path / "row").write_text("/dev/x 1000 400 600 40% ", encoding="utf-8")
    return tmp_path / "disk"


@pytest.mark.usefixtures("disk")
def test_a_wrong_password_is_tried_twice_and_then_a_person_is_waited_for(hosts: Hosts, tmp_path: Path) -> None:
    host, clock = hosts.start(df=DF.replace("FOLDER", str(tmp_path))), FastClock(NOW)
    write(tmp_path, host, "password: hunter2")
    for _ in range(2):  # a restart changes nothing
        house = House(tmp_path, clock)
        house.live(DAY // 2)
        assert house.what() == "auth"
        house.stop()
    write(tmp_path, host, f"identity: {host.folder}/key")
    house = House(tmp_path, clock)
    house.live(20 * MINUTE)
    assert house.what() == "ok"
    house.stop()
    assert hosts.stop().count("Failed password") == 2


def test_the_panel_follows_the_disk(hosts: Hosts, tmp_path: Path, disk: Path) -> None:
    """Calm, too full, its backup too old, not there; each half of the sheet is alarmed for what concerns it."""
    host = hosts.start(df=DF.replace("FOLDER", str(tmp_path)))
    write(tmp_path, host, f"identity: {host.folder}/key")
    house = House(tmp_path, FastClock(NOW))
    calm = halves(house.live(20 * MINUTE))
    readings = house.store.readings
    assert readings["nas:backups", DISK_FREE.name].value == 600 * 1024
    assert readings["nas:backups", NEWEST_BACKUP.name].value == NOW - 4 * HOUR

    (tmp_path / "row").write_text("/dev/x 1000 950 50 95% ", encoding="utf-8")
    full = halves(house.live(20 * MINUTE))
    assert dark(full[0]) > 0.5 > dark(calm[0])
    assert dark(full[1]) < 0.5

    bundle = disk / "mac.sparsebundle"
    os.utime(bundle, (NOW - 3 * DAY, NOW - 3 * DAY))
    old = halves(house.live(20 * MINUTE))
    assert dark(old[1]) > dark(full[1]) + 0.2

    (tmp_path / "row").write_text("/dev/x 1000 950 50 95% /elsewhere", encoding="utf-8")
    gone = halves(house.live(20 * MINUTE))
    assert readings["nas:backups", DISK_STATE.name].value == 2
    assert readings["nas:backups", DISK_FREE.name].at < house.daemon.clock.now() - 15 * MINUTE
    assert gone[0] != old[0]
    assert dark(gone[0]) > 0.5
    assert house.what() == "ok", "the host is well; its disk is not there"
    house.stop()


def halves(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Above and below the rule, without the header."""
    return picture.crop((0, 19, 250, 75)), picture.crop((0, 84, 250, 122))


def dark(part: Image.Image) -> float:
    """The share of ink."""
    dots = part.convert("L").tobytes()
    return dots.count(0) / len(dots)
