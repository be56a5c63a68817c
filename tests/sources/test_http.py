"""``type: http``: what is asked, what is read from the answer, and when it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.metrics import OUTDOOR_TEMPERATURE
from eink_monitor.model.poll import Budget
from loopback.blocks import NOW, read, source, visitor
from loopback.json_vendor import BAD_DAYS, BOM, JsonVendor, http_date, utf16
from loopback.server import Said

SIX_AGO = NOW - 360
STATUS = {"temp": 70.7, "at": "2026-11-28T08:24:00+02:00", "count": "12", "mode": "Charging", "on": True, "bad": [1]}


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW - 5)
        running.routes["/status"] = Said(200, STATUS)
        yield running


def told(readings: object) -> list[tuple[str, str, float, int]]:
    return [(r.subject, r.metric.name, round(r.value, 4), r.at) for r in readings]  # type: ignore[attr-defined]


def test_a_thermometer(vendor: JsonVendor, tmp_path: Path) -> None:
    block = f'url: {vendor.url}/status\nat: at\nreadings: {{outdoor_temperature: {{path: temp, unit: "°F"}}}}'
    visits = visitor(tmp_path, block)
    assert told(visits.poll()) == [("roof", "outdoor_temperature", 21.5, SIX_AGO)]
    assert visits.note == ""


def test_every_value_has_its_own_rules(vendor: JsonVendor, tmp_path: Path) -> None:
    visits = visitor(
        tmp_path,
        f"""
url: {vendor.url}/status
at: at
readings:
  orders_today: {{path: count, unit: orders, step: 1, resets: daily}}
  state: {{path: mode, values: {{Idle: 0, Charging: 1}}}}
  open: {{path: "on", unit: 0/1, subject: door}}
  absent: {{path: nothing.here}}
  broken: {{path: bad}}
  impossible: {{path: sum(mode)}}
  plus_one: {{path: temp, scale: 2, offset: 1, step: 0.1}}
  later: {{path: temp, at: nothing}}
""",
    )
    assert told(visits.poll()) == [
        ("roof", "orders_today", 12, SIX_AGO),
        ("roof", "state", 1, SIX_AGO),
        ("roof:door", "open", 1, SIX_AGO),
        ("roof", "plus_one", 142.4, SIX_AGO),
    ]
    for words in (
        "absent: nothing there",
        "left out: broken",
        "`sum(mode)` cannot be read",
        "later: no time beside it",
    ):
        assert words in visits.note
    published = visits.source.publishes("roof")
    assert [metric.name for metric in published["roof"]][:2] == ["orders_today", "state"]
    assert [metric.name for metric in published["roof:door"]] == ["open"]


def test_the_request_is_what_the_block_says(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/v1/a%20b"] = Said(200, {"n": 1})
    visitor(
        tmp_path,
        f"""
url: {vendor.url}/v1/a b?fixed=1
method: post
timezone: Australia/Sydney
headers: {{X-Key: k1, User-Agent: "77 - SelfIntegration", accept: text/x}}
query: {{from: "{{{{today_start}}}}", "day[]": ["{{{{today}}}}", "{{{{yesterday}}}}"], odd: "a&b=c#d"}}
body: '{{"query": "created_at:>={{{{today_start}}}}", "since": {{{{days_ago_7_s}}}}}}'
readings: {{n: {{path: n, unit: things}}}}
""",
    ).poll()
    asked = vendor.asked[0]
    assert (asked.method, asked.path) == ("POST", "/v1/a%20b")
    assert asked.params == {"fixed": "1", "from": "2026-11-28T00:00:00+11:00", "day[]": "2026-11-27", "odd": "a&b=c#d"}
    assert "day%5B%5D=2026-11-28&day%5B%5D=2026-11-27" in vendor.log[0]
    assert json.loads(asked.body) == {"query": "created_at:>=2026-11-28T00:00:00+11:00", "since": 1_795_179_600}
    assert (asked.headers["X-Key"], asked.headers["User-Agent"]) == ("k1", "77 - SelfIntegration")
    assert (asked.headers["accept"], asked.headers["Content-Type"]) == ("text/x", "application/json")


def test_a_form(vendor: JsonVendor, tmp_path: Path) -> None:
    form = "form: {a: 'x y', b: '{{now_ms}}'}"
    block = f"url: {vendor.url}/status\nmethod: post\n{form}\nreadings: {{count: {{path: count}}}}"
    visitor(tmp_path, block).poll()
    assert vendor.asked[0].body == b"a=x+y&b=1795847400000"


# -- when it was measured ----------------------------------------------------------------------------------------------

NUMBER = "readings: {count: {path: count}}"


def test_the_answers_date_dates_it_and_says_so(vendor: JsonVendor, tmp_path: Path) -> None:
    visits = visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}")
    assert told(visits.poll()) == [("roof", "count", 12, NOW - 5)]
    assert "dated by the answer's Date header" in visits.note


def test_without_any_time_nothing_is_stored(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.date_header = ""
    with pytest.raises(BadAnswer, match=r"does not say when it measured.*point `at` to a time.*or say `live: true`"):
        visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}").poll()


def test_an_expression_that_finds_no_time_is_not_replaced(vendor: JsonVendor, tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="`mode` finds no time"):
        visitor(tmp_path, f"url: {vendor.url}/status\nat: mode\n{NUMBER}").poll()


def test_a_device_at_home_may_be_live(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.date_header = ""
    visits = visitor(tmp_path, f"url: {vendor.url}/status\nlive: true\n{NUMBER}")
    assert told(visits.poll()) == [("roof", "count", 12, NOW)]


def test_a_service_elsewhere_is_never_live(tmp_path: Path) -> None:
    assert "live: only a device at home" in read(tmp_path, f"url: https://a.example/x\nlive: true\n{NUMBER}")[1][0]


# -- the same answer again ---------------------------------------------------------------------------------------------


def test_an_answer_that_has_not_changed_confirms_what_its_date_dates(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tagged = ("/",)
    block = f"url: {vendor.url}/status\nreadings: {{count: {{path: count}}, kept: {{path: temp, at: at}}}}"
    visits = visitor(tmp_path, block)
    for _ in range(2):  # a tag is kept once an answer has repeated itself
        visits.poll()
    vendor.date_header = http_date(NOW + 300)
    visits.clock.wait(300)
    assert told(visits.poll()) == [("roof", "count", 12, NOW + 300)]
    assert "unchanged since the last poll" in visits.note
    assert vendor.asked[2].headers["If-None-Match"]
    vendor.routes["/status"] = Said(200, STATUS | {"count": 13})
    assert ("roof", "count", 13, NOW + 300) in told(visits.poll())


def test_another_block_does_not_believe_the_tag_of_the_last_one(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tagged = ("/",)
    visits = visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}")
    visits.poll()
    visits.poll()
    visits.source = source(tmp_path, f"url: {vendor.url}/status\nreadings: {{count: {{path: temp}}}}")
    assert told(visits.poll()) == [("roof", "count", 70.7, NOW - 5)]


def test_what_is_new_each_time_is_not_noted(vendor: JsonVendor, tmp_path: Path) -> None:
    numbers = iter(range(100))
    vendor.tagged = ("/",)
    vendor.routes["/status"] = lambda asked: {"count": next(numbers)}
    visits = visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}")
    for _ in range(3):
        visits.poll()
    assert not list((tmp_path / "state").glob("*.issued"))


# -- what else an answer may be ----------------------------------------------------------------------------------------


def test_csv(vendor: JsonVendor, tmp_path: Path) -> None:
    table = "Zeit;Zähler (kWh);n\n27.11.2026 23:45;1.234,5;a\n\n28.11.2026 08:15;1.240,25;b\n".encode("cp1252")
    vendor.routes["/status"] = Said(200, table, {"Content-Type": "text/csv"})
    block = f"""
url: {vendor.url}/status
format: csv
delimiter: ";"
decimal: ","
at: '[-1].Zeit'
readings: {{total: {{path: '[-1]."Zähler (kWh)"', unit: kWh}}, rows: {{path: length(@)}}}}
"""
    assert told(visitor(tmp_path, block).poll()) == [
        ("roof", "total", 1240.25, NOW - 900),
        ("roof", "rows", 2, NOW - 900),
    ]


def test_csv_without_names(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/status"] = Said(200, b"1,2\n3,4\n", {"Content-Type": "text/csv"})
    block = f"url: {vendor.url}/status\nformat: csv\ncolumns: [a, b]\nreadings: {{n: {{path: 'sum([].to_number(b))'}}}}"
    assert told(visitor(tmp_path, block).poll())[0][2] == 6


@pytest.mark.parametrize(("body", "path"), [(b"21.5\n", ""), (b"Temp: 21.5 C", "number(@)")])
def test_plain_text(vendor: JsonVendor, tmp_path: Path, body: bytes, path: str) -> None:
    vendor.routes["/status"] = Said(200, body, {"Content-Type": "text/plain"})
    block = f"url: {vendor.url}/status\nformat: text\nreadings: {{outdoor_temperature: {{path: '{path}'}}}}"
    visits = visitor(tmp_path, block)
    visits.poll()
    assert visits.value(OUTDOOR_TEMPERATURE) == 21.5


def test_a_count_in_a_header(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/status"] = Said(200, [], {"X-WP-Total": "41"})
    block = f"url: {vendor.url}/status\nreadings: {{orders: {{path: header('x-wp-total'), unit: orders, step: 1}}}}"
    assert told(visitor(tmp_path, block).poll())[0][2] == 41


def test_xml(vendor: JsonVendor, tmp_path: Path) -> None:
    answer = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:propstat><d:prop>
<d:getlastmodified>Sat, 28 Nov 2026 06:00:00 GMT</d:getlastmodified></d:prop></d:propstat></d:response>
<d:response status="x"><d:propstat><d:prop><d:getlastmodified>Fri, 27 Nov 2026 06:00:00 GMT</d:getlastmodified></d:prop>
</d:propstat></d:response></d:multistatus>"""
    vendor.routes["/dav/"] = Said(207, answer, {"Content-Type": "application/xml"})
    block = f"""
url: {vendor.url}/dav/
method: propfind
format: xml
headers: {{Depth: "1"}}
body: '<propfind xmlns="DAV:"><prop><getlastmodified/></prop></propfind>'
readings:
  newest_backup: {{path: "max(map(&time(@), multistatus.response[].propstat[].prop[].getlastmodified[]))"}}
"""
    assert told(visitor(tmp_path, block).poll()) == [("roof", "newest_backup", NOW - 1800, NOW - 5)]
    assert vendor.asked[0].method == "PROPFIND"


def test_prometheus(vendor: JsonVendor, tmp_path: Path) -> None:
    text = (
        b'# HELP x y\nmonitor_status{monitor_name="shop \\"A\\"",port="80"} 1 1795847000\nup NaN\nup{a="b"} 2.5e1\n\n'
    )
    vendor.routes["/status"] = Said(200, text, {"Content-Type": "text/plain; version=0.0.4"})
    block = f"""
url: {vendor.url}/status
format: prometheus
readings:
  up: {{path: "monitor_status[?labels.monitor_name=='shop \\"A\\"'].value | [0]", unit: 0/1}}
  other: {{path: "up[1].value"}}
""".replace('\\"', '\\\\\\"').replace('\\\\\\"', '\\"')
    assert [one[2] for one in told(visitor(tmp_path, block).poll())] == [1, 25]


@pytest.mark.parametrize("said", [Said(200, BOM + b'{"count": 12}'), utf16({"count": 12})])
def test_marks_of_byte_order(vendor: JsonVendor, tmp_path: Path, said: Said) -> None:
    vendor.routes["/status"] = said
    assert told(visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}").poll())[0][2] == 12


def test_packed(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.packed = True
    assert told(visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}").poll())[0][2] == 12


# -- what goes wrong ---------------------------------------------------------------------------------------------------

MEANT: dict[str, tuple[type[Trouble], str]] = {
    "maintenance page with 200": (Unavailable, "a web page came instead of json; is it under maintenance"),
    "text error with 200": (BadAnswer, "not JSON"),
    "wrong charset": (BadAnswer, "characters that are not UTF-8"),
    "unknown charset": (BadAnswer, "holds none of the values"),
    "payment": (Unavailable, "wants to be paid first (402): Unavailable Shop"),
    "forbidden": (AuthFailed, "(403): no access"),
    "locked": (Unavailable, "is locked"),
    "security": (Throttled, "blocks us for a while (430)"),
    "overloaded": (Unavailable, "is overloaded"),
    "float Retry-After": (Throttled, "poll too often (429): Exceeded 2 calls"),
    "errors in a 200": (BadAnswer, "says that something is wrong"),
    "code in a 200": (BadAnswer, "something is wrong: no permission"),
    "only a number": (BadAnswer, ""),
    "empty list": (BadAnswer, "holds none of the values"),
    "null": (BadAnswer, "holds none of the values"),
    "empty": (BadAnswer, "not JSON"),
}


@pytest.mark.parametrize("day", BAD_DAYS)
def test_bad_days(vendor: JsonVendor, tmp_path: Path, day: str) -> None:
    vendor.routes["/status"] = BAD_DAYS[day]
    block = f'url: {vendor.url}/status\nok: "!errors && (!code || code == `0`)"\nerror: message || errors\n{NUMBER}'
    kind, words = MEANT[day]
    with pytest.raises(Trouble) as caught:
        visitor(tmp_path, block).poll()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(caught.value).startswith("127.0.0.1")
    if isinstance(caught.value, Throttled):
        assert caught.value.until == NOW + (2 if "429" in words else 3600)


THROTTLED = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}


@pytest.mark.parametrize(
    ("key", "answer", "means"),
    [
        ("throttled: \"errors[0].extensions.code == 'THROTTLED'\"", Said(200, THROTTLED), (Throttled, 300)),
        (
            "throttled: \"errors[0].extensions.code == 'THROTTLED'\"",
            Said(200, THROTTLED, {"Retry-After": "7"}),
            (Throttled, 7),
        ),
        ("throttled: error.wait", Said(400, {"error": {"wait": 12}}), (Throttled, 12)),
        ("throttled: 'error && times(error.minutes, `60`)'", Said(400, {"error": {"minutes": 3}}), (Throttled, 180)),
        ("refused: 'error.code == `190`'", Said(400, {"error": {"code": 190}}), (AuthFailed, 0)),
        ("refused: 'code == `40105`'", Said(200, {"code": 40105}), (AuthFailed, 0)),
        ("busy: \"userError == 'MS_UNAVAILABLE'\"", Said(200, {"userError": "MS_UNAVAILABLE"}), (Unavailable, 0)),
        ("ok: 'code == `0`'", Said(200, {"code": 5, "count": 1}), (BadAnswer, 0)),
        ("ok: sum(count)", Said(200, {"count": 5}), (BadAnswer, 0)),
        ("", Said(400, {"error": {}}), (BadAnswer, 0)),
        ("", Said(409, {}), (Unavailable, 0)),
        ("", Said(410, {}), (Gone, 0)),
        ("", Said(429, {}), (Throttled, 300)),
        ("", Said(429, {}, {"X-RateLimit-Reset": "42"}), (Throttled, 42)),
        ("", Said(429, {}, {"X-RateLimit-Reset": str(NOW + 90)}), (Throttled, 90)),
        ("", Said(429, {}, {"RateLimit-Reset": "soon"}), (Throttled, 300)),
        ("", Said(429, {}, {"Retry-After": "0.5"}), (Throttled, 1)),
        ("", Said(422, {}), (BadAnswer, 0)),
        ("", Said(500, b"<h1>oops</h1>"), (Unavailable, 0)),
        ("", Said(304, b""), (BadAnswer, 0)),
        ("", Said(302, b"", {"Location": "/elsewhere"}), (Unavailable, 0)),
    ],
)
def test_what_an_answer_means(
    vendor: JsonVendor, tmp_path: Path, key: str, answer: Said, means: tuple[type[Trouble], int]
) -> None:
    kind, until = means
    vendor.routes["/status"] = answer
    with pytest.raises(Trouble) as caught:
        visitor(tmp_path, f"url: {vendor.url}/status\n{key}\n{NUMBER}").poll()
    assert type(caught.value) is kind
    assert not until or getattr(caught.value, "until", 0) == NOW + until


def test_a_vendor_that_repeats_our_key_is_not_quoted(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/status"] = Said(401, {"error": "no such key: hunter2-hunter2\x1b[2J in " + "x" * 5000})
    block = f"url: {vendor.url}/status\nerror: error\nauth: {{type: bearer, token: hunter2-hunter2}}\n{NUMBER}"
    with pytest.raises(AuthFailed) as caught:
        visitor(tmp_path, block).poll()
    assert "no such key: ****" in str(caught.value)
    assert "hunter2" not in repr(caught.value)
    assert len(str(caught.value)) < 300


def test_calls_are_counted_and_budgeted(vendor: JsonVendor, tmp_path: Path) -> None:
    block = f"url: {vendor.url}/status\ncalls_per_day: 100\ncalls_per_month: 2000\naccount: shop\n{NUMBER}"
    visits = visitor(tmp_path, block)
    quota = visits.source.quota()
    assert quota is not None
    assert (quota.account, quota.budgets) == ("shop", (Budget(100, "day"), Budget(2000, "month")))
    visits.poll()
    assert visits.spent == 1
    with pytest.raises(Throttled):
        visits.poll(allowance=0)
    free = visitor(tmp_path, f"url: {vendor.url}/status\n{NUMBER}")
    assert free.source.quota() is None
    free.poll()
    assert free.spent == 0


def test_a_vendor_that_knows_nothing_of_it_three_times_is_gone(vendor: JsonVendor, tmp_path: Path) -> None:
    """At home a device that starts again may say so for a while."""
    visits = visitor(tmp_path, f"url: {vendor.url}/nothing\n{NUMBER}")
    for _ in range(4):
        with pytest.raises(BadAnswer, match="does not know what we asked for"):
            visits.poll()


# -- what the configuration says of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (
            "url: https://a.example/x\nreadings: {x: {path: 'a.['}}",
            "2:26: readings.x.path: this expression ends too early",
        ),
        ("url: http://a.example/x\nreadings: {x: {}}", "url must begin with https://"),
        ("url: https://u:p@a.example/x\nreadings: {x: {}}", "url must be an address"),
        ("url: ftp://a.example/x\nreadings: {x: {}}", "url must be an address"),
        ("url: https://{{today}}.example\nreadings: {x: {}}", "cannot stand for a host"),
        ("url: https://a.example/{{name}}\nreadings: {x: {}}", "nobody says what {{name}} stands for"),
        ("url: https://a.example/x\nreadings: {x: {path: \"a[?n == '{{b}}']\"}}", "nobody says what {{b}}"),
        ("url: https://a.example\nbody: x\nreadings: {x: {}}", "method must be post"),
        ("url: https://a.example\nmethod: post\nbody: '{\"a\": }'\nreadings: {x: {}}", "body begins like JSON"),
        ("url: https://a.example\nheaders: {Host: b.example}\nreadings: {x: {}}", "headers: a name has"),
        ('url: https://a.example\nheaders: {"X-A: b": c}\nreadings: {x: {}}', "headers: a name has"),
        ("url: https://a.example\nhosts: [b.example]\nreadings: {x: {}}", "hosts: a.example is not among them"),
        ("url: https://a.example\ntimezone: Mars/X\nreadings: {x: {}}", '"Mars/X" is not a time zone'),
        ("url: https://a.example\nreadings: {soc: {unit: kWh}}", "soc is known, and counted in %"),
        (
            "url: https://a.example\nnext: n\npages: 9\ncalls_per_hour: 5\nreadings: {x: {}}",
            "calls_per_hour: a poll takes up to 9",
        ),
        ("url: https://a.example\nformat: csv\ndelimiter: ab\nreadings: {x: {}}", "delimiter must be one character"),
        ("url: https://a.example\ncharset: klingon\nreadings: {x: {}}", "charset must be one"),
        (
            "url: https://a.example\nauth: {type: header, name: Content-Length, value: a}\nreadings: {x: {}}",
            "cannot be set",
        ),
    ],
)
def test_mistakes_are_told_when_the_configuration_is_read(tmp_path: Path, block: str, complaint: str) -> None:
    found, complaints = read(tmp_path, block)
    assert found is None
    assert any(complaint in line for line in complaints), complaints


def test_no_secret_stands_in_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    for line in ("url: !env KEY", "url: https://a.example\nquery: {key: !env KEY}"):
        assert "no secret belongs here" in read(tmp_path, f"{line}\nreadings: {{x: {{}}}}")[1][0]


@pytest.mark.parametrize("line", ["url: https://a.example/x?appid=1", "url: https://a.example/x\nquery: {api_key: a}"])
def test_a_key_in_an_address_is_doubtful(tmp_path: Path, line: str) -> None:
    doubts = list(source(tmp_path, f"{line}\n{NUMBER}").doubts())
    assert [words for words, _ in doubts] == ["its address holds what looks like a key, and servers log addresses"]


def test_nor_is_it_explained(vendor: JsonVendor, tmp_path: Path) -> None:
    visits = visitor(tmp_path, f"url: {vendor.url}/status\nquery: {{appid: 0815, q: a}}\n{NUMBER}")
    visit = visits.visit()
    visit.explained = []
    list(visits.source.poll(visit))
    assert "/status?appid=****&q=a: 200" in visit.explained[0]
