"""Run every measurement and print one JSON object: figure, and target where there is one."""

from __future__ import annotations

import json
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

TARGETS = {
    "panel_render_ms_median": 1.0,
    "daemon_pss_mib": 36.0,
    "cold_start_to_first_frame_ms": 150.0,
    "cpu_seconds_per_day_six_sources": 14.0,
    "database_bytes_per_reading": 6.0,
    "bytes_written_per_day_mb": 8.0,
    "daemon_growth_anon_mib": 3.0,
    "daemon_growth_second_half_mib": 1.0,
    "modbus_written_per_day_mb": 8.0,
    "modbus_bytes_per_reading": 6.0,
    "slowest_panel_queries_ms": 3.0,
    "simulated_year_null_display_s": 15.0,
    "ink_pack_cpu_ms": 0.3,
    "http_poll_cpu_ratio": 1.5,
    "ink_added_ms": 25.0,
}


def main(wanted: list[str]) -> None:
    """Measure what is wanted, or everything."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    figures: dict[str, float] = {}
    for name in names:
        if name.startswith("_") or (wanted and name not in wanted):
            continue
        sys.stderr.write(f"measuring {name} ...\n")
        figures |= import_module(f"bench.{name}").measure()
    rounded = {name: round(value, 3) for name, value in figures.items()}
    targets = {name: target for name, target in TARGETS.items() if name in figures}
    missed = [name for name, target in targets.items() if figures[name] > target]
    json.dump({"figures": rounded, "targets": targets, "missed": missed}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
