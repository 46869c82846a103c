"""Codes that somebody reads from one screen and types at another: ten characters, nothing that is mistaken for another."""

from __future__ import annotations

from .sign_in import RandomBytes

LENGTH, _ALPHABET = 10, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make(random_bytes: RandomBytes) -> tuple[str, str]:
    """A code of fifty random bits, and how it is shown (「ABCDE-FGHJK」)."""
    code = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in random_bytes(LENGTH))
    return code, f"{code[:5]}-{code[5:]}"
