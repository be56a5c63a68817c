"""From the service, which may not write its own configuration, to root, which may.

What was asked, tried and agreed to in the service's sandbox is one JSON file in its state folder. The command of the
service passes it on through a pipe to ``python -m eink_monitor.editing.handover FOLDER``, as root. That takes no name
from it but those of secret files, which it checks, and replaces the configuration only if it is still what it was.
Whoever took the service over could hand over a configuration of his own, which can do no more than the service can.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from eink_monitor import files
from eink_monitor.editing.keeping import guard, is_free, put, set_aside
from eink_monitor.errors import StoreError, Trouble

FOLDER, _FILE = "change", "change.json"
_LARGEST = 4 * 1024 * 1024
_MOST_SECRETS = 50
_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_NOTHING = 3  # the exit code when nothing was handed over


def give(folder: Path, what: str, before: bytes, text: str, secrets: Iterable[Path]) -> None:
    """Put a change where the command of the service finds it. Raises ``OSError``."""
    held = {path.name: path.read_text(encoding="utf-8") for path in secrets}
    change = {"what": what, "before": _digest(before), "text": text, "secrets": held}
    with files.replacing(folder / _FILE) as file:
        file.write(json.dumps(change).encode())


def forget(folder: Path) -> None:
    """Remove what nobody took."""
    (folder / _FILE).unlink(missing_ok=True)


def take(said: bytes, folder: Path) -> list[str]:
    """Carry a change out in the folder of the configuration; sentences about what was done. Raises ``StoreError``."""
    file, credentials = folder / "config.yaml", folder / "credentials"
    for place in (folder, credentials, Path(os.path.realpath(file)).parent):
        guard(place)
    what, before, text, secrets = _understood(said)
    try:
        if _digest(file.read_bytes()) != before:
            raise StoreError(f"{file} was changed by somebody else meanwhile", "nothing was written; try again")
        credentials.mkdir(mode=0o711, exist_ok=True)
        for taken in (name for name in secrets if not is_free(credentials / name)):
            raise StoreError(f"{credentials / taken} is there already", "nothing was written; move it away")
        for name, held in secrets.items():
            with files.replacing(credentials / name) as secret:
                secret.write(held.encode())
        told = set_aside(file, what)
        put(file, text.encode())
    except OSError as error:
        raise StoreError(f"{error.filename or file} cannot be written: {error.strerror}") from None
    return [f"{file} is written", *told]


def _understood(said: bytes) -> tuple[str, str, str, dict[str, str]]:
    """What changed, what was there before, the new text, and the secrets by name. Raises ``StoreError``."""
    try:
        change = json.loads(said)
        what, before, text, secrets = (change[key] for key in ("what", "before", "text", "secrets"))
        held = {name: str(one) for name, one in secrets.items() if _NAME.fullmatch(name) and isinstance(one, str)}
        for one in (text, *held.values()):
            one.encode()
        if _NAME.fullmatch(what) and len(held) == len(secrets) <= _MOST_SECRETS:
            return what, before, text, held
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise StoreError("what the service handed over makes no sense", "nothing was written")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Take what comes on standard input; an exit code."""
    said = sys.stdin.buffer.read(_LARGEST + 1)
    if not said:
        return _NOTHING
    try:
        told = take(said if len(said) <= _LARGEST else b"", Path(sys.argv[1]))
    except Trouble as error:
        sys.stderr.write(f"{error.in_full()}\n")
        return error.exit_code
    sys.stdout.writelines(f"{sentence}.\n" for sentence in told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
