"""requests as we import it: without what guesses encodings, which nobody else must miss."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from eink_monitor.sources import _http

_ASKED = """
import importlib, sys, warnings
warnings.simplefilter("error")
from eink_monitor.sources._http import warm
assert not {"chardet", "charset_normalizer"} & set(sys.modules), "guessers are loaded"
importlib.import_module("charset_normalizer")
from eink_monitor.sources._http.lean import requests
answer = requests.Response()
answer.raw, answer.status_code = __import__("io").BytesIO("5 °C".encode()), 200
assert answer.text == "5 °C"
"""


def test_no_library_that_guesses_encodings_is_loaded_and_others_can_still_load_it() -> None:
    subprocess.run([sys.executable, "-c", _ASKED], check=True, timeout=60)


def test_our_own_rooms_take_requests_from_there() -> None:
    rooms = [file for file in Path(_http.__file__).parent.glob("*.py") if file.name != "lean.py"]
    ours = re.compile(r"^\s*(import|from) requests", re.MULTILINE)
    imported = [file.name for file in rooms if ours.search(file.read_text(encoding="utf-8"))]
    assert rooms
    assert not imported
