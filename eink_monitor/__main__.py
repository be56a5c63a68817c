"""``python -m eink_monitor`` and the ``eink-monitor`` command."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run a verb and exit with its exit code.

    What systemd says, ``run --config FILE``, needs no command-line library to be understood: the daemon that runs for
    years does not carry one. Everything else is loaded inside, so that Ctrl-C ends it quietly even while it loads.
    """
    try:
        _open_streams()
        sys.exit(_say(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        _let_go_of_streams()


def _say(words: list[str]) -> int:
    if len(words) == 3 and words[0] == "run" and words[1] in {"-c", "--config"}:
        from pathlib import Path  # noqa: PLC0415 - nothing is loaded that is not needed

        from eink_monitor.errors import Trouble  # noqa: PLC0415 - as above
        from eink_monitor.outside import legible  # noqa: PLC0415 - as above

        try:
            from eink_monitor.service import serve  # noqa: PLC0415 - as above

            return serve(Path(words[2]))
        except Trouble as error:
            sys.stderr.write(f"{legible(error.in_full(), chr(10))}\n")
            return error.exit_code
    from eink_monitor.cli import execute  # noqa: PLC0415 - as above

    return execute(words)


def _open_streams() -> None:
    """Open standard streams that were closed (``>&-``) as /dev/null, before one of our files takes their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _let_go_of_streams() -> None:
    """Discard output that nobody can read any more: left for Python to flush, it would change the exit code."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):  # click puts another in the place of one
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
