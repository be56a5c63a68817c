"""``python -m eink_monitor.sources TYPE...``: the extras that sources of these types need, one a line.

The installer asks before any library is there, so this needs nothing but Python. Unknown types are ignored.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from eink_monitor.model.source import Source


def extras(types: list[str]) -> set[str]:
    """What of ``pyproject.toml``'s optional dependencies they need."""
    found: set[str] = set()
    for name in types:
        room = f"{__package__}.{name}"
        if name.isidentifier() and not name.startswith("_") and find_spec(room):
            kinds = [kind for kind in vars(import_module(room)).values() if isinstance(kind, type)]
            found |= {kind.extra for kind in kinds if issubclass(kind, Source) and kind.extra}
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}\n" for name in sorted(extras(sys.argv[1:])))
