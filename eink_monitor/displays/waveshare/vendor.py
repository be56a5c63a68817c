"""Panels of other sizes through Waveshare's own package, which waits for BUSY forever: here it waits with a deadline.

Installed from Waveshare's repository the package is ``waveshare_epd``; from PyPI (``waveshare-epaper``) the same files
lie in a folder with a hyphen in its name. These drivers know one way to draw that all models share: the full refresh.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from PIL import Image

from eink_monitor.clock import Clock
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame
from eink_monitor.nearest import nearest

_PACKAGES = ("waveshare_epd", "epaper.e-Paper.RaspberryPi_JetsonNano.python.lib.waveshare_epd")
_DEADLINE = 60.0  # seconds for one refresh: seven colours take 35
_TICK = 0.001  # between two looks at BUSY, also for the drivers that would look without a pause


class VendorPanel:
    """One panel of Waveshare's, driven by Waveshare. ``driven`` is whether the last refresh may have moved ink."""

    known = False  # these drivers keep no picture to start a partial refresh from

    def __init__(self, model: str, clock: Clock, *, upside_down: bool = False) -> None:
        self._model = model
        self._clock = clock
        self._upside_down = upside_down
        self._module: ModuleType | None = None
        self._epd: Any = None
        self._owner = os.getpid()
        self.driven = False

    def refresh(self, frame: Frame, *, partial: bool) -> None:
        """Draw a frame in the middle of the panel and put it to sleep. Raises ``DisplayError``."""
        self.driven = False
        if partial:
            raise DisplayError(f"{self._model} only does full refreshes")
        if os.getpid() != self._owner:
            raise DisplayError(f"the panel belongs to process {self._owner}; a process forked from it must not draw")
        module, epd = self._load()
        picture = centred(frame, epd.width, epd.height, upside_down=self._upside_down)
        with self._watched(module):
            _init(epd)
            planes = [epd.getbuffer(picture)]
            if _wanted(epd.display) > 1:  # the second colour of a two-colour panel stays away
                planes.append(epd.getbuffer(Image.new("1", picture.size, 1)))
            self.driven = True
            epd.display(*planes)
            epd.sleep()  # closes SPI as well, which init() opens anew each time

    def probe(self) -> None:
        """These drivers cannot ask whether a panel answers: only that they load. Raises ``DisplayError``."""
        self._load()

    def close(self) -> None:
        """Release SPI and the lines; the panel sleeps since its last refresh. Does nothing in a forked child."""
        module, self._module, self._epd = self._module, None, None
        if module is not None and os.getpid() == self._owner:
            with suppress(Exception):  # closing anyway
                module.epdconfig.module_exit()

    def _load(self) -> tuple[ModuleType, Any]:
        if self._module is None:
            module = _module(self._model)
            with _blamed(self._model):
                self._epd = module.EPD()
            self._module = module
        return self._module, self._epd

    @contextmanager
    def _watched(self, module: ModuleType) -> Iterator[None]:
        """Replace the vendor's two waiting functions by ours with a deadline, for one refresh."""
        config = module.epdconfig
        read, delay = config.digital_read, config.delay_ms
        end = self._clock.monotonic() + _DEADLINE

        def watched_read(pin: int) -> int:
            if self._clock.monotonic() > end:
                raise DisplayError(
                    f"{self._model} is still busy after {_DEADLINE:.0f} s",
                    "check that display.model is what the sticker says, then the cable",
                )
            self._clock.wait(_TICK)
            return int(read(pin))

        def watched_delay(milliseconds: float) -> None:
            self._clock.wait(milliseconds / 1000)

        config.digital_read, config.delay_ms = watched_read, watched_delay
        try:
            with _blamed(self._model):
                yield
        except DisplayError:
            with suppress(Exception):  # a hard reset: without power the next start is a fresh one
                config.module_exit()
            raise
        finally:
            config.digital_read, config.delay_ms = read, delay


def centred(frame: Frame, width: int, height: int, *, upside_down: bool = False) -> Image.Image:
    """The frame, never stretched, in the middle of a white landscape picture of the panel's size."""
    width, height = max(width, height), min(width, height)
    if frame.width > width or frame.height > height:
        raise DisplayError(f"a panel of {width}x{height} is too small for a frame of {frame.width}x{frame.height}")
    picture = Image.new("1", (width, height), 1)
    drawn = Image.frombytes("1", (frame.width, frame.height), frame.bits)
    picture.paste(drawn, ((width - frame.width) // 2, (height - frame.height) // 2))
    return picture.transpose(Image.Transpose.ROTATE_180) if upside_down else picture


def _module(model: str) -> ModuleType:
    for package in _PACKAGES:
        try:
            found = find_spec(package)
        except ModuleNotFoundError:
            continue
        if found is None:
            continue
        folder = found.submodule_search_locations or ()
        names = [entry.name for entry in pkgutil.iter_modules(folder) if entry.name.startswith("epd")]
        if model not in names:
            near = nearest(model, names, 0.6)
            hint = f", did you mean vendor:{near}?" if near else ""
            raise DisplayError(f"Waveshare's package has no {model}{hint}")
        with _blamed(model):
            return import_module(f"{package}.{model}")
    raise DisplayError(f"{model} needs Waveshare's package", "pip install waveshare-epaper gpiozero lgpio")


def _init(epd: Any) -> None:  # noqa: ANN401 - a foreign class without types
    """Older drivers want to be told which waveform; the full one goes by three names."""
    if not _wanted(epd.init):
        failed = epd.init()
    else:
        failed = epd.init(getattr(epd, "FULL_UPDATE", getattr(epd, "lut_full_update", 0)))
    if failed:
        raise DisplayError(f"{type(epd).__module__.rpartition('.')[2]} could not be started", "check SPI and the pins")


def _wanted(method: Any) -> int:  # noqa: ANN401 - as above
    parameters = inspect.signature(method).parameters.values()
    return sum(parameter.default is parameter.empty for parameter in parameters)


@contextmanager
def _blamed(model: str) -> Iterator[None]:
    """A ``DisplayError`` in place of whatever the vendor's code raises."""
    try:
        yield
    except DisplayError:
        raise
    except Exception as error:  # anything at all: EBADF, lgpio.error, AttributeError
        reason = str(error) or type(error).__name__
        cure = "check that SPI is on, the model, gpiozero and lgpio"
        raise DisplayError(f"Waveshare's driver {model} failed ({reason})", cure) from error
