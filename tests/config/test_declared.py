"""Metrics that a configuration declares: known to panels, conditions, verbs and the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock
from eink_monitor.metrics import KNOWN, METRICS, recall
from houses import complaints, say
from loopback.json_vendor import JsonVendor
from loopback.server import Said

HOUSE = """\
database: FOLDER/readings.db
timezone: Europe/Berlin
display: {type: png, path: FOLDER/out}
sources:
  shop:
    type: http
    url: URL/status
    at: at
    readings:
      parcels_waiting: {path: n, unit: parcels, step: 1, words: parcels that wait}
      turnover: {path: cents, unit: EUR minor}
panels:
  waiting: {type: number, subject: shop, metric: parcels_waiting, when: shop.parcels_waiting > 2}
"""


def test_from_the_answer_to_the_wall(tmp_path: Path) -> None:
    now = SystemClock().now()
    file = tmp_path / "config.yaml"
    with JsonVendor() as vendor:
        vendor.routes["/status"] = Said(200, {"n": 3, "cents": 1999, "at": now - 60})
        file.write_text(HOUSE.replace("URL", vendor.url).replace("FOLDER", str(tmp_path)), encoding="utf-8")
        polled = say("poll", "shop", "--json", "-c", file)
    assert [(one["metric"], one["value"]) for one in json.loads(polled.out)] == [
        ("parcels_waiting", 3),
        ("turnover", 19.99),
    ]
    assert "turnover" in say("latest", "-c", file).out
    assert say("history", "shop", "turnover", "-c", file).code == 0
    assert say("show", "waiting", "-c", file).code == 0
    assert "parcels_waiting" in say("show", "--why", "-c", file).out + say("latest", "-c", file).out
    file.write_text(HOUSE.partition("sources:")[0].replace("FOLDER", str(tmp_path)) + "sources: {}\npanels: {}\n")
    for name in ("turnover", "parcels_waiting"):
        METRICS.pop(name)  # as in a process that starts now, without the source
    assert "turnover" in say("latest", "-c", file).out
    assert "19.99" in say("history", "shop", "turnover", "-c", file).out


def test_one_name_means_one_thing(tmp_path: Path) -> None:
    text = """
display: {type: 'null'}
panels: {}
sources:
  a: {type: http, url: "https://a.example/", readings: {level: {path: x, unit: l}}}
  b: {type: http, url: "https://b.example/", readings: {level: {path: x, unit: l, step: 1}}}
"""
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    assert complaints(tmp_path / "config.yaml") == [
        "6:3: sources.b: level is in l, to 1; `a` has it in l, to 0.01; give one another name"
    ]


def test_a_condition_of_what_nobody_declares(tmp_path: Path) -> None:
    text = HOUSE.replace("FOLDER", str(tmp_path)).replace("URL", "https://a.example").replace("> 2}", "> 2 kg}")
    (tmp_path / "config.yaml").write_text(text.replace("shop.parcels_waiting", "shop.parcels_wating"), encoding="utf-8")
    assert "did you mean" in complaints(tmp_path / "config.yaml")[0]


def test_what_a_source_with_a_mistake_would_declare_is_no_mistake_of_the_panel(tmp_path: Path) -> None:
    text = """
display: {type: 'null'}
panels: {a: {type: number, subject: a, metric: barrel_level_here}, b: {type: health, when: a.barrel_level_here > 2}}
sources: {a: {type: http, url: "https://a.example/", READINGS: {barrel_level_here: {path: x}}}}
"""
    file = tmp_path / "config.yaml"
    file.write_text(text.replace("READINGS", "redings"), encoding="utf-8")
    assert complaints(file) == ["4:54: sources.a.redings: unknown key `redings`; did you mean `readings`?"]
    file.write_text(text.replace("READINGS", "readings").replace("metric: barrel_level", "metric: barel_level"))
    assert [one for one in complaints(file) if "barel_level_here`; did you mean `barrel_level_here`?" in one]


@pytest.mark.parametrize(
    "row",
    [("odd name", "W", 1), ("x" * 50, "W", 1), (None, "W", 1), ("fine", None, 1), ("fine", "W", 0), ("fine", "W", "x")],
)
def test_a_damaged_row_declares_nothing(row: tuple[object, object, object]) -> None:
    before = dict(METRICS)
    recall(*row)
    assert before == METRICS
    assert set(METRICS) >= KNOWN
