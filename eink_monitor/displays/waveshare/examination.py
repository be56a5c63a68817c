"""What can be found out about a panel and its wiring without a refresh."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from eink_monitor.displays.waveshare.panel213 import Panel213
from eink_monitor.displays.waveshare.wires import Wiring
from eink_monitor.errors import DisplayError
from eink_monitor.finding import Finding, doubt, fault, good

_LINES = ("/dev/gpiochip", "/dev/gpiomem", "anon_inode:gpio-")  # the last is what the kernel calls a claimed line


def examine(panel: Panel213) -> Iterator[Finding]:
    """The lines, SPI, BUSY, and whether a panel answers; never raises."""
    wires, wiring = panel.wires, panel.wires.wiring
    pins = ", ".join(f"{name} {pin}" for name, pin in wiring.pins().items())
    suspects: tuple[str, ...] = (wiring.node,)
    ready = True
    try:
        wires.claim()
        yield good("gpio", f"the lines can be used: {pins}")
    except DisplayError as error:
        yield fault("gpio", error)
        suspects, ready = (wiring.node, *_LINES), False
    try:
        wires.connect()
        yield good("spi", f"{wiring.node} can be used, at {wiring.speed / 1e6:g} MHz")
        yield from chip_select(wiring)
    except DisplayError as error:
        yield fault("spi", error)
        ready = False
    for pid, name, what in holders(suspects):
        yield doubt("gpio", f"process {pid} ({name}) has {what} open", f"sudo kill {pid}, or stop the service it is")
    if ready:
        yield from _answers(panel)


_SELECTS = {(0, 0): 8, (0, 1): 7}  # by bus and device: CE0 and CE1 of the 40-pin header


def chip_select(wiring: Wiring, root: Path = Path("/")) -> Iterator[Finding]:
    """Whether SPI drives the line that selects the panel; ``root`` is where the kernel's files lie.

    The device tree lists the lines of a controller in cs-gpios. dtoverlay=spi0-0cs empties that list and leaves the
    device: then everything can be opened and sent, and the panel hears nothing. Nor does it where an overlay puts
    another line in its place.
    """
    file = root / f"sys/class/spi_master/spi{wiring.bus}/of_node/cs-gpios"
    with suppress(OSError):  # another kind of machine
        lines = file.read_bytes()
        line, usual = _line(lines, wiring.device), _SELECTS.get((wiring.bus, wiring.device))
        if line is not None and usual is not None and line != usual:
            told = f"{wiring.node} selects its panel by GPIO {line}, and the HAT waits for GPIO {usual}"
            yield doubt(
                "spi", told, "take cs0_pin and cs1_pin out of /boot/firmware/config.txt, unless you wired it that way"
            )
        if not lines:
            overlay = f"dtoverlay=spi{wiring.bus}-0cs"
            error = DisplayError(
                f"{wiring.node} selects no panel: the controller has no chip select line, as with {overlay}",
                f"take {overlay} out of /boot/firmware/config.txt, write dtparam=spi=on there, and reboot",
            )
            yield fault("spi", error)


def _line(lines: bytes, device: int) -> int | None:
    """The GPIO that selects a device; of each the tree lists three cells: whose line, which, and how."""
    at = 12 * device + 4
    return int.from_bytes(lines[at : at + 4], "big") if len(lines) >= at + 4 else None


def _answers(panel: Panel213) -> Iterator[Finding]:
    """The level of BUSY, and the probe: a reset takes BUSY low, deep sleep takes it high."""
    busy = panel.wires.wiring.busy
    try:
        high = panel.wires.busy()
        yield good("busy", f"BUSY (GPIO {busy}) is {'high: the panel sleeps, or is busy' if high else 'low'}")
        panel.probe()
        yield good("panel", "a panel answers: it woke up and went to sleep again")
    except DisplayError as error:
        yield fault("panel", error)


def holders(names: Sequence[str], proc: Path = Path("/proc")) -> list[tuple[int, str, str]]:
    """Other processes with an open file whose name begins so: process, its short name, the file.

    As far as this user may look: only root sees the files of others. Command lines may hold secrets and are not read.
    """
    found = []
    for folder in sorted(proc.glob("[0-9]*"), key=lambda entry: int(entry.name)):
        if int(folder.name) == os.getpid():
            continue
        with suppress(OSError):  # it has ended meanwhile, or we may not read it
            opened = {str(link.readlink()) for link in (folder / "fd").iterdir()}
            mine = sorted(file for file in opened if file.startswith(tuple(names)))
            if mine:
                name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
                found.append((int(folder.name), name, mine[0]))
    return found
