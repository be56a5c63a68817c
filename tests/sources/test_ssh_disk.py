"""The SSH source against a real sshd with its own keys on a loopback port."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doors.nas import new_visit, poll
from doors.sshd import Hosts, fingerprint, guest, keygen
from eink_monitor.clock import FastClock
from eink_monitor.errors import AuthFailed, BadAnswer, StoreError
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have an agent of their own."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return new_visit(tmp_path / "state")


def test_a_real_disk_by_key(hosts: Hosts, visit: Visit) -> None:
    values = poll(hosts.start().source(), visit)
    real = os.statvfs("/")
    assert values["nas:root", "disk_state"] == int(bool(real.f_flag & os.ST_RDONLY))
    assert values["nas:root", "disk_size"] == real.f_blocks * real.f_frsize // 1024 * 1024
    assert values["nas:root", "disk_used"] > 0
    assert 0 <= values["nas:root", "disk_free"] < values["nas:root", "disk_size"]
    assert values["nas:root", "disk_full_at"] == 90
    assert values.get(("nas:root", "disk_inodes"), 0) == real.f_files
    assert visit.note == ""


def test_a_key_with_a_passphrase(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    host = hosts.start()
    locked = keygen(tmp_path / "locked", "open sesame")
    with (host.folder / "keys").open("a") as keys:
        keys.write((tmp_path / "locked.pub").read_text())
    source = host.source(identity=locked, passphrase=Secret("open sesame"))
    assert ("nas:root", "disk_size") in poll(source, visit)
    for wrong in (replace(source, passphrase=Secret("hunter2")), replace(source, passphrase=None)):
        with pytest.raises(AuthFailed, match="does not open; check passphrase:") as caught:
            wrong.poll(visit)
        assert "hunter2" not in str(caught.value)


@pytest.fixture
def agent(hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real ssh-agent, empty; after ``hosts``, which knows of none."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert "SSH_AUTH_SOCK" in running.stdout.readline()
            yield
        finally:
            running.terminate()


@pytest.mark.usefixtures("agent")
def test_a_key_of_an_agent(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    host = hosts.start()
    source = host.source(identity=None)
    with pytest.raises(AuthFailed, match="nothing to sign in"):
        source.poll(visit)
    subprocess.run(["ssh-add", "-q", keygen(tmp_path / "stranger"), host.folder / "key"], check=True)
    assert ("nas:root", "disk_size") in poll(source, visit)
    subprocess.run(["ssh-add", "-q", "-d", host.folder / "key"], check=True)
    with pytest.raises(AuthFailed, match="refuses 1 keys of the SSH agent"):
        source.poll(visit)


def test_no_agent_no_key_no_password(hosts: Hosts, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    with pytest.raises(AuthFailed, match="set identity: or password:"):
        hosts.start().source(identity=None).poll(visit)


def test_a_password(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    host = hosts.start()
    with guest() as user:
        source = host.source(identity=None, user=user, password=Secret("correct horse"))
        assert ("nas:root", "disk_size") in poll(source, visit)
        both = replace(source, identity=keygen(tmp_path / "stranger"))  # nobody's key: the password is next
        assert ("nas:root", "disk_size") in poll(both, visit)


def test_a_wrong_password_is_tried_once(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start()
    with pytest.raises(AuthFailed, match="refuses the password of") as caught:
        host.source(identity=None, password=Secret("hunter2")).poll(visit)
    assert "hunter2" not in str(caught.value)
    assert hosts.stop().count("Failed password") == 1


def test_a_password_where_only_keys_are_taken(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(PasswordAuthentication="no", KbdInteractiveAuthentication="no")
    with pytest.raises(AuthFailed, match="refuses the password"):
        host.source(identity=None, password=Secret("hunter2")).poll(visit)


@pytest.mark.parametrize("content", [None, "no key at all", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_key_file_that_is_none(hosts: Hosts, visit: Visit, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "bad").write_text(content)
    with pytest.raises(AuthFailed, match=r"identity:|private key"):
        hosts.start().source(identity=tmp_path / "bad").poll(visit)


def test_a_stranger_is_greeted_then_trusted(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start()
    source = host.source(fingerprint=None)
    shown = fingerprint(host.folder / "host")
    with pytest.raises(AuthFailed, match=f"eink-monitor login nas, .* {re.escape(shown)}"):
        source.poll(visit)
    assert source.greet(visit) == shown
    with pytest.raises(BadAnswer, match="a different key"):
        source.trust(visit, "SHA256:another")
    source.trust(visit, shown)
    assert ("nas:root", "disk_size") in poll(source, visit)


def test_a_person_signs_a_host_in(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start()
    source = host.source(fingerprint=None)
    door = source.sign_in()
    assert door
    prompt = door.begin(visit)
    shown = fingerprint(host.folder / "host")
    assert shown in prompt.text
    for answer in ("", "no", "SHA256:other"):
        with pytest.raises(AuthFailed, match="was not accepted"):
            door.finish(visit, prompt, FastClock(visit.now), answer)
    assert not (visit.state / "known_hosts").exists()
    for answer in ("Yes ", shown):
        assert door.finish(visit, prompt, FastClock(visit.now), answer).endswith("is trusted from now on.")
        assert ("nas:root", "disk_size") in poll(source, visit)
        (visit.state / "known_hosts").unlink()


def test_who_needs_no_person(hosts: Hosts) -> None:
    source = hosts.start().source()
    assert source.sign_in() is None
    assert replace(source, host="localhost", fingerprint=None).sign_in() is None
    assert source.modules == ("paramiko",)
    assert replace(source, host="localhost").modules == ()


def test_trust_that_cannot_be_kept(hosts: Hosts, visit: Visit) -> None:
    source = hosts.start().source()
    visit.state.write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot write"):
        source.trust(visit, source.greet(visit))


def test_a_changed_host_key_shows_both_fingerprints(hosts: Hosts, visit: Visit) -> None:
    first, second = hosts.start(), hosts.start()
    source = first.source(fingerprint=None)
    source.trust(visit, source.greet(visit))
    old, new = fingerprint(first.folder / "host"), fingerprint(second.folder / "host")
    file = visit.state / "known_hosts"
    file.write_text(file.read_text().replace(f":{first.port} ", f":{second.port} "))
    for changed in (second.source(fingerprint=None), second.source(fingerprint=old)):
        with pytest.raises(AuthFailed, match=f"{re.escape(new)} where {re.escape(old)} is expected"):
            changed.poll(visit)
    second.source(fingerprint=None).trust(visit, new)
    assert ("nas:root", "disk_size") in poll(second.source(fingerprint=None), visit)


@pytest.mark.parametrize("place", ["home", "given"])
def test_a_hashed_known_hosts_file(hosts: Hosts, visit: Visit, tmp_path: Path, place: str) -> None:
    """Written by OpenSSH's own tools, for a host with two keys of which the file knows the one asked for last."""
    host = hosts.start()
    rsa = host.folder / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa], check=True)
    second = hosts.start(HostKey=f"{host.folder / 'host'}\nHostKey {rsa}")
    file = tmp_path / ".ssh" / "known_hosts" if place == "home" else tmp_path / "theirs"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"[127.0.0.1]:{second.port} {rsa.with_suffix('.pub').read_text()}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert "127.0.0.1" not in file.read_text()
    source = second.source(
        fingerprint=None, identity=second.folder / "key", known_hosts=None if place == "home" else file
    )
    assert ("nas:root", "disk_size") in poll(source, visit)
