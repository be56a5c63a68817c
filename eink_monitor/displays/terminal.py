"""The panel in a terminal, two pixels to a letter."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from eink_monitor.draw.pictures import half_blocks
from eink_monitor.errors import DisplayError
from eink_monitor.model import Display, Frame


@dataclass(frozen=True)
class Terminal(Display):
    """Prints each frame on standard output in half blocks; wants a terminal 250 columns wide."""

    def show(self, frame: Frame, *, urgent: bool = False) -> None:  # noqa: ARG002 - a picture needs no sparing
        """Print the frame under its name. Raises ``DisplayError`` when nobody reads any more."""
        try:
            sys.stdout.write(f"{frame.name}\n{half_blocks(frame)}\n")
            sys.stdout.flush()
        except UnicodeEncodeError as error:
            message = "the terminal cannot show block characters; set LANG to a UTF-8 locale such as C.UTF-8"
            raise DisplayError(message) from error
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise DisplayError(f"the terminal is gone ({reason}); use display type png instead") from error
