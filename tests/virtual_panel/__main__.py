"""The virtual panel as a program: replay captured wires, see the glass, read the lint.

``python tests/virtual_panel replay 2in13_V4 capture.txt --png glass.png`` replays a capture (the grammar is that of
``script.py``); ``demo`` shows a full and a partial refresh by sequences written after the datasheet, and ``--capture``
writes down what passed over the wires. The exit code is the number of findings, at most 100.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

if not __package__:  # run as a folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from PIL import Image, ImageDraw

from virtual_panel.bench import PANELS, VirtualPanel
from virtual_panel.policy import Policy
from virtual_panel.script import BadScriptError, Capture, play
from virtual_panel.sequences import START, full, partial
from virtual_panel.viewer import picture, rows_of


def main(arguments: list[str] | None = None) -> int:
    """Returns the number of findings, or 101 for a script that cannot be read."""
    options = _options(arguments)
    policy = Policy(reset_restores=options.reset_restores, slow=options.slow)
    panel = VirtualPanel(options.model, policy=policy)
    capture = Capture()
    panel.board.recorders.append(capture)
    try:
        if options.verb == "replay":
            play(panel.board, options.script.read_text())
        else:
            _demo(panel)
    except (BadScriptError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 101
    panel.clock.wait(60)
    _report(panel)
    if options.png:
        face = picture(panel.glass)
        face.resize((face.width * options.zoom, face.height * options.zoom), Image.Resampling.NEAREST).save(options.png)
    if options.capture:
        options.capture.write_text(capture.text)
    return min(100, len(panel.findings))


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="virtual_panel", description=(__doc__ or "").partition("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, words in (("replay", "send a capture down the wires"), ("demo", "a full and a partial refresh")):
        sub = verbs.add_parser(verb, help=words)
        sub.add_argument("model", choices=sorted(PANELS if verb == "replay" else START))
        if verb == "replay":
            sub.add_argument("script", type=Path, help="the capture")
        sub.add_argument("--png", type=Path, help="where to write the glass, as a viewer sees it")
        sub.add_argument("--zoom", type=int, default=1)
        sub.add_argument("--capture", type=Path, help="where to write what passed over the wires")
        sub.add_argument("--reset-restores", action="store_true", help="RES# restores the registers' defaults")
        sub.add_argument("--slow", type=float, default=1.0, help="a factor on every duration")
    return parser.parse_args(arguments)


def _demo(panel: VirtualPanel) -> None:
    one, two = _test_card(panel.model, 0), _test_card(panel.model, 1)
    play(panel.board, START[panel.model])
    play(panel.board, full(panel.model), {"new": one})
    play(panel.board, partial(panel.model), {"old": one, "new": two})
    play(panel.board, "10:01")


def _test_card(model: str, minute: int) -> bytes:
    card = Image.new("1", (250, 122), 1)
    pencil = ImageDraw.Draw(card)
    pencil.rectangle((0, 0, 249, 121), outline=0)
    pencil.text((8, 8), f"virtual {model}  12:0{minute}", fill=0)
    pencil.line((0, 121, 249, 0), fill=0)
    return rows_of(card)


def _report(panel: VirtualPanel) -> None:
    lines = [
        f"{refresh.at:12.6f} s  {refresh.kind} refresh, {refresh.seconds:.2f} s:"
        f" {refresh.driven} pixels driven, {refresh.changed} changed"
        for refresh in panel.refreshes
    ]
    lines += [str(finding) for finding in panel.findings]
    state = "asleep" if panel.asleep else "awake"
    lines.append(
        f"{state}; {panel.glass.unknown()} pixels unknown, ghosting {panel.glass.ghosting()},"
        f" worst charge {panel.glass.imbalance()} frames, {len(panel.findings)} findings"
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
