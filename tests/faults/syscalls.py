"""The system calls that SQLite makes, watched and made to fail: SQLite's own ``xSetSystemCall``, reached by ctypes.

sqlite.org/c3ref/vfs.html. The library is the one the sqlite3 module uses, so the real store runs on it unchanged.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_FAILED = -1


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_size", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 11),
        ("current_time", ctypes.c_void_p),
        ("set_system_call", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)),
        ("get_system_call", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)),
    )


_SHAPES: dict[str, Any] = {
    name: ctypes.CFUNCTYPE(*shape, use_errno=True)
    for name, shape in {
        "pwrite": (ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64),
        "ftruncate": (ctypes.c_int, ctypes.c_int, ctypes.c_int64),
    }.items()
}
Deed = Callable[..., int]


def vfs() -> Any:  # noqa: ANN401 - a ctypes structure
    """SQLite's table of system calls; skips the test where the library is built into the module."""
    library = ctypes.CDLL(_sqlite3.__file__)
    try:
        find = library.sqlite3_vfs_find
    except AttributeError:
        pytest.skip("this Python has SQLite built in: its system calls cannot be reached")
    find.restype = ctypes.POINTER(_Vfs)
    return find(None)


@contextmanager
def watched(**deeds: Deed) -> Iterator[None]:
    """Let each deed stand in for a system call of SQLite's: ``deed(call, *arguments)`` where ``call`` is the real one.

    A deed that raises ``OSError`` makes the call fail with its errno.
    """
    table = vfs().contents
    address = ctypes.cast(ctypes.pointer(table), ctypes.c_void_p)
    before, kept = [], []
    for deed_name, deed in deeds.items():
        name = b"pwrite64" if deed_name == "pwrite" else deed_name.encode()
        real = table.get_system_call(address, name)
        stand_in = _SHAPES[deed_name](_stand_in(deed, _SHAPES[deed_name](real)))
        kept.append(stand_in)  # alive as long as SQLite may call it
        before.append((name, real))
        table.set_system_call(address, name, ctypes.cast(stand_in, ctypes.c_void_p))
    try:
        yield
    finally:
        for name, real in before:
            table.set_system_call(address, name, real)


def _stand_in(deed: Deed, real: Deed) -> Deed:
    def call(*arguments: int) -> int:
        try:
            return deed(real, *arguments)
        except OSError as error:
            ctypes.set_errno(error.errno or 0)
            return _FAILED

    return call
