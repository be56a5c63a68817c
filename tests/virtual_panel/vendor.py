"""The control: the vendor's own driver, unmodified, from the PyPI package ``waveshare-epaper``, on a virtual panel.

The package is looked for in the environment and in ``vendor`` beside it (``pip install --no-deps --target``), because
its declared dependencies need a compiler and are not the ones it imports.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from virtual_panel.bench import VirtualPanel

CPUINFO = "#!/bin/sh\necho 'Model : Raspberry Pi Zero 2 W Rev 1.0'\n"
PLACES = (str(Path(sys.prefix) / "vendor"),)


class HungError(Exception):
    """The driver was still waiting when the virtual hour was over."""


def installed() -> bool:
    """Whether the vendor's package and gpiozero are here."""
    with _importable():
        return all(importlib.util.find_spec(name) for name in ("epaper", "gpiozero"))


@contextmanager
def vendor_driver(panel: VirtualPanel, module: str, *, patience: float = 3600.0) -> Iterator[Any]:
    """The vendor's ``EPD`` object for ``module`` ("epd2in13_V4"), wired to a panel.

    ``HungError`` comes out of the driver's waits once it has been at it for ``patience`` virtual seconds.
    """
    from virtual_panel.gpiozero_pins import gpiozero_pins  # noqa: PLC0415 # gpiozero is needed for the control only

    until = panel.clock.monotonic() + patience

    def sleep(seconds: float) -> None:
        panel.clock.wait(seconds)
        if panel.clock.monotonic() > until:
            raise HungError(f"still waiting after {patience:g} s")

    with ExitStack() as stack:
        for context in (panel.installed(), gpiozero_pins(panel), _importable(), _raspberry()):
            stack.enter_context(context)
        stack.callback(_forget)
        _forget()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its escapes are not ours to mend
            import epaper  # type: ignore[import-not-found] # noqa: PLC0415

            driver = epaper.epaper(module)
        vars(driver.epdconfig)["time"] = SimpleNamespace(sleep=sleep)
        stack.callback(_let_go, driver.epdconfig.implementation)
        yield driver.EPD()


def _let_go(computer: object) -> None:
    for name, device in vars(computer).items():
        if name.startswith("GPIO_"):
            device.close()


def _forget() -> None:
    # epdconfig is a singleton that claims its pins when it is imported.
    for name in [name for name in sys.modules if name.partition(".")[0] == "epaper"]:
        del sys.modules[name]


@contextmanager
def _importable() -> Iterator[None]:
    before = list(sys.path)
    sys.path.extend(PLACES)
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _raspberry() -> Iterator[None]:
    """The driver asks ``cat /proc/cpuinfo`` where it is: a ``cat`` that comes first says "on a Raspberry Pi"."""
    with TemporaryDirectory() as folder:
        cat = Path(folder) / "cat"
        cat.write_text(CPUINFO)
        cat.chmod(0o755)
        before = os.environ["PATH"]
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before
