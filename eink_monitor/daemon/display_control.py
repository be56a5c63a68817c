"""Requests to the display, carried out by its owner: the daemon, or the verb itself if none runs."""

from __future__ import annotations

import os
from dataclasses import asdict

from eink_monitor.clock import Clock
from eink_monitor.config import Config
from eink_monitor.daemon.control import Reply, Request, address, ask
from eink_monitor.daemon.drawing import Drawing
from eink_monitor.errors import DisplayError
from eink_monitor.house import House
from eink_monitor.house.fence import Fenced
from eink_monitor.model.display import Display
from eink_monitor.model.frame import Wear
from eink_monitor.store import Store


def carry_out(request: Request, drawing: Drawing, config: Config, clock: Clock) -> Reply:
    """Carry out a request; an error becomes the reply."""
    now, mono, label = clock.now(), clock.monotonic(), config.display.label
    try:
        match request.verb:
            case "show":
                words = f"{drawing.show(request.panel, now, mono)} is on the display ({label})"
            case "why":
                words = drawing.why(now, mono)
            case "picture":
                drawing.picture(mono)
                words = f"the test picture was sent as {label}"
            case "sign in" if len(request.words) == 3:
                url, address, code = request.words
                drawing.sign_in(request.panel, (url, address, code), mono)
                words = f"the QR code is on the display ({label})"
            case "clear" if not clears(config.display):
                words = f"a display of type {label} cannot be cleared"
            case "clear":
                drawing.clear()
                words = f"the display ({label}) is cleared"
            case "examine":
                return Reply(0, "", list(config.display.examine()))
            case _:
                return Reply(os.EX_USAGE, f"the daemon knows no {request.verb}; restart it; it may be another version")
    except DisplayError as error:
        return Reply(error.exit_code, str(error))
    return Reply(0, words)


def clears(display: Display) -> bool:
    """Whether a display can be cleared."""
    plugin = display.plugin if isinstance(display, Fenced) else display
    return getattr(type(plugin), "clear", None) is not Display.clear


def examine(config: Config, clock: Clock) -> Reply:
    """The findings of the display, through the daemon if it runs. Raises ``StoreError``."""
    answer = ask(address(config.database), Request("examine"))
    if answer is not None:
        return answer
    config.display.open(clock, Wear())  # an examination refreshes nothing, so there is no wear to count
    try:
        return Reply(0, "", list(config.display.examine()))
    finally:
        config.display.close()


def ask_display(request: Request, config: Config, clock: Clock) -> Reply:
    """Ask the daemon if it runs, else do it here; then ``process`` of the reply is 0.

    Raises ``StoreError``.
    """
    answer = ask(address(config.database), request)
    if answer is not None:
        return answer
    store = Store(config.database, config.zone)
    try:
        house = House(config, store, clock.now())
        drawing = Drawing(config, house, clock.monotonic())
        config.display.open(clock, house.wear)
        try:
            return carry_out(request, drawing, config, clock)
        finally:
            config.display.close()
            store.wear.keep(asdict(house.wear))
            store.flush()
    finally:
        store.close()
