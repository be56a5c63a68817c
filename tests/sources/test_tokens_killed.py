"""Whoever renews a sign-in is killed at every line of ours, or stopped with the service; the account is never lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.config import load
from eink_monitor.sources._http.tokens import Tokens, TokenStore, rest
from houses import write
from houses.living import running
from loopback.bmw import CLIENT as BMW_CLIENT
from loopback.bmw import VIN, Bmw
from loopback.cars import Call, Reply
from loopback.solaredge import CLIENT, SECRET, SolarEdgeServer

NOW = 1_780_000_000

POLLS = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge.cloud import BearerAuth
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources._http.web import Web

url, state, now, client, secret = sys.argv[1:]
store = TokenStore(Path(state), "roof")


def badge():
    visit = Visit("roof", "roof", int(now), ZoneInfo("UTC"), 1800, {}, Path(state))
    return BearerAuth(Web(url, "SolarEdge", visit), visit, client, Secret(secret))


def poll(last):
    os.setsid()
    me, seen = os.getpid(), 0

    def trace(frame, event, argument):
        nonlocal seen
        if os.getpid() == me and "eink_monitor" in frame.f_code.co_filename and event == "line":
            seen += 1
            if seen == last:
                os.killpg(me, signal.SIGKILL)
        return trace

    mine = badge()
    sys.settrace(trace)
    mine.headers()
    sys.settrace(None)
    os._exit(0)


store.load()  # brings the library that opens a seal
line, status = 0, 1
while status:
    line += 1
    with store.locked():
        store.save(replace(store.load(), expires_at=int(now)))
    child = os.fork()
    if child == 0:
        poll(line)
    status = os.waitpid(child, 0)[1]
    with store.locked():  # waits for who may still be renewing
        print(status, store.load().refresh, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_killed_at_every_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: bool) -> None:
    if sealed:
        (tmp_path / "eink-monitor-token-key").write_bytes(os.urandom(32))
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with TokenStore(tmp_path, "roof").locked() as store:
        store.save(Tokens("access-0", "refresh-0", NOW))
    endings: list[tuple[int, int]] = []
    with SolarEdgeServer(ZoneInfo("UTC"), lambda: NOW) as bank:
        words = [sys.executable, "-c", POLLS, bank.url + "/v2", str(tmp_path), str(NOW), CLIENT, SECRET]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as polls:
            assert polls.stdin
            assert polls.stdout
            for told in polls.stdout:
                status, kept = told.split()
                assert kept == bank.refresh_token, f"lost when killed at line {len(endings) + 1}"
                endings.append((int(status), bank.refreshes))
                polls.stdin.write("\n")
                polls.stdin.flush()
        assert polls.returncode == 0
        assert (bank.refresh_token in (tmp_path / "roof.token").read_text()) is not sealed
        asked = bank.refreshes
    killed = [renewed for status, renewed in endings if status == 9]
    assert len(killed) == len(endings) - 1 > 50
    assert endings[-1][0] == 0
    assert killed[0] == 0, "the first ones die before they ask"
    assert 10 < asked < len(endings), "others after they have"


HOUSE = """\
database: {folder}/db/readings.db
display: {{type: 'null'}}
sources:
  i4: {{type: bmw_cardata, client_id: %s, vin: %s, base_url: "%s", auth_url: "%s"}}
panels:
  charge: {{type: car, subject: i4}}
"""


class SlowBmw(Bmw):
    """Changes the refresh token at once, and takes its time to say so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for_a_token = Event()

    def token(self, call: Call) -> Reply:
        reply = super().token(call)
        self.asked_for_a_token.set()
        self.closing.wait(0.7)
        return reply


def test_a_service_that_is_stopped_lets_a_renewal_end(tmp_path: Path) -> None:
    with SlowBmw() as bmw:
        file = write(tmp_path, HOUSE % (BMW_CLIENT, VIN, bmw.url, bmw.url))
        config = load(file)
        (shared,) = config.feeds["i4"].source.shares(config.state / "i4")
        with TokenStore(shared, "i4", "account").locked() as store:
            store.save(Tokens("access-0", "refresh-0", 0))
        with running(file) as daemon:
            assert bmw.asked_for_a_token.wait(10)
            daemon.terminate()
            assert daemon.wait(10) == 0
            kept = store.look()  # at this moment systemd kills what is left
        assert kept is not None
        assert kept.refresh == "refresh-1"
        assert len(bmw.calls) == 1, "the poll itself was ended at once"


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    with TokenStore(tmp_path / "roof", "roof").locked():
        assert not rest(tmp_path, 0.1)
    assert rest(tmp_path, 0.1)
    assert rest(tmp_path / "nothing", 0.1)
