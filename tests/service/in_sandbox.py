"""Run a command under the system call filter of the unit: ``python in_sandbox.py UNIT COMMAND...``.

The filter is expanded by ``systemd-analyze syscall-filter`` and loaded with libseccomp, as systemd does; memory that is
writable and executable is refused as MemoryDenyWriteExecute does, where the kernel knows how (Linux 6.3).
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _SET_MDWE = 38, 65
_ADDRESS_SPACE = 1 << 30


def calls(entry: str) -> set[str]:
    """The system calls of a group, or the one that is named."""
    if not entry.startswith("@"):
        return {entry}
    text = subprocess.run(["systemd-analyze", "syscall-filter", entry], capture_output=True, text=True, check=True)
    words = [line.strip() for line in text.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return set().union(*(calls(word) for word in words))


def allowed(unit: Path) -> set[str]:
    """What the SystemCallFilter lines of a unit leave."""
    found: set[str] = set()
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "SystemCallFilter":
            group = set().union(*(calls(word) for word in value.lstrip("~").split()))
            found = found - group if value.startswith("~") else found | group
    return found


def confine(names: set[str]) -> None:
    """Every other system call of this process and its children fails with EPERM from now on."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(_ERRNO | errno.EPERM)))
    for name in sorted(names):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), number, 0)
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_MDWE, 1, 0, 0, 0)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if seccomp.seccomp_load(context) != 0:
        sys.exit("the filter could not be loaded")


if __name__ == "__main__":
    filtered = allowed(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    confine(filtered)
    os.execv(sys.argv[2], sys.argv[2:])
