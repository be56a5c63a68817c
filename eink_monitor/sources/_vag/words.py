"""VW's words for what a charging car does; the same ones in three spellings, by interface and by platform."""

from __future__ import annotations

_CHARGES = {"charging", "charginghvbattery", "chargingac", "chargingdc"}
_RESTS = {
    "off",
    "readyforcharging",
    "notreadyforcharging",
    "discharging",
    "conservation",
    "conservationcharging",
    "chargepurposereachedconservation",
    "chargepurposereachedandconservation",
    "chargepurposereachedconservationcharging",
    "chargepurposereachedandconservationcharging",
    "chargepurposereachednotconservationcharging",
    "chargepurposereachedandnotconservationcharging",
    "completed",
    "error",
    "chargingerror",
    "invalid",
    "unsupported",
    "interrupted",
    "charginginterrupted",
    "paused",
    "chargingpaused",
    "stopped",
    "chargingstopped",
    "idle",
}


def meaning(word: object) -> int | None:
    """1 if a charging state says that the car charges, 0 if it says that it does not; None for an unknown word."""
    if not isinstance(word, str):
        return None
    plain = word.strip().lower().replace("_", "").replace("-", "").replace(" ", "").removeprefix("chargestate")
    return 1 if plain in _CHARGES else 0 if plain in _RESTS else None
