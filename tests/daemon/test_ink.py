"""The whole daemon over simulated days, its ink on the virtual panel: every pixel, every rule, every fault."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.daemon.polls import Forked
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.store import Store
from houses import say
from ink_bench import MODELS
from ink_house import InkHouse, ink_house
from virtual_panel import Kind
from virtual_panel.viewer import rows_of_bits

WHITE = rows_of_bits(Frame(250, 122, b"\xff" * 3904).bits)


def refreshes(house: InkHouse) -> list[tuple[float, str]]:
    """When the ink moved, and how."""
    return [(refresh.at, refresh.kind) for refresh in house.panel.refreshes]


@pytest.mark.parametrize("model", MODELS)
def test_days_on_ink(tmp_path: Path, model: str) -> None:
    with ink_house(tmp_path, model) as house:
        began = house.clock.now() - house.clock.monotonic()
        house.live(2.5 * DAY)
        moved = refreshes(house)
        assert house.wrong == 0
        assert len(house.frames) > 500
        assert house.panel.findings == []
        assert min(b - a for (a, _), (b, _) in pairwise(moved)) >= 180
        hours = {local(int(began + at), house.config.zone).hour for at, _ in moved}
        assert hours == set(range(6, 24)), "none in the quiet hours, some in every other"
        mornings = [kind for (a, _), (b, kind) in pairwise(moved) if b - a > 5 * HOUR]
        assert mornings == ["full"] * 2, "crisp after the quiet hours"
        assert moved[0][1] == "full"
        assert house.panel.asleep
        counts = house.panel.lint.counts
        assert (house.daemon.wear.full, house.daemon.wear.partial) == (counts["full"], counts["partial"])
        assert counts["partial"] > 4 * counts["full"]


def test_a_hasty_rotation_waits_for_the_panel(tmp_path: Path) -> None:
    with ink_house(tmp_path, dwell="20s") as house:
        house.live(3 * HOUR)
        at = [when for when, _ in refreshes(house)]
        assert 180 <= min(b - a for a, b in pairwise(at)) < 190
        names = [frame.name for _, frame in house.frames]
        assert names[:4] == ["sun", "flow", "disk", "sun"], "no panel is passed over"
        assert (house.wrong, house.panel.findings) == (0, [])


def test_a_restart_knows_the_panels_past(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(HOUR)
        before = len(house.panel.refreshes)
        house.restart()
        assert not house.panel.board.powered
        house.live(HOUR)
        at = refreshes(house)
        assert at[before][1] == "full"
        assert at[before][0] - at[before - 1][0] >= 180
        assert (house.wrong, house.panel.findings) == (0, [])
        house.daemon.stop()
        counts = house.panel.lint.counts
        kept = Wear(**house.store.wear.counts())
        assert (kept.full, kept.partial) == (counts["full"], counts["partial"])
        assert kept.last_full is not None
        assert kept.last is not None


def test_counters_survive_a_killed_daemon(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(HOUR)
        other = Store(house.config.database, house.config.zone, writes=False)
        kept = Wear(**other.wear.counts())
        other.close()
        assert house.daemon.wear.full + house.daemon.wear.partial - kept.full - kept.partial <= 2, "one commit's worth"
        assert kept.full >= 3


def test_a_fault_is_told_once_and_polling_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "eink_monitor")
    with ink_house(tmp_path) as house:
        house.live(30 * MINUTE)
        polls = house.daemon.fetching.polls
        house.panel.faults.busy = 1
        house.live(HOUR)
        told = [record.getMessage() for record in caplog.records if "busy" in record.getMessage()]
        assert len(told) == 1
        assert "display.model" in told[0]
        assert house.daemon.fetching.polls - polls == 16
        assert house.daemon.house.feeds()[-1].detail == told[0]
        opens = house.panel.bus.opens
        assert 6 <= opens <= 12, "tried again, ever less often, each time from a hard reset"
        written = say("show", "--png", tmp_path / "pictures", "-c", house.config.file)
        assert written.code == 0
        with Image.open(tmp_path / "pictures" / "sun.png") as picture:
            assert (picture.size, picture.mode) == ((250, 122), "1")
        house.panel.faults.busy = None
        house.frames.clear()
        house.live(30 * MINUTE)
        assert len(house.frames) > 4
        assert (house.wrong, house.panel.findings) == (0, [])
        assert [record.getMessage() for record in caplog.records][-1] == "the display works again"


@pytest.mark.parametrize("fault", [{"eio_after": 5000}, {"cut_after": 0.2}, {"busy": 0}, {"denied": True}])
def test_every_fault_ends_in_an_exact_frame(tmp_path: Path, fault: dict[str, object]) -> None:
    with ink_house(tmp_path) as house:
        house.live(30 * MINUTE)
        house.display._ink.close()  # type: ignore[union-attr] # so that SPI must be opened again, which may be denied
        for name, value in fault.items():
            setattr(house.panel.faults, name, value)
        while not house.daemon.house.screen:
            house.live(1)
        house.panel.faults.busy, house.panel.faults.denied = None, False
        house.panel.board.restore_power()
        house.frames.clear()
        house.live(30 * MINUTE)
        assert house.daemon.house.screen == ""
        assert len(house.frames) > 4
        assert house.wrong == 0
        assert house.panel.asleep


def test_the_end_leaves_the_last_frame_and_a_sleeping_panel(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(HOUR)
        last = house.frames[-1][1]
        house.daemon.stop()
        house.clock.wait(7 * DAY)
        assert house.panel.wrong(rows_of_bits(last.bits)) == 0
        assert house.panel.asleep
        assert house.panel.gpio.directions == {}
        assert house.panel.kinds <= {Kind.STALE}, "a week without power: it only grows old"


@pytest.mark.parametrize("lgpio", [False, True], ids=["RPi.GPIO", "rpi-lgpio"])
def test_forked_polls_never_touch_the_wires(tmp_path: Path, lgpio: bool) -> None:
    with ink_house(tmp_path, lgpio=lgpio, runner=Forked) as house:
        house.live(HOUR)
        assert house.daemon.fetching.polls > 12
        assert house.panel.owner.foreign_uses == 0
        assert house.wrong == 0
        assert house.panel.findings == []
        assert house.panel.bus.opens == 1
        assert {reading.subject for reading in house.store.readings.values()} == {"roof", "attic:backups"}


def test_a_panel_on_demand_stays_for_its_dwell(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(200)
        answer = house.ask("show", "disk")
        assert (answer.code, answer.words) == (0, "disk is on the display (2in13_V4)")
        assert house.panel.wrong(house.drawn("disk")) == 0
        house.frames.clear()
        house.live(10 * MINUTE)
        names = [frame.name for _, frame in house.frames]
        assert names[:3] == ["disk", "sun", "flow"], "the rotation goes on from there"
        shown, following = house.frames[:2]
        assert following[0] - shown[0] >= 180
        assert house.wrong == 0
        assert house.panel.kinds == {Kind.HASTE}, "a person asked"


def test_the_panel_whose_turn_it_is(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        assert house.ask("show").words.startswith("sun is on")
        house.live(4 * MINUTE)
        assert house.ask("show").words.startswith("flow is on")
        assert house.ask("show", "sum").words == "there is no panel sum: if it is new, restart the daemon"
        assert house.ask("sing").code == 64


def test_cleared_for_storage_it_polls_on_and_draws_no_more(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(10 * MINUTE)
        polls = house.daemon.fetching.polls
        assert house.ask("clear").words == "the display (2in13_V4) is cleared"
        moved = len(house.panel.refreshes)
        house.live(DAY)  # through quiet hours
        assert house.panel.wrong(WHITE) == 0
        assert len(house.panel.refreshes) == moved
        assert house.daemon.fetching.polls - polls > 250
        assert house.panel.asleep
        assert house.ask("show", "flow").code == 0
        house.live(10 * MINUTE)
        assert len(house.panel.refreshes) >= moved + 3
        assert house.wrong == 0


def test_a_wish_that_fails_is_answered_and_the_rotation_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ink_house(tmp_path) as house:
        house.live(10 * MINUTE)
        house.panel.faults.busy = 0
        for verb, panel in (("show", "disk"), ("clear", ""), ("picture", "")):
            answer = house.ask(verb, panel)
            assert answer.code == 69
            assert answer.words.startswith("no panel answers")
        assert caplog.text == "", "who asked was told"
        house.panel.faults.busy = None
        house.live(10 * MINUTE)
        assert house.wrong == 0
        assert len(house.frames) > 4


def test_a_look_at_the_panel_between_two_frames_changes_nothing(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(10 * MINUTE)
        moved = len(house.panel.refreshes)
        answer = house.ask("examine")
        assert [(finding.check, finding.state) for finding in answer.findings] == [
            ("gpio", "ok"),
            ("spi", "ok"),
            ("busy", "ok"),
            ("panel", "ok"),
            ("model", "ok"),
        ]
        assert len(house.panel.refreshes) == moved
        house.live(HOUR)
        assert (house.wrong, house.panel.findings) == (0, [])


def test_the_test_picture_names_the_model_and_stays_a_while(tmp_path: Path) -> None:
    with ink_house(tmp_path, "2in13_V3") as house:
        house.live(4 * MINUTE)
        assert house.ask("picture").words == "the test picture was sent as 2in13_V3"
        house.look()
        assert house.frames[-1][1].name == "test picture"
        house.live(9 * MINUTE)
        assert house.frames[-1][1].name == "test picture"
        house.live(6 * MINUTE)
        assert house.frames[-1][1].name != "test picture"
        assert house.wrong == 0
