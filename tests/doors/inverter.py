"""A SolarEdge plant as a register map, served by pymodbus's own simulator; and by a bus that behaves like the field."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

MISSING = 0x8000


def words(value: str, count: int) -> list[int]:
    return list(struct.unpack(f">{count}H", value.encode().ljust(2 * count, b"\0")))


def long(value: int) -> list[int]:
    return [value >> 16, value & 0xFFFF]


def real(value: float) -> list[int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


@dataclass
class House:
    """Builds a register map, model after model, at the addresses a real chain would give them."""

    registers: dict[int, int] = field(default_factory=dict)
    end: int = 40002

    def __post_init__(self) -> None:
        self.put(self.end - 2, [0x5375, 0x6E53])
        self.put(self.end, [0xFFFF, 0])

    def put(self, address: int, values: list[int]) -> None:
        self.registers.update({address + n: value & 0xFFFF for n, value in enumerate(values)})

    def model(self, number: int, length: int, fields: dict[int, list[int]]) -> House:
        start, self.end = self.end + 2, self.end + 2 + length
        self.put(start - 2, [number, length, *[0] * length])
        for offset, values in fields.items():
            self.put(start + offset, values)
        self.put(self.end, [0xFFFF, 0])
        return self

    def common(self, model: str, serial: str, option: str = "") -> House:
        fields = {0: words("SolarEdge", 16), 16: words(model, 16), 32: words(option, 8), 48: words(serial, 16)}
        return self.model(1, 65, fields)

    def inverter(
        self, ac: int = 4321, status: int = 4, kind: int = 103, *, scale: int = 0, wh: int = 12_345_678, code: int = 0
    ) -> House:
        self.common("SE10K", "7E1234AB")
        fields = {12: [ac, scale], 22: [*long(wh), 0], 29: [ac + 90, scale], 32: [4512], 35: [-2], 36: [status, code]}
        return self.model(kind, 50, fields)

    def meter(
        self, power: int, wh: tuple[int, int] = (500_000, 300_000), option: str = "Export+Import", *, scale: int = 0
    ) -> House:
        self.common("WNC-3D-480-MB", f"M{self.end}", option)
        return self.model(203, 105, {16: [power], 20: [scale], 36: long(wh[0]), 44: long(wh[1]), 52: [0]})

    def battery(
        self,
        bay: int,
        power: float,
        charge: float,
        capacity: float = 9700.0,
        *,
        rated: float = 0.0,
        counted: tuple[int, int] = (0, 0),
    ) -> House:
        """``rated`` is the power on its label, ``counted`` what it gave and took in Wh."""
        start = (57600, 57856, 58368)[bay]
        self.put(start + 66, [*real(capacity), *real(rated) * 4, *[0] * 40])
        counters = [value >> 16 * n & 0xFFFF for value in counted for n in range(4)]
        self.put(start + 116, real(power) + counters + real(capacity) + real(5000) + real(98) + real(charge) + [3, 0])
        return self


@contextmanager
def serve(
    registers: dict[int, int], unit: int = 1, port: int = 0, beside: dict[int, dict[int, int]] | None = None
) -> Iterator[int]:
    """Pymodbus's simulator in a thread, at any port unless one is given; gives its port.

    ``beside`` are the registers of other units.
    """
    units = {unit: registers, **(beside or {})}
    with serve_devices([SimDevice(one, simdata=_data(own)) for one, own in units.items()], port) as bound:
        yield bound


@contextmanager
def serve_tables(holding: dict[int, int], others: dict[int, int], bits: dict[int, int], unit: int = 1) -> Iterator[int]:
    """The same for a device with tables apart: holding and input registers; bits are coils and, turned, inputs."""
    coils, inputs = (
        [SimData(at, values=[bool(bit) != turned], datatype=DataType.BITS) for at, bit in sorted(bits.items())]
        for turned in (False, True)
    )
    with serve_devices([SimDevice(unit, simdata=(coils, inputs, _data(holding), _data(others)))]) as bound:
        yield bound


def _data(registers: dict[int, int]) -> list[SimData]:
    return [SimData(at, values=[registers[at]], datatype=DataType.REGISTERS) for at in sorted(registers)]


@contextmanager
def serve_devices(devices: list[SimDevice], port: int = 0) -> Iterator[int]:
    """The simulator with these devices."""
    ready: list[object] = []
    started = threading.Event()

    async def main() -> None:
        server = ModbusTcpServer(devices, address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        stop = asyncio.Event()
        bound = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        ready.extend([bound, asyncio.get_running_loop(), stop])
        started.set()
        await stop.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert started.wait(10)
    bound, loop, stop = ready
    assert isinstance(bound, int)
    assert isinstance(loop, asyncio.AbstractEventLoop)
    assert isinstance(stop, asyncio.Event)
    try:
        yield bound
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@dataclass
class Bus:
    """Several units behind one address that behave as in the field.

    Registers of ``mute`` get no answer at all, those of ``refused`` a Modbus exception, ``hung_up`` ends the line;
    every answer comes ``late`` by so many seconds. An address that is not there answers exception 2, a unit that is not
    there nothing, or the exception ``nobody`` of a gateway. ``asked`` remembers (unit, address).
    """

    units: dict[int, House]
    mute: dict[int, range] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    hung_up: range = range(0)
    late: float = 0.0
    nobody: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    def answer(self, unit: int, address: int, count: int, function: int = 3) -> bytes | None:
        """The answer behind its unit number, None for silence. Functions 3 and 4 see the same registers."""
        self.asked.append((unit, address))
        wanted = range(address, address + count)
        if unit not in self.units:
            return bytes([0x80 | function, self.nobody]) if self.nobody else None
        if any(at in self.mute.get(unit, ()) for at in wanted):
            return None
        code = next((self.refused[at] for at in wanted if at in self.refused), 0)
        known = self.units[unit].registers
        if code or any(at not in known for at in wanted):
            return bytes([0x80 | function, code or 2])
        return struct.pack(f">BB{count}H", function, 2 * count, *(known[at] for at in wanted))

    def talk(self, line: socket.socket, over: threading.Event) -> None:
        """Answer a client until it leaves."""
        while len(request := line.recv(12)) == 12:
            number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", request)
            if address in self.hung_up:
                return
            body = self.answer(unit, address, count, function)
            if body is not None and not over.wait(self.late):
                line.sendall(struct.pack(">HHHB", number, 0, len(body) + 1, unit) + body)


@contextmanager
def serve_bus(bus: Bus) -> Iterator[int]:
    """The bus at any port, one client after the other; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            with listener.accept()[0] as line:
                line.settimeout(30)
                try:
                    bus.talk(line, over)
                except OSError:  # the client left
                    continue

    thread = threading.Thread(target=run)
    thread.start()
    port: int = listener.getsockname()[1]
    try:
        yield port
    finally:
        over.set()
        with socket.socket() as wake:
            wake.settimeout(1)
            wake.connect_ex(("127.0.0.1", port))
        thread.join(15)
        listener.close()
        assert not thread.is_alive()
