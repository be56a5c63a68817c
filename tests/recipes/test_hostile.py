"""Every recipe through HTTP against answers that mean harm: trouble or a remark, no exception, and no reading."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from eink_monitor.clock import stopwatch
from eink_monitor.config import recipes
from eink_monitor.errors import Trouble
from eink_monitor.settings import Secret
from loopback.faults import FAULTS
from loopback.json_vendor import BAD_DAYS
from loopback.recipes import FOLDER, Recorded, Recording, recordings, source, told, visit
from loopback.server import Said

MANY = 40_000_000
HARM: dict[str, Said | str] = {
    **FAULTS,
    **BAD_DAYS,
    "huge": Said(200, b"[" + b"0," * 2_000_000 + b"0]"),
    "gzip bomb": Said(200, gzip.compress(b" " * MANY), {"Content-Encoding": "gzip"}),
    "gzip that is none": Said(200, b"{}", {"Content-Encoding": "gzip"}),
    "deep objects": Said(200, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "deep elements": Said(200, b"<a>" * 100_000, {"Content-Type": "application/xml"}),
    "entities": Said(200, b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "a number without end": Said(200, b"9" * 1_000_000),
    "control characters": Said(200, b'{"error": "\\u001b[2J\\u202e", "message": "\\u001b]0;x\\u0007"}'),
    "nothing at all": Said(204, b""),
    "partial": Said(206, b"{}", {"Content-Range": "bytes 0-1/9"}),
}
TEXTS = sorted(file.stem for file in recipes.SHIPPED.glob("*.yaml") if "\nhttp:" in file.read_text(encoding="utf-8"))
PLAYED = {
    name: next(recording for recording in recordings(name).values() if "error" not in recording)
    for name in TEXTS
    if (FOLDER / name).is_dir()
}
LAST = [name for name in PLAYED if len(PLAYED[name]["answers"]) > 1]


class Turned(Recorded):
    """A vendor that means harm from the answer ``since`` on."""

    def __init__(self, recording: Recording, harm: Said | str, since: int) -> None:
        super().__init__(recording)
        self._harm, self._since = harm, since

    def answer(self, asked: Any) -> Said:  # noqa: ANN401 - a request
        if self.given < self._since:
            said = super().answer(asked)
            self.fault = self._harm if self.given == self._since else None
            return said
        return super().answer(asked)


@pytest.mark.parametrize("name", PLAYED)
@pytest.mark.parametrize("harm", HARM)
def test_nothing_comes_of_it_but_trouble(name: str, harm: str, tmp_path: Path) -> None:
    if (name, harm) != ("openwb", "only a number"):  # which is what it says on good days
        attacked(name, HARM[harm], 0, tmp_path)


@pytest.mark.parametrize("name", LAST)
@pytest.mark.parametrize("harm", HARM)
def test_a_vendor_that_turns_after_a_good_answer(name: str, harm: str, tmp_path: Path) -> None:
    attacked(name, HARM[harm], len(PLAYED[name]["answers"]) - 1, tmp_path)


def attacked(name: str, harm: Said | str, since: int, folder: Path) -> None:
    """Poll a vendor that means harm: only what good answers said, no secret, no control character, in no time."""
    recording = PLAYED[name]
    with Turned(recording, harm, since) as vendor:
        vendor.fault = harm if since == 0 else None
        made = source(recipes.SHIPPED / f"{name}.yaml", folder, vendor.url, recording.get("settings", {}))
        began, here = stopwatch(), visit(made, recording, folder / "state")
        try:
            found, words = told(list(made.poll(here)))["readings"], here.note
        except Trouble as trouble:
            found, words = [], str(trouble)
        assert stopwatch() - began < 5
    assert all(since and one in recording["readings"] for one in found)
    assert words
    assert words.isprintable()
    assert not [one for one in made.values().values() if isinstance(one, Secret) and one.reveal() in words]
