"""The waveshare display on the virtual panel: the glass is the frame, the panel sleeps, the policy is kept."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from PIL import Image

from eink_monitor.clock import DAY, HOUR, FastClock, SystemClock, stopwatch
from eink_monitor.config.plugins import load
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.panel213 import pack
from eink_monitor.errors import DisplayError
from eink_monitor.model.display import Display
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.settings import Duration
from ink_bench import MODELS, Mounted, golden, mounted, noise, scene
from virtual_panel import Kind, Policy
from virtual_panel.viewer import picture, rows_of_bits


@pytest.mark.parametrize("restores", [False, True], ids=["reset-keeps", "reset-restores"])
@pytest.mark.parametrize("model", MODELS)
def test_the_glass_is_the_frame(model: str, restores: bool) -> None:
    frames = [noise(seed) for seed in range(200)] + golden()
    assert len(frames) >= 250
    random.Random(model).shuffle(frames)
    with mounted(model, policy=Policy(reset_restores=restores)) as ink:
        for n, frame in enumerate(frames):
            if n % 17 == 16:
                ink.display.freshen()
            assert ink.show(frame) == 0, frame.name
            assert ink.panel.asleep
        ink.panel.clock.wait(10 * 60)
        assert ink.panel.findings == []
        kinds = ink.kinds()
        assert (ink.wear.full, ink.wear.partial) == (kinds.count("full"), kinds.count("partial"))
        assert kinds.count("partial") > 150
        assert ink.panel.bus.opens == 1


@pytest.mark.parametrize(
    ("supply", "power_off"),
    [("pin", False), ("reset", False), ("always", False), ("pin", True), ("reset", True)],
)
@pytest.mark.parametrize("model", MODELS)
def test_every_hat_and_every_rest(model: str, supply: str, power_off: bool) -> None:
    with mounted(model, supply=supply, power_off=power_off, policy=Policy(source_shift=True)) as ink:
        for n in range(9):
            assert ink.show(scene(n)) == 0
            ink.panel.clock.wait(100)
            assert ink.panel.asleep
            assert ink.panel.board.powered is not power_off
        assert ink.kinds() == ["full"] + ["partial"] * 5 + ["full", "partial", "partial"]
        ink.display.close()
        ink.panel.clock.wait(HOUR)
        assert ink.wrong(scene(8)) == 0
        assert ink.panel.asleep
        assert ink.panel.findings == []


@pytest.mark.parametrize("policy", [Policy(rise=0.03), Policy(slow=2.0), Policy(slow=3.0), Policy(ping_pong="copy")])
@pytest.mark.parametrize("model", MODELS)
def test_slow_and_late_panels_are_waited_for(model: str, policy: Policy) -> None:
    with mounted(model, policy=policy) as ink:
        assert [ink.show(scene(n)) for n in range(4)] == [0, 0, 0, 0]
        assert ink.panel.asleep
        assert ink.panel.findings == []


def test_rotated_it_stands_on_its_head() -> None:
    with mounted(rotate=180) as ink:
        frame = scene(3)
        ink.display.show(frame)
        upright = picture(ink.panel.glass).transpose(Image.Transpose.ROTATE_180)
        assert upright.convert("1").tobytes() == frame.bits


def test_pins_and_spi_are_where_the_configuration_says() -> None:
    pins = {5: "RST", 6: "DC", 13: "BUSY", 19: "PWR"}
    with mounted(pins=pins, node=(1, 2), rst=5, dc=6, busy=13, pwr=19, bus=1, device=2, speed=10_000_000) as ink:
        assert ink.show(scene(1)) == 0
        assert ink.panel.findings == []


def test_an_unchanged_frame_is_not_sent() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        heard = ink.panel.board.bytes_received
        for _ in range(5):
            ink.show(scene(1))
        ink.display.show(scene(1), urgent=True)
        assert ink.panel.board.bytes_received == heard
        ink.display.freshen()  # quiet hours are over
        ink.show(scene(1))
        ink.show(scene(2))
        assert ink.kinds() == ["full", "full", "partial"]


def test_haste_is_for_people_only() -> None:
    with mounted() as ink:
        assert ink.display.ready_in() == 0
        ink.show(scene(1))
        ink.panel.clock.wait(20)
        assert 159 < ink.display.ready_in() <= 160
        ink.display.show(scene(2))
        assert ink.wrong(scene(1)) == 0
        ink.display.show(scene(2), urgent=True)
        assert ink.wrong(scene(2)) == 0
        assert ink.kinds() == ["full", "partial"]


def test_a_day_without_news_still_gets_its_full_refresh() -> None:
    with mounted() as ink:
        for _ in range(4 * 24 * 2):
            ink.display.show(scene(1))
            ink.panel.clock.wait(HOUR / 4)
        assert ink.kinds() == ["full"] * 3
        assert ink.panel.findings == []


def test_clear_whitens_and_counts() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        ink.display.clear()
        assert ink.wrong(Frame(250, 122, b"\xff" * 3904)) == 0
        assert ink.wear == Wear(2, 0, 0, ink.panel.clock.now(), ink.panel.clock.now())
        assert ink.show(scene(2)) == 0
        assert ink.kinds() == ["full", "full", "partial"]


def test_close_leaves_the_frame_and_takes_the_power() -> None:
    with mounted() as ink:
        ink.show(scene(5))
        ink.display.close()
        ink.display.close()
        ink.panel.clock.wait(7 * DAY)
        assert ink.wrong(scene(5)) == 0
        assert not ink.panel.board.powered
        assert ink.panel.gpio.directions == {}


def test_a_restart_waits_and_begins_with_a_full_refresh() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        ink.show(scene(2))
        ink.panel.clock.wait(30)
        again = Waveshare("2in13_V4")
        ink.display.close()
        again.open(ink.panel.clock, ink.wear)
        assert 145 < again.ready_in() <= 151
        again.show(scene(3))
        assert ink.wrong(scene(2)) == 0
        ink.panel.clock.wait(again.ready_in())
        again.show(scene(3))
        assert ink.wrong(scene(3)) == 0
        assert ink.kinds() == ["full", "partial", "full"]
        assert (ink.wear.full, ink.wear.partial, ink.wear.since_full) == (2, 1, 0)
        again.close()


def test_a_refresh_in_the_future_tells_nothing() -> None:
    display = Waveshare("2in13_V4")
    display.open(FastClock(1000), Wear(last=5000))
    assert display.ready_in() == 0


def test_the_wall_clock_may_jump() -> None:
    clock = FastClock(1000)
    with mounted() as ink:
        ink.display.open(ink.panel.clock, Wear())
        assert isinstance(ink.panel.clock, FastClock)
        ink.show(scene(1))
        ink.panel.clock.set_wall(clock.now())
        assert 179 < ink.display.ready_in() <= 180
        ink.panel.clock.set_wall(2_000_000_000)
        ink.display.show(scene(2))
        assert ink.kinds() == ["full"]


class Interrupting(FastClock):
    """Ctrl-C while the ink moves."""

    mounted: Mounted | None = None

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Jump, and be interrupted on arrival if armed."""
        super().wait(seconds)
        if self.mounted is not None and self.mounted.panel.controller.refreshing:
            self.mounted = None
            raise KeyboardInterrupt
        return list(readable)


@contextmanager
def interrupted() -> Iterator[Mounted]:
    """A display whose second frame was interrupted half-way."""
    with mounted() as ink:
        clock = Interrupting(1000)
        ink.panel.clock = ink.panel.board.clock = clock
        ink.display.open(clock, ink.wear)
        ink.show(scene(1))
        clock.wait(200)
        clock.mounted = ink
        with pytest.raises(KeyboardInterrupt):
            ink.display.show(scene(2))
        yield ink


def test_an_interrupted_refresh_is_let_finish_on_the_way_out() -> None:
    with interrupted() as ink:
        assert ink.panel.controller.refreshing
        ink.display.close()
        assert ink.panel.asleep
        assert ink.wrong(scene(2)) == 0
        assert ink.panel.findings == []


def test_an_interrupted_refresh_is_let_finish_before_the_next() -> None:
    with interrupted() as ink:
        ink.display.show(scene(3), urgent=True)
        assert ink.panel.asleep
        assert ink.wrong(scene(3)) == 0
        assert ink.kinds() == ["full", "partial", "full"]
        assert ink.panel.kinds == {Kind.HASTE}  # a person asked


def test_an_interrupted_refresh_that_sticks_does_not_keep_the_program() -> None:
    with interrupted() as ink:
        ink.panel.faults.busy = 1
        ink.display.close()
        assert ink.panel.bus.leaked == 0
        assert not ink.panel.board.powered


def test_probing_moves_no_ink() -> None:
    with mounted() as ink:
        ink.display.probe()
        assert ink.panel.asleep
        assert ink.panel.glass.unknown() == 250 * 122
        ink.show(scene(1))
        ink.display.probe()
        assert ink.show(scene(2)) == 0
        assert ink.kinds() == ["full", "partial"]
        assert ink.panel.findings == []


def test_a_frame_of_another_size_is_refused_and_the_next_is_exact() -> None:
    with mounted() as ink:
        for bad in (Frame(122, 250, b"\0" * 4000), Frame(250, 122, b"\0" * 3750)):
            with pytest.raises(DisplayError, match="does not fit a panel of 250x122"):
                ink.show(bad)
        assert ink.panel.board.bytes_received == 0
        assert ink.show(scene(1)) == 0


@pytest.mark.parametrize("model", MODELS)
def test_time_above_the_panels_own_and_writes_per_bank(model: str) -> None:
    with mounted(model) as ink:
        ink.show(scene(0))
        for n in range(1, 13):
            ink.panel.clock.wait(200)
            writes: list[int] = []
            ink.panel.board.recorders[:] = [partial(_note, writes)]
            start = ink.panel.clock.monotonic()
            ink.display.show(scene(n))
            end = ink.panel.clock.monotonic()
            panel_began, panel_ended = ink.panel.refreshes[-1].at, ink.panel.controller.until
            assert (panel_began - start) + (end - panel_ended) < 0.025
            assert [size for size in writes if size > 200] == [4000, 4000]
            assert sum(writes) < 8300


def _note(writes: list[int], _at: float, wire: str, data: bytes) -> None:
    if wire == "SPI":
        writes.append(len(data))


def test_packing_is_a_rotation_and_quick() -> None:
    frame = noise(1)
    assert pack(frame) == rows_of_bits(frame.bits)
    took = []
    for _ in range(50):
        start = stopwatch()
        pack(frame)
        took.append(stopwatch() - start)
    assert min(took) < 0.0015  # 0.1 ms on a desktop core; generous for a busy machine


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": "2in13"}, 'model "2in13" is not known; did you mean 2in13'),
        ({"model": ""}, 'model "" is not known; known are 2in13_V2, 2in13_V3, 2in13_V4, '),
        ({"model": "vendor:"}, 'model "vendor:" is not known'),
        ({"model": "vendor:os.path"}, 'model "vendor:os.path" is not known'),
        ({"rotate": 90}, "landscape"),
        ({"partials": 9}, "partials"),
        ({"min_interval": Duration(1)}, "min_interval"),
        ({"rst": 25}, "different pins"),
        ({"busy": 28}, "0 to 27"),
        ({"speed": 40_000_000}, "20 MHz"),
        ({"bus": -1}, "spidev"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Waveshare(**{"model": "2in13_V4", **fields})  # type: ignore[arg-type]


def test_it_is_a_plugin_and_asks_the_machines_clock_by_default() -> None:
    plugin = load(Display, "waveshare")  # type: ignore[type-abstract]
    assert plugin is Waveshare
    assert str(plugin.__doc__).startswith("Waveshare e-paper")
    assert isinstance(Waveshare("2in13_V2")._clock, SystemClock)
