"""Libraries that a house needs and this environment lacks, found without importing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec

from eink_monitor.errors import Gone
from eink_monitor.finding import BAD, Finding, doubt
from eink_monitor.model import Display, Source

_RIVALS = ("weconnect", "carconnectivity")


def missing(name: str, plugin: Source | Display) -> Finding | None:
    """What the plugin of that name lacks, and the command that installs it; None where all is there."""
    lacks = [module.partition(".")[0] for module in plugin.modules if not installed(module)]
    if not lacks:
        return None
    libraries = " and ".join(dict.fromkeys(lacks))
    mend = f"pip install 'eink-monitor[{plugin.extra}]'" if plugin.extra else f"pip install {' '.join(lacks)}"
    return Finding(name, BAD, f"{libraries} is not installed", mend, Gone.exit_code)


def rivals() -> Iterator[Finding]:
    """Weconnect and carconnectivity pin different releases of requests: together one of them is broken."""
    if all(installed(module) for module in _RIVALS):
        words = " and ".join(_RIVALS) + " want different releases of requests and cannot share an environment"
        yield doubt("libraries", words, f"pip uninstall {_RIVALS[0]}")


def installed(module: str) -> bool:
    """Whether a module could be imported; of its parents only the packages around it are."""
    if module in sys.modules:
        return vars(sys)["modules"][module] is not None
    try:
        return find_spec(module) is not None
    except Exception:  # noqa: BLE001 - a package around it that breaks in its own way is no use either
        return False
