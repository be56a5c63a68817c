"""Signing in over SSH: connect, check the host's key, sign in once. Only ``eink_monitor.errors`` come out of here."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eink_monitor.errors import AuthFailed, Missing, Unavailable, Unreachable
from eink_monitor.libraries import command
from eink_monitor.places import origin
from eink_monitor.settings import Secret
from eink_monitor.sources._nearby import no_address
from eink_monitor.sources.ssh_disk import hosts

if TYPE_CHECKING:
    from paramiko import PKey, Transport


_METHODS = {
    "kex": ("key exchange", "KexAlgorithms curve25519-sha256"),
    "host key": ("host key", "a host key of type ed25519"),
    "ciphers": ("cipher", "Ciphers aes256-ctr"),
    "macs": ("MAC", "MACs hmac-sha2-256"),
    "compression": ("compression", "Compression no"),
}
"""What the SSH library complains about, its name, and what sshd_config can say instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which host to sign in to, as whom, with what, and how long to wait (seconds) for each answer.

    ``known_hosts`` are files, the first that knows the host decides; a pinned ``fingerprint`` decides alone. ``feed``
    is what a person types after ``eink-monitor login``.
    """

    feed: str
    host: str
    port: int
    user: str
    timeout: int
    password: Secret | None = None
    identity: Path | None = None
    passphrase: Secret | None = None
    fingerprint: str | None = None
    known_hosts: tuple[Path, ...] = ()

    @property
    def place(self) -> str:
        """The host as known_hosts names it."""
        return hosts.name_of(self.host, self.port)


def late(target: Target) -> str:
    """What to say of an answer that does not come."""
    return f"{target.place} did not answer within {target.timeout:d} s; check whether a disk hangs there"


@contextmanager
def plainly(target: Target) -> Iterator[None]:
    """Turn whatever the SSH library and the network raise inside into ``Unavailable``."""
    from paramiko import SSHException

    try:
        yield
    except TimeoutError:
        raise Unavailable(late(target)) from None
    except (SSHException, EOFError, OSError):
        message = f"{target.place} dropped the SSH connection; trying again"
        raise Unavailable(message) from None


@contextmanager
def connected(target: Target, keys: list[hosts.HostKey]) -> Iterator[tuple[Transport, hosts.HostKey]]:
    """A connection before signing in, and the host's key; key types known already are asked for first.

    Raises ``Unavailable``, and ``Missing`` where the library is missing.
    """
    try:
        from paramiko import SSHException, Transport
        from paramiko.ssh_exception import IncompatiblePeer
    except ImportError:
        message = f"ssh_disk needs the library paramiko; {command('ssh')}"
        raise Missing(message) from None

    # Every failure becomes our own sentence; the library would print it again, with a traceback, on stderr.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
    line = _dial(target)
    try:
        transport = Transport(line)
        try:
            transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = target.timeout
            _prefer(transport, {key.kind for key in keys})
            transport.start_client(timeout=target.timeout)
            shown = transport.get_remote_server_key()
            key = hosts.HostKey(shown.get_name(), shown.asbytes())
        except IncompatiblePeer as error:
            raise Unavailable(_outdated(target, str(error))) from None
        except (SSHException, EOFError, OSError):
            message = f"{target.place} accepts connections but speaks no SSH within {target.timeout:d} s; check port:"
            raise Unavailable(message) from None
        try:
            yield transport, key
        finally:
            transport.close()
    finally:
        line.close()


def _outdated(target: Target, said: str) -> str:
    """What two that have no method in common mean; the library says of which kind ("no acceptable macs")."""
    kind, cure = next((way for word, way in _METHODS.items() if word in said), ("protocol", "SSH 2"))
    return (
        f"{target.place} offers only old SSH methods ({kind}), which are no longer safe; "
        f"update the SSH server there, or let it offer {cure}, too"
    )


def recognise(target: Target, keys: list[hosts.HostKey], shown: hosts.HostKey) -> None:
    """Check the host's key against the pinned fingerprint, else against the known ones. Raises ``AuthFailed``."""
    expected = [target.fingerprint] if target.fingerprint else [key.fingerprint for key in keys]
    if not expected:
        message = (
            f"the SSH host {target.place} is not known yet; run: eink-monitor login {target.feed}, "
            f"and compare its fingerprint {shown.fingerprint}"
        )
        raise AuthFailed(message)
    if shown.fingerprint not in expected:
        message = (
            f"the SSH host {target.place} shows the key {shown.fingerprint} where {' or '.join(expected)} is expected: "
            f"a new system, or somebody in between; if it is right, run: eink-monitor login {target.feed}"
            + (", and change fingerprint:" if target.fingerprint else "")
        )
        raise AuthFailed(message)


def sign_in(target: Target, transport: Transport) -> None:
    """Keys first (``identity``, else those of the agent), then the password, each once.

    Raises ``AuthFailed``, and ``Unavailable`` when the host leaves the question open.
    """
    from paramiko import AuthenticationException, SSHException

    tried: list[str] = []
    hint = ""
    try:
        with _keys(target) as keys:
            if keys:
                tried.append(f"the key {target.identity}" if target.identity else f"{len(keys)} keys of the SSH agent")
            hint = _offer(target, transport, keys)
        if target.password and not transport.is_authenticated():
            tried.append("the password")
            transport.auth_password(target.user, target.password.reveal())
        if transport.is_authenticated():
            return
    except AuthenticationException as error:
        _not_late(target, error)
    except (SSHException, EOFError, OSError):
        message = f"{target.place} dropped the connection while {target.user} was signing in; trying again"
        raise Unavailable(message) from None
    message = (
        f"{target.place} refuses {' and '.join(tried)} of {target.user}; check user:, identity: and password:{hint}"
        if tried
        else f"nothing to sign in to {target.place} with; set identity: or password:, or start an SSH agent"
    )
    raise AuthFailed(message)


def _offer(target: Target, transport: Transport, keys: Sequence[PKey]) -> str:
    """Try the keys until the host takes one, or no keys at all; what is to be said of those that it cannot take."""
    from paramiko import AuthenticationException, BadAuthenticationType

    hint = ""
    for key in keys:
        hint = hint or _old_signatures(transport, key)
        try:
            transport.auth_publickey(target.user, key)
        except BadAuthenticationType:
            break
        except AuthenticationException as error:
            _not_late(target, error)
        if transport.is_authenticated():
            break
    return hint


def _old_signatures(transport: Transport, key: PKey) -> str:
    """What to say of an RSA key on a host that does not know SHA-2 (OpenSSH before 7.2, and many a router)."""
    extensions: dict[str, bytes] = getattr(transport, "server_extensions", {})
    known = extensions.get("server-sig-algs", b"").decode("ascii", "replace").split(",")
    old = key.get_name() == "ssh-rsa" and not {"rsa-sha2-256", "rsa-sha2-512"}.intersection(known)
    return "; it knows only old signatures of RSA keys, so try a key of type ed25519" if old else ""


def _not_late(target: Target, error: Exception) -> None:
    """The library calls silence a refusal, too."""
    if "timeout" in str(error).lower():
        message = f"{target.place} did not answer the sign-in within {target.timeout:d} s; trying again"
        raise Unavailable(message) from None


def _dial(target: Target) -> socket.socket:
    try:
        return socket.create_connection((target.host, target.port), timeout=target.timeout)
    except (socket.gaierror, UnicodeError):
        message = no_address(target.host)
    except ConnectionRefusedError:
        message = f"{target.place} refuses SSH connections; is sshd running there, and port: right?"
    except OSError as error:
        message = f"{target.place} cannot be reached ({error.strerror or 'no answer'}); is it switched on?"
    raise Unreachable(message)


def _prefer(transport: Transport, kinds: set[str]) -> None:
    """Ask for the key types that are known, so that a host with several keys shows one that can be compared."""
    if "ssh-rsa" in kinds:
        kinds |= {"rsa-sha2-512", "rsa-sha2-256"}
    offered = transport.get_security_options()
    offered.key_types = sorted(offered.key_types, key=lambda kind: kind not in kinds)


def _key(target: Target) -> PKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from paramiko import PKey, SSHException
    from paramiko.pkey import UnknownKeyType

    assert target.identity is not None  # noqa: S101 the caller looked
    phrase = target.passphrase.reveal().encode() if target.passphrase else None
    try:
        # By position: paramiko 5 renamed the argument. Bytes: it hands them on as they are.
        return PKey.from_path(target.identity.expanduser(), phrase)  # type: ignore[arg-type]
    except OSError as error:
        message = f"the SSH key {origin(target.identity)} cannot be read ({error.strerror}); check identity:"
    except (ValueError, TypeError, SSHException, UnknownKeyType, UnsupportedAlgorithm):
        message = (
            f"the SSH key {origin(target.identity)} does not open; check passphrase:, and that it is a private key"
        )
    raise AuthFailed(message)


@contextmanager
def _keys(target: Target) -> Iterator[list[PKey]]:
    """The key that is configured, else those of the agent, which signs as long as this lasts."""
    if target.identity:
        yield [_key(target)]
        return
    from paramiko import Agent

    path = os.environ.get("SSH_AUTH_SOCK", "")
    if not path or not Path(path).is_socket():
        yield []
        return
    agent = Agent()
    try:
        yield list(agent.get_keys())
    finally:
        agent.close()
