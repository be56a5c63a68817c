"""One Modbus TCP connection: connect, read small blocks, disconnect. Only ``eink_monitor.errors`` come out of here."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from eink_monitor.clock import SystemClock
from eink_monitor.errors import BadAnswer, Missing, Unavailable, Unreachable
from eink_monitor.libraries import command
from eink_monitor.sources._nearby import no_address

if TYPE_CHECKING:
    from pymodbus.client import ModbusTcpClient

_NOT_THERE = {1, 2, 3}  # illegal function, address, value: how devices say "no such registers"
_NOBODY = {10, 11}  # a gateway's words: no way to that unit, or it does not answer
_WHY = {4: "an internal error", 5: "still at work", 6: "busy", 8: "a memory fault"}
_PATIENCE = 4  # times the timeout: an answer within that means slow, not absent
_BITS = {"coil": "read_coils", "discrete": "read_discrete_inputs"}
_TABLES = {"holding": "read_holding_registers", "input": "read_input_registers", **_BITS}
_LONG = 10  # s; with a timeout this long, a slow inverter needs no message


class Silence(Unreachable):
    """No answer at that address; at night that is how an inverter sleeps."""


class Peer(NamedTuple):
    """Who is asked, for sentences: the source's type, what it reads, and where Modbus is switched on there."""

    source: str
    thing: str
    menu: str
    unit: str


INVERTER = Peer("solaredge_modbus", "the inverter", "SetApp", "1 unless inverters are cascaded")


class Line:
    """A connection to the units at one address, as a context manager: many devices serve one client at a time."""

    def __init__(self, host: str, port: int, timeout: int, peer: Peer = INVERTER, *, pause: int = 0) -> None:
        """``pause`` is how many seconds a device wants for itself once it is connected."""
        self._host, self._port, self._timeout, self._pause = host, port, timeout, pause
        self.place, self.peer = f"{host}:{port}", peer
        self._client: ModbusTcpClient | None = None

    def __enter__(self) -> Self:
        try:
            from pymodbus.client import ModbusTcpClient
        except ImportError:
            raise Missing(f"{self.peer.source} needs pymodbus", f"{command('modbus')}") from None

        # Every failure becomes our own sentence below; the library would say it a second time, on stderr.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)
        client = ModbusTcpClient(self._host, port=self._port, timeout=self._timeout, retries=0)
        client.socket = self._dial()  # its own connect() hides the reason of a failure
        self._client = client
        SystemClock().wait(self._pause)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client:
            self._client.close()  # type: ignore[no-untyped-call] # pymodbus leaves it so

    def ask(self, unit: int, address: int, count: int) -> list[int] | None:
        """Read holding registers of a unit; None where it has none there. Raises as ``fetch``."""
        return self.fetch(unit, "holding", address, count)

    def fetch(self, unit: int, kind: str, address: int, count: int) -> list[int] | None:
        """Read registers of a unit, or its bits (0 or 1 each), of a ``kind`` of table; None where it has none there.

        Raises ``Silence``, ``Unavailable`` or ``BadAnswer``. After a lost connection the next call reconnects.
        """
        from pymodbus.exceptions import ModbusException

        assert self._client is not None  # noqa: S101 a line is read inside its with block
        try:
            answer = getattr(self._client, _TABLES[kind])(address, count=count, device_id=unit)
        except (ModbusException, OSError):
            message = (
                f"{self.place} hung up or gave no sensible answer within {self._timeout:d} s; it serves one Modbus "
                "client at a time, so close the other one or wait; a slow one needs a longer timeout:"
            )
            raise Silence(message) from None
        if answer.isError():
            self._refuse(unit, getattr(answer, "exception_code", 0))
            return None
        bits = kind in _BITS
        registers = [int(bit) for bit in answer.bits[:count]] if bits else list(answer.registers)
        if len(registers) != count:
            message = f"{self.place} answered {len(registers)} registers where {count} were asked for"
            raise BadAnswer(message)
        return registers

    def greet(self, unit: int, address: int, count: int) -> list[int] | None:
        """As ``ask``, for the first registers of a unit.

        If it only answers given more time, it is slow (``Unavailable``); else it is not there (``Silence``).
        """
        try:
            return self.ask(unit, address, count)
        except Silence:
            if not self._open or self._timeout >= _LONG:
                raise
        self._wait(min(_LONG, _PATIENCE * self._timeout))
        try:
            answer = self.ask(unit, address, count)
        except Silence:
            answer = None
        finally:
            self._wait(self._timeout)
        if answer is not None:
            message = f"{self.place} is slow: it answers, but not within {self._timeout:d} s; set timeout: {_LONG}s"
            raise Unavailable(message)
        message = (
            f"{self.place} accepted the connection, but no unit {unit} answers there; check unit: ({self.peer.unit}), "
            "and close other Modbus clients"
        )
        raise Silence(message)

    @property
    def _open(self) -> bool:
        return self._client is not None and self._client.socket is not None

    def _wait(self, seconds: int) -> None:
        if self._client is not None:
            self._client.comm_params.timeout_connect = seconds

    def _refuse(self, unit: int, code: int) -> None:
        """Raise what a Modbus exception means, unless it only says that those registers are not there."""
        if code in _NOT_THERE:
            return
        if code in _NOBODY:
            message = f"{self.place} has no unit {unit} behind it (Modbus exception {code}); check unit:"
            raise Silence(message)
        why = _WHY.get(code, "unknown reason")
        message = f"{self.place} refused to read its unit {unit} (Modbus exception {code}: {why}); trying again later"
        raise Unavailable(message)

    def _dial(self) -> socket.socket:
        try:
            return socket.create_connection((self._host, self._port), timeout=self._timeout)
        except socket.gaierror:
            raise Unreachable(no_address(self._host, f"{self.peer.thing} ")) from None
        except ConnectionRefusedError:
            message = (
                f"{self.place} refused the connection: another Modbus client is connected, "
                f"or Modbus TCP is off in {self.peer.menu}"
            )
            raise Silence(message) from None
        except OSError as error:
            reason = error.strerror or "no answer"
            message = f"{self.place} cannot be reached ({reason}); check that {self.peer.thing} is on this network"
            raise Silence(message) from None
        except UnicodeError:
            message = f'"{self._host}" is not a host name; check host:'
            raise Unavailable(message) from None


@dataclass(frozen=True, slots=True)
class Unit:
    """One device behind a line, by its number."""

    line: Line
    number: int

    def read(self, address: int, count: int) -> list[int]:
        """Registers that must be there. Raises ``Silence``, ``Unavailable`` or ``BadAnswer``."""
        registers = self.line.ask(self.number, address, count)
        if registers is None:
            raise self._not_an_inverter(address)
        return registers

    def greet(self, address: int, count: int) -> list[int]:
        """As ``read``, for the first ones: a silent or slow inverter is reported as such."""
        registers = self.line.greet(self.number, address, count)
        if registers is None:
            raise self._not_an_inverter(address)
        return registers

    def probe(self, address: int, count: int) -> list[int] | None:
        """Registers that need not be there; None where they are not. Raises as ``read``."""
        return self.line.ask(self.number, address, count)

    def _not_an_inverter(self, address: int) -> BadAnswer:
        return BadAnswer(
            f"{self.line.place} has no registers at {address}, so it is not {self.line.peer.thing} or not its "
            f"unit {self.number}; check host, port and unit"
        )
