"""Whatever stands on a panel is as young as its header says, or tells its own age, or is not there.

No list of figures is kept here: what a panel asks of history is what it shows. Each such figure is made old alone, in
every scene there is; a new panel, or a new scene, is covered as soon as it exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from eink_monitor.clock import DAY, HOUR
from eink_monitor.config.plugins import load, names
from eink_monitor.draw import fonts, words
from eink_monitor.metrics import METRICS
from eink_monitor.model.outlook import FRESH
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Bucket, Metric, Reading, Run
from paper_house import PaperHouse
from scenes import SCENES, Scene
from witness import Listener

Figure = tuple[str, str]
"""Subject and metric name."""


@dataclass
class AskedHouse(PaperHouse):
    """Notes what is asked of it."""

    asked: set[Figure] = field(default_factory=set)

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        self.asked.add((subject, metric.name))
        return super().latest(subject, metric)

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        self.asked.add((subject, metric.name))
        return super().series(subject, metric, since, until)

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        self.asked.add((subject, metric.name))
        return super().daily(subject, metric, first, last)


def drawn(scene: Scene) -> Listener:
    canvas = Listener()
    scene.panel.draw(canvas, scene.house, scene.now)
    return canvas


def figures(scene: Scene) -> list[Figure]:
    """What a scene's panel asks for and is told."""
    known = {key: points for key, points in scene.house.readings.items() if points}
    house = AskedHouse(**vars(scene.house))
    scene.panel.draw(Listener(), house, scene.now)
    return sorted(house.asked & set(known))


def aged(scene: Scene, figure: Figure, at: int) -> Scene:
    """The scene with the newest measurement of one figure made at an instant, and all those before moved with it."""
    points = scene.house.readings[figure]
    moved = [(when - points[-1][0] + at, value) for when, value in points]
    return scene._replace(house=replace(scene.house, readings={**scene.house.readings, figure: moved}))


def told(scene: Scene, figure: Figure, value: float) -> Scene:
    """The scene with another newest value of one figure."""
    points = scene.house.readings[figure]
    changed = [*points[:-1], (points[-1][0], value)]
    return scene._replace(house=replace(scene.house, readings={**scene.house.readings, figure: changed}))


def without(scene: Scene, figure: Figure) -> Scene:
    """The scene without one figure."""
    left = {key: points for key, points in scene.house.readings.items() if key != figure}
    return scene._replace(house=replace(scene.house, readings=left))


def values(scene: Scene, figure: Figure) -> list[float]:
    """The value that a figure has, and others that would look different."""
    now, metric = scene.house.readings[figure][-1][1], METRICS[figure[1]]
    return [now, metric.low, metric.high, (metric.low + metric.high) / 2, now * 0.4, metric.rounded(now * 0.8)]


def pictures_with(scene: Scene, figure: Figure) -> list[Listener]:
    """What several values of a figure look like, but for those that look as if it were not known at all."""
    gone = drawn(without(scene, figure)).rows
    pictures = [drawn(told(scene, figure, value)) for value in values(scene, figure)]
    return [picture for picture in pictures if picture.rows != gone]


def cases() -> Iterator[tuple[str, Figure, int]]:
    for name, scene in SCENES.items():
        for figure in figures(scene):
            newest, now = scene.house.readings[figure][-1][0], scene.now
            patience = scene.house.patience(*_asked(figure))
            for back in (patience + HOUR, 40 * DAY, 300 * DAY):
                if now - back < newest:
                    yield name, figure, now - back


def _asked(figure: Figure) -> tuple[str, Metric]:
    return figure[0], METRICS[figure[1]]


UNITS = {"%", "km", "free", "orders", "€", "M €", *words._WATT, *words._WATT_HOUR, *words._BYTE}


def figures_in_solid_ink(canvas: Listener) -> set[tuple[object, ...]]:
    """What of a drawing speaks of values; names and units do not."""
    return {thing for thing in canvas.solid if not _is_label(*thing[:2])}


def _is_label(text: object, face: object) -> bool:
    small = face in {fonts.SMALL, fonts.TEXT} and not any(letter.isdigit() for letter in str(text))
    return text in UNITS or small


def assert_nothing_stands_solid(pictures: Sequence[Listener]) -> None:
    """What differs between drawings of different values is not in solid ink."""
    seen = [figures_in_solid_ink(picture) for picture in pictures]
    assert set().union(*seen) == set.intersection(*seen or [set()]), "a figure this old stands there in solid ink"


@pytest.mark.parametrize(("name", "figure", "at"), list(cases()))
def test_a_figure_that_is_old_alone_is_gone_or_told(name: str, figure: Figure, at: int) -> None:
    old = aged(SCENES[name], figure, at)
    pictures = pictures_with(old, figure)
    if all(picture.rows == pictures[0].rows for picture in pictures):
        return  # whatever it was, nothing of it is there
    newest = [points[-1][0] for points in old.house.readings.values() if points]
    ages = {words.span(old.now - at), *(words.age(old.now - when) for when in newest if when <= at)}
    for picture in pictures:
        assert ages & {text for text, _ in picture.heard}, "neither the header nor a tag says how old it is"
    assert_nothing_stands_solid(pictures)


@pytest.mark.parametrize("name", [name for name, scene in SCENES.items() if figures(scene)])
def test_no_figure_stands_solid_on_a_stale_panel(name: str) -> None:
    scene = SCENES[name]._replace(now=SCENES[name].now + 3 * DAY)
    for figure in figures(scene):
        assert_nothing_stands_solid(pictures_with(scene, figure))


@pytest.mark.parametrize("panel", [name for name in names(Panel) if load(Panel, name) is not None])  # type: ignore[type-abstract]
def test_every_panel_has_figures_to_judge_and_a_picture_of_one_that_is_old(panel: str) -> None:
    mine = [name for name in SCENES if name.startswith(f"{panel}-")]
    assert f"{panel}-one-old" in mine
    scenes = [SCENES[name] for name in mine]
    assert any(figures(one) or one.house.statuses or one.house.outlooks or one.house.listings for one in scenes)


SOURCES = [
    (name, number)
    for name, scene in SCENES.items()
    for number, status in enumerate(scene.house.statuses)
    if status.what == "ok" and not status.lack and status.is_fresh(scene.now)
]


@pytest.mark.parametrize("back", [None, HOUR, 21 * DAY])
@pytest.mark.parametrize(("name", "number"), SOURCES)
def test_a_source_is_judged_by_what_it_measured(name: str, number: int, back: int | None) -> None:
    scene = SCENES[name]
    statuses = list(scene.house.statuses)
    status = statuses[number]
    measured = None if back is None else scene.now - status.patience - back
    statuses[number] = status._replace(measured_at=measured)
    well, silent = drawn(scene), drawn(scene._replace(house=replace(scene.house, statuses=statuses)))
    assert not any("all well" in text for text, _ in silent.heard)
    assert ticks(silent) == ticks(well) - 1, "one that is not listed comes before those that are well"


def ticks(canvas: Listener) -> int:
    """How many sources a health panel calls well, or well for now."""
    return sum(thing[0] in {"check", "✓", "key"} for thing in canvas.solid)


FORETOLD = [name for name, scene in SCENES.items() if scene.house.outlooks]


@pytest.mark.parametrize("back", [5 * HOUR, 3 * DAY])
@pytest.mark.parametrize("name", FORETOLD)
def test_what_was_foretold_long_ago_says_so(name: str, back: int) -> None:
    scene = SCENES[name]
    said = scene.now - back
    outlooks = {key: replace(outlook, issued_at=said) for key, outlook in scene.house.outlooks.items()}
    picture = drawn(scene._replace(house=replace(scene.house, outlooks=outlooks)))
    told = {words.age(back), words.stamp(said, scene.now, scene.house.zone)}
    without_any = drawn(scene._replace(house=replace(scene.house, outlooks={})))
    only_beside = name.startswith("solar-")  # the roof's own figures date that panel: what is foretold must be young
    if only_beside:
        assert (picture.rows == without_any.rows) == (back > FRESH)
    else:
        assert told & {text for text, _ in picture.heard}, "the header does not say when that was foretold"


LISTED = [name for name, scene in SCENES.items() if scene.house.listings]


@pytest.mark.parametrize("back", [-HOUR, 5 * HOUR, 3 * DAY])
@pytest.mark.parametrize("name", LISTED)
def test_what_was_listed_long_ago_says_so(name: str, back: int) -> None:
    scene = SCENES[name]
    listings = {key: replace(listing, at=scene.now - back) for key, listing in scene.house.listings.items()}
    picture = drawn(scene._replace(house=replace(scene.house, listings=listings)))
    assert words.age(back) in {text for text, _ in picture.heard}


@pytest.mark.parametrize("name", [name for name in FORETOLD if not name.startswith("solar-")])
def test_what_was_foretold_in_the_future_is_told_by_a_wrong_clock(name: str) -> None:
    scene = SCENES[name]
    outlooks = {key: replace(outlook, issued_at=scene.now + HOUR) for key, outlook in scene.house.outlooks.items()}
    picture = drawn(scene._replace(house=replace(scene.house, outlooks=outlooks)))
    assert words.age(-HOUR) in {text for text, _ in picture.heard}


@pytest.mark.parametrize("name", [name for name in FORETOLD if name.startswith(("forecast-", "weather-"))])
def test_nothing_foretold_stands_solid_on_a_stale_panel(name: str) -> None:
    scene = SCENES[name]._replace(now=SCENES[name].now + 20 * HOUR)
    said = scene.now - 3 * DAY
    pictures = []
    for part in (1.0, 0.6, 0.3):
        outlooks = {
            key: replace(one, issued_at=said, slots=tuple(slot._replace(value=slot.value * part) for slot in one.slots))
            for key, one in scene.house.outlooks.items()
        }
        pictures.append(drawn(scene._replace(house=replace(scene.house, readings={}, outlooks=outlooks))))
    assert_nothing_stands_solid(pictures)
