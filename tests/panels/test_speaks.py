"""Whether a panel has anything to say: no empty one is shown while another has."""

from __future__ import annotations

import pytest

from eink_monitor.metrics import PV_POWER
from paper_house import PaperHouse
from scenes import AT, DISK, SCENES, mounted


@pytest.mark.parametrize("name", SCENES)
def test_only_an_empty_panel_has_nothing_to_say(name: str) -> None:
    panel, house, *_ = SCENES[name]
    bare = not (house.readings or house.outlooks or house.listings or house.troubles) and not name.startswith("health-")
    assert panel.speaks(house) is not bare or name.endswith("-empty-fault")


def test_a_source_that_waits_for_a_person_has_something_to_say() -> None:
    scene = SCENES["solar-empty-fault"]
    assert scene.panel.speaks(scene.house)
    fault = scene.house.troubles["roof"]
    silent = PaperHouse(troubles={"roof": fault._replace(what="unavailable")})
    assert not scene.panel.speaks(silent)


def test_what_is_known_of_another_subject_or_metric_says_nothing() -> None:
    assert not DISK.speaks(PaperHouse().add("roof", PV_POWER, [(AT, 500)]))
    assert DISK.speaks(mounted(PaperHouse(), 2)), "a disk that is not mounted has no figures"
