"""The control: the vendor's own driver, unmodified, must show on the virtual panel the defects it has on real ones.

What the vendor's driver does right must come out exact, too: four code paths that know nothing of this panel agree
with it pixel for pixel.
"""

from __future__ import annotations

import os

import pytest
from PIL import Image, ImageDraw

from virtual_panel import Kind, Policy, VirtualPanel, vendor
from virtual_panel.vendor import HungError, vendor_driver
from virtual_panel.viewer import rows_of

if not vendor.installed():
    if os.environ.get("CI"):
        pytest.fail("the control needs the vendor's driver: run `make test`", pytrace=False)
    pytest.skip("the vendor's driver is not installed: run `make test`", allow_module_level=True)

V2, V3, V4 = "2in13_V2", "2in13_V3", "2in13_V4"
FULL, PART = 0, 1


def clock_face(minute: int) -> Image.Image:
    """Pictures of which a small part differs from minute to minute, as on any clock."""
    face = Image.new("1", (250, 122), 1)
    pencil = ImageDraw.Draw(face)
    pencil.rectangle((0, 0, 249, 20), fill=0)
    pencil.ellipse((10, 40, 70, 100), outline=0, width=3)
    pencil.rectangle((100 + 12 * minute, 40, 110 + 12 * minute, 110), fill=0)
    return face


def panel_of(model: str, **policy: bool | float) -> VirtualPanel:
    # The vendor's driver looks at BUSY at once and sends right after a 1 ms reset. Real chips that it works with must
    # be quicker than the cautious figures a driver of ours has to live with.
    return VirtualPanel(model, policy=Policy(rise=0.0, deaf=0.0, **policy))  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [V2, V3, V4])
def test_full_refreshes_are_exact(model: str) -> None:
    panel = panel_of(model)
    with vendor_driver(panel, f"epd{model}") as epd:
        epd.init(FULL) if model == V2 else epd.init()
        for minute in range(3):
            epd.display(epd.getbuffer(clock_face(minute)))
            assert panel.wrong(rows_of(clock_face(minute))) == 0
        epd.Clear(0xFF)
        assert panel.wrong(b"\xff" * 4000) == 0
        epd.sleep()
    assert panel.lint.counts == {"full": 4}
    assert panel.findings == []
    assert panel.asleep
    assert panel.glass.imbalance() == 0


@pytest.mark.parametrize(("model", "restores"), [(V2, False), (V3, False), (V3, True)])
def test_partials_after_a_base_image_are_exact(model: str, restores: bool) -> None:
    panel = panel_of(model, reset_restores=restores)
    with vendor_driver(panel, f"epd{model}") as epd:
        epd.init(FULL) if model == V2 else epd.init()
        epd.displayPartBaseImage(epd.getbuffer(clock_face(0)))
        if model == V2:
            epd.init(PART)
        for minute in range(1, 5):
            epd.displayPartial(epd.getbuffer(clock_face(minute)))
            assert panel.wrong(rows_of(clock_face(minute))) == 0
    assert panel.lint.counts == {"full": 1, "partial": 4}


def test_v4_fast_is_exact_but_sends_data_as_a_command() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init_fast()
        epd.display_fast(epd.getbuffer(clock_face(0)))
    assert panel.wrong(rows_of(clock_face(0))) == 0
    assert panel.lint.counts == {"fast": 1}
    details = {finding.kind: finding.detail for finding in panel.findings}
    assert details[Kind.UNKNOWN] == "80 on SSD1680"
    assert details[Kind.LENGTH] == "18 temperature sensor: 0 instead of 1"


@pytest.mark.parametrize("restores", [False, True])
def test_v4_partials_go_wrong_from_the_second_on(restores: bool) -> None:
    panel = panel_of(V4, reset_restores=restores)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        epd.displayPartBaseImage(epd.getbuffer(clock_face(0)))
        epd.displayPartial(epd.getbuffer(clock_face(1)))
        assert panel.wrong(rows_of(clock_face(1))) == 0
        epd.displayPartial(epd.getbuffer(clock_face(2)))
        assert 200 < panel.wrong(rows_of(clock_face(2))) < 2000
    assert Kind.OUT_OF_STEP in panel.kinds


def test_v4_partial_after_a_plain_display_compares_with_nothing() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        epd.display(epd.getbuffer(clock_face(0)))
        epd.displayPartial(epd.getbuffer(clock_face(1)))
    assert panel.wrong(rows_of(clock_face(1))) > 200
    assert Kind.UNWRITTEN in panel.kinds


def test_v2_partials_are_lost_where_a_reset_restores_registers() -> None:
    panel = panel_of(V2, reset_restores=True)
    with vendor_driver(panel, "epd2in13_V2") as epd:
        epd.init(FULL)
        epd.displayPartBaseImage(epd.getbuffer(clock_face(0)))
        epd.init(PART)
        epd.displayPartial(epd.getbuffer(clock_face(1)))
    assert panel.wrong(rows_of(clock_face(1))) > 500


def test_v2_partials_drive_every_pixel_every_time() -> None:
    panel = panel_of(V2)
    with vendor_driver(panel, "epd2in13_V2") as epd:
        epd.init(FULL)
        epd.displayPartBaseImage(epd.getbuffer(clock_face(0)))
        epd.init(PART)
        for _ in range(5):
            epd.displayPartial(epd.getbuffer(clock_face(1)))
    assert panel.refreshes[-1].driven == 122 * 250
    assert panel.refreshes[-1].changed == 0
    assert panel.glass.imbalance() == 50


@pytest.mark.parametrize("model", [V2, V3, V4])
def test_a_stuck_busy_line_hangs_it_for_ever(model: str) -> None:
    panel = panel_of(model)
    panel.faults.busy = 1
    with vendor_driver(panel, f"epd{model}", patience=3600) as epd, pytest.raises(HungError):
        epd.init(FULL) if model == V2 else epd.init()
    assert panel.board.now > 3600


def test_an_absent_panel_is_taken_for_a_good_one() -> None:
    panel = panel_of(V4)
    panel.faults.busy = 0
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        epd.display(epd.getbuffer(clock_face(0)))  # no complaint
    assert panel.board.now < 0.1
    assert panel.glass.unknown() == 122 * 250


def test_an_error_in_mid_frame_shifts_the_next_frames() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        panel.faults.eio_after = 1235  # the command and 1234 bytes of the frame
        with pytest.raises(OSError, match="Input/output"):
            epd.display(epd.getbuffer(clock_face(0)))
        epd.display(epd.getbuffer(clock_face(0)))
        assert panel.wrong(rows_of(clock_face(0))) > 1000
        epd.init()
        epd.display(epd.getbuffer(clock_face(0)))
    assert panel.wrong(rows_of(clock_face(0))) == 0


def test_a_picture_of_the_wrong_size_shifts_the_next_frames() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        epd.display(epd.getbuffer(Image.new("1", (200, 100), 1)))
        epd.display(epd.getbuffer(clock_face(0)))
    assert panel.wrong(rows_of(clock_face(0))) > 1000


def test_every_init_leaks_a_descriptor() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        for _ in range(20):
            epd.init()
    assert (panel.bus.opens, panel.bus.closes) == (20, 0)
    assert Kind.DOUBLE_OPEN in panel.kinds


def test_after_sleep_it_needs_an_init() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V4") as epd:
        epd.init()
        epd.sleep()
        with pytest.raises(OSError, match="Bad file descriptor"):
            epd.display(epd.getbuffer(clock_face(0)))


def test_v3_sends_a_frame_in_four_thousand_writes() -> None:
    panel, writes = panel_of(V3), []
    panel.board.recorders.append(lambda _now, wire, data: writes.append(len(data)) if wire == "SPI" else None)
    with vendor_driver(panel, "epd2in13_V3") as epd:
        epd.init()
        before = len(writes)
        epd.display(epd.getbuffer(clock_face(0)))
    assert len(writes) - before == 4004


@pytest.mark.parametrize(("driver", "glass"), [(V2, V4), (V4, V2), (V2, V3)])
def test_the_wrong_revision_draws_nothing_and_says_nothing(driver: str, glass: str) -> None:
    panel = panel_of(glass)
    with vendor_driver(panel, f"epd{driver}") as epd:
        epd.init(FULL) if driver == V2 else epd.init()
        epd.display(epd.getbuffer(clock_face(0)))
    assert panel.glass.unknown() == 122 * 250
    assert Kind.NO_WAVEFORM in panel.kinds


def test_a_v4_sold_with_a_v3_label_works() -> None:
    panel = panel_of(V4)
    with vendor_driver(panel, "epd2in13_V3") as epd:
        epd.init()
        epd.display(epd.getbuffer(clock_face(0)))
    assert panel.wrong(rows_of(clock_face(0))) == 0
