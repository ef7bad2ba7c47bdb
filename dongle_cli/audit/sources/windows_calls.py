# ruff: noqa: E402
"""The calls of Windows that an audit makes, and nothing else: kernel32 by ctypes, folders by os.scandir.

Not yet run on Windows. Signatures after Microsoft's Win32 documentation (fileapi.h, winbase.h); everything that decides
something stands in `windows`, where it is tested.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # noqa: S101 - for the type checker; nothing else imports this

import ctypes
import msvcrt
import os
import winreg
from collections.abc import Iterator
from ctypes import wintypes
from typing import BinaryIO, cast

from dongle_cli.audit.hives.live import Answers
from dongle_cli.audit.sources.windows import Named

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_advapi = ctypes.WinDLL("advapi32", use_last_error=True)
_GENERIC_READ, _SHARE_ALL, _OPEN_EXISTING = 0x80000000, 7, 3
# BACKUP_SEMANTICS: with the privilege below no ACL is in the way. OPEN_NO_RECALL: nothing is fetched from a cloud.
_FLAGS = 0x02000000 | 0x00100000 | 0x08000000
_NO_STREAMS = (38, 87, 1, 50)  # the end; a file system without streams says that a parameter or the function is wrong
_INVALID = ctypes.c_void_p(-1).value


class _StreamData(ctypes.Structure):
    """WIN32_FIND_STREAM_DATA."""

    _fields_ = (("size", ctypes.c_longlong), ("name", ctypes.c_wchar * 296))


class _Privilege(ctypes.Structure):
    """TOKEN_PRIVILEGES with one entry."""

    _fields_ = (("count", wintypes.DWORD), ("low", wintypes.DWORD), ("high", wintypes.LONG), ("on", wintypes.DWORD))


def _declare() -> None:
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _kernel.CreateFileW.argtypes = (
        wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD,
        wintypes.HANDLE,
    )  # fmt: skip
    _kernel.FindFirstStreamW.restype = wintypes.HANDLE
    _kernel.FindFirstStreamW.argtypes = (wintypes.LPCWSTR, ctypes.c_int, ctypes.POINTER(_StreamData), wintypes.DWORD)
    _kernel.FindNextStreamW.argtypes = (wintypes.HANDLE, ctypes.POINTER(_StreamData))
    _kernel.FindClose.argtypes = (wintypes.HANDLE,)
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _advapi.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    _advapi.LookupPrivilegeValueW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR, ctypes.c_void_p)
    _advapi.AdjustTokenPrivileges.argtypes = (
        wintypes.HANDLE, wintypes.BOOL, ctypes.POINTER(_Privilege), wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p,
    )  # fmt: skip


_declare()


class System:
    """This Windows."""

    def __init__(self) -> None:
        _may_back_up()

    def drives(self) -> str:
        """GetLogicalDriveStringsW's buffer."""
        buffer = ctypes.create_unicode_buffer(256)
        count = _kernel.GetLogicalDriveStringsW(255, buffer)
        if not count:
            raise ctypes.WinError(ctypes.get_last_error())
        return "".join(buffer[:count])

    def kind(self, root: str) -> int:
        """GetDriveTypeW."""
        return int(_kernel.GetDriveTypeW(wintypes.LPCWSTR(root)))

    def identity(self, root: str) -> str:
        """The volume's GUID path; empty where there is none."""
        buffer = ctypes.create_unicode_buffer(64)
        found = _kernel.GetVolumeNameForVolumeMountPointW(wintypes.LPCWSTR(root), buffer, 64)
        return buffer.value if found else ""

    def list(self, path: str) -> Iterator[Named]:
        """Names in a folder with the attributes that FindNextFileW gives."""
        with os.scandir(path) as entries:
            for entry in entries:
                yield _named(entry.name, entry.stat(follow_symlinks=False))

    def look(self, path: str) -> Named:
        """One file or folder; a link as itself."""
        return _named(path.rpartition("\\")[2], os.lstat(path))

    def streams(self, path: str) -> Iterator[tuple[str, int]]:
        """FindFirstStreamW and FindNextStreamW."""
        data = _StreamData()
        handle = _kernel.FindFirstStreamW(path, 0, ctypes.byref(data), 0)
        if handle == _INVALID:
            if ctypes.get_last_error() not in _NO_STREAMS:
                raise ctypes.WinError(ctypes.get_last_error())
            return
        try:
            while True:
                yield data.name, data.size
                if not _kernel.FindNextStreamW(handle, ctypes.byref(data)):
                    return
        finally:
            _kernel.FindClose(handle)

    def open(self, path: str) -> BinaryIO:
        """The content, shared with everybody."""
        handle = _kernel.CreateFileW(path, _GENERIC_READ, _SHARE_ALL, None, _OPEN_EXISTING, _FLAGS, None)
        if handle == _INVALID:
            raise ctypes.WinError(ctypes.get_last_error())
        return os.fdopen(msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY), "rb")

    def registry(self) -> Answers:
        """The module winreg."""
        return cast(Answers, winreg)


def _named(name: str, about: os.stat_result) -> Named:
    return Named(name, about.st_file_attributes, about.st_reparse_tag, about.st_size, about.st_mtime)


def _may_back_up() -> None:
    """Turn on SeBackupPrivilege where this person has it; without it what is closed to him stays a gap."""
    token = wintypes.HANDLE()
    if not _advapi.OpenProcessToken(_kernel.GetCurrentProcess(), 0x28, ctypes.byref(token)):
        return
    privilege = _Privilege(1, 0, 0, 2)
    if _advapi.LookupPrivilegeValueW(None, "SeBackupPrivilege", ctypes.byref(privilege, _Privilege.low.offset)):
        _advapi.AdjustTokenPrivileges(token, False, ctypes.byref(privilege), 0, None, None)
    _kernel.CloseHandle(token)
