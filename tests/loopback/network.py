"""What lies between a house and its vendor, on loopback: a name server, certificates, a vendor that has a name."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from eink_monitor.clock import SystemClock, iso
from loopback.server import Asked, LoopbackServer, Said

VENDOR = "vendor.home.arpa"
_LIBC = ctypes.CDLL(None)
_NAME_SERVERS = 16  # where struct __res_state of <resolv.h> has their number; the first one's sockaddr_in follows


class NameServer:
    """Answers every question with 127.0.0.1; ``mute`` it makes a resolver wait, and after ``stop`` nobody is there.

    ``port`` stays the same from one ``start`` to the next.
    """

    def __init__(self) -> None:
        self.mute = False
        self.port = 0
        self._socket: socket.socket | None = None
        self._thread = Thread()

    def start(self) -> None:
        """Be there."""
        if self._socket:
            return
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be gone: the kernel tells whoever asks."""
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # which wakes the thread, though nobody is connected
            self._thread.join()
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, ear: socket.socket) -> None:
        while True:
            question, client = ear.recvfrom(512)
            if not question:
                return
            if not self.mute:
                ear.sendto(_reply(question), client)


def _reply(question: bytes) -> bytes:
    """RFC 1035, section 4: the question again, with one A record for an A question and none for another."""
    end = question.index(b"\0", 12) + 5
    is_a = question[end - 4 : end - 2] == b"\0\1"
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + b"\x7f\0\0\1" if is_a else b""
    return question[:2] + struct.pack(">HHHHH", 0x8180, 1, int(is_a), 0, 0) + question[12:end] + record


@contextmanager
def names_from(port: int) -> Iterator[None]:
    """This process and its children ask the name server on that port of 127.0.0.1 and no other."""
    _LIBC.__res_state.restype = ctypes.c_void_p
    _LIBC.__res_init()
    state = _LIBC.__res_state()
    ctypes.memmove(state + _NAME_SERVERS, struct.pack("i", 1), 4)
    address = struct.pack("H", socket.AF_INET) + struct.pack(">H", port) + b"\x7f\0\0\1" + bytes(8)
    ctypes.memmove(state + _NAME_SERVERS + 4, address, len(address))
    try:
        yield
    finally:
        _LIBC.__res_init()


class Authority:
    """Whoever signs certificates; ``file`` is its own, for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the authority")])
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self._certificate("the authority", self._key, authority=True)))

    def context(self, host: str = VENDOR, days: int = 30, *, own: bool = True) -> ssl.SSLContext:
        """A server's end with a certificate for ``host``, good for so many ``days`` (negative: no more)."""
        signer = self if own else Authority(self._folder_for("stranger"))
        key = ec.generate_private_key(ec.SECP256R1())
        file = self._folder / f"{host} {days} {own}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(_pem(signer._certificate(host, key, days)) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _folder_for(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, days: int = 30, *, authority: bool = False
    ) -> x509.Certificate:
        now = datetime.fromisoformat(iso(SystemClock().now())).astimezone(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]),
                critical=False,
            )
            .add_extension(_usage(authority=authority), critical=True)  # these three: Python 3.13 insists on RFC 5280
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _usage(*, authority: bool) -> x509.KeyUsage:
    never = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, **never)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


class Vendor(LoopbackServer):
    """Counts its answers; behind TLS if it is given a ``context``, whose certificate it shows until it gets another."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.answers = 0
        self._scheme = "https" if context else "http"
        if context:
            self.context = context
            context.sni_callback = self._show
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://{VENDOR}:{self._server.server_port}"

    def _show(self, connection: ssl.SSLObject | ssl.SSLSocket, *_: object) -> None:
        connection.context = self.context

    def answer(self, asked: Asked) -> Said:
        self.answers += 1
        return Said(200, {"value": self.answers % 1000})
