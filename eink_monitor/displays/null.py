"""A display that shows nothing, for simulations, or for recording history only."""

from __future__ import annotations

from dataclasses import dataclass, field

from eink_monitor.clock import DAY, MINUTE, Clock, SystemClock
from eink_monitor.displays._any_glass import AnyGlass
from eink_monitor.displays._policy import Past, Policy, Step
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.settings import Duration


@dataclass
class Null(AnyGlass):
    """Shows nothing; counts the refreshes an e-paper panel with these rules would have made.

    ``draw`` asks for the frames anyway.
    """

    draw: bool = False
    min_interval: Duration = Duration(3 * MINUTE)
    partials: int = 5
    full_every: Duration = Duration(DAY)

    _clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)
    _wear: Wear = field(default_factory=Wear, init=False, repr=False, compare=False)
    _frame: Frame | None = field(default=None, init=False, repr=False, compare=False)
    _crisp: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse impossible settings. Raises ``ValueError``."""
        super().__post_init__()
        partials, rest = (0, 3 * MINUTE) if self.red else (self.partials, 0)  # red ink knows no partial refresh
        self._policy = Policy(int(self.min_interval), partials, int(self.full_every), rest)

    @property
    def looks(self) -> bool:
        """Whether frames are to be drawn anyway."""
        return self.draw

    @property
    def every_beat(self) -> bool:
        """As a panel would: it decides by itself when to refresh."""
        return True

    def open(self, clock: Clock, wear: Wear) -> None:
        """Count into ``wear``."""
        self._clock, self._wear = clock, wear

    def ready_in(self) -> float:
        """Seconds until a panel might be refreshed again."""
        return self._policy.ready_in(self._past())

    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        """Count the refresh that a panel would make."""
        step = self._policy.step(self._past(), same=frame == self._frame, crisp=self._crisp, urgent=urgent)
        if step in {Step.PARTIAL, Step.FULL}:
            self._wear.count(self._clock.now(), partial=step is Step.PARTIAL)
            self._frame, self._crisp = frame, False

    def freshen(self) -> None:
        """Make the next refresh a full one."""
        self._crisp = True

    def _past(self) -> Past:
        now, wear = self._clock.now(), self._wear
        moved = None if wear.last is None else float(now - wear.last)
        return Past(moved, None if wear.last_full is None else float(now - wear.last_full), wear.since_full)
