"""Reads the QR code on a picture, module by module, as ISO/IEC 18004 says; knows nothing of what drew it.

Byte mode, error correction level L, versions 1 to 9. Nothing is corrected: one wrong module is a wrong letter, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image

_FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")
_FORMAT_MASK = 0x5412
_LEVEL_L = 1
_CENTRES = {1: (), 2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42)}
_CENTRES[9] = (6, 26, 46)
_BLOCKS = {1: (1, 19), 2: (1, 34), 3: (1, 55), 4: (1, 80), 5: (1, 108), 6: (2, 68), 7: (2, 78), 8: (2, 97), 9: (2, 116)}
_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda y, x: (y + x) % 2,
    lambda y, _: y % 2,
    lambda _, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def read(picture: Image.Image) -> str:
    """The text of the one code on a picture of black on white; raises ``ValueError`` when there is none."""
    rows = _rows(picture)
    for scale in (4, 3, 2, 1):
        for y, x in _corners(rows, scale):
            for version in _BLOCKS:
                code = _sampled(rows, scale, y, x, 17 + 4 * version)
                if code and _finders(code):
                    return _text(code, version)
    message = "there is no QR code"
    raise ValueError(message)


def _rows(picture: Image.Image) -> list[str]:
    """Each row of pixels as digits, 1 for black."""
    bits = ["0" if pixel else "1" for pixel in picture.convert("L").tobytes()]
    return ["".join(bits[start : start + picture.width]) for start in range(0, len(bits), picture.width)]


def _corners(rows: list[str], scale: int) -> Iterator[tuple[int, int]]:
    for y, row in enumerate(rows[: -7 * scale]):
        x = row.find("1" * 7 * scale)
        while x >= 0:
            if all(rows[y + scale * down][x : x + 7 * scale : scale] == _FINDER[down] for down in range(7)):
                yield y, x
            x = row.find("1" * 7 * scale, x + 1)


def _sampled(rows: list[str], scale: int, y: int, x: int, size: int) -> list[str]:
    """The modules of a square; empty where it leaves the picture."""
    if y + scale * size > len(rows) or x + scale * size > len(rows[0]):
        return []
    return [rows[y + scale * down][x : x + scale * size : scale] for down in range(size)]


def _finders(code: list[str]) -> bool:
    quiet = all(code[down][7] == code[down][-8] == "0" for down in range(8))
    return quiet and all(
        (code[down][:7], code[down][-7:], code[down - 7][:7]) == (_FINDER[down],) * 3 for down in range(7)
    )


def _text(code: list[str], version: int) -> str:
    size = len(code)
    told = [code[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [code[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    form = int("".join(told), 2) ^ _FORMAT_MASK
    assert form >> 13 == _LEVEL_L
    mask = _MASKS[form >> 10 & 7]
    bits = "".join(str(int(code[y][x]) ^ (not mask(y, x))) for y, x in _path(size, version))
    words = [int(bits[start : start + 8], 2) for start in range(0, len(bits) - 7, 8)]
    blocks, each = _BLOCKS[version]
    data = "".join(f"{words[place * blocks + block]:08b}" for block in range(blocks) for place in range(each))
    assert data[:4] == "0100", "byte mode"
    count = int(data[4:12], 2)
    return bytes(int(data[start : start + 8], 2) for start in range(12, 12 + 8 * count, 8)).decode()


def _path(size: int, version: int) -> Iterator[tuple[int, int]]:
    """Where the bits of the message stand: pairs of columns from the right, up and down in turn."""
    upwards = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for step in range(size):
            y = size - 1 - step if upwards else step
            yield from ((y, x) for x in (right, right - 1) if not _fixed(y, x, size, version))
        upwards = not upwards


def _fixed(y: int, x: int, size: int, version: int) -> bool:
    """Whether a module belongs to a pattern, to the format or to the version."""
    if 6 in {y, x} or (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9):
        return True
    if version >= 7 and ((y < 6 and x >= size - 11) or (x < 6 and y >= size - 11)):
        return True
    centres = _CENTRES[version]
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    near = ((a, b) for a in centres for b in centres if (a, b) not in corners)
    return any(abs(y - a) <= 2 and abs(x - b) <= 2 for a, b in near)
