"""A small drawing of a household: who is what to the householder, laid out by generation for an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .display import person_name
from .models import ResidentVersion

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 168, 58, 24, 44, 12
_PARENTS = frozenset({"父", "母"})


@dataclass(frozen=True, slots=True)
class Box:
    """One person: place of the box and its texts, in units of the drawing."""

    x: int
    y: int
    name: str
    role: str
    is_head: bool
    link: str

    @property
    def middle(self) -> int:
        return self.x + _WIDTH // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    boxes: tuple[Box, ...]
    ties: tuple[str, ...]  # SVG paths
    box_width: int = _WIDTH
    box_height: int = _HEIGHT


def generation(relationship: str) -> int:
    """How many generations below the householder a 続柄 stands: 子 1, 子の子 2, 父 -1; spouses and siblings stay."""
    depth = 0
    for step in relationship.split("の"):
        if step in _PARENTS:
            depth -= 1
        elif step.startswith("子"):
            depth += 1
    return depth


def draw(members: Sequence[ResidentVersion]) -> Drawing:
    """Boxes by generation, elders above, each tied to the householder."""
    floors: dict[int, list[ResidentVersion]] = {}
    for member in members:
        floors.setdefault(generation(member.relationship or ""), []).append(member)
    widest = max(len(floor) for floor in floors.values())
    width = 2 * _MARGIN + widest * _WIDTH + (widest - 1) * _GAP_X
    boxes: list[Box] = []
    for index, level in enumerate(sorted(floors)):
        floor = floors[level]
        used = len(floor) * _WIDTH + (len(floor) - 1) * _GAP_X
        left = (width - used) // 2
        for place, member in enumerate(floor):
            boxes.append(
                Box(
                    left + place * (_WIDTH + _GAP_X),
                    _MARGIN + index * (_HEIGHT + _GAP_Y),
                    person_name(member),
                    member.relationship or "続柄なし",
                    member.relationship == "世帯主",
                    f"/residents/{member.person_id:015d}",
                )
            )
    height = 2 * _MARGIN + len(floors) * _HEIGHT + (len(floors) - 1) * _GAP_Y
    head = next((box for box in boxes if box.is_head), boxes[0])
    return Drawing(width, height, tuple(boxes), tuple(_tie(head, box) for box in boxes if box is not head))


def _tie(head: Box, box: Box) -> str:
    if box.y == head.y:
        y = head.y + _HEIGHT // 2
        ends = sorted(((head.x, head.x + _WIDTH), (box.x, box.x + _WIDTH)))
        return f"M{ends[0][1]} {y}H{ends[1][0]}"
    upper, lower = (head, box) if head.y < box.y else (box, head)
    half = lower.y - _GAP_Y // 2
    return f"M{upper.middle} {upper.y + _HEIGHT}V{half}H{lower.middle}V{lower.y}"
