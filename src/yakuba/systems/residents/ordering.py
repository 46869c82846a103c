"""The order of persons within a household (住民記録システム標準仕様書 5.2)."""

from __future__ import annotations

from datetime import date

_SPOUSES = frozenset({"夫", "妻", "夫（未届）", "妻（未届）"})
_SIBLINGS = frozenset({"兄", "姉", "弟", "妹"})
_PARENTS = frozenset({"父", "母"})


def rank(relationship: str | None) -> tuple[int, int]:
    """Rank and generation of a 続柄; within equal ones the elder, then the lower 宛名番号 comes first.

    世帯主, 配偶者, 子, 子の配偶者, 子の子 …, 父母, 兄弟姉妹, 祖父母, other relatives by generation, 縁故者, 同居人; unknown last.
    """
    if not relationship:
        return (99, 0)
    steps = relationship.split("の")
    last, depth = steps[-1], len(steps)
    if relationship == "世帯主":
        return (0, 0)
    if relationship == "縁故者":
        return (20, 0)
    if relationship == "同居人":
        return (30, 0)
    if depth == 1:
        if last in _SPOUSES:
            return (1, 0)
        if last.startswith("子"):
            return (2, 0)
        if last in _PARENTS:
            return (4, 0)
        return (5, 0) if last in _SIBLINGS else (10, depth)
    if steps[0].startswith("子"):
        return (3, depth * 2 - (last in _SPOUSES))
    if all(step in _PARENTS for step in steps):
        return (6, depth)
    return (10, depth)


def key(relationship: str | None, stored_order: int | None, birth: date, number: int) -> tuple[object, ...]:
    """Sort key of a member: an order stored by hand wins."""
    return (relationship != "世帯主", stored_order is None, stored_order or 0, rank(relationship), birth, number)
