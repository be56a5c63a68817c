"""Lock every library with its hashes: ``make lock`` takes the newest of each and says what changed.

A set is what is installed together: ``run`` what the program needs, one for each extra, and one for each dependency
group (``build``, ``test``, ``tools``, ``vendor``). Each has a file of its own beside this script, in pip's own format,
so that pip alone can install it. A library has one version in all of them, but for those of the sets that stand ALONE.

    python locks/lock.py [--oldest] [--into FOLDER]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
# weconnect wants an older requests than everybody else; the vendor's own driver declares what is not used of it.
ALONE = {"weconnect": [], "vendor": ["--no-deps"]}
_OLDER = re.compile(r"^requests==.*\n(?:[ ].*\n)*", re.MULTILINE)  # where one alone may differ from the program
_PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)", re.MULTILINE)

Pins = dict[str, set[str]]


def sets() -> dict[str, list[str]]:
    """The requirements of each set, as ``pyproject.toml`` states them."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    named = project["project"]["optional-dependencies"] | project["dependency-groups"]
    return {"run": project["project"]["dependencies"], **named}


def heading(name: str, requirements: list[str]) -> str:
    """The first line of a lock file: what it was made of, which a test compares with ``pyproject.toml``."""
    return f"# {name}: {', '.join(requirements)} (made by `make lock`)\n"


def pins(folder: Path) -> Pins:
    """The versions of each library that the lock files of a folder name."""
    found: Pins = {}
    for file in folder.glob("*.txt"):
        for name, version in _PIN.findall(file.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(version)
    return found


def lock(folder: Path, *, oldest: bool = False) -> None:
    """Write the file of each set to a folder: the newest versions, or the oldest that ``pyproject.toml`` allows."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sets()
    together = [line for name in wanted if name not in ALONE for line in wanted[name]]
    common = ["--resolution", "lowest-direct"] if oldest else []
    with tempfile.TemporaryDirectory() as scratch:
        agreed, run = Path(scratch, "agreed"), Path(scratch, "run")
        agreed.write_text(_resolve(together, *common), encoding="utf-8")
        run.write_text(_OLDER.sub("", _resolve(wanted["run"], "--constraints", str(agreed))), encoding="utf-8")
        texts = {}
        for name, requirements in wanted.items():
            options = ["--generate-hashes", "--constraints", str(run if name in ALONE else agreed)]
            options += [*common, *ALONE[name]] if name in ALONE else []
            texts[name] = heading(name, requirements) + _resolve(requirements, *options)
    for name, text in texts.items():
        file = folder / f"{name}.txt"
        if not file.exists() or file.read_text(encoding="utf-8") != text:  # make goes by the time of the last change
            file.write_text(text, encoding="utf-8")


def changes(before: Pins, after: Pins) -> list[str]:
    """One line for each library whose version is another now: old and new, ``new``, or ``gone``."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        old, new = (" and ".join(sorted(found.get(name, ()))) for found in (before, after))
        if old != new:
            lines.append(
                f"{name} {old} -> {new}" if old and new else f"{name} {new or old} is {'new' if new else 'gone'}"
            )
    return lines


def _resolve(requirements: list[str], *options: str) -> str:
    """The lines of a lock file, good for every Python and machine that the project promises."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", *options, "-"]
    done = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the libraries could not be resolved, nothing was changed: {done.stderr.strip()}")
    return done.stdout


def main() -> None:
    """Lock, and say what changed against the lock files beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--oldest", action="store_true", help="the lower bounds of pyproject.toml")
    parser.add_argument("--into", type=Path, default=HERE, metavar="FOLDER", help="where the files go [beside this]")
    asked = parser.parse_args()
    before = pins(HERE)
    lock(asked.into, oldest=asked.oldest)
    print("\n".join(changes(before, pins(asked.into))) or "every library is as it was")  # noqa: T201


if __name__ == "__main__":
    main()
