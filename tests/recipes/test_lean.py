"""What recipes cost the daemon: thirty sources share what their recipes say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from eink_monitor.config import recipes

MOST_MIB = 2.0
_DAEMON = """
import gc, sys
from importlib import import_module
from pathlib import Path
import eink_monitor.daemon.polls, eink_monitor.service
from eink_monitor import config
house = config.load(Path(sys.argv[1]))
for feed in house.feeds.values():
    for module in feed.source.preload:
        import_module(module)
gc.collect()
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(len(house.feeds), sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024)
"""
_DOORS = {
    "http": {"type": "http", "url": "http://x.local/", "live": True, "readings": {"level": {"path": "a"}}},
    "modbus": {"type": "modbus", "host": "x.local", "readings": {"depth": {"register": 1, "type": "uint16"}}},
    "mqtt": {"type": "mqtt", "broker": "mqtt://x.local", "readings": {"height": {"topic": "a"}}},
}


def blocks(count: int) -> dict[str, object]:
    """So many sources, of every recipe in turn."""
    files = sorted(recipes.files().items())
    found: dict[str, object] = {}
    for number in range(count):
        name, file = files[number % len(files)]
        takes = recipes.made(file).recipe.takes
        given = {key: "a-secret" if take.type == "secret" else str(take.shown) for key, take in takes.items()}
        found[f"source{number}"] = {"type": name, **{key: given[key] for key in takes if takes[key].default is None}}
    return found


def memory(folder: Path, sources: dict[str, object]) -> float:
    """MiB that only a daemon with these sources holds."""
    file = folder / "config.yaml"
    house = {"display": {"type": "null"}, "sources": sources, "panels": {"health": {"type": "health"}}}
    file.write_text(json.dumps(house), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", _DAEMON, file], capture_output=True, text=True, check=True, timeout=60)
    count, used = done.stdout.split()
    assert int(count) == len(sources)
    return float(used)


def test_thirty_sources_by_recipe_cost_less_than_two_mebibytes(tmp_path: Path) -> None:
    """Beside what the doors themselves take, once, whoever goes through them."""
    without = memory(tmp_path, dict(_DOORS))
    assert memory(tmp_path, {**_DOORS, **blocks(30)}) - without < MOST_MIB
