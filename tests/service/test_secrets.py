"""Everything at once with marked secrets, against vendors that echo them back: not one of them may be seen anywhere."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from PIL import Image

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.config import Config, plugins
from eink_monitor.model.source import Source
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from houses import read_or_complain, say, write
from loopback.server import Asked, LoopbackServer, Said

MARK = "m4rk"
VIN = "WBA53FJ0X0CH00001"
NOW = SystemClock().now()

HOUSE = """\
database: {{folder}}/readings.db
display: {{{{type: png, path: "{{folder}}/out"}}}}
sources:
  fleet: {{{{type: solaredge, site_id: 1, api_key: m4rk-fleet-key, base_url: "{url}", every: 5s}}}}
  first: {{{{type: solaredge, api: v1, site_id: 2, api_key: !file v1-key, base_url: "{url}", every: 5s}}}}
  owner: {{{{type: solaredge, site_id: 3, client_id: app, client_secret: m4rk-client, base_url: "{url}", every: 5s}}}}
  bmw:   {{{{type: bmw_cardata, client_id: me, vin: {vin}, base_url: "{url}", auth_url: "{url}", every: 5s}}}}
  vw:    {{{{type: vw_eu_data_act, brand: audi, username: a@b.example, password: m4rk-vw, vin: {vin},
            base_url: "{url}"}}}}
  skoda: {{{{type: skoda, api_key: m4rk-skoda, vin: {vin}, base_url: "{url}", every: 5s}}}}
  nas:   {{{{type: ssh_disk, host: 127.0.0.1, port: {port}, user: me, password: m4rk-nas, timeout: 1s,
            mounts: {{{{d: /}}}}}}}}
  key:   {{{{type: ssh_disk, host: 127.0.0.1, port: {port}, user: me, identity: "{{folder}}/id",
            passphrase: m4rk-phrase, timeout: 1s,
            mounts: {{{{d: /}}}}}}}}
  sun:   {{{{type: forecast_solar, api_key: m4rk-sun, latitude: 48, longitude: 11, base_url: "{url}", every: 5s,
            planes: [{{{{kwp: 9, tilt: 35, azimuth: 0}}}}]}}}}
  spot:  {{{{type: entsoe, token: m4rk-spot, zone: AT, base_url: "{url}", every: 5s}}}}
  ha:    {{{{type: home_assistant, token: m4rk-assistant, base_url: "{url}", every: 5s,
          entities: {{{{sensor.zoe: car.soc}}}}}}}}
  mq:    {{{{type: mqtt, broker: "mqtt://127.0.0.1:9", username: me, password: m4rk-broker,
            readings: {{{{soc: {{{{topic: a}}}}}}}}}}}}
  door:  {{{{type: http, url: "{url}/{{{{{{{{now_s}}}}}}}}", every: 5s, method: post, error: message,
            headers: {{{{X-Key: m4rk-header}}}},
            form: {{{{a: m4rk-form}}}}, readings: {{{{soc: {{{{path: n}}}}}}}},
            auth: {{{{type: login, url: "{url}/login", user: me, password: m4rk-login, token: message,
                   form: {{{{p: "{{{{{{{{password}}}}}}}}"}}}}}}}}}}}}
  gate:  {{{{type: http, url: "{url}/gate", every: 5s, method: post, error: message, body: m4rk-body,
            auth: {{{{type: basic, user: m4rk-user, password: m4rk-basic}}}}, readings: {{{{soc: {{{{path: n}}}}}}}}}}}}
  paid:  {{{{type: tibber, token: m4rk-paid, base_url: "{url}", every: 5s}}}}
panels:
  health: {{{{type: health, dwell: 1s}}}}
"""


class Echo(LoopbackServer):
    """Fails in many ways, and says everything it was told while doing so."""

    def answer(self, asked: Asked) -> Said:
        said = {
            "error": "invalid",
            "message": f"{asked.path} {asked.params} {dict(asked.headers)} {asked.body!r} {VIN}",
        }
        status = (500, 401, 200, 403, 400, 418)[len(self.asked) % 6]
        return Said(status, said, {"X-Echo": str(asked.headers.get("Authorization"))})


def secret_fields() -> dict[str, set[str]]:
    """The secret keys of every source there is."""
    found = {}
    for name in plugins.names(Source):  # type: ignore[type-abstract]
        hints: dict[str, Any] = get_type_hints(plugins.load(Source, name))  # type: ignore[type-abstract]
        found[name] = {key for key, kind in hints.items() if Secret in (kind, *get_args(kind))}
    return {name: keys for name, keys in found.items() if keys}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Config]:
    (tmp_path / "v1-key").write_text("m4rk-from-a-file\n", encoding="utf-8")
    (tmp_path / "id").write_text("no key at all", encoding="utf-8")
    with Echo() as vendor, socket.create_server(("127.0.0.1", 0)) as nas:
        text = HOUSE.format(url=vendor.url, vin=VIN, port=nas.getsockname()[1])
        config = read_or_complain(write(tmp_path, text))
        assert isinstance(config, Config), str(config)
        for feed in ("owner", "bmw"):
            source, state = config.feeds[feed].source, config.state / feed
            folders = source.shares(state) or (state,)
            with TokenStore(folders[0], feed, "account" if feed == "bmw" else "").locked() as store:
                store.save(
                    Tokens(
                        "m4rk-access",
                        "m4rk-refresh",
                        NOW + 3600,
                        NOW + 86400,
                        {"id_token": "m4rk-id", "gcid": "m4rk-g"},
                    )
                )
        yield config


@contextmanager
def running(config: Config, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    address = config.file.parent / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        environment = {**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "400000", **more}
        command = [sys.executable, "-m", "eink_monitor", "run", "-v", "-c", str(config.file)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                yield process, systemd
            finally:
                process.kill()


def processes(pid: int) -> Iterator[bytes]:
    """What `ps` would show of a process and its children, and their environment."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        yield from processes(int(child))
    for name in ("cmdline", "environ", "comm"):
        yield Path(f"/proc/{pid}/{name}").read_bytes()


def lived(config: Config) -> bytes:
    """All that the daemon said and showed of itself until every source had failed at least once."""
    seen: list[bytes] = []
    told, began = b"not polled yet", stopwatch()
    with running(config) as (process, systemd):
        while b"not polled yet" in told and stopwatch() - began < 60:
            with suppress(FileNotFoundError, ProcessLookupError):  # a child that has just ended
                seen += processes(process.pid)
            if select.select([systemd], (), (), 0.02)[0]:
                told = systemd.recv(8192)
                seen.append(told)
        assert b"not polled yet" not in told
        process.send_signal(signal.SIGTERM)
        seen.append(process.communicate(timeout=10)[0])
    return b"\n".join(seen)


def clean(text: bytes | str, where: str) -> None:
    data = text.encode() if isinstance(text, str) else text
    for secret in (MARK.encode(), VIN.encode()):
        assert secret not in data, f"{where}: {data[max(0, data.find(secret) - 60) :][:140]!r}"


def test_every_secret_there_is_takes_part(house: Config) -> None:
    taking_part: dict[str, set[str]] = {}
    for feed in house.feeds.values():
        told = {field.name for field in dataclasses.fields(feed.source) if getattr(feed.source, field.name)}  # type: ignore[arg-type]
        taking_part.setdefault(feed.type, set()).update(told)
    for name, keys in secret_fields().items():
        if name in {"weconnect", "bmw_connected"}:
            continue  # closed doors that are never asked
        assert keys <= taking_part[name], name


def test_nothing_is_told_anywhere(house: Config) -> None:
    folder = house.file.parent
    clean(lived(house), "the log, the status line or the process list")
    for file in folder.glob("readings.db*"):
        if file.is_file():
            clean(file.read_bytes(), file.name)
    pictures = list((folder / "out").glob("*.png"))
    assert pictures
    for picture in pictures:
        clean(picture.read_bytes(), picture.name)
        with Image.open(picture) as image:
            assert set(image.info) <= {"Software"}, "no metadata but who made it"
            assert image.info["Software"].removeprefix("eink-monitor ") in house.slides
    for file in house.state.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, f"{file} is for this user only"
    for words in (
        *(["check"], ["latest"], ["latest", "--json"], ["quota"], ["doctor"], ["doctor", "--json"], ["dump", "-"]),
        *(["poll", name, "--force"] for name in house.feeds),
    ):
        said = say(*words, "-c", house.file)
        clean(said.out + said.err, " ".join(words))


def test_a_crash_report_is_clean(house: Config) -> None:
    with running(house, PYTHONFAULTHANDLER="1") as (process, systemd):
        systemd.settimeout(20)
        while b"WATCHDOG" not in systemd.recv(8192):
            pass
        process.send_signal(signal.SIGABRT)  # what the watchdog sends
        said = process.communicate(timeout=20)[0]
    assert b"Current thread" in said
    clean(said, "the crash report")


def test_the_test_can_fail(house: Config) -> None:
    with pytest.raises(AssertionError, match="somewhere"):
        clean(json.dumps({"key": house.feeds["fleet"].source.api_key.reveal()}), "somewhere")  # type: ignore[attr-defined]
