"""``type: http`` against answers, pages and addresses that mean harm: they reach no other host, end, and fit."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.clock import stopwatch
from eink_monitor.config.schema import Reader
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._template import Template
from eink_monitor.sources.http.asking import Asking, place
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.documents import document
from eink_monitor.sources.http.polling import polled
from loopback.blocks import NOW, read, source, visitor
from loopback.faults import FAULTS
from loopback.json_vendor import BAD_DAYS, Feed, JsonVendor, Tokens, http_date
from loopback.server import Said

N = "readings: {n: {path: n, unit: things}}"
COUNT = "readings: {n: {path: 'length(unique_by([].items[], &id))', unit: things}}"


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW)
        yield running


# -- pages -------------------------------------------------------------------------------------------------------------

STYLES = {
    "link": "next: link('next')",
    "cursor": 'next: next\nquery: {after: "{{cursor}}", fixed: "1"}',
    "url": "next: next",
    "page": 'next: "plus(page, `1`) < totalPages && plus(page, `1`)"\nquery: {page: "{{cursor}}"}',
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("grows", [0, 1])
def test_all_pages_are_one_answer(vendor: JsonVendor, tmp_path: Path, style: str, grows: int) -> None:
    """A list that grows while it is read shows some items twice; they are counted once."""
    vendor.routes["/list"] = Feed([{"id": number} for number in range(5)], 2, style, grows)
    visits = visitor(tmp_path, f"url: {vendor.url}/list\n{STYLES[style]}\n{COUNT}")
    assert [reading.value for reading in visits.poll()] == [5]
    assert len(vendor.asked) == (3 if not grows else 4 if style == "page" else len(vendor.asked))
    if style == "cursor":
        assert "after" not in vendor.asked[0].params
        assert vendor.asked[1].params == {"after": "2", "fixed": "1"}


def test_one_page_is_a_list_of_one(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/list"] = Feed([{"id": 1}])
    assert [one.value for one in visitor(tmp_path, f"url: {vendor.url}/list\nnext: next\n{COUNT}").poll()] == [1]


def test_a_part_of_the_pages_is_not_stored(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/list"] = Feed([{"id": number} for number in range(9)], 2)
    block = (
        f'url: {vendor.url}/list\nnext: next\npages: 3\nquery: {{after: "{{{{cursor}}}}"}}\n{COUNT}\ncalls_per_day: 10'
    )
    visits = visitor(tmp_path, block)
    with pytest.raises(BadAnswer, match="has more than 3 pages, and a part of them would be wrong"):
        visits.poll()
    assert (visits.spent, visits.source.cost(visits.visit())) == (3, 3)


@pytest.mark.parametrize("step", ["/list", "{url}/list", "?", "a"])
def test_a_page_that_leads_to_itself(vendor: JsonVendor, tmp_path: Path, step: str) -> None:
    vendor.routes["/list"] = Said(200, {"items": [], "next": step.format(url=vendor.url)})
    block = f'url: {vendor.url}/list\nnext: "[next][0]"\npages: 50\nquery: {{after: "{{{{cursor}}}}"}}\n{COUNT}'
    with pytest.raises(BadAnswer, match="in circles"):
        visitor(tmp_path, block).poll()
    assert len(vendor.asked) <= 3


ELSEWHERE = [
    "http://evil.example/",
    "https://evil.example/",
    "//evil.example/",
    "http://127.0.0.1:9/",
    "http://127.0.0.1/",
    "http://{host}@evil.example/",
    "http://evil.example@{host}/",
    "http://{host}:80@evil.example/",
    "http://{host}\\@evil.example/",
    "http://evil.example\\{host}/",
    "http:\\\\evil.example/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://127.1:{port}/",
    "http://localhost:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://{host}.evil.example/",
    "http://evil.example#@{host}/",
    "http://evil.example?@{host}/",
    "https://{host}/",
    "http://{host} .evil.example/",
    "http://{host}\n.evil.example/",
    "http://\u2488\u2488\u2488/",
    "http://127\u30020.0.1:{port}/",
    "http://[",
    "http://:{port}/",
    "http://{host}:99999/",
    "/\\evil.example/",
]


@pytest.mark.parametrize("step", ELSEWHERE)
@pytest.mark.parametrize("way", ["next: next", "next: link('next')"])
def test_no_page_leads_to_another_host(vendor: JsonVendor, tmp_path: Path, step: str, way: str) -> None:
    host = vendor.url.removeprefix("http://")
    target = step.format(host=host, port=host.partition(":")[2])
    header = {"Link": f"<{target}>; rel=next"} if target.isascii() and target.isprintable() else {}
    vendor.routes["/list"] = Said(200, {"items": [], "next": target}, header)
    if way != "next: next" and not header:
        return
    auth = "auth: {type: bearer, token: hunter2}"
    with pytest.raises(BadAnswer, match=r"leads to another host|in circles|has more than 5|is no address"):
        visitor(tmp_path, f"url: {vendor.url}/list\n{auth}\n{way}\n{COUNT}").poll()
    assert set(vendor.paths()) <= {"/list", "/evil.example/", "//evil.example/", "/%5Cevil.example/"}


ODD = st.tuples(st.sampled_from(["http://", "https://", "//", "\\\\"]), st.text("a.@:/\\[]#?%1\t ", max_size=12))


@given(st.text(max_size=30) | ODD.map("".join))
def test_any_text_may_come_for_an_address(url: str) -> None:
    found = place(url)
    assert found == found.lower()
    assert not set(found) & set("/@\\ #?")


def test_a_redirect_leads_nowhere(vendor: JsonVendor, tmp_path: Path) -> None:
    with JsonVendor() as other:
        vendor.routes["/v1/n"] = Said(302, b"", {"Location": f"{other.url}/x"})
        with pytest.raises(Trouble):
            visitor(tmp_path, f"url: {vendor.url}/v1/n\n{N}").poll()
        assert other.asked == []


def test_an_earlier_answer_does_not_choose_the_host(vendor: JsonVendor, tmp_path: Path) -> None:
    before = f"before: [{{url: '{vendor.url}/first', set: {{zone: z}}}}]"
    assert "cannot stand for a host" in read(tmp_path, f"url: https://{{{{zone}}}}/x\n{before}\n{N}")[1][0]
    vendor.routes["/first"] = Said(200, {"z": "../../@evil.example/?#"})
    with pytest.raises(BadAnswer, match="does not know what we asked for"):
        visitor(tmp_path, f"url: {vendor.url}/v1/{{{{zone}}}}\n{before}\n{N}").poll()
    assert vendor.paths()[1] == "/v1/..%2F..%2F%40evil.example%2F%3F%23"


# -- earlier requests --------------------------------------------------------------------------------------------------


def test_what_an_earlier_request_sets_is_kept(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/shop"] = Said(200, {"zone": "Australia/Sydney", "id": 7})
    vendor.routes["/orders"] = lambda asked: {"n": 1, "day": asked.params["from"]}
    block = f"""
url: {vendor.url}/orders
timezone: "{{{{zone}}}}"
query: {{from: "{{{{now:%H:%M}}}}", shop: "{{{{id}}}}"}}
before: [{{url: '{vendor.url}/shop', set: {{zone: zone, id: id}}, keep: 1d}}]
{N}
"""
    visits = visitor(tmp_path, block)
    visits.poll()
    visits.poll()
    assert vendor.paths() == ["/shop", "/orders", "/orders"]
    assert vendor.asked[1].params == {"from": "17:30", "shop": "7"}
    visits.clock.wait(86_400)
    visits.poll()
    assert vendor.paths().count("/shop") == 2


@pytest.mark.parametrize("zone", [None, ["x"], "x" * 5000, "Mars/X", "../../etc/passwd", "/etc/passwd", "a\nb"])
def test_an_earlier_answer_that_says_nonsense(vendor: JsonVendor, tmp_path: Path, zone: object) -> None:
    vendor.routes["/shop"] = Said(200, {"zone": zone})
    before = f"before: [{{url: '{vendor.url}/shop', set: {{zone: zone}}}}]"
    with pytest.raises(BadAnswer):
        visitor(tmp_path, f'url: {vendor.url}/n\ntimezone: "{{{{zone}}}}"\n{before}\n{N}').poll()
    assert vendor.paths() == ["/shop"]


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in {"NaN", "infinite"}])
def test_the_hostile_set(vendor: JsonVendor, tmp_path: Path, fault: str) -> None:
    vendor.routes["/v1/n"] = Said(200, {"n": 1, "more": "x" * 100})
    vendor.fault = FAULTS[fault]
    auth = "auth: {type: bearer, token: hunter2}"
    with pytest.raises(Trouble) as caught:
        visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\n{N}").poll()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kind", ["csv", "text", "xml", "prometheus"])
@pytest.mark.parametrize("fault", [*FAULTS, *BAD_DAYS])
def test_the_hostile_set_in_other_formats(vendor: JsonVendor, tmp_path: Path, kind: str, fault: str) -> None:
    fault_said = FAULTS.get(fault) or BAD_DAYS[fault]
    vendor.routes["/v1/n"] = Said(200, b"n\n1\n")
    vendor.fault = fault_said
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\nformat: {kind}\nreadings: {{n: {{path: n.x}}}}")
    with pytest.raises(Trouble):
        visits.poll()


BOMBS = {
    "entities": b'<!DOCTYPE a [<!ENTITY x "yyyy">]><a>&x;</a>',
    "a file": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "utf-16": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    "deep": b"<a>" * 300 + b"</a>" * 300,
    "very deep": b"<a>" * 400_000,
    "wide": b"<a " + b" ".join(b'b%d="c"' % number for number in range(5000)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_xml_that_means_harm(vendor: JsonVendor, tmp_path: Path, bomb: str) -> None:
    vendor.routes["/x"] = Said(200, BOMBS[bomb], {"Content-Type": "application/xml"})
    began = stopwatch()
    with pytest.raises(BadAnswer, match="not XML"):
        visitor(tmp_path, f"url: {vendor.url}/x\nformat: xml\nreadings: {{n: {{path: a}}}}").poll()
    assert stopwatch() - began < 5


GOOD = {
    "json": json.dumps(
        {"n": 1.5, "at": "2026-11-28T08:00:00+02:00", "items": [{"a": "1", "t": NOW}, {"a": None, "t": "x"}]}
    ).encode(),
    "csv": b"n;at\n1,5;28.11.2026\n2,5;28.11.2026 08:00\n",
    "xml": b'<r a="1"><n>1.5</n><n>2</n><at>2026-11-28</at></r>',
    "prometheus": b'n{a="b",c="d\\"e"} 1.5 1795847000\nn 2\n# TYPE n gauge\nm 1e5\n',
    "text": "Temp: 1,5 \N{DEGREE SIGN}C".encode(),
}
LOOKS = {
    "json": "at: at\nreadings: {n: {path: n}, s: {path: 'sum(items[].to_number(a))'}, t: {path: n, at: 'items[0].t'}}",
    "csv": "delimiter: ';'\ndecimal: ','\nat: '[-1].at'\nreadings: {n: {path: '[-1].n'}, s: {path: 'length(@)'}}",
    "xml": "at: r.at[0]\nreadings: {n: {path: 'r.n[0]'}, s: {path: 'sum(map(&to_number(@), r.n))'}}",
    "prometheus": "at: n[0].time\nreadings: {n: {path: 'n[0].value'}, m: {path: m}}",
    "text": "readings: {n: {path: 'number(@)'}}",
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_mutated_answers_are_readings_or_refused(vendor: JsonVendor, tmp_path: Path, kind: str) -> None:
    """Only ``Trouble`` comes of them: several thousand are tried below, without a server."""
    vendor.routes["/x"] = Said(200, GOOD[kind], {"Content-Type": "text/plain"})
    assert visitor(tmp_path, f"url: {vendor.url}/x\nformat: {kind}\n{LOOKS[kind]}").poll()
    found = source(tmp_path, f"url: {vendor.url}/x\nformat: {kind}\n{LOOKS[kind]}")
    chance = random.Random(kind)
    for number in range(40):
        body = bytearray(GOOD[kind])
        for _ in range(chance.randrange(1, 4)):
            spot = chance.randrange(len(body))
            body[spot : spot + chance.randrange(3)] = bytes([chance.randrange(256)] * chance.randrange(3))
        vendor.routes["/x"] = Said(200, bytes(body), {"Content-Type": "text/plain"})
        visits = visitor(tmp_path / str(number), f"url: {vendor.url}/x\nformat: {kind}\n{LOOKS[kind]}")
        visits.source = found
        with suppress(Trouble):
            visits.poll()


PIECES = st.sampled_from(
    [*GOOD.values(), b"<a>", b"{", b"[", b'"', b",", b"1e999", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"<!--"]
)
KINDS = st.sampled_from(
    ["", "text/html", "text/csv; charset=utf-7", "a; charset=idna", "x; charset=utf-16", "charset=\x00"]
)


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(PIECES | st.binary(max_size=9), max_size=8).map(b"".join),
    KINDS,
    st.booleans(),
)
def test_any_bytes_are_a_document_or_refused(kind: str, body: bytes, content: str, comma: bool) -> None:
    asking = Asking(url=Template("https://a.example"), format=kind, decimal="," if comma else ".")  # type: ignore[arg-type]
    with suppress(Trouble):
        json.dumps(document(Answer("who", 200, {"content-type": content}, body), asking))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["n", "at", "items", "a", "t"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_may_come(tmp_path_factory: pytest.TempPathFactory, found: object) -> None:
    with JsonVendor() as vendor:
        vendor.routes["/x"] = Said(200, found)
        block = f"url: {vendor.url}/x\nnext: a\nok: t\nerror: items\nthrottled: n\nrefused: at\n{LOOKS['json']}"
        folder = tmp_path_factory.mktemp("any")
        for text in (block, f"url: {vendor.url}/x\n{LOOKS['json']}"):
            with suppress(Trouble):
                visitor(folder, text).poll()


def test_settings_of_a_recipe_fill_the_block_and_no_secret_reaches_an_address(
    vendor: JsonVendor, tmp_path: Path
) -> None:
    vendor.routes["/v1/a/b"] = Said(200, {"n": 1, "m": {"x'y": 2}})
    text = 'url: http://{{host}}/v1/{{id}}\nheaders: {X-Key: "{{key}}"}\nreadings: {n: {path: n}}'
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    reader = Reader(tmp_path / "r.yaml")
    node = reader.compose()
    assert node is not None
    made: HttpBlock = reader.record(HttpBlock, node, "http")
    made.check({"host": False, "id": False, "key": True})
    with pytest.raises(ValueError, match="is a secret"):
        made.check({"host": False, "id": True, "key": True})
    with pytest.raises(ValueError, match="cannot stand for a host"):
        made.check({"id": False, "key": True})
    values: dict[str, str | Secret] = {
        "host": vendor.url.removeprefix("http://"),
        "id": "a/b",
        "key": Secret("hunter2"),
    }
    visit = visitor(tmp_path, f"url: {vendor.url}/v1/x\n{N}").visit()
    assert [one.value for one in polled(made, visit, values, "the device") if isinstance(one, Reading)] == [1]
    assert vendor.asked[0].headers["X-Key"] == "hunter2"
    with pytest.raises(ValueError, match="url must begin with https"):
        made.origins({**values, "host": "evil.example"})
    assert vendor.never_logged("hunter2")


def test_a_token_endpoint_elsewhere_must_be_named(tmp_path: Path, vendor: JsonVendor) -> None:
    vendor.tokens = Tokens()
    auth = f"auth: {{type: client_credentials, client_id: a, client_secret: bcde, token_url: '{vendor.url}/t'}}"
    assert "is not among them" in read(tmp_path, f"url: https://a.example/\nhosts: [a.example]\n{auth}\n{N}")[1][0]
