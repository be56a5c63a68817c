"""Required libraries that this environment lacks, found without importing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from eink_monitor.errors import Gone
from eink_monitor.finding import BAD, Finding, doubt
from eink_monitor.libraries import command
from eink_monitor.model.display import Display
from eink_monitor.model.source import Source
from eink_monitor.places import token_key

_RIVALS = ("weconnect", "carconnectivity")


def missing(name: str, plugin: Source | Display) -> Finding | None:
    """What the plugin of that name lacks, and the command that installs it; None where all is there."""
    lacks = [module for module in plugin.modules if not installed(module)]
    if not lacks:
        return None
    words = f"{' and '.join(lacks)} {'are' if len(lacks) > 1 else 'is'} not installed"
    return Finding(name, BAD, words, command(plugin.extra), Gone.exit_code)


def keyring() -> Iterator[Finding]:
    """What sealing the sign-ins lacks, where this machine has a key for it."""
    key = token_key()
    if key is not None and not installed("cryptography.fernet") and key.exists():
        words = "there is a key to seal them with, but cryptography is not installed"
        yield Finding("sign-ins", BAD, words, command("sealed"), Gone.exit_code)


def rivals() -> Iterator[Finding]:
    """Weconnect and carconnectivity pin different releases of requests: together, one of them breaks."""
    if all(installed(module) for module in _RIVALS):
        words = " and ".join(_RIVALS) + " need different releases of requests and cannot share an environment"
        yield doubt("libraries", words, f"pip uninstall {_RIVALS[0]}")


def clashes(sources: Mapping[str, Source]) -> Iterator[Finding]:
    """Sources, by name, whose libraries exclude each other."""
    wanting = [
        [name for name, source in sources.items() if any(module.startswith(rival) for module in source.modules)]
        for rival in _RIVALS
    ]
    if all(wanting):
        old, new = (" and ".join(names) for names in wanting)
        words = f"{old} and {new} cannot be used together: their libraries need different releases of requests"
        yield Finding("sources", BAD, words, f"remove {old} from the configuration", Gone.exit_code)


def installed(module: str) -> bool:
    """Whether a module could be imported; of its parents only the packages around it are."""
    if module in sys.modules:
        return vars(sys)["modules"][module] is not None
    try:
        return find_spec(module) is not None
    except Exception:  # noqa: BLE001 - a package around it that breaks in its own way is no use either
        return False
