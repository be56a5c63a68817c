"""The registers of a controller, and what their bits say."""

from __future__ import annotations

from virtual_panel.chip import Chip
from virtual_panel.glass import Glass
from virtual_panel.ram import Address


class Registers:
    """One bytearray per register that takes data, by command code."""

    def __init__(self, chip: Chip, glass: Glass) -> None:
        self._chip = chip
        self._glass = glass
        self.restore()

    def restore(self) -> None:
        """As after power-on or 0x12."""
        self._values = self._chip.defaults()

    def __getitem__(self, code: int) -> bytearray:
        return self._values[code]

    def __contains__(self, code: int) -> bool:
        return code in self._values

    def store(self, code: int, at: int, data: bytes) -> bytes:
        """Latch data bytes from index ``at`` on; returns those that had a place."""
        register = self._values[code]
        taken = data[: max(0, len(register) - at)]
        register[at : at + len(taken)] = taken
        return taken

    @property
    def address(self) -> Address:
        """Window, counters and entry mode (0x44, 0x45, 0x4E, 0x4F, 0x11)."""
        x, y = self._values[0x44], self._values[0x45]
        return Address(
            x_start=x[0] & 0x3F,
            x_end=x[1] & 0x3F,
            y_start=int.from_bytes(y[:2], "little") & 0x1FF,
            y_end=int.from_bytes(y[2:], "little") & 0x1FF,
            x=self._values[0x4E][0] & 0x3F,
            y=int.from_bytes(self._values[0x4F], "little") & 0x1FF,
            mode=self._values[0x11][0],
        )

    @address.setter
    def address(self, address: Address) -> None:
        self._values[0x4E][0] = address.x
        self._values[0x4F][:] = address.y.to_bytes(2, "little")

    @property
    def scanned(self) -> int:
        """The pixels in the gate lines that 0x01 scans."""
        gates = (int.from_bytes(self._values[0x01][:2], "little") & 0x1FF) + 1
        beyond = max(0, self._glass.rows - gates)
        return self._glass.all ^ (1 << 8 * self._glass.stride * beyond) - 1

    @property
    def from_s8(self) -> bool:
        """0x21 B7: the first RAM column is source S8, where the glass begins. Chips without B have no choice."""
        options = self._values[0x21]
        return len(options) < 2 or bool(options[1] & 0x80)

    @property
    def ping_pong(self) -> bool:
        """0x37 F[6], where the chip documents it."""
        if self._chip.ping_pong is None:
            return False
        byte, bit = self._chip.ping_pong
        return bool(self._values[0x37][byte] & bit)

    @property
    def unmodelled(self) -> list[str]:
        """Settings whose effect is not known here."""
        found = []
        for (code, at), wanted in self._chip.assumes.items():
            value = self._values[code][at]
            if value != wanted:
                found.append(
                    f"{code:02X} {self._chip.commands[code].name}: {value:02X} (only {wanted:02X} is modelled)"
                )
        return found
