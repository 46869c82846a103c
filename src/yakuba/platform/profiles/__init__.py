"""What differs between organisations: dated settings beside the room that uses them, one profile for each organisation."""

from .organisation import NoOrganisation, Profile, house_profile, set_up
from .settings import NoSetting, Setting, Settings, declare, declared

__all__ = [
    "NoOrganisation", "NoSetting", "Profile", "Setting", "Settings", "declare", "declared", "house_profile", "set_up",
]  # fmt: skip
