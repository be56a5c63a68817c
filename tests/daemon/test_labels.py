"""What a person calls a subject, from the configuration to the panel."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock
from eink_monitor.config import load
from eink_monitor.house import House
from eink_monitor.store import Store
from houses import write

DISKS = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: null}}
sources:
  nas: {{type: ssh_disk, host: localhost, MORE}}
  roof: {{type: demo, show: roof, name: South roof}}
panels:
  disk: {{type: disk, subject: "nas:a"}}
"""


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ("mounts: {{a: /a}}, name: Time Machine", {"nas:a": "Time Machine"}),
        ("mounts: {{a: /a, b: /b}}, name: Attic", {"nas:a": "Attic a", "nas:b": "Attic b"}),
        ("mounts: {{a: /a, b: /b}}", {"nas:a": "nas:a", "nas:b": "nas:b"}),
        ("mounts: {{a: /a}}", {"nas:a": "nas:a", "roof": "South roof", "nobody": "nobody"}),
    ],
)
def test_the_name_of_a_source_counts_for_each_of_its_disks(tmp_path: Path, more: str, labels: dict[str, str]) -> None:
    config = load(write(tmp_path, DISKS.replace("MORE", more)))
    store = Store(config.database, config.zone)
    house = House(config, store, SystemClock().now())
    assert {subject: house.label(subject) for subject in labels} == labels
    store.close()
