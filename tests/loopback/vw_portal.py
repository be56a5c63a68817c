"""VW's identity service and the EU Data Act portal, both on one loopback port."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from eink_monitor.clock import local
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.vw_eu_data_act import VwEuDataAct
from loopback.cars import NOW, Call, Reply, Vendor, recording, visit_to
from loopback.server import Asked, Said

VIN = "WVWZZZE1ZMP000001"
USER, PASSWORD = "owner@example.org", "pa55word-secret"
SECRETS = (VIN, PASSWORD, USER, "session-")
IDENTITY, PORTAL = "https://identity.vwgroup.io", "https://eu-data-act.drivesomethinggreater.com"
AUTHORIZE, SIGNIN = "/oidc/v1/authorize", "/signin-service/v1/signin/app"
IDENTIFIER, AUTHENTICATE = "/signin-service/v1/app/login/identifier", "/signin-service/v1/app/login/authenticate"
CALLBACK = "/services/callbacklogin"
METADATA = f"/proxy_api/euda-apim/datarequest/vehicles/{VIN}/metadata/partial"
ID3 = recording("vw_eu_data_act", "id3")


def goto(url: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(b"", 302, {"Location": url, **(headers or {})})


def page(html: str, status: int = 200) -> Reply:
    return Reply(html.encode(), status, {"Content-Type": "text/html"})


def delivery(content: object, name: str = "report.json") -> bytes:
    """A ZIP as the portal packs it."""
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as file:
        entry = zipfile.ZipInfo(name)  # dated 1980: the same to the bit whenever it is made
        said = content if isinstance(content, bytes) else json.dumps(content)
        file.writestr(entry, said, zipfile.ZIP_DEFLATED)
    return box.getvalue()


def field(name: str, value: object, at: str | None = None, key: str = "") -> dict[str, object]:
    entry: dict[str, object] = {"key": key or f"key of {name}", "dataFieldName": name, "value": value}
    return entry | ({"timestampUtc": at} if at else {})


def data(*fields: dict[str, object]) -> dict[str, object]:
    return {"vin": VIN, "user_id": "u", "Data": list(fields)}


class VwPortal(Vendor):
    """``files`` maps names to (made at, ZIP); a session is good until ``expire``."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, tuple[int, bytes]] = {}
        self.identifier = "request-1"
        self.logins = 0
        self.session = ""
        self.date = "Thu, 08 Oct 2026 12:00:00 GMT"
        self.routes = {
            ("GET", AUTHORIZE): [goto(IDENTITY + SIGNIN)],
            ("GET", SIGNIN): [page(_FORM)],
            ("POST", IDENTIFIER): [goto(f"{IDENTITY}{AUTHENTICATE}?relayState=rs")],
            ("GET", AUTHENTICATE): [page(_PASSWORD)],
            ("POST", AUTHENTICATE): [self._authenticate],
            ("GET", "/oidc/v1/oauth/sso"): [goto(f"{PORTAL}{CALLBACK}?code=c")],
            ("GET", CALLBACK): [self._callback],
            ("GET", METADATA): [lambda call: self._guarded(call, Reply({"Identifier": self.identifier}))],
        }

    def source(self, brand: str = "volkswagen") -> VwEuDataAct:
        return VwEuDataAct(brand, USER, Secret(PASSWORD), Vin(VIN), self.url)  # type: ignore[arg-type]

    def deliver(self, made_at: int, content: object, name: str = "") -> None:
        zipped = content if isinstance(content, bytes) else delivery(content)
        self.files[name or f"{local(made_at, UTC):%Y%m%d%H%M%S}_{VIN}.zip"] = (made_at, zipped)

    def expire(self) -> None:
        self.session = "none"

    def downloads(self) -> int:
        return sum(call.path.endswith("/download") for call in self.calls)

    def path(self, leaf: str) -> str:
        return f"/proxy_api/euda-apim/datadelivery/vehicles/{VIN}/{self.identifier}/{leaf}"

    def answer(self, asked: Asked) -> Said:
        for leaf, script in (("list", self._list), ("download", self._download)):
            self.routes.setdefault(("GET", self.path(leaf)), [script])
        return super().answer(asked)

    def _list(self, call: Call) -> Reply:
        assert call.headers["type"] == "partial"
        listed = [
            {"name": name, "createdOn": local(made_at, UTC).isoformat(), "size": len(zipped)}
            for name, (made_at, zipped) in reversed(self.files.items())
        ]
        return self._guarded(call, Reply(listed))

    def _download(self, call: Call) -> Reply:
        headers = {"Content-Type": "application/zip", "Date": self.date}
        return self._guarded(call, Reply(self.files[call.headers["filename"]][1], 200, headers))

    def _guarded(self, call: Call, reply: Reply) -> Reply:
        return reply if f"access_token={self.session}" in call.headers.get("cookie", "") else Reply(b"", 401)

    def _authenticate(self, call: Call) -> Reply:
        self.logins += 1
        assert (call.form["hmac"], call.form["_csrf"]) == ("h2", "t2")
        if (call.form["email"], call.form["password"]) != (USER, PASSWORD):
            return goto(f"{IDENTITY}{AUTHENTICATE}?error=login.errors.password_invalid")
        return goto(f"{IDENTITY}/oidc/v1/oauth/sso")

    def _callback(self, call: Call) -> Reply:
        assert call.query == {"code": "c"}
        self.session = f"session-{self.logins}"
        cookie = f"access_token={self.session}; Path=/; Secure; HttpOnly"
        return goto(f"{PORTAL}/de/de.html", {"Set-Cookie": cookie})


_FORM = f"""<html><form action="{IDENTIFIER}"><input name="hmac" value="h1"><input name="_csrf" value="t1">
<input name="relayState" value="rs"><input name="email"></form></html>"""
_PASSWORD = """<html><script>window._IDK = {templateModel: {"hmac": "h2", "relayState": "rs",
"emailPasswordForm": {"email": "x"}}, csrf_token: 't2'}</script></html>"""


def poll(
    portal: VwPortal, state: Path, known: list[Reading] | None = None, now: int = NOW
) -> tuple[list[Reading], Visit]:
    visit = visit_to(state, known=known, now=now)
    return list(portal.source().poll(visit)), visit
