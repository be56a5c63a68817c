"""``type: http`` against a shop as Shopify is: a token of a day, points that leak back, errors in a 200."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eink_monitor import quota as planning
from eink_monitor.clock import DAY, MINUTE
from eink_monitor.errors import BadAnswer, Throttled, Trouble
from eink_monitor.quota import Call
from loopback.blocks import BUCHAREST, NOW, visitor
from loopback.json_vendor import Bucket, JsonVendor, Tokens, http_date
from loopback.server import Asked

SHOP = """
url: URL/admin/api/2026-10/graphql.json
method: post
timezone: "{{zone}}"
before:
  - url: URL/admin/api/2026-10/graphql.json
    method: post
    body: '{"query": "{shop{ianaTimezone}}"}'
    set: {zone: data.shop.ianaTimezone}
    keep: 1d
body: '{"query": "query($q: String!){ordersCount(query: $q){count precision}}", "variables": {"q": "created_at:>={{today_start}}"}}'
auth:
  type: client_credentials
  token_url: URL/oauth/token
  client_id: client
  client_secret: s3cret
  header: X-Shopify-Access-Token
  scheme: ""
ok: "!errors"
error: errors[0].message
refused: "errors[0].extensions.code == 'ACCESS_DENIED'"
throttled: "errors[0].extensions.code == 'THROTTLED' && over(minus(extensions.cost.requestedQueryCost, extensions.cost.throttleStatus.currentlyAvailable), extensions.cost.throttleStatus.restoreRate)"
calls_per_day: 400
readings:
  orders_today: {path: "[data.ordersCount][?precision == 'EXACT'].count | [0]", unit: orders, step: 1, resets: daily}
"""  # noqa: E501 - as a person would write it


@pytest.fixture
def shop() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.tokens, running.guarded = Tokens(), ("/admin/",)
        running.date_header = http_date(NOW)
        running.operations = {
            "ianaTimezone": {"shop": {"ianaTimezone": "Pacific/Auckland"}},
            "ordersCount": {"ordersCount": {"count": 12, "precision": "EXACT"}},
        }
        yield running
        assert running.never_logged("s3cret", "token-")


def test_orders_of_the_shops_own_day(shop: JsonVendor, tmp_path: Path) -> None:
    visits = visitor(tmp_path, SHOP.replace("URL", shop.url))
    (reading,) = visits.poll()
    assert (reading.metric.name, reading.value, reading.at) == ("orders_today", 12, NOW)
    assert b"created_at:>=2026-11-28T00:00:00+13:00" in shop.asked[-1].body
    assert (visits.spent, len(shop.asked)) == (3, 3)
    visits.poll()
    assert (visits.spent, len(shop.asked)) == (1, 4)


def test_a_count_that_is_only_a_bound_is_none(shop: JsonVendor, tmp_path: Path) -> None:
    shop.operations["ordersCount"] = {"ordersCount": {"count": 25_001, "precision": "AT_LEAST"}}
    with pytest.raises(BadAnswer, match="holds none of the values"):
        visitor(tmp_path, SHOP.replace("URL", shop.url)).poll()


def test_a_condition_that_does_not_hold_is_no_amount(shop: JsonVendor, tmp_path: Path) -> None:
    shop.operations["ordersCount"] = {"ordersCount": {"count": 25_001, "precision": "AT_LEAST"}}
    wrong = "data.ordersCount.precision == 'EXACT' && data.ordersCount.count"
    right = "[data.ordersCount][?precision == 'EXACT'].count | [0]"
    visits = visitor(tmp_path, SHOP.replace("URL", shop.url).replace(right, wrong))
    assert visits.poll() == []
    assert visits.note == "dated by the answer's Date header; left out: orders_today not a number"


def test_points_that_run_out_are_waited_for(shop: JsonVendor, tmp_path: Path) -> None:
    visits = visitor(tmp_path, SHOP.replace("URL", shop.url))
    shop.bucket = Bucket(visits.clock.now, most=30, restores=0.1)
    visits.poll()
    with pytest.raises(Throttled, match="too often: Throttled") as caught:
        visits.poll()
    assert caught.value.until == NOW + 60  # 6 of 12 points are there, and 0.1 come each second
    visits.clock.wait(60)
    assert visits.poll()


def test_no_account_is_over_its_budget_in_a_month(shop: JsonVendor, tmp_path: Path) -> None:
    """Faults, tokens and second tries included, whatever a poll takes is within what was booked for it."""
    visits = visitor(tmp_path, SHOP.replace("URL", shop.url).replace("calls_per_day: 400", "calls_per_day: 30"))
    quota = visits.source.quota()
    assert quota is not None
    calls: list[Call] = []

    def answer(asked: Asked) -> object:
        return {"ordersCount": {"count": len(calls), "precision": "EXACT"}}

    shop.operations["ordersCount"] = answer
    for turn in range(30 * 24 * 2):
        now = visits.clock.now()
        calls = [call for call in calls if call.at > now - 2 * DAY]
        cost = visits.source.cost(visits.visit())
        if planning.affordable(quota, calls, now, BUCHAREST) >= cost:
            assert shop.tokens is not None
            shop.tokens.issued += turn % 7 == 0  # somebody else revokes ours
            asked = len(shop.asked)
            shop.date_header = http_date(now)
            with suppress(Trouble):
                visits.poll()
            assert len(shop.asked) - asked == visits.spent <= cost
            calls.append(Call(now, visits.spent))
            for used in planning.spent(quota, calls, now, BUCHAREST):
                assert used.used <= used.limit
        visits.clock.wait(30 * MINUTE)
    assert len(shop.asked) > 300
