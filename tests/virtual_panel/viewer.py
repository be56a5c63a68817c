"""The glass as a picture: 250 x 122 as one holds the panel, 0 black, 255 white, 128 never driven."""

from __future__ import annotations

from PIL import Image

from virtual_panel.glass import COLUMNS, ROWS, Glass


def picture(glass: Glass) -> Image.Image:
    """What a viewer sees, mode "L", landscape."""
    return Image.frombytes("L", (COLUMNS, ROWS), glass.levels()).transpose(Image.Transpose.ROTATE_270)


def rows_of(image: Image.Image) -> bytes:
    """The 4000 bytes of glass rows on which a 250 x 122 picture of mode "1" must arrive."""
    return image.transpose(Image.Transpose.ROTATE_90).tobytes()


def rows_of_bits(bits: bytes, size: tuple[int, int] = (250, 122)) -> bytes:
    """The same for a frame's bits (rows of 32 bytes, 1 white)."""
    return rows_of(Image.frombytes("1", size, bits))
