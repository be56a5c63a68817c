"""Times from outside, in every way that vendors write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import iso
from eink_monitor.sources._times import instant

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (1_795_000_000, "2026-11-18T11:06:40Z"),
        (1_795_000_000.9, "2026-11-18T11:06:40Z"),
        (1_795_000_000_123, "2026-11-18T11:06:40Z"),
        (1_795_000_000_123_456, "2026-11-18T11:06:40Z"),
        (1_795_000_000_123_456_789, "2026-11-18T11:06:40Z"),
        ("1795000000", "2026-11-18T11:06:40Z"),
        ("1795000000123", "2026-11-18T11:06:40Z"),
        ("1795000000.25", "2026-11-18T11:06:40Z"),
        ("2026-11-28T07:15:00Z", "2026-11-28T07:15:00Z"),
        ("2026-11-28T07:15:00.123456789z", "2026-11-28T07:15:00Z"),
        ("2026-11-28T07:15:00+02:00", "2026-11-28T05:15:00Z"),
        ("2026-11-28T07:15:00+0200", "2026-11-28T05:15:00Z"),
        ("2026-11-28 07:15:00 +0200", "2026-11-28T05:15:00Z"),
        ("2026-11-28 07:15:00 UTC", "2026-11-28T07:15:00Z"),
        ("2026-11-28 07:15:00", "2026-11-28T06:15:00Z"),
        ("2026-11-28T07:15", "2026-11-28T06:15:00Z"),
        ("2026-11-28", "2026-11-27T23:00:00Z"),
        ("20261128", "2026-11-27T23:00:00Z"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),  # twice that night: the earlier one makes nothing younger
        ("28.11.2026", "2026-11-27T23:00:00Z"),
        ("28.11.2026 07:15", "2026-11-28T06:15:00Z"),
        ("8.1.2026, 07:15:30", "2026-01-08T06:15:30Z"),
        ("Sat, 28 Nov 2026 07:15:00 GMT", "2026-11-28T07:15:00Z"),
        ("Sat, 28 Nov 2026 07:15:00 -0000", "2026-11-28T07:15:00Z"),
        ("Sat, 28 Nov 2026 07:15:00 +0200", "2026-11-28T05:15:00Z"),
        ("28 Nov 2026 07:15:00", "2026-11-28T06:15:00Z"),
    ],
)
def test_a_time_is_read(value: object, at: str) -> None:
    found = instant(value, BERLIN)
    assert found is not None
    assert iso(found) == at


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", " ", 0, -5, "0", "never", "07:15", "11/28/2026", "28.13.2026", float("nan"), float("inf")),
        *(1e300, "0000-00-00 00:00:00", "2026-02-30", "9" * 40, "1" * 19 + ".1" * 9, [], {}, b"2026-11-28"),
        "2026-11-28T25:00Z",
    ],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert instant(value, BERLIN) is None


SIGNS = st.text("0123456789-:.TZ+ aNov,Sat\u0661\x00", max_size=40)


@given(SIGNS | st.text(max_size=80) | st.floats() | st.integers() | st.datetimes().map(str))
def test_anything_may_come(value: object) -> None:
    at = instant(value, BERLIN)
    assert at is None or 0 <= at < 1 << 38
