"""``python -m eink_monitor`` and the ``eink-monitor`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Say a verb and leave with its exit code."""
    from eink_monitor.cli import speak  # noqa: PLC0415 - so that importing this module costs nothing

    sys.exit(speak(sys.argv[1:]))


if __name__ == "__main__":
    main()
