"""A SolarEdge plant as a register map, served by pymodbus's own simulator."""

from __future__ import annotations

import asyncio
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
        self.put(40000, [0x5375, 0x6E53])
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

    def battery(self, bay: int, power: float, charge: float, capacity: float = 9700.0) -> House:
        start = (57600, 57856, 58368)[bay]
        self.put(start + 66, [*real(capacity), *[0] * 48])
        self.put(start + 116, real(power) + [0] * 8 + real(capacity) + real(5000) + real(98) + real(charge) + [3, 0])
        return self


@contextmanager
def serve(registers: dict[int, int], unit: int = 1, port: int = 0) -> Iterator[int]:
    """Pymodbus's simulator in a thread, at any port unless one is given; gives its port."""
    ready: list[object] = []
    started = threading.Event()

    async def main() -> None:
        data = [SimData(at, values=[registers[at]], datatype=DataType.REGISTERS) for at in sorted(registers)]
        server = ModbusTcpServer(SimDevice(id=unit, simdata=data), address=("127.0.0.1", port))
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
