"""Two things of a kind under one subject would take turns on its panels: `check` says so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from houses import complaints, write

HOUSE = """display: {{type: 'null'}}
sources:
{sources}
panels: {{h: {{type: health}}}}
"""
INVERTER = "type: solaredge_modbus, host: inverter.local"
SITE = "type: solaredge, api_key: key-of-a-fleet"
SKODA = "type: skoda, api_key: a-key"
DISK = "type: ssh_disk, user: me, mounts: {{a: /mnt/a}}"


def said(tmp_path: Path, *sources: str) -> list[str]:
    lines = "\n".join(f"  s{n}: {{{{{source}}}}}" for n, source in enumerate(sources))
    return [line for line in complaints(write(tmp_path, HOUSE.replace("{sources}", lines))) if "would mix" in line]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{INVERTER}, subject: roof", f"{INVERTER}, unit: 2, subject: roof"),
        (f"{INVERTER}, subject: roof", f"{INVERTER}, port: 502, subject: roof"),
        (f"{INVERTER}, subject: s1", "type: solaredge_modbus, host: 192.168.1.9"),
        (f"{SITE}, site_id: 1, subject: roof", f"{SITE}, site_id: 2, subject: roof"),
        (f"{SKODA}, vin: TMBAAAAAAAAAAAAA1, subject: car", f"{SKODA}, vin: TMBAAAAAAAAAAAAA2, subject: car"),
        (f"{DISK}, host: one, subject: nas", f"{DISK}, host: two, subject: nas"),
    ],
)
def test_two_of_a_kind_with_one_subject_are_refused(tmp_path: Path, first: str, second: str) -> None:
    (line,) = said(tmp_path, first, second)
    assert "sources.s1: `s0` and `s1` are two of type" in line
    assert "give each its own subject" in line
    assert ("units: [1, 2]" in line) is ("modbus" in first)
    assert "TMB" not in line


def test_two_cars_with_one_subject_are_refused_whoever_made_them(tmp_path: Path) -> None:
    portal = "type: vw_eu_data_act, brand: skoda, username: me, password: a-word, subject: car"
    skoda = f"{SKODA}, subject: car, vin"
    (line,) = said(tmp_path, f"{skoda}: TMBAAAAAAAAAAAAA1", f"{portal}, vin: TMBAAAAAAAAAAAAA2")
    assert "sources.s1: `s0` and `s1` are two cars with the same subject, `car`, so their readings would mix" in line
    assert said(tmp_path, f"{skoda}: TMBAAAAAAAAAAAAA1", f"{portal}, vin: ' tmbaaaaaaaaaaaaa1'") == []


def test_two_inverters_with_one_subject_are_refused_whoever_made_them(tmp_path: Path) -> None:
    other = "type: sunspec, subject: roof, host"
    (line,) = said(tmp_path, f"{INVERTER}, subject: roof", f"{other}: fronius.local")
    assert "sources.s1: `s0` and `s1` are two inverters with the same subject, `roof`" in line
    assert said(tmp_path, f"{INVERTER}, subject: roof", f"{other}: inverter.local, port: 1502") == []


@pytest.mark.parametrize(
    "sources",
    [
        (f"{INVERTER}, subject: roof", f"{SITE}, site_id: 1, subject: roof"),
        (f"{INVERTER}, subject: roof", f"{INVERTER}, subject: roof, every: 1h"),
        (INVERTER, f"{INVERTER}, unit: 2"),
        (
            f"{DISK}, host: one, subject: nas",
            "type: ssh_disk, user: me, host: two, mounts: {{b: /mnt/b}}, subject: nas",
        ),
        ("type: demo, subject: roof", "type: demo, subject: roof, outage: 1h"),
    ],
)
def test_doors_to_one_thing_and_subjects_of_their_own_are_not(tmp_path: Path, sources: tuple[str, ...]) -> None:
    assert said(tmp_path, *sources) == []
