"""Every panel in every language: nothing is cut off or left out, no letter is missing, and no English is left over."""

from __future__ import annotations

import re
from dataclasses import replace
from gettext import NullTranslations
from typing import Any

import pytest

from eink_monitor import metrics as m
from eink_monitor.draw import fonts, testcard
from eink_monitor.draw.signcard import sign_in_card
from eink_monitor.locale import ENGLISH, Locale, load, speaking
from eink_monitor.locale.table import LANGUAGES, Units
from eink_monitor.metrics import DISK_STATE, INVERTER_STATUS, WEATHER_CODE
from eink_monitor.panels._names import MetricName
from eink_monitor.panels.health import Health
from eink_monitor.panels.number import Number
from paper_house import PaperHouse, feed
from scenes import AT, GLASS, SCENES, Scene, feeds
from witness import Listener, WitnessCanvas

FOREIGN = [language for language in LANGUAGES if language != "en"]
_UNITS = {"W", "kW", "MW", "Wh", "kWh", "MWh", "GB", "TB", "kB", "MB", "km", "L", "h", "max", "ct", "mm"}
_FOREIGN = str.maketrans(dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "ж"))


class Whole(WitnessCanvas):
    """Remembers what did not fit, beside what was written."""

    def __init__(self, width: int = 250, height: int = 122, scale: float = 1) -> None:
        super().__init__(width, height, scale)
        self.clipped: list[str] = []

    def text(self, x: int, line: int, text: str, face: str = fonts.TEXT, **how: Any) -> int:  # noqa: ANN401 - as any sheet
        if how.get("width") is not None and self.measure(face).fit(text, how["width"]) != text:
            self.clipped.append(text)
        return super().text(x, line, text, face, **how)

    @property
    def shortened(self) -> list[str]:
        return [text for text, _ in self.heard if text.endswith(fonts.ELLIPSIS)] + self.clipped


class Foreign(NullTranslations):
    """A language in which no letter is a Latin one: whatever else is read was never translated."""

    def gettext(self, message: str) -> str:
        return "".join(part if "{" in part else part.translate(_FOREIGN) for part in re.split(r"(\{\w+\})", message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


def drawn(scene: Scene, locale: Locale, glass: tuple[int, int] = GLASS[0]) -> Whole:
    canvas = Whole.on(glass)
    with speaking(locale):
        scene.panel.draw(canvas, scene.house, scene.now)
    canvas.assert_intact()
    return canvas


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_cut_off_left_out_or_lacks_its_letters(name: str, language: str) -> None:
    scene = SCENES[name]
    usual, here = drawn(scene, ENGLISH), drawn(scene, load(language, "Europe/Berlin"))
    assert here.missing == set()
    assert set(here.shortened) <= set(usual.shortened), "make the translation shorter"
    assert len(here.heard) >= len(usual.heard), [text for text, _ in here.heard]


@pytest.mark.parametrize("glass", [one for one in GLASS if one > GLASS[0]])  # what is smaller shortens English, too
@pytest.mark.parametrize("name", SCENES)
def test_nor_on_larger_glass(name: str, glass: tuple[int, int]) -> None:
    scene = SCENES[name]
    usual = set(drawn(scene, ENGLISH, glass).shortened)
    here = {language: drawn(scene, load(language, "Europe/Berlin"), glass) for language in FOREIGN}
    assert {language: one.missing for language, one in here.items() if one.missing} == {}
    shortened = {language: set(one.shortened) - usual for language, one in here.items()}
    assert {language: texts for language, texts in shortened.items() if texts} == {}


@pytest.mark.parametrize("glass", [GLASS[0], (400, 300)])
@pytest.mark.parametrize("name", SCENES)
def test_no_english_is_left_over(name: str, glass: tuple[int, int]) -> None:
    names = ("ж",) * 12
    foreign = replace(ENGLISH, language="xx", texts=Foreign(), months=names, weekdays=names[:7], letters=names[:7])
    scene = SCENES[name]
    canvas = Listener.on(glass)
    with speaking(foreign):
        scene.panel.draw(canvas, scene.house, scene.now)  # whether or not it fits
    said = " ".join(text for text, _ in canvas.heard)
    known = _UNITS | set(re.findall(r"[A-Za-z]+", _theirs(scene)))
    left = set(re.findall(r"[A-Za-z]+", said)) - known
    assert {word for word in left if not any(name.startswith(word) for name in known)} == set()


def _theirs(scene: Scene) -> str:
    """What the house itself is called, and what people must type."""
    house, panel = scene.house, scene.panel
    statuses = [*house.statuses, *house.troubles.values()]
    told = [*house.labels.values(), getattr(panel, "title", ""), getattr(panel, "subject", "").capitalize()]
    told += [
        word
        for status in statuses
        for word in (status.label, status.door, status.name, status.detail.partition("login")[2])
    ]
    told += [outlook.attribution for outlook in house.outlooks.values()]
    told += [f"{m.METRICS[name].words} {m.METRICS[name].unit}" for _, name in house.readings if name not in m.KNOWN]
    items = [item for listing in house.listings.values() for item in listing.items]
    told += [text for item in items for text in (item.title, item.detail, item.state)]
    return " ".join([*told, "eink-monitor login doctor check"])


@pytest.mark.parametrize("part", ["card", "clock", "database", "display"])
def test_a_fault_of_the_machine_is_told_in_the_words_of_the_house(part: str) -> None:
    fault = feed(part, part, "the English of the log", since=AT, patience=0)._replace(label=part)
    house = replace(feeds(3), statuses=[*feeds(3).statuses, fault])
    scene = Scene(Health(), house)
    for language in FOREIGN:
        here = drawn(scene, load(language, "Europe/Berlin"))
        said = " ".join(text for text, _ in here.heard)
        assert "English" not in said
        assert f" {part} " not in f" {said} " or (part, language) in {
            ("database", one) for one in ("nl", "it", "nb", "da")
        }
        assert here.shortened == []


@pytest.mark.parametrize("language", FOREIGN)
def test_the_name_of_every_state_fits_and_is_no_english(language: str) -> None:
    locale = load(language, "Europe/Berlin")
    for metric in (INVERTER_STATUS, DISK_STATE, WEATHER_CODE):
        for value in metric.names:
            house = PaperHouse().set("it", AT, {metric: value})
            panel = Number("it", metric=MetricName(metric.name))
            assert drawn(Scene(panel, house), locale).shortened == []
            assert drawn(Scene(panel, house), locale).missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_fit_as_well(language: str) -> None:
    with speaking(load(language)):
        for code, address in (("WDJB-MJHT", "https://customer.bmwgroup.com/link"), ("", "")):
            canvas = Whole()
            sign_in_card(canvas, "BMW i3", "https://customer.bmwgroup.com/oneid/link?user_code=1", address, code)
            assert canvas.clipped == []
            assert canvas.missing == set()
            canvas.assert_intact()
        assert testcard.testcard("2in13_V4", GLASS[0], red=True).width == GLASS[0][0]


@pytest.mark.parametrize("name", SCENES)
def test_twelve_hours_and_miles_fit_as_well(name: str) -> None:
    usual = drawn(SCENES[name], ENGLISH)
    for language in ("en-US", "es-MX"):
        here = drawn(SCENES[name], load(language, "", Units("mi", "f", "12h")))
        names = _theirs(SCENES[name])
        assert {text for text in here.shortened if text.rstrip("…") not in names} <= set(usual.shortened)
