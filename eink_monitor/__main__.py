"""``python -m eink_monitor`` and the ``eink-monitor`` command."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Say a verb and leave with its exit code.

    What systemd says, ``run --config FILE``, needs no command-line library to be understood: the daemon that runs for
    years does not carry one.
    """
    words = sys.argv[1:]
    if len(words) == 3 and words[0] == "run" and words[1] in {"-c", "--config"}:
        from eink_monitor.errors import Trouble  # noqa: PLC0415 - nothing is loaded that is not needed
        from eink_monitor.outside import legible  # noqa: PLC0415 - as above

        try:
            from eink_monitor.service import serve  # noqa: PLC0415 - as above

            sys.exit(serve(Path(words[2])))
        except Trouble as error:
            sys.stderr.write(f"{legible(error.in_full(), chr(10))}\n")
            sys.exit(error.exit_code)
    from eink_monitor.cli import speak  # noqa: PLC0415 - as above

    sys.exit(speak(words))


if __name__ == "__main__":
    main()
