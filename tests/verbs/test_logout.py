from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import SystemClock
from eink_monitor.config import load
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from houses import say, write
from loopback.server import Said
from loopback.solaredge import CLIENT, SECRET, SITE, SolarEdgeServer

ROOF = """\
database: {folder}/readings.db
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: solaredge, site_id: %d, client_id: %s, client_secret: %s, base_url: "%s/v2"}}
panels:
  sun: {{type: solar, subject: roof}}
"""


def server() -> SolarEdgeServer:
    return SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: SystemClock().now())


def signed_in(folder: Path, roof: SolarEdgeServer) -> tuple[Path, TokenStore]:
    file = write(folder, ROOF % (SITE, CLIENT, SECRET, roof.url))
    store = TokenStore(load(file).state / "roof", "roof")
    with store.locked() as mine:
        mine.save(Tokens("access-0", "refresh-0", SystemClock().now() + 3600))
    return file, store


def known(store: TokenStore) -> bool:
    with store.locked() as mine:
        return mine.load() is not None


def test_given_back_and_forgotten(tmp_path: Path) -> None:
    with server() as roof:
        file, store = signed_in(tmp_path, roof)
        said = say("logout", "roof", "-c", file)
        assert said == (0, "SolarEdge: the consent is revoked, and forgotten here.\n", "")
        assert roof.paths() == ["/v2/oauth2/revoke-token"]
        assert roof.refresh_token == ""
        assert not known(store)
        assert say("logout", "roof", "-c", file) == (0, "There is no sign-in to forget.\n", "")


def test_what_cannot_be_given_back_now_is_kept_and_said(tmp_path: Path) -> None:
    with server() as roof:
        file, store = signed_in(tmp_path, roof)
        roof.fault = Said(503, {})
        said = say("logout", "roof", "-c", file)
    assert said.code == 75
    assert "refresh-0" not in said.out + said.err
    assert known(store), "otherwise it could not be given back later"


def test_nothing_to_forget(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert say("logout", "roof", "-c", file) == (0, "There is no sign-in to forget.\n", "")
    assert say("logout", "attik", "-c", file).code == 64
