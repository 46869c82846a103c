"""What is known of a house from outside: who holds its lock, and what its supervisor noted in `run/house.json`.

Apart from the supervisor so that `status` answers at once. Standard library only.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yakuba import __version__
from yakuba.nodes import processes
from yakuba.nodes.paths import DataFolder, write_privately
from yakuba.nodes.processes import Identity


class HouseLock:
    """The right to run this data folder's house; given back by the kernel when its holder dies."""

    def __init__(self, data: DataFolder) -> None:
        self._file = data.run / "house.lock"
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether the lock is ours now."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether somebody holds it. Whoever takes it at this very moment is told that it is taken, and tries again."""
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def state_file(data: DataFolder) -> Path:
    return data.run / "house.json"


def read_state(data: DataFolder) -> dict[str, Any]:
    """What the last supervisor noted; empty when nothing is noted."""
    try:
        state: dict[str, Any] = json.loads(state_file(data).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return state


def status(data: DataFolder) -> dict[str, Any]:
    """The house as it stands; `phase` is starting, ready (only this is `running`), stopping, command or stopped."""
    held = HouseLock(data).is_held()
    state = read_state(data) if held else {}
    if not processes.is_alive(Identity.from_json(state.get("supervisor"))):
        state = {}  # of a dead supervisor; the lock's new holder hasn't noted anything yet
    phase = state.get("phase", "starting") if held else "stopped"
    parts = {name: {"running": False} for name in ("database", "web", "worker")}
    for name, child in state.get("children", {}).items():
        alive = processes.is_alive(Identity.from_json(child))
        parts[name] = {"running": alive, "pid": child["pid"], "restarts": child["restarts"]}
    if state.get("external"):
        parts["database"] = {"external": True}
    return {
        "running": phase == "ready",
        "phase": phase,
        "url": state.get("url"),
        "pid": state.get("supervisor", {}).get("pid"),
        **parts,
        "started_at": state.get("started_at"),
        "version": state.get("version", __version__),
        "data": str(data.root),
    }


def write_state(data: DataFolder, state: Mapping[str, Any]) -> None:
    """Note the state; a reader sees the old one or the new one."""
    write_privately(state_file(data), json.dumps(state, ensure_ascii=False, indent=1) + "\n")
