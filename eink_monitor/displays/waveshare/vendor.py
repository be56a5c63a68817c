"""Other panels through Waveshare's own package, which waits for BUSY forever: here it waits with a deadline.

Installed from Waveshare's repository the package is ``waveshare_epd``; from PyPI (``waveshare-epaper``) the same files
lie in a folder with a hyphen in its name. These drivers know one way to draw that all models share: the full refresh.
Where we know the model, BUSY must have been seen at work for as long as a refresh takes at least: these drivers draw on
a panel that is not there without a word.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from PIL import Image, ImageChops

from eink_monitor.clock import Clock
from eink_monitor.displays._models import Model, resting
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame
from eink_monitor.nearest import nearest

_PACKAGES = ("waveshare_epd", "epaper.e-Paper.RaspberryPi_JetsonNano.python.lib.waveshare_epd")
_DEADLINE = 60.0  # seconds for one refresh: seven colours take 35
_START_DEADLINE = 10.0  # before it: resets, and the power of the panel
_SHORTEST = 0.6  # seconds; full refreshes take 1.6 to 26
_SOON = 0.5  # within which a reset is over, or deep sleep has begun
_DEEP_SLEEP = 0x10  # on controllers that pull BUSY up; there it stays up until the next reset
_TICK = 0.001  # between two looks at BUSY, also for the drivers that would look without a pause


class VendorPanel:
    """One panel of Waveshare's, driven by Waveshare. ``driven`` is whether the last refresh may have moved ink."""

    known = False  # these drivers keep no picture to start a partial refresh from

    def __init__(self, model: str, clock: Clock, glass: Model | None = None, *, upside_down: bool = False) -> None:
        self._model = model
        self._clock = clock
        self._glass = glass
        self._end = self._allowed = 0.0
        self._worked: tuple[float, float] | None = None  # when BUSY was first and last seen at work
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
        pictures = self._pictures(frame, epd)
        with self._watched(module):
            _init(epd)
            planes = [epd.getbuffer(picture) for picture in pictures]
            self.driven, self._worked = True, None
            self._allow(_DEADLINE)
            epd.display(*planes)
            self._judge()
            epd.sleep()  # closes SPI as well, which init() opens anew each time

    def probe(self) -> None:
        """Ask whether a panel answers, without moving ink; of an unknown model only whether its driver loads.

        Raises ``DisplayError`` with the cause.
        """
        module, epd = self._load()
        if self._glass is None:
            return
        with self._watched(module):
            config, busy = module.epdconfig, self._glass.busy
            config.module_init()
            epd.reset()
            if not self._reads(config, epd, 1 - busy):
                raise self._absent("stays high" if busy else "stays low")
            if busy:  # without a panel the line is low, too
                epd.send_command(_DEEP_SLEEP)
                epd.send_data(1)
                if not self._reads(config, epd, 1):
                    raise self._absent("never rises")
            config.module_exit()

    def _reads(self, config: Any, epd: Any, level: int) -> bool:  # noqa: ANN401 - foreign things without types
        """Whether BUSY comes to a level soon."""
        end = self._clock.monotonic() + _SOON
        while config.digital_read(epd.busy_pin) != level:
            if self._clock.monotonic() > end:
                return False
        return True

    def _judge(self) -> None:
        """A refresh at which BUSY was not seen at work for long enough was none. Raises ``DisplayError``."""
        if self._glass is None:
            return
        if self._worked is None:
            self.driven = False
            raise self._absent("never rises" if self._glass.busy else "never falls")
        took = self._worked[1] - self._worked[0]
        if took < _SHORTEST:
            raise DisplayError(
                f"the panel ended its refresh after {took:.2f} s, too early to be true: it lost power, or it is no "
                f"{self._name}; compare display.model with the sticker on its back"
            )

    def _allow(self, seconds: float) -> None:
        """How long the driver may wait from now on."""
        self._end, self._allowed = self._clock.monotonic() + seconds, seconds

    def _stuck(self) -> DisplayError:
        if self._glass and not self._glass.busy and not self.driven:  # without a panel the line is low, too
            return self._absent()
        others = resting(self._name, 1) if self._glass else ""
        cure = f"check that display.model is what the sticker says{others}, then the cable"
        return DisplayError(f"{self._model} is still busy after {self._allowed:.0f} s", cure)

    def _absent(self, how: str = "stays low") -> DisplayError:
        others = resting(self._name, int("low" not in how)) if "stays" in how else ""
        cure = f"check display.model{others}, that the HAT sits on its pins, and the ribbon cable"
        return DisplayError(f"no panel answers as {self._name} (BUSY {how})", cure)

    @property
    def _name(self) -> str:
        """The model as it is called in our table."""
        return self._model.removeprefix("epd")

    def _pictures(self, frame: Frame, epd: Any) -> list[Image.Image]:  # noqa: ANN401 - a foreign class without types
        """What the driver draws: one picture, or black alone and red alone."""
        has_red = self._glass is not None and self._glass.red
        planes = _planes(frame if has_red else replace(frame, red=b""))
        black, red = (centred(plane, epd.width, epd.height, upside_down=self._upside_down) for plane in planes)
        if _wanted(epd.display) > 1:
            return [black, red]
        if not has_red:
            return [black]
        picture = black.convert("RGB")
        picture.paste((255, 0, 0), mask=ImageChops.invert(red))
        return [picture]

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
        self._allow(_START_DEADLINE)

        def watched_read(pin: int) -> int:
            if self._clock.monotonic() > self._end:
                raise self._stuck()
            self._clock.wait(_TICK)
            level = int(read(pin))
            if self._glass and level == self._glass.busy:
                now = self._clock.monotonic()
                self._worked = (self._worked[0] if self._worked else now), now
            return level

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


def _planes(frame: Frame) -> tuple[Frame, Frame]:
    """What is black alone and what is red alone, each as a frame in which 1 is paper."""
    size, length = (frame.width, frame.height), len(frame.bits)
    paper, red = (1 << 8 * length) - 1, int.from_bytes(frame.red, "big")
    black = (int.from_bytes(frame.bits, "big") | red).to_bytes(length, "big")
    return Frame(*size, black), Frame(*size, (paper ^ red).to_bytes(length, "big"))


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
