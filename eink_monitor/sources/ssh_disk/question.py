"""The command that is sent to a login shell, whichever it is."""

from __future__ import annotations

import re
import shlex

_ESCAPED = {"\\": "\\134", " ": "\\040", "\t": "\\011", "\n": "\\012"}  # as /proc/mounts writes them
_PIECES = re.compile(r"['!\\]|[^'!\\]+")


def question(path: str, mark: str) -> str:
    """The command for one mount point; its answer stands between lines that start with ``mark``.

    The path is quoted once for sh, and the script once more for whatever the login shell is. It is a single line,
    because csh ends a quotation with the line.
    """
    row = _sh(f" {''.join(_ESCAPED.get(char, char) for char in path)} ")
    script = (
        "LC_ALL=C; export LC_ALL; "
        r'n=$(printf "\nx"); n=${n%x}; '
        f"p={_sh(path)}; "
        'r=$(cd -P -- "$p" 2>/dev/null && pwd -P); '
        rf'printf "\n%s begin\n" {mark}; '
        rf'printf "%s where %s\n" {mark} "$r"; '
        'df -Pk -- "$p" 2>&1; '
        rf'printf "%s df %s\n" {mark} $?; '
        'df -Pki -- "$p" 2>/dev/null; '
        f'{{ cat /proc/mounts 2>/dev/null || mount 2>/dev/null; }} | grep -F -e {row} -e " ${{r:-$p}} "; '
        rf'printf "\n%s end\n" {mark}'
    )
    return f"exec /bin/sh -c {any_shell(script)}"


def any_shell(text: str) -> str:
    """One word that sh, csh and fish alike read as ``text``, which holds no line break.

    Within single quotes csh heeds "!" and fish the backslash; both stand outside, behind a backslash, everywhere.
    """
    pieces = {"'": '"\'"', "!": "\\!", "\\": "\\\\"}
    return "".join(pieces.get(piece, f"'{piece}'") for piece in _PIECES.findall(text))


def _sh(text: str) -> str:
    """One word to sh; line breaks are left to its variable ``n``."""
    return '"$n"'.join(shlex.quote(part) for part in text.split("\n"))
