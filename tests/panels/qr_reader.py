"""Reads the QR code on a picture with somebody else's eyes: a reader that knows nothing of what drew it."""

from __future__ import annotations

import pytest
from PIL import Image

from eink_monitor.libraries import BITS

if BITS == 32:
    pytest.importorskip("zxingcpp", reason="there is no QR reader for this machine")
from zxingcpp import BarcodeFormat, read_barcodes


def read(picture: Image.Image) -> str:
    """The text of the one code on a picture of black on white; raises ``ValueError`` when there is none."""
    found = [code.text for code in read_barcodes(picture.convert("L")) if code.format == BarcodeFormat.QRCode]
    if len(found) != 1:
        message = "there is no QR code"
        raise ValueError(message)
    return str(found[0])
