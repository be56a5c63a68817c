"""Whether the machine's clock can be believed: what systemd, the kernel and the board say about it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, RELEASED, FastClock, SystemClock, disciplined, meant
from eink_monitor.daemon.wall_time import WallTime, span

NEWEST = 1_780_000_000


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A board without a clock of its own."""
    (tmp_path / "sys/firmware/devicetree/base").mkdir(parents=True)
    return tmp_path


def test_timesyncd_is_believed_and_for_good(board: Path) -> None:
    clock = SystemClock(board, lambda: False)
    assert clock.trusted() is False
    flag = board / "run/systemd/timesync/synchronized"
    flag.parent.mkdir(parents=True)
    flag.touch()
    assert clock.trusted() is True
    flag.unlink()
    assert clock.trusted() is True


@pytest.mark.parametrize(("kernel", "trusted"), [(True, True), (False, False), (None, False)])
def test_a_board_without_a_clock_needs_somebody_to_set_it(board: Path, kernel: bool | None, trusted: bool) -> None:
    assert SystemClock(board, lambda: kernel).trusted() is trusted


@pytest.mark.parametrize(("kernel", "trusted"), [(True, True), (False, None), (None, None)])
def test_a_machine_with_a_clock_is_believed_as_far_as_it_is_plausible(
    board: Path, kernel: bool | None, trusted: bool | None
) -> None:
    (board / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert SystemClock(board, lambda: kernel).trusted() is trusted


def test_before_this_program_was_written_it_cannot_be(tmp_path: Path) -> None:
    clock = SystemClock(tmp_path, lambda: None)
    clock.now = lambda: RELEASED - 1  # type: ignore[method-assign]
    assert clock.trusted() is False


def test_the_kernel_answers() -> None:
    state = ctypes.CDLL(None).ntp_gettime(ctypes.create_string_buffer(512))  # the C library's other way to ask
    assert disciplined() is meant(state)
    assert abs(SystemClock().now() - SystemClock().offset() - SystemClock().monotonic()) < 2
    assert SystemClock().boot() == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@pytest.mark.parametrize(("state", "right"), [(-1, None), (0, True), (1, True), (3, True), (4, True), (5, False)])
def test_the_kernel_s_answers(state: int, right: bool | None) -> None:
    """TIME_OK, a leap second in any of its states, TIME_ERROR; EPERM."""
    assert meant(state) is right


def test_without_a_word_it_must_not_be_earlier_than_what_is_stored(tmp_path: Path) -> None:
    assert SystemClock(tmp_path / "nothing", lambda: None).boot() == ""
    for behind, sure in ((-3600, True), (0, True), (299, True), (301, False), (20 * 86400, False)):
        clock = FastClock(NEWEST - behind)
        time = WallTime(clock, NEWEST)
        assert time.sure is sure
        assert time.now() == (NEWEST - behind if sure else NEWEST)
        clock.wait(3600)
        assert time.look() == 0, "time passes: that is no jump"
        assert time.sure is sure


def test_what_is_stored_may_turn_out_to_be_older_and_never_makes_the_house_wait() -> None:
    for behind, known, sure in ((DAY, HOUR, False), (DAY, 0, True), (0, DAY, True)):
        time = WallTime(FastClock(NEWEST - behind), NEWEST)
        time.reconsider(known.__add__)
        time.look()
        assert time.sure is sure


def test_small_steps_are_no_jumps() -> None:
    clock = FastClock(NEWEST)
    time = WallTime(clock, NEWEST)
    for _ in range(10):
        clock.wait(60)
        clock.set_wall(clock.now() + 3)
        assert time.look() == 0
    assert time.now() == clock.now()
    for step, jump in ((5, 0), (-5, 0), (6, 6), (-6, -6)):
        clock.set_wall(clock.now() + step)
        assert time.look() == jump


@pytest.mark.parametrize(
    ("seconds", "words"), [(6, "6 s"), (-90, "90 s"), (600, "10 min"), (7200, "2 h"), (-3 * 86400, "3 days")]
)
def test_spans_in_words(seconds: int, words: str) -> None:
    assert span(seconds) == words
