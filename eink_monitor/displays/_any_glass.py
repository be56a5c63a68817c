"""Shared by displays that have no panel of their own, and stand in for any."""

from __future__ import annotations

from dataclasses import dataclass

from eink_monitor.displays._models import MODELS, unknown
from eink_monitor.model.display import ALONE, USUAL, Board, Display
from eink_monitor.settings import Size, insist

_LARGEST = 2000  # px; no panel has more, and a mistyped digit would cost a Pi's memory


@dataclass(kw_only=True)
class AnyGlass(Display):
    """As large as it is told to be: ``size`` in pixels, or a panel's ``model``, which has a size and colours."""

    size: Size = USUAL
    model: str = ""
    red: bool = False
    board: Board = ALONE

    def __post_init__(self) -> None:
        """Take on what the model has. Raises ``ValueError``."""
        model = MODELS.get(self.model)
        other = model and self.size not in (USUAL, model.size)
        insist(
            (bool(model) or not self.model, unknown(self.model)),
            (not other, f"model {self.model} is not {self.size}; leave size out"),
            (max(self.size) <= _LARGEST, f"size must be at most {_LARGEST}x{_LARGEST}"),
        )
        if model:
            self.size, self.red = model.size, model.red
        self.board.fit(self.size)
