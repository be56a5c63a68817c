"""A visit to a NAS, and its readings by name."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.model.poll import Visit
from eink_monitor.sources.ssh_disk import SshDisk

NOW = 1_795_000_000

HEAD = "Filesystem 1024-blocks Used Available Capacity Mounted on"
# Takes its last argument for a mount point of 1000 KB, and prints that as GNU df does.
MOUNTED = f"""[ "$1" = -Pk ] || exit 1
for last; do :; done
echo '{HEAD}'; printf '/dev/x 1000 400 600 40%% '; printf %s "$last" | tr '\\n' '?'; echo"""


def new_visit(state: Path) -> Visit:
    return Visit("nas", "nas", NOW, ZoneInfo("Europe/Berlin"), 900, {}, state)


def poll(source: SshDisk, visit: Visit) -> dict[tuple[str, str], float]:
    readings = source.poll(visit)
    assert {reading.at for reading in readings} == {NOW}
    published = source.publishes(visit.subject)
    assert all(reading.metric in published[reading.subject] for reading in readings)
    return {(reading.subject, reading.metric.name): reading.value for reading in readings}


def documented_script() -> str:
    """The forced command of the guide."""
    text = (Path(__file__).parents[2] / "docs" / "ssh-disk.md").read_text("utf-8")
    return text.partition("```sh\n")[2].partition("```")[0]
