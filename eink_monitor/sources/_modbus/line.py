"""One Modbus TCP connection: connect, read small blocks, leave. Only ``eink_monitor.errors`` come out of here."""

from __future__ import annotations

import logging
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from eink_monitor.errors import BadAnswer, Missing, Unavailable, Unreachable

if TYPE_CHECKING:
    from pymodbus.client import ModbusTcpClient

_NOT_THERE = {1, 2, 3, 4}  # illegal function, address, value; device failure: how devices say "no such registers"


class Silence(Unreachable):
    """Nobody answered at that address; at night that is how an inverter sleeps."""


class Line:
    """A connection to one Modbus unit. Use it as a context manager: SolarEdge serves a single client at a time."""

    def __init__(self, host: str, port: int, unit: int, timeout: int) -> None:
        self._host, self._port, self._unit, self._timeout = host, port, unit, timeout
        self._place = f"{host}:{port}"
        self._client: ModbusTcpClient | None = None

    def __enter__(self) -> Self:
        try:
            from pymodbus.client import ModbusTcpClient
        except ImportError:
            raise Missing(
                'solaredge_modbus needs pymodbus; install it with pip install "eink-monitor[modbus]"'
            ) from None

        # Every failure becomes our own sentence below; the library would say it a second time, on stderr.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)
        client = ModbusTcpClient(self._host, port=self._port, timeout=self._timeout, retries=0)
        client.socket = self._dial()  # its own connect() hides the reason of a failure
        self._client = client
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client:
            self._client.close()  # type: ignore[no-untyped-call] # pymodbus leaves it so

    def read(self, address: int, count: int) -> list[int]:
        """Read holding registers. Raises ``Silence``, ``Unavailable`` or ``BadAnswer``."""
        registers = self.probe(address, count)
        if registers is None:
            message = (
                f"{self._place} has no registers at {address}, so it is not the inverter or not its unit "
                f"{self._unit}; check host, port and unit"
            )
            raise BadAnswer(message)
        return registers

    def probe(self, address: int, count: int) -> list[int] | None:
        """As ``read``, but registers that are not there are None."""
        from pymodbus.exceptions import ModbusException

        assert self._client is not None  # noqa: S101 a line is read inside its with block
        try:
            answer = self._client.read_holding_registers(address, count=count, device_id=self._unit)
        except (ModbusException, OSError):
            message = (
                f"{self._place} broke off or gave no sensible answer within {self._timeout:d} s; "
                "it serves one Modbus client at a time, so close the other one or wait"
            )
            raise Silence(message) from None
        if answer.isError():
            code = getattr(answer, "exception_code", 0)
            if code in _NOT_THERE:
                return None
            message = f"{self._place} refused to read (Modbus exception {code}): busy, or no unit {self._unit} there"
            raise Unavailable(message)
        registers = list(answer.registers)
        if len(registers) != count:
            message = f"{self._place} answered {len(registers)} registers where {count} were asked for"
            raise BadAnswer(message)
        return registers

    def _dial(self) -> socket.socket:
        try:
            return socket.create_connection((self._host, self._port), timeout=self._timeout)
        except socket.gaierror:
            message = f'no address found for the inverter "{self._host}"; check host: and the name server'
            raise Unreachable(message) from None
        except ConnectionRefusedError:
            message = (
                f"{self._place} refused the connection: another Modbus client is connected, "
                "or Modbus TCP is off in SetApp"
            )
            raise Silence(message) from None
        except OSError as error:
            reason = error.strerror or "no answer"
            message = f"{self._place} cannot be reached ({reason}); check that the inverter is on this network"
            raise Silence(message) from None
        except UnicodeError:
            message = f'"{self._host}" is no host name; check host:'
            raise Unavailable(message) from None
