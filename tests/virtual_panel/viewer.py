"""The glass as a picture: in landscape, as one holds the panel, 0 black, 255 white, 76 red, 128 never driven."""

from __future__ import annotations

from PIL import Image

from eink_monitor.model.frame import Frame
from virtual_panel.glass import Glass


def picture(glass: Glass) -> Image.Image:
    """What a viewer sees, mode "L", landscape."""
    upright = Image.frombytes("L", (glass.columns, glass.rows), glass.levels())
    return upright if glass.columns > glass.rows else upright.transpose(Image.Transpose.ROTATE_270)


def rows_of(image: Image.Image) -> bytes:
    """The bytes of glass rows on which a picture of mode "1" must arrive; glass of 400 columns and more lies down."""
    return (image if image.width >= 400 else image.transpose(Image.Transpose.ROTATE_90)).tobytes()


def rows_of_bits(bits: bytes, size: tuple[int, int] = (250, 122)) -> bytes:
    """The same for a plane of a frame."""
    return rows_of(Image.frombytes("1", size, bits))


def wrong(glass: Glass, frame: Frame) -> int:
    """How many visible pixels of the glass are not as in a frame."""
    size = (frame.width, frame.height)
    return glass.wrong(rows_of_bits(frame.bits, size), rows_of_bits(frame.red, size) if frame.red else b"")
