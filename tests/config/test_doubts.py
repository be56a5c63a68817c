"""What is allowed and hardly meant: told by ``check`` and ``doctor``, refused by nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from eink_monitor.config import Config, load
from eink_monitor.config.doubts import doubts
from eink_monitor.finding import Finding
from houses import say, write

ROOT = Path(__file__).parents[2]
BARE = (
    "database: {folder}/readings.db\ndisplay: {{type: 'null'}}\nsources: {{SOURCE}}\npanels: {{p: {{type: health}}}}\n"
)
DEMO = "a: {{type: demo, show: roof}}"


def house(folder: Path, source: str = DEMO, panel: str = "") -> Config:
    text = BARE.replace("SOURCE", source)
    return load(write(folder, text.replace("p: {{type: health}}", panel) if panel else text))


def found(folder: Path, source: str = DEMO, panel: str = "") -> list[Finding]:
    return list(doubts(house(folder, source, panel)))


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that anybody on this machine may enter, from the root on."""
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o001)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("type: demo, show: roof, name: Zürich Škoda Łódź 80 °C", []),
        ("type: demo, show: roof, name: 車 of mine", ["車"]),
        ("type: demo, show: roof, name: Sun ☀, subject: roof", ["☀"]),
        ("type: demo, show: roof, subject: 屋根", ["屋 根", "屋 根"]),
        ("type: ssh_disk, host: localhost, mounts: {{盘: /b}}", ["盘"]),
    ],
)
def test_names_that_the_panels_cannot_write(tmp_path: Path, source: str, told: list[str]) -> None:
    words = [finding.words for finding in found(tmp_path, f"a: {{{{{source}}}}}")]
    assert [re.sub(r".* letters that no panel can draw, ", "", line) for line in words] == told


SKY = "sky: {{type: open_meteo, latitude: 1, longitude: 1, planes: [{{kwp: 1}}]}}"
SUN = "sun: {{type: forecast_solar, latitude: 1, longitude: 1, planes: [{{kwp: 1}}]}}"


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (f"roof: {{{{type: demo, show: roof}}}}, {SKY}", []),
        (SKY, ["it forecasts a roof that no source measures"]),
        (
            f"roof: {{{{type: demo, show: roof}}}}, {SKY}, {SUN}",
            ["it forecasts the same as sky, and each replaces the outlook of the other"],
        ),
        ("p: {{type: energy_charts}}, a: {{type: awattar}}", []),
        (
            "p: {{type: energy_charts}}, a: {{type: awattar, subject: p}}",
            ["it forecasts the same as p, and each replaces the outlook of the other"],
        ),
    ],
)
def test_forecasts_that_replace_each_other_or_are_of_nothing(tmp_path: Path, sources: str, told: list[str]) -> None:
    assert [finding.words for finding in found(tmp_path, sources)] == told


def test_a_title_that_the_panels_cannot_write(tmp_path: Path) -> None:
    (told,) = found(tmp_path, DEMO, "p: {{type: solar, subject: a, title: Dach ☀ Süd}}")
    assert str(told) == (
        'warn  panel p        the name "Dach ☀ Süd" has letters that no panel can draw, ☀ '
        "-> each shows as an empty box; choose another name or title"
    )


def test_a_name_from_a_secret_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "車 of Jane")
    (told,) = found(tmp_path, "a: {{type: demo, show: roof, name: !env WHO}}")
    assert "Jane" not in str(told)


SECRET = "a: {{type: skoda, api_key: !file key, vin: TMBJJ7NX5MY000001}}"


@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False)])
def test_a_secret_file_that_anybody_may_read(shared: Path, mode: int, warned: bool) -> None:
    (shared / "key").write_text("hunter2")
    (shared / "key").chmod(mode)
    config = house(shared, SECRET)
    (shared / "config.yaml").chmod(0o600)  # a VIN stands in it
    told = [str(finding) for finding in doubts(config)]
    words = f"every user of this machine can read {shared}/key, which holds a secret"
    assert told == ([f"warn  secrets        {words} -> chmod o-rwx {shared}/key"] if warned else [])
    assert "hunter2" not in "".join(told)
    shared.chmod(0o700)  # a closed folder keeps it, too
    assert list(doubts(config)) == []


def test_the_configuration_itself_is_looked_at_where_a_secret_stands_in_it(shared: Path) -> None:
    (shared / "config.yaml").touch(0o644)
    assert found(shared) == []
    (told,) = found(shared, "a: {{type: skoda, api_key: hunter2, vin: TMBJJ7NX5MY000001}}")
    assert f"can read {shared}/config.yaml" in told.words


def test_a_private_key_is_a_secret_and_a_list_of_known_hosts_is_none(shared: Path) -> None:
    for name in ("id", "known"):
        (shared / name).touch(0o644)
    source = "a: {{type: ssh_disk, host: nas, user: me, mounts: {{b: /b}}, identity: id, known_hosts: known}}"
    assert [finding.words for finding in found(shared, source)] == [
        f"every user of this machine can read {shared}/id, which holds a secret"
    ]
    (shared / "id").unlink()  # told elsewhere
    assert found(shared, source) == []


@pytest.mark.parametrize(
    ("source", "closed"),
    [
        ("type: solaredge, site_id: 1, api: v1, api_key: !env K", "api: v1 was closed by SolarEdge in November 2026"),
        ("type: bmw_connected, username: a, password: !env K, vin: !env K", "BMW closed this interface in September"),
        ("type: weconnect, username: a, password: !env K, vin: !env K", "VW closed this interface in May 2026"),
    ],
)
def test_doors_that_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, closed: str) -> None:
    monkeypatch.setenv("K", "WBA00000000000001")
    (told,) = found(tmp_path, f"a: {{{{{source}}}}}")
    assert told.words.startswith(closed)
    assert told.mend
    assert found(tmp_path, f"a: {{{{{source}, base_url: 'http://127.0.0.1:1'}}}}") == []


def test_a_house_without_sources_or_panels(tmp_path: Path) -> None:
    file = write(tmp_path, "database: {folder}/r.db\ndisplay: {{type: 'null'}}\nsources: {{}}\npanels: {{}}\n")
    assert [str(finding).split(maxsplit=1)[1] for finding in doubts(load(file))] == [
        "sources        there is no source -> add a block below `sources:`",
        "panels         there is no panel -> add a block below `panels:`",
    ]
    assert say("check", "-c", file).code == 0


@pytest.mark.parametrize("verb", ["check", "doctor"])
def test_both_verbs_tell_and_neither_minds(tmp_path: Path, verb: str) -> None:
    text = BARE.replace("SOURCE", "a: {{type: demo, show: roof, name: 車}}")
    said = say(verb, "-c", write(tmp_path, text))
    assert said.code == 0
    told = said.err if verb == "check" else said.out
    assert told.count("letters that no panel can draw, 車") == 1
    assert "source a" in told


@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(), reason="this is no checkout")
def test_git_ignores_the_secret_files_of_the_example_and_the_guides() -> None:
    pages = [ROOT / "config.example.yaml", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {name for page in pages for name in re.findall(r"!file ([\w./]+-[\w./-]+)", page.read_text("utf-8"))}
    assert {"solaredge-secret", "skoda-key", "vw-password", "credentials/skoda-key"} <= named
    written = {"backup.db", "eink-monitor-dump.txt"}  # by commands of the guides, said in the checkout
    for name in named | written:
        ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode
        assert ignored == 0, f"git would take {name}"
    kept = subprocess.run(["git", "ls-files", "-ci", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    assert kept.stdout == b"", "a file of the project itself is ignored"
