"""What was found behind each unit, kept for a day: a chain of twenty models need not be walked at every poll."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from eink_monitor import files
from eink_monitor.clock import DAY
from eink_monitor.sources._inverter.devices import Identity, Place, Plant
from eink_monitor.sources._inverter.roof import Plants
from eink_monitor.sources.sunspec.models import INVERTERS, METERS, STORAGE

_READ = {model for block in (*INVERTERS, *METERS) for model in block.models} | set(STORAGE)


def load(path: Path, setting: object, at: int) -> Plants:
    """The plants found less than a day ago with the same settings; none where the file is missing or damaged."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["setting"] != repr(setting) or not 0 <= at - int(kept["at"]) < DAY:
            return {}
        return {int(unit): None if plant is None else _plant(plant) for unit, plant in kept["plants"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def save(path: Path, setting: object, at: int, plants: Plants) -> None:
    """Replace the file; if it cannot be written, the next poll simply looks again."""
    kept = {unit: None if plant is None else asdict(plant) for unit, plant in plants.items()}
    try:
        files.make_folder(path.parent)
        with files.replacing(path) as file:
            file.write(json.dumps({"setting": repr(setting), "at": at, "plants": kept}).encode())
    except OSError:
        return


def told(plants: Plants) -> Iterator[str]:
    """Every device and where its registers begin, for whoever wants to know."""
    for unit, plant in plants.items():
        if plant is None:
            yield f"unit {unit}: nobody answers"
            continue
        parts = [("inverter", plant.inverter), *(("meter", one) for one in plant.meters)]
        parts += [("battery and DC inputs", one) for one in plant.storage]
        for what, place in parts:
            if place:
                made_for = f", made for {place.rating:g} W" if place.rating else ""
                measures = f", measures the {place.identity.role}" if what == "meter" else ""
                who = f"{place.identity.maker} {place.identity.model}".strip()
                yield f"unit {unit}: {what} {who}, model {place.model} at {place.address}{made_for}{measures}"


def _plant(kept: Mapping[str, object]) -> Plant:
    inverter, meters, storage = kept["inverter"], kept["meters"], kept["storage"]
    if not isinstance(meters, list) or not isinstance(storage, list):
        message = "meters and storage are lists"
        raise TypeError(message)
    return Plant(
        _whole(kept["unit"]),
        None if inverter is None else _place(inverter),
        tuple(map(_place, meters)),
        kept["whole"] is True,
        kept["export_usual"] is True,
        tuple(map(_place, storage)),
    )


def _place(kept: object) -> Place:
    if not isinstance(kept, dict):
        message = "a place is a mapping"
        raise TypeError(message)
    rating, model = kept["rating"], _whole(kept["model"])
    if model not in _READ or (rating is not None and not (isinstance(rating, float) and math.isfinite(rating))):
        message = "a model that nobody reads, or a rating that is no number"
        raise ValueError(message)
    who = {name: str(kept["identity"][name]) for name in ("maker", "model", "option", "serial")}
    return Place(_whole(kept["address"]), Identity(**who), rating, model, _whole(kept["length"]))


def _whole(kept: object) -> int:
    if type(kept) is not int or not 0 <= kept <= 0xFFFF:
        message = f"{kept!r} is no register, unit or model"
        raise ValueError(message)
    return kept
