"""The restrictions of the unit, read from the unit and put on a process as systemd would.

``python sandbox.py UNIT FOLDER COMMAND...`` runs a command under them, ``inside`` a function in a fork; FOLDER is what
may be written to. The system call filter is expanded by ``systemd-analyze syscall-filter`` and loaded with libseccomp,
with what RestrictAddressFamilies, RestrictNamespaces and RestrictSUIDSGID add to it; limits, umask, niceness, memory
that is writable and executable (Linux 6.3); for root also the empty set of capabilities and the read-only file system.
What is left out: the user of its own, the devices and the limits of the cgroup.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED = 4, 7  # of enum scmp_compare
_NO_NEW_PRIVILEGES, _DROP_CAPABILITY, _SET_MDWE = 38, 24, 65
_CAPABILITIES = 0x20080522  # the version of capset(2)'s header
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW... of clone(2)
_SET_ID_BITS = 0o6000
_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2}  # which argument is a mode
_UNSHARE_MOUNTS, _PRIVATE, _BIND, _RECURSIVE = 0x20000, 1 << 18, 1 << 12, 1 << 14
_MOUNT_SETATTR, _HERE, _BELOW = 442, -100, 0x8000
_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class _Compare(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("namespace", ctypes.c_uint64),
    )


def settings(unit: Path) -> dict[str, list[str]]:
    """The values of each setting of a unit, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@cache
def calls(entry: str) -> frozenset[str]:
    """The system calls of a group, or the one that is named."""
    if not entry.startswith("@"):
        return frozenset((entry,))
    text = subprocess.run(["systemd-analyze", "syscall-filter", entry], capture_output=True, text=True, check=True)
    words = [line.strip() for line in text.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return frozenset().union(*(calls(word) for word in words))


@cache
def allowed(unit: Path) -> frozenset[str]:
    """What the SystemCallFilter lines of a unit leave."""
    found: frozenset[str] = frozenset()
    for value in settings(unit)["SystemCallFilter"]:
        group = frozenset().union(*(calls(word) for word in value.lstrip("~").split()))
        found = found - group if value.startswith("~") else found | group
    return found


def enter(unit: Path, folder: Path) -> None:
    """Put the restrictions on this process and whatever it starts, for good; ``folder`` stays writable."""
    told, names, libc = settings(unit), allowed(unit), ctypes.CDLL(None, use_errno=True)
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # its data file could not be written in here
    os.umask(int(told["UMask"][0], 8))
    os.nice(int(told["Nice"][0]))
    for name, values in told.items():
        if name.startswith("Limit"):
            most = int(values[0].rstrip("KMG")) * _SIZES.get(values[0][-1], 1)
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.removeprefix('Limit')}"), (most, most))
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if os.geteuid() == 0:
        _write_only_below(folder, libc)
        for number in range(64):
            libc.prctl(_DROP_CAPABILITY, number, 0, 0, 0)
        libc.capset((ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)())
    libc.prctl(_SET_MDWE, 1, 0, 0, 0)
    families = {int(getattr(socket, word)) for word in told["RestrictAddressFamilies"][0].split()}
    _filter(names, families, int(getattr(errno, told["SystemCallErrorNumber"][0])))


def _write_only_below(folder: Path, libc: ctypes.CDLL) -> None:
    """ProtectSystem=strict: whatever is written elsewhere meets a read-only file system."""
    if libc.unshare(_UNSHARE_MOUNTS) or libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None):
        return
    own = (str(folder).encode(), b"/var/tmp")  # the latter for PrivateTmp=yes; the tests themselves live in /tmp
    for place in own:
        libc.mount(place, place, None, _BIND | _RECURSIVE, None)
    only_read, writable = _MountAttributes(set=1), _MountAttributes(clear=1)
    for where, attributes in ((b"/", only_read), *((place, writable) for place in (*own, b"/dev", b"/proc"))):
        libc.syscall(_MOUNT_SETATTR, _HERE, where, _BELOW, ctypes.byref(attributes), ctypes.sizeof(attributes))
    os.chdir(Path.cwd())  # through the new mounts


def _filter(names: frozenset[str], families: set[int], refusal: int) -> None:
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(_ERRNO | refusal)))
    for name, action, *compares in _rules(names, families):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            array = (_Compare * len(compares))(*compares)
            seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(compares), array)
    if seccomp.seccomp_load(context) != 0:
        sys.exit("the filter could not be loaded")


def _rules(names: frozenset[str], families: set[int]) -> Iterator[tuple[str, int, *tuple[_Compare, ...]]]:
    """System call, action, and what its arguments must be; whatever no rule allows is refused."""
    for name in sorted(names - {"socket", "clone", "clone3", "unshare", "setns", "personality", *_MODES}):
        yield name, _ALLOW
    for family in range(64):
        action = _ALLOW if family in families else _ERRNO | errno.EAFNOSUPPORT
        yield "socket", action, _Compare(0, _EQUAL, family, 0)
    for personality in (0, 0xFFFFFFFF):  # LockPersonality: what it is, and what it was
        yield "personality", _ALLOW, _Compare(0, _EQUAL, personality, 0)
    yield "clone", _ALLOW, _Compare(0, _MASKED, _NEW_NAMESPACES, 0)
    yield "clone3", _ERRNO | errno.ENOSYS  # its flags cannot be seen, so that everybody must take clone
    for name, argument in _MODES.items():
        yield name, _ALLOW, _Compare(argument, _MASKED, _SET_ID_BITS, 0)


def inside(unit: Path, folder: Path, work: Callable[[], T]) -> T:
    """What ``work`` returns or raises in a fork of this process that is confined."""
    reader, writer = os.pipe()
    allowed(unit)  # asked of systemd-analyze out here
    if (child := os.fork()) == 0:
        try:
            os.close(reader)
            enter(unit, folder)
            said = pickle.dumps((work(), None))
        except BaseException as error:  # noqa: BLE001 - told outside
            said = pickle.dumps((None, error))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(said)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    result, trouble = pickle.loads(said)
    if trouble is not None:
        raise trouble
    return result  # type: ignore[no-any-return]


if __name__ == "__main__":
    enter(Path(sys.argv[1]), Path(sys.argv[2]))
    os.execv(sys.argv[3], sys.argv[3:])
