from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eink_monitor.config import plugins
from eink_monitor.model.poll import Budget
from eink_monitor.model.source import Source
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge.plan import MOST_CALLS, Plan
from loopback.solaredge import CLIENT, KEY, SECRET, SITE

OAUTH = {"client_id": CLIENT, "client_secret": Secret(SECRET)}


def test_it_is_a_plugin() -> None:
    found: type[object] = plugins.load(Source, "solaredge")  # type: ignore[type-abstract]  # the kind, not an instance
    assert found is SolarEdge


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "client_id and client_secret"),
        ({"client_id": CLIENT}, "client_id and client_secret"),
        ({"api": "v1"}, "v1 needs api_key"),
        ({"api_key": Secret(KEY), **OAUTH}, "not both"),
        ({**OAUTH, "site_id": 0}, "site_id"),
        ({**OAUTH, "calls_per_month": 0}, "calls_per_month"),
        ({**OAUTH, "calls_per_minute": 6}, "calls_per_minute must be at least 7"),
        ({"api": "v1", "api_key": Secret(KEY), "calls_per_day": 2}, "calls_per_day must be at least 3"),
        ({**OAUTH, "latitude": 91.0}, "latitude"),
        ({**OAUTH, "timeout": 0}, "timeout"),
        ({**OAUTH, "base_url": "roof"}, "base_url"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SolarEdge(**{"site_id": SITE, **settings})


def test_the_dearest_visit_is_affordable() -> None:
    everything = Plan(meters=True, storage=True, power=True, overview=True, energy=True, unfinished=date(2026, 1, 1))
    assert everything.calls() == MOST_CALLS
    least = SolarEdge(SITE, api_key=Secret(KEY), calls_per_minute=MOST_CALLS, calls_per_month=MOST_CALLS)
    assert {budget.calls for budget in least.quota().budgets} == {MOST_CALLS}


def test_accounts_are_named_without_secrets() -> None:
    consent = SolarEdge(SITE, client_id=CLIENT, client_secret=Secret(SECRET), calls_per_month=5000).quota()
    assert consent.account == "solaredge:client-0"
    assert consent.budgets == (Budget(10, "minute"), Budget(5000, "month"))
    fleet, other = (SolarEdge(site, api_key=Secret(KEY)).quota() for site in (SITE, 7))
    assert fleet == other, "one key, one account"
    assert KEY not in repr(fleet)
    old = SolarEdge(SITE, api="v1", api_key=Secret(KEY)).quota()
    assert (old.account, old.budgets) == (f"solaredge:site-{SITE}", (Budget(300, "day"),))


def test_settings_print_without_secrets() -> None:
    printed = repr(SolarEdge(SITE, client_id=CLIENT, client_secret=Secret(SECRET)))
    assert SECRET not in printed


BEFORE_THE_FIRST_FRAME = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
roof = SolarEdge(1, client_id="a", client_secret=Secret("b"))
assert roof.credentials(Visit("roof", "roof", 1, ZoneInfo("UTC"), 1800, {}, Path(sys.argv[1]), 9))
print(*sorted({"ssl", "http.client", "requests"} & set(sys.modules)))
"""


def test_the_configuration_and_the_sign_in_load_no_network(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_THE_FIRST_FRAME, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""
