"""The exits of the house: every place where something about a person is handed out, declared where it is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
_NAME = re.compile(r"[a-z_]+:[a-z_]+:[a-z_]+")
_ATTRIBUTE = "handing_out"


class Way(StrEnum):
    """In which way something is handed out (提供の方法): what a flag covers and a release opens."""

    DISPLAY = "display"
    LISTING = "listing"
    ISSUE = "issue"
    FILE = "file"
    LINKAGE = "linkage"
    AUTOMATIC_ANSWER = "automatic_answer"

    @property
    def label(self) -> str:
        return _WAY_LABELS[self]


_WAY_LABELS = {
    Way.DISPLAY: "照会表示",
    Way.LISTING: "一覧表示",
    Way.ISSUE: "証明発行",
    Way.FILE: "ファイル・名簿の出力",
    Way.LINKAGE: "庁内連携",
    Way.AUTOMATIC_ANSWER: "自動応答",
}


class ExitKind(StrEnum):
    """By what it is handed out."""

    SCREEN = "screen"
    PAPER = "paper"
    LIST = "list"
    FILE = "file"
    MESSAGE = "message"
    API = "api"
    BATCH = "batch"


_WAYS_OF: dict[ExitKind, frozenset[Way]] = {
    # A trial print and an issued paper that is looked at are papers on a screen.
    ExitKind.SCREEN: frozenset({Way.DISPLAY, Way.LISTING, Way.ISSUE}),
    ExitKind.PAPER: frozenset({Way.ISSUE}),
    ExitKind.LIST: frozenset({Way.LISTING, Way.FILE}),
    ExitKind.FILE: frozenset({Way.FILE}),
    ExitKind.MESSAGE: frozenset({Way.LINKAGE, Way.AUTOMATIC_ANSWER}),
    ExitKind.API: frozenset({Way.DISPLAY, Way.LISTING, Way.ISSUE, Way.LINKAGE}),
    ExitKind.BATCH: frozenset({Way.FILE, Way.LINKAGE}),
}


@dataclass(frozen=True, slots=True)
class Exit:
    """`name` is `room:what:kind`; `hands_out` says in words what. `takes_use`: going out here takes one use of a release."""

    name: str
    kind: ExitKind
    way: Way
    title: str
    hands_out: str
    takes_use: bool = True


class UnknownExit(LookupError):
    """Something would go out where no exit was declared."""


_exits: dict[str, Exit] = {}


def declare(exit_: Exit) -> Exit:
    """Add an exit to the list. Raises ValueError: malformed or taken name, or a way that its kind doesn't have."""
    if not _NAME.fullmatch(exit_.name):
        raise ValueError(f"exit name {exit_.name!r} is not room:what:kind")
    if _exits.setdefault(exit_.name, exit_) != exit_:
        raise ValueError(f"exit {exit_.name!r} is declared twice")
    if exit_.way not in _WAYS_OF[exit_.kind]:
        raise ValueError(f"exit {exit_.name!r}: no {exit_.kind} hands out by {exit_.way}")
    return exit_


def exits() -> list[Exit]:
    return sorted(_exits.values(), key=lambda exit_: exit_.name)


def require_declared(exit_: Exit) -> None:
    """Raises UnknownExit for one that isn't on the list."""
    if _exits.get(exit_.name) != exit_:
        raise UnknownExit(f"nothing goes out by {exit_.name!r}: it is no declared exit")


# -- what views, API operations, jobs, commands and subscribers say about themselves ----------------------------------


@dataclass(frozen=True, slots=True)
class HandingOut:
    """What a function hands out: by `exits`, or nothing about a person, for the `reason`."""

    names: tuple[str, ...] = ()
    reason: str = ""

    @property
    def exits(self) -> tuple[Exit, ...]:
        """Raises UnknownExit for a name that isn't on the list."""
        unknown = set(self.names) - set(_exits)
        if unknown:
            raise UnknownExit(f"no declared exits: {', '.join(sorted(unknown))}")
        return tuple(_exits[name] for name in self.names)


def exit_of(*through: Exit | str) -> Callable[[Function], Function]:
    """Decorator: the function hands out by these exits. Raises UnknownExit, ValueError without any.

    By name only where the room can't be loaded yet: commands are known before the database is.
    """
    if not through:
        raise ValueError("name the exits")
    for exit_ in through:
        if isinstance(exit_, Exit):
            require_declared(exit_)
    return _say(HandingOut(names=tuple(exit_ if isinstance(exit_, str) else exit_.name for exit_ in through)))


def hands_out_nothing(reason: str) -> Callable[[Function], Function]:
    """Decorator: the function hands out nothing about a person, and why that is so."""
    if not reason.strip():
        raise ValueError("say why nothing goes out")
    return _say(HandingOut(reason=reason))


def _say(said: HandingOut) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        setattr(function, _ATTRIBUTE, said)
        return function

    return decorate


def handing_out(function: object) -> HandingOut | None:
    """What a function said about itself; None: nothing, and then nothing may go out."""
    said = getattr(function, _ATTRIBUTE, None)
    return said if isinstance(said, HandingOut) else None
