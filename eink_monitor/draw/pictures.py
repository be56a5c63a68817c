"""Finished frames as files and previews for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from eink_monitor import files
from eink_monitor.draw.canvas import GREY, Canvas
from eink_monitor.model.frame import Frame

if TYPE_CHECKING:
    from PIL import Image


def write_png(frame: Frame, path: Path, scale: int = 1) -> None:
    """Write a frame as a 1-bit PNG; a reader sees the old picture or the new one, never half. Raises ``OSError``."""
    if scale > 1:
        canvas = Canvas(frame.width * scale, frame.height * scale)
        _paste(canvas, frame, 0, 0, scale)
        frame = canvas.frame(frame.name, red=True)
    write_whole(png(frame), path)


def write_whole(picture: bytes, path: Path) -> None:
    """Write a file that a reader sees as it was or as it is now, never half. Raises ``OSError``.

    Whoever the umask lets may read it: a web server, say. It need not last: the next one is drawn in a minute.
    """
    with files.replacing(path, 0o666, durable=False) as file:
        file.write(picture)


def png(frame: Frame, maker: str = "") -> bytes:
    """The frame as a PNG file, with its red in red; ``maker``, in ASCII, is what ``made_by`` finds in it."""
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - as with pillow itself

    file, notes = _PngFile(), PngInfo()
    if maker:
        notes.add_text(_MAKER, maker)
    _image(frame).save(file, pnginfo=notes)
    return file.getvalue()


def made_by(path: Path) -> str:
    """The ``maker`` of a picture that ``png`` made; empty for any other file, and for one that cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return ""
    sign = _MAKER.encode() + b"\0"
    at = _AFTER_IHDR + 8  # a chunk begins with its length and its type, four bytes each
    size = int.from_bytes(head[_AFTER_IHDR : _AFTER_IHDR + 4], "big")
    is_note = head.startswith(_PNG) and head[at - 4 : at] == b"tEXt" and head[at:].startswith(sign)
    return head[at + len(sign) : at + size].decode("ascii", "replace") if is_note else ""


_MAKER = "Software"  # a keyword of the PNG specification
_RED = 1
_PALETTE = bytes(3) + b"\xc8\x10\x2e" + bytes(3 * 253) + b"\xff\xff\xff"  # black, red as the ink is; the last is white
_PNG = b"\x89PNG\r\n\x1a\n"
_AFTER_IHDR = len(_PNG) + 25


class _PngFile(BytesIO):
    """Told by a name which format we want, pillow loads that one; told by the format, it loads five others, too."""

    name = "frame.png"


def contact(frames: Sequence[Frame], path: Path, scale: int = 2, columns: int = 3) -> None:
    """All frames on one sheet, enlarged, with even margins, row by row; frames of one size. Raises ``OSError``."""
    margin = 6 * scale
    columns = max(1, min(columns, len(frames)))
    lines = math.ceil(len(frames) / columns)
    wide, high = (frames[0].width * scale, frames[0].height * scale) if frames else (0, 0)
    sheet = Canvas(columns * (wide + margin) + margin, lines * (high + margin) + margin)
    sheet.fill(0, 0, sheet.width, sheet.height, GREY)
    for number, frame in enumerate(frames):
        row, column = divmod(number, columns)
        _paste(sheet, frame, margin + column * (wide + margin), margin + row * (high + margin), scale)
    write_png(sheet.frame("contact", red=True), path)


def _image(frame: Frame) -> Image.Image:
    """The frame as pillow has it, mode "1" or, with red in it, "P".

    Loading pillow takes 25 ms, which the way to the ink can do without.
    """
    from PIL import Image  # noqa: PLC0415 - see above

    size = (frame.width, frame.height)
    black = Image.frombytes("1", size, frame.bits)
    if not frame.red:
        return black
    picture = black.convert("P")
    picture.putpalette(_PALETTE)
    picture.paste(_RED, mask=Image.frombytes("1", size, frame.red))
    return picture


def _paste(sheet: Canvas, frame: Frame, x: int, y: int, scale: int) -> None:
    """Copy a frame onto a sheet, paper and ink, each pixel ``scale`` by ``scale``."""
    wide = frame.width * scale
    shift = sheet.width - x - wide
    cell = ((1 << wide) - 1) << shift
    for onto, rows in ((sheet.rows, _rows(frame)), (sheet.red, _plane(frame, frame.red))):
        for number, row in enumerate(rows):
            digits = f"{row:0{frame.width}b}"
            ink = int(digits.replace("0", "0" * scale).replace("1", "1" * scale), 2) << shift
            for at in range(y + number * scale, y + (number + 1) * scale):
                onto[at] = (onto[at] & ~cell) | ink


def _rows(frame: Frame) -> list[int]:
    """The rows of a frame as whole numbers, 1 is ink."""
    full = (1 << frame.width) - 1
    return [row ^ full for row in _plane(frame, frame.bits)]


def _plane(frame: Frame, bits: bytes) -> list[int]:
    """The rows of one plane of a frame as whole numbers; none where that is empty."""
    stride = (frame.width + 7) // 8
    pad = stride * 8 - frame.width
    return [int.from_bytes(bits[start : start + stride], "big") >> pad for start in range(0, len(bits), stride)]


def half_blocks(frame: Frame) -> str:
    """The frame in Unicode half blocks, two rows of pixels a line; paper is drawn as light blocks."""
    rows = [f"{row:0{frame.width}b}" for row in _rows(frame)]
    if len(rows) % 2:
        rows.append("1" * frame.width)
    blocks = {("0", "0"): "█", ("0", "1"): "▀", ("1", "0"): "▄", ("1", "1"): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(blocks[pair] for pair in zip(upper, lower, strict=True)) for upper, lower in pairs)
