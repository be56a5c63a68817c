"""Signing in as a person does it, against each vendor's own kind of door on a loopback port."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

import qr_reader
from doors.sshd import ME, Hosts, fingerprint
from eink_monitor.clock import SystemClock
from eink_monitor.model.poll import Outcome
from eink_monitor.store import Store
from houses import say, write
from houses.living import running
from loopback.bmw import CLIENT as BMW_CLIENT
from loopback.bmw import DEVICE, SECRETS, TOKEN, VIN, Bmw, refused
from loopback.cars import Reply
from loopback.server import Said
from loopback.solaredge import CLIENT, SECRET, SITE, SolarEdgeServer

BMW = """\
database: {folder}/db/readings.db
timezone: Europe/Berlin
display: {{type: %s, path: {folder}/out}}
sources:
  i4: {{type: bmw_cardata, name: BMW i4, client_id: %s, vin: %s, base_url: "%s", auth_url: "%s"}}
panels:
  charge: {{type: car, subject: i4}}
"""
ROOF = """\
database: {folder}/readings.db
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: solaredge, site_id: %d, client_id: %s, client_secret: %s, base_url: "%s/v2", redirect_port: %d}}
panels:
  sun: {{type: solar, subject: roof}}
"""


class QuickBmw(Bmw):
    """Lets us ask every second, and gives a person ``seconds``."""

    def __init__(self, seconds: int = 300) -> None:
        super().__init__()
        self.seconds = seconds

    def quick(self, reply: Reply) -> Reply:
        assert isinstance(reply.body, dict)
        return Reply({**reply.body, "interval": 1, "expires_in": self.seconds})


@pytest.fixture
def bmw() -> Iterator[QuickBmw]:
    server = QuickBmw()
    device = server.routes[("POST", DEVICE)][0]
    assert not isinstance(device, Reply)
    server.routes[("POST", DEVICE)] = [lambda call: server.quick(device(call))]
    with server:
        yield server


def bmw_house(folder: Path, bmw: Bmw, display: str = "png") -> Path:
    text = BMW % (display, BMW_CLIENT, VIN, bmw.url, bmw.url)
    return write(folder, text.replace(", path: {folder}/out", "") if display == "null" else text)


@pytest.fixture
def roof() -> Iterator[SolarEdgeServer]:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: SystemClock().now()) as server:
        yield server


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
    return number


def roof_house(folder: Path, roof: SolarEdgeServer, port: int) -> Path:
    return write(folder, ROOF % (SITE, CLIENT, SECRET, roof.url, port))


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A keyboard in place of standard input."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as keyboard, os.fdopen(writer, "w") as hand:
        monkeypatch.setattr(sys, "stdin", keyboard)

        def type_in(line: str) -> None:
            hand.write(line + "\n")
            hand.flush()

        yield type_in


def private(folder: Path) -> bool:
    """Whether nobody else may look at the tokens in or below a folder, of which there must be some."""
    tokens = list(folder.rglob("*.token"))
    modes = {stat.S_IMODE(file.stat().st_mode) for token in tokens for file in token.parent.iterdir()}
    folders = {stat.S_IMODE(token.parent.stat().st_mode) for token in tokens}
    return (modes, folders) == ({0o600}, {0o700})


# -- a code to confirm -------------------------------------------------------------------------------------------------


def test_a_code_that_is_confirmed_after_a_while(tmp_path: Path, bmw: QuickBmw) -> None:
    bmw.said_while_waiting = [refused("authorization_pending")]
    said = say("login", "i4", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 0
    assert "  https://customer.bmwgroup.example/oneid/link?user_code=ABCD-1234\n" in said.out
    assert "The code at https://customer.bmwgroup.example/oneid/link: ABCD-1234" in said.out
    assert "You have 5 minutes, until " in said.out
    assert said.out.endswith(
        "BMW CarData: signed in; every car of this account with this client_id can be polled now.\n"
    )
    assert "Waiting until you have confirmed" in said.err
    assert len(bmw.on(TOKEN)) == 2
    assert private(tmp_path / "db")
    assert not any(secret in said.out + said.err for secret in SECRETS)


@pytest.mark.parametrize(
    ("reply", "words"), [("access_denied", "refused on BMW's page"), ("expired_token", "the code expired")]
)
def test_a_code_that_is_not(tmp_path: Path, bmw: QuickBmw, reply: str, words: str) -> None:
    bmw.said_while_waiting = [refused(reply)]
    said = say("login", "i4", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 77
    assert words in said.err
    assert not list(tmp_path.rglob("*.token"))
    assert not any(secret in said.out + said.err for secret in SECRETS)


def test_nobody_has_the_time(tmp_path: Path, bmw: QuickBmw) -> None:
    bmw.seconds = 1
    said = say("login", "i4", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 77
    assert "You have 1 minute" in said.out
    assert "the code expired" in said.err
    assert bmw.on(TOKEN) == []


def test_a_client_that_bmw_does_not_know(tmp_path: Path, bmw: QuickBmw) -> None:
    bmw.routes[("POST", DEVICE)] = [refused("invalid_client", 401)]
    said = say("login", "i4", "-c", bmw_house(tmp_path, bmw))
    assert (said.code, said.out) == (77, "")
    assert "copy it again from the CarData page" in said.err


def photographed(blocks: list[str]) -> Image.Image:
    """Half blocks as a phone sees them: light letters on a dark screen, two modules each."""
    rows = [bytes(255 * (cell in lit) for cell in line) for line in blocks for lit in ("█▀", "█▄")]
    return Image.frombytes("L", (len(blocks[0]), len(rows)), b"".join(rows))


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", True), ("latin-1", False)])
def test_a_qr_code_where_the_terminal_has_half_blocks(
    tmp_path: Path, bmw: QuickBmw, encoding: str, drawn: bool
) -> None:
    bmw.said_while_waiting = [refused("access_denied")]
    command = [sys.executable, "-m", "eink_monitor", "login", "i4", "-c", str(bmw_house(tmp_path, bmw))]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False, timeout=30
    )
    assert done.returncode == 77
    shown = done.stdout.decode(encoding)
    blocks = [line for line in shown.splitlines() if set(line) & set("█▀▄")]
    assert (len(blocks) > 10) is drawn
    assert len({len(line) for line in blocks}) == int(drawn), "as wide as high, whatever is in it"
    if drawn:
        assert (
            qr_reader.read(photographed(blocks)) == "https://customer.bmwgroup.example/oneid/link?user_code=ABCD-1234"
        )
    assert "ABCD-1234" in shown
    assert b"Traceback" not in done.stderr


# -- on the panel ------------------------------------------------------------------------------------------------------


def test_the_code_on_the_panel(tmp_path: Path, bmw: QuickBmw) -> None:
    said = say("login", "i4", "--ink", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 0
    assert "the QR code is on the display (png)" in said.err
    with Image.open(tmp_path / "out" / "sign in.png") as card:
        assert (card.size, card.mode) == ((250, 122), "1")
    assert private(tmp_path / "db")


def test_the_daemon_owns_the_panel(tmp_path: Path, bmw: QuickBmw) -> None:
    file = bmw_house(tmp_path, bmw)
    with running(file):
        before = (tmp_path / "out" / "now.png").read_bytes()
        said = say("login", "i4", "--ink", "-c", file)
        assert said.code == 0
        assert "the QR code is on the display (png)" in said.err
        assert (tmp_path / "out" / "sign in.png").read_bytes() == (tmp_path / "out" / "now.png").read_bytes() != before


def test_no_panel_is_no_reason_not_to_sign_in(tmp_path: Path, bmw: QuickBmw) -> None:
    (tmp_path / "out").write_text("in the way")
    said = say("login", "i4", "--ink", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 0
    assert "the picture folder" in said.err
    assert "signed in" in said.out


def test_a_house_without_a_panel(tmp_path: Path, bmw: QuickBmw) -> None:
    said = say("login", "i4", "--ink", "-c", bmw_house(tmp_path, bmw, "null"))
    assert said.code == 0
    assert "(null)" in said.err


# -- an address to bring back ------------------------------------------------------------------------------------------


class Asking:
    """A sign-in in a process of its own, which waits for what a person brings back."""

    def __init__(self, file: Path) -> None:
        command = [sys.executable, "-u", "-m", "eink_monitor", "login", "roof", "-c", str(file)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = subprocess.Popen(command, text=True, encoding="utf-8", **pipes)  # type: ignore[call-overload]
        self.out = ""
        while "client_id=" not in self.out:
            self.out += (line := self._process.stdout.readline())
            assert line, self._process.stderr.read()
        self.state = self.out.rpartition("state=")[2].strip()

    def end(self, typed: str = "") -> tuple[int, str]:
        """What it came to, and what was said on the error channel."""
        if typed:
            out, err = self._process.communicate(typed + "\n", timeout=60)
        else:
            out, err = self._process.stdout.read(), self._process.stderr.read()
        code = self._process.wait(60)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()
        self.out += out
        return code, err


def test_the_last_address_is_pasted(tmp_path: Path, roof: SolarEdgeServer, port: int) -> None:
    asking = Asking(roof_house(tmp_path, roof, port))
    typed = f"http://localhost:{port}/?code=code-from-consent&site_id={SITE}&state={asking.state}"
    code, err = asking.end(typed)
    assert code == 0, err
    assert "https://connect.solaredge.com/authorize?client_id=" in asking.out
    assert "The code" not in asking.out
    assert "Then paste here the whole address of the page you end up on" in err
    assert asking.out.endswith(f"SolarEdge: signed in; site {SITE} can be read for two years.\n")
    assert private(tmp_path)
    assert not any(secret in asking.out + err for secret in (SECRET, "access-", "refresh-"))


def test_an_address_of_another_page_is_not_taken(
    tmp_path: Path, roof: SolarEdgeServer, port: int, typing: Callable[[str], None]
) -> None:
    typing(f"http://localhost:{port}/?code=code-from-consent&site_id={SITE}")
    said = say("login", "roof", "-c", roof_house(tmp_path, roof, port))
    assert said.code == 77
    assert "there is no state= in that address" in said.err
    assert roof.asked == []


def test_the_browser_carries_it_here(tmp_path: Path, roof: SolarEdgeServer, port: int) -> None:
    """A stranger's page asks first, without what only our browser knows."""
    asking = Asking(roof_house(tmp_path, roof, port))
    here = f"http://127.0.0.1:{port}/?code=code-from-consent&site_id={SITE}"
    pages: list[bytes] = []
    clock = SystemClock()
    for url in (f"{here}&state=guessed", f"{here}&state={asking.state}"):
        for _ in range(500):
            try:
                with urllib.request.urlopen(url, timeout=5) as page:
                    pages.append(page.read())
            except urllib.error.HTTPError as refusal:
                pages.append(refusal.read())
                refusal.close()
            except urllib.error.URLError:  # not listening yet
                clock.wait(0.02)
                continue
            break
    code, err = asking.end()
    assert code == 0, err
    assert "can be read for two years" in asking.out
    assert b"Nothing is here" in pages[0]
    assert b"Thank you" in pages[1]


def test_a_port_that_is_taken_leaves_the_pasting(
    tmp_path: Path, roof: SolarEdgeServer, typing: Callable[[str], None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        typing("code-from-consent")
        said = say("login", "roof", "-c", roof_house(tmp_path, roof, port))
    assert said.code == 0
    assert f"port {port} of this machine is taken; paste the address of the page instead" in said.err


def test_nothing_is_pasted(tmp_path: Path, roof: SolarEdgeServer, port: int, typing: Callable[[str], None]) -> None:
    typing("  ")
    said = say("login", "roof", "-c", roof_house(tmp_path, roof, port))
    assert said.code == 77
    assert said.err.endswith("nothing was pasted; start again once you have it\n")
    assert roof.asked == []


def test_solaredge_is_away(tmp_path: Path, roof: SolarEdgeServer, port: int, typing: Callable[[str], None]) -> None:
    roof.fault = Said(503, {})
    typing("code-from-consent")
    said = say("login", "roof", "-c", roof_house(tmp_path, roof, port))
    assert said.code == 75
    assert "Traceback" not in said.err
    assert not list(tmp_path.rglob("*.token"))


# -- a host to know ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "code"), [("yes", 0), ("no", 77)])
def test_a_host_key_is_compared_by_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typing: Callable[[str], None], word: str, code: int
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    hosts = Hosts(tmp_path)
    host = hosts.start()
    try:
        text = (
            "database: {folder}/readings.db\ndisplay: {{type: png, path: {folder}/out}}\nsources:\n"
            f"  nas: {{{{type: ssh_disk, host: 127.0.0.1, port: {host.port}, user: {ME}, "
            f"identity: {host.folder / 'key'}, mounts: {{{{root: /}}}}}}}}\n"
            "panels: {{full: {{type: disk, subject: nas:root}}}}\n"
        )
        file = write(tmp_path, text)
        before = say("poll", "nas", "-c", file)
        typing(word)
        said = say("login", "nas", "--ink", "-c", file)
        after = say("poll", "nas", "-c", file)
    finally:
        hosts.stop()
    assert before.code == 77
    assert (said.code, after.code) == (code, code)
    assert fingerprint(host.folder / "host") in said.out
    assert not (tmp_path / "out").exists(), "there is no address to draw"


# -- what needs none ---------------------------------------------------------------------------------------------------


def test_a_source_that_needs_no_sign_in(tmp_path: Path) -> None:
    said = say("login", "roof", "-c", write(tmp_path))
    assert said == (0, "roof: a source of type demo needs no sign-in.\n", "")


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    said = say("login", "rof", "-c", write(tmp_path))
    assert said.code == 64
    assert "no source is called `rof`; did you mean `roof`?" in said.err


def test_a_state_directory_of_somebody_else(tmp_path: Path, bmw: QuickBmw) -> None:
    (tmp_path / "db").write_text("a file in the way")
    said = say("login", "i4", "-c", bmw_house(tmp_path, bmw))
    assert said.code == 75
    assert "cannot be created" in said.err
    assert bmw.calls == []


KEY = """\
database: {folder}/readings.db
display: {{type: png, path: {folder}/out}}
sources:
  enyaq: {{type: skoda, api_key: hunter2, vin: TMBZZZNE1P1000001}}
panels:
  charge: {{type: car, subject: enyaq}}
"""


def test_a_key_is_made_and_not_signed_in_with(tmp_path: Path) -> None:
    file = write(tmp_path, KEY)
    door = "go.skoda.eu/api-keys makes a new API key; put it into the configuration"
    told = "enyaq: a source of type skoda needs no sign-in"
    assert say("login", "enyaq", "-c", file) == (0, f"{told}, but a key: {door}.\n", "")
    now, refused = SystemClock().now() + 60, "Skoda refuses the API key; make a new one at go.skoda.eu/api-keys"
    store = Store(tmp_path / "readings.db", ZoneInfo("Europe/Berlin"))
    store.note(Outcome("enyaq", now, 0.0, "auth", refused), None, 0)
    store.flush()
    store.close()
    assert say("login", "enyaq", "-c", file) == (77, "", f"{told}, but it was refused: {refused}\n")
    assert "-> make a new API key at go.skoda.eu/api-keys and put it into the" in say("doctor", "-c", file).out
    os.utime(file, (now + 60, now + 60))  # another key, as yet untried
    assert say("login", "enyaq", "-c", file).code == 0
