"""Recipes for the newest file of a folder, against servers that imitate the vendors: files come, keys change."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from eink_monitor.clock import DAY, HOUR, local
from eink_monitor.config import recipes
from eink_monitor.errors import AuthFailed, BadAnswer
from eink_monitor.model.reading import Reading
from loopback.json_vendor import JsonVendor, http_date
from loopback.recipes import service_account, source, visit
from loopback.server import Asked, Said

NOW = 1_795_847_400
FOLDER = "application/vnd.google-apps.folder"


class Drive(JsonVendor):
    """Google's token endpoint and file list; ``files`` are (folder, kind, modified) of what is shared with us."""

    def __init__(self) -> None:
        super().__init__()
        self.files = [("1AbC", "text/plain", NOW - DAY), ("1AbC", FOLDER, NOW - HOUR), ("other", "x", NOW)]
        self.issued = 0
        self.routes = {"/token": self._token, "/drive/v3/files": self._list}

    def _token(self, asked: Asked) -> Said:
        form = parse_qs(asked.body.decode())
        signed, _, signature = form["assertion"][0].rpartition(".")
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        key = load_pem_private_key(json.loads(service_account())["private_key"].encode(), None)
        assert isinstance(key, RSAPrivateKey)
        key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), PKCS1v15(), SHA256())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        assert claims["iss"] == "panel@project.iam.example"
        assert claims["scope"] == "https://www.googleapis.com/auth/drive.metadata.readonly"
        assert claims["exp"] - claims["iat"] <= HOUR
        self.issued += 1
        return Said(200, {"access_token": f"ya29.{self.issued}", "expires_in": 3599, "token_type": "Bearer"})

    def _list(self, asked: Asked) -> Said:
        if asked.headers["Authorization"] != f"Bearer ya29.{self.issued}":
            return Said(401, {"error": {"code": 401, "message": "Invalid Credentials"}})
        folder = asked.params["q"].split("'")[1]
        inside = [file for file in self.files if file[0] == folder]
        if not inside:
            reason = {"reason": "notFound", "message": "File not found: ."}
            return Said(404, {"error": {"code": 404, "errors": [reason], "message": "File not found: ."}})
        assert asked.params["orderBy"] == "modifiedTime desc"
        times = sorted((at for _, kind, at in inside if kind != FOLDER), reverse=True)
        return Said(200, {"files": [{"name": "a", "modifiedTime": rfc3339(at)} for at in times[:1]]})


def rfc3339(at: int) -> str:
    return local(at, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Dav(JsonVendor):
    """A WebDAV server with one folder at ``base``: ``files`` are names and when they were changed."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.files = {"a.tgz": NOW - DAY, "b.tgz": NOW - 2 * DAY, "within/": NOW - HOUR, "": NOW - HOUR}
        self.password = "s3cret-of-password"
        self.routes = {base: self._list}

    def _list(self, asked: Asked) -> Said:
        known = base64.b64encode(f"reader:{self.password}".encode()).decode()
        if asked.headers["Authorization"] != f"Basic {known}":
            return Said(401, b"")
        assert (asked.method, asked.headers["Depth"]) == ("PROPFIND", "1")
        rows = "".join(self._row(asked.path + name, at) for name, at in self.files.items())
        body = f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{rows}</d:multistatus>'
        return Said(207, body.encode(), {"Content-Type": "application/xml; charset=utf-8"})

    def _row(self, href: str, at: int) -> str:
        kind = "<d:collection/>" if href.endswith("/") else ""
        return (
            f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:getlastmodified>{formatdate(at, usegmt=True)}"
            f"</d:getlastmodified><d:resourcetype>{kind}</d:resourcetype></d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )


@pytest.fixture
def drive() -> Iterator[Drive]:
    with Drive() as vendor:
        vendor.date_header = http_date(NOW)
        yield vendor


def newest(vendor: JsonVendor, name: str, path: Path, folder: str) -> list[float]:
    """The values of a poll."""
    made = source(recipes.SHIPPED / f"{name}.yaml", path, vendor.url, {"folder": folder})
    said = list(made.poll(visit(made, {"now": NOW}, path / "state")))
    return [one.value for one in said if isinstance(one, Reading) and one.metric.name == "newest_backup"]


def test_drive(drive: Drive, tmp_path: Path) -> None:
    assert newest(drive, "google_drive", tmp_path, "1AbC") == [NOW - DAY], "a folder is no file"
    drive.files.append(("1AbC", "application/gzip", NOW - 60))
    assert newest(drive, "google_drive", tmp_path, "1AbC") == [NOW - 60]
    assert drive.issued == 1, "a token is kept for its hour"
    drive.issued = 7  # Google forgot it
    drive.files.append(("1AbC", "application/gzip", NOW - 30))
    assert newest(drive, "google_drive", tmp_path, "1AbC") == [NOW - 30]
    assert drive.issued == 8
    assert drive.never_logged("ya29", "PRIVATE")


def test_a_folder_of_drive_that_is_not_shared(drive: Drive, tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="not shared with the service account"):
        newest(drive, "google_drive", tmp_path, "2XyZ")
    drive.files.append(("2XyZ", "text/plain", NOW - HOUR))
    assert newest(drive, "google_drive", tmp_path, "2XyZ") == [NOW - HOUR], "now it is"


@pytest.mark.parametrize(
    ("name", "base", "folder"),
    [
        ("webdav", "/backups/", "backups"),
        ("webdav", "/dav/my%20files/", "dav/my files"),
        ("nextcloud", "/remote.php/dav/files/reader/Backups/laptop/", "Backups/laptop"),
    ],
)
def test_a_folder_of_webdav(name: str, base: str, folder: str, tmp_path: Path) -> None:
    with Dav(base) as vendor:
        vendor.date_header = http_date(NOW)
        assert newest(vendor, name, tmp_path, folder) == [NOW - DAY], "a folder is no file"
        vendor.files["c.tgz"] = NOW - 60
        assert newest(vendor, name, tmp_path, folder) == [NOW - 60]
        vendor.files = {"": NOW}
        with pytest.raises(BadAnswer, match="there is no file in this folder"):
            newest(vendor, name, tmp_path, folder)
        vendor.password = "another"
        with pytest.raises(AuthFailed):
            newest(vendor, name, tmp_path, folder)
        assert vendor.never_logged("s3cret")
