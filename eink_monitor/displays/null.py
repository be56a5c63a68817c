"""A display that shows nothing, for simulations and for a house that only wants its history kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from eink_monitor.model import Display, Frame


@dataclass
class Null(Display):
    """Shows nothing; counts the frames it was given."""

    draw: bool = False
    frames: int = field(default=0, init=False)

    @property
    def looks(self) -> bool:
        """Whether frames are to be drawn all the same."""
        return self.draw

    def show(self, frame: Frame) -> None:  # noqa: ARG002 - the interface is the point
        """Count the frame."""
        self.frames += 1
