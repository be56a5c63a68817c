"""The shapes of SolarEdge V1."""

from __future__ import annotations

from loopback.roof import Roof


def overview(updated: str, today: float, power: float) -> dict[str, object]:
    return {
        "overview": {
            "lastUpdateTime": updated,
            "lifeTimeData": {"energy": 23_456_789.0, "revenue": 1.0},
            "lastYearData": {"energy": 4_000_000.0},
            "lastMonthData": {"energy": 500_000.0},
            "lastDayData": {"energy": today},
            "currentPower": {"power": power},
            "measuredBy": "INVERTER",
        }
    }


def details(stamp: str, wh: dict[str, float], *, meters: bool) -> dict[str, object]:
    if not meters:
        kinds: dict[str, float | None] = {"Production": wh["production"], "Consumption": None, "FeedIn": None}
    else:
        kinds = {
            "Production": wh["production"],
            "Consumption": wh["used"],
            "SelfConsumption": wh["production"] - wh["sold"],
            "FeedIn": wh["sold"],
            "Purchased": wh["bought"],
        }
    rows = [
        {"type": kind, "values": [{"date": stamp} if value is None else {"date": stamp, "value": value}]}
        for kind, value in kinds.items()
    ]
    return {"timeUnit": "DAY", "unit": "Wh", "meters": rows}


def power_flow(roof: Roof, at: int) -> dict[str, object]:
    flow = roof.flow(at)
    ways = [("PV", "Load"), ("GRID", "Load")] if flow.bought else [("PV", "Load"), ("LOAD", "Grid")]
    status = "Charging" if flow.charge else "Discharging" if flow.discharge else "Idle"
    parts: dict[str, object] = {
        "updateRefreshRate": 3,
        "unit": "kW",
        "connections": [{"from": start, "to": end} for start, end in ways],
        "GRID": {"status": "Active", "currentPower": (flow.bought + flow.sold) / 1000},
        "LOAD": {"status": "Active", "currentPower": flow.used / 1000},
        "PV": {"status": "Active", "currentPower": flow.production / 1000},
    }
    if roof.battery:
        parts["STORAGE"] = {
            "status": status,
            "currentPower": (flow.charge + flow.discharge) / 1000,
            "chargeLevel": round(roof.charge_level(at)),
            "critical": False,
        }
    return parts
