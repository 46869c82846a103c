"""The room's dated settings."""

from __future__ import annotations

from pathlib import Path

from yakuba.platform import profiles

SETTINGS = profiles.declare("people", Path(__file__).with_name("settings.yaml"))
