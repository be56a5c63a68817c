"""A poll that renews a sign-in is killed at every line of ours, one after the other; the account is never lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.sources._http.tokens import Tokens, TokenStore
from loopback.solaredge import CLIENT, SECRET, SolarEdgeServer

NOW = 1_780_000_000

POLLS = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo
from eink_monitor.model import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._solaredge.cloud import SignIn
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources._http.web import Web

url, state, now, client, secret = sys.argv[1:]
store = TokenStore(Path(state), "roof")


def badge():
    visit = Visit("roof", "roof", int(now), ZoneInfo("UTC"), 1800, {}, Path(state))
    return SignIn(Web(url, "SolarEdge", visit), visit, client, Secret(secret))


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
