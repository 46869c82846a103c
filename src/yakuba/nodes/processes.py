"""Processes of ours, recognised by pid and start time, never by name: a pid alone may belong to somebody else by now.

Linux (`/proc`) gives everything; elsewhere start times come from `ps`, and what can't be known isn't ended.
Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
_ON_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for ever: its pid and when it started (boot and clock ticks on Linux)."""

    pid: int
    started: str

    def as_json(self) -> dict[str, Any]:
        return {"pid": self.pid, "started": self.started}

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> Identity | None:
        return cls(int(value["pid"]), str(value["started"])) if value else None


def identify(pid: int) -> Identity | None:
    """The living process `pid`; None where there is none (a zombie has ended)."""
    if not _ON_LINUX:
        return _identify_by_ps(pid)
    try:
        # The name in parentheses may hold anything: count the fields after its end.
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else Identity(pid, f"{boot}:{fields[19]}")


def _identify_by_ps(pid: int) -> Identity | None:
    listed = subprocess.run(  # noqa: S603 -- fixed program, the argument is a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        env={"LC_ALL": "C", "TZ": "UTC0"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return Identity(pid, listed[1].strip()) if len(listed) == 2 and "Z" not in listed[0] else None


def is_taken(pid: int) -> bool:
    """Whether the number is in use, by a living process or by one that has ended and wasn't waited for (a zombie)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def is_alive(identity: Identity | None) -> bool:
    return identity is not None and identify(identity.pid) == identity


def send(identity: Identity, signal_number: int) -> bool:
    """Signal exactly this process; False when it has ended."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # no pidfd in this kernel or Python: a short race is left
        if not is_alive(identity):
            return False
        with suppress(ProcessLookupError):
            os.kill(identity.pid, signal_number)
        return True
    try:
        # The descriptor holds one process: checked after opening, the pid can't change hands before the signal.
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(descriptor, signal_number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def wait_ended(identity: Identity, timeout_s: float, pause: Callable[[float], None] = time.sleep) -> bool:
    """Whether the process ends within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while is_alive(identity):
        if time.monotonic() >= deadline:
            return False
        pause(0.02)
    return True


def end(identity: Identity, *steps: tuple[int, float]) -> bool:
    """Send each signal of `steps` in turn, waiting its seconds after it; True once the process has ended."""
    for signal_number, timeout_s in steps:
        if not send(identity, signal_number) or wait_ended(identity, timeout_s):
            return True
    return not is_alive(identity)


def _processes() -> Iterator[int]:
    if _ON_LINUX:
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                yield int(entry.name)


def carrying(variable: str, value: str) -> list[Identity]:
    """Living processes started with `variable=value` in their environment, except this one (Linux; else none)."""
    wanted = f"{variable}={value}".encode()
    found = []
    for pid in _processes():
        with suppress(OSError):
            if pid != os.getpid() and wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                identity = identify(pid)
                if identity:
                    found.append(identity)
    return found


def working_in(folder: Path) -> list[Identity]:
    """Living processes whose working directory is `folder` (Linux; else none)."""
    found = []
    for pid in _processes():
        with suppress(OSError):
            if (_PROC / str(pid) / "cwd").readlink() == folder:
                identity = identify(pid)
                if identity:
                    found.append(identity)
    return found


def end_group(pid: int, signal_number: int = signal.SIGKILL) -> None:
    """Signal what is left of the process group that `pid` leads; call it before `pid` has been waited for."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal_number)


def has_exited(pid: int) -> bool:
    """Whether our child `pid` has ended, leaving it unwaited, so that its group's number stays taken."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def die_with_parent(signal_number: int) -> Callable[[], None] | None:
    """A `preexec_fn` after which the kernel sends `signal_number` when the parent ends (Linux; else None).

    The signal comes when the thread that started the child ends: start children from the main thread.
    """
    if not _ON_LINUX:
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def preexec() -> None:
        if prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return preexec
