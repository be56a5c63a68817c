"""Portable Network Graphics, as much of it as a 1-bit picture needs (RFC 2083): no pillow on the way to the ink.

Loading pillow takes a third of a cold start and several megabytes of a small computer, for work that takes twenty
lines here.
"""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ONE_BIT_GREY = [1, 0, 0, 0, 0]  # depth, colour type, compression, filter method, interlace (section 4.1.1)


def encode(width: int, height: int, bits: bytes) -> bytes:
    """A greyscale file of 1 bit a pixel, which pillow opens in mode "1". Rows are padded to bytes, 1 is white."""
    stride = (width + 7) // 8
    rows = b"".join(b"\0" + bits[start : start + stride] for start in range(0, stride * height, stride))
    head = struct.pack(">IIBBBBB", width, height, *_ONE_BIT_GREY)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def decode(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and padded rows of a file that ``encode`` wrote; ``ValueError`` for any other kind."""
    if data[:8] != _SIGNATURE or len(data) < 45:
        raise ValueError("not a PNG file")
    width, height, *kind = struct.unpack(">IIBBBBB", data[16:29])
    (length,) = struct.unpack(">I", data[33:37])
    try:
        raw = zlib.decompress(data[41 : 41 + length])
    except zlib.error as error:
        raise ValueError("a damaged PNG file") from error
    stride = (width + 7) // 8
    if kind != _ONE_BIT_GREY or len(raw) != height * (stride + 1) or any(raw[:: stride + 1]):
        raise ValueError("not a PNG file of the kind we write: 1-bit grey, unfiltered")
    return width, height, b"".join(raw[start : start + stride] for start in range(1, len(raw), stride + 1))
