"""The panel in a terminal of any width."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass

from eink_monitor.displays._any_glass import AnyGlass
from eink_monitor.draw.preview import can_show, preview
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame


@dataclass
class Terminal(AnyGlass):
    """Prints each frame on standard output: every pixel in 250 columns (half blocks) or 125 (Braille), else smaller."""

    def show(self, frame: Frame, *, urgent: bool = False) -> None:  # noqa: ARG002 - a picture needs no sparing
        """Print the frame under its name, as wide as the terminal is. Raises ``DisplayError`` when that is gone."""
        columns = shutil.get_terminal_size(
            (frame.width, 0)
        ).columns  # without a terminal there is no limit to the width
        if not can_show(sys.stdout.encoding):
            message = "the terminal cannot show block characters; set LANG to a UTF-8 locale such as C.UTF-8"
            raise DisplayError(message)
        try:
            sys.stdout.write(f"{frame.name}\n{preview(frame, columns)}\n")
            sys.stdout.flush()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise DisplayError(f"the terminal is gone ({reason}); use display type png instead") from error
