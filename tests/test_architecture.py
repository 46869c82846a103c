"""The walls that import-linter can't draw: rooms see only each other's interfaces, and each says what it is for.

The floors are contracts in pyproject.toml (`lint-imports`), each with its reason.
"""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "yakuba"
SYSTEMS = "yakuba.systems"
ROOMS = [
    SOURCE / "core",
    *sorted(
        folder
        for floor in ("platform", "systems")
        for folder in (SOURCE / floor).iterdir()
        if (folder / "__init__.py").exists()
    ),
]


def _room(module: str) -> str | None:
    """The room of a module below `systems`: its first name there."""
    inside = module.removeprefix(f"{SYSTEMS}.")
    return None if inside == module else inside.partition(".")[0]


def through_the_wall(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    """Imports from one room of `systems` into another that don't go through its `interfaces`."""
    return [
        (importer, imported)
        for importer in sorted(graph.modules)
        if (room := _room(importer))
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if _room(imported) not in {None, room} and imported != f"{SYSTEMS}.{_room(imported)}.interfaces"
    ]


def test_a_room_is_entered_by_its_interfaces_only():
    graph = grimp.build_graph("yakuba", cache_dir=None)
    assert any(_room(module) for module in graph.modules)
    assert through_the_wall(graph) == []


def test_an_import_through_the_wall_is_seen():
    graph = grimp.ImportGraph()
    for importer, imported in (
        (f"{SYSTEMS}.seals.services", f"{SYSTEMS}.residents.models"),
        (f"{SYSTEMS}.seals.services", f"{SYSTEMS}.residents.interfaces"),
        (f"{SYSTEMS}.seals.services", f"{SYSTEMS}.seals.models"),
        (f"{SYSTEMS}.seals.services", "yakuba.platform.clock"),
        ("yakuba.web.views", f"{SYSTEMS}.residents.services"),
    ):
        graph.add_import(importer=importer, imported=imported)
    assert through_the_wall(graph) == [(f"{SYSTEMS}.seals.services", f"{SYSTEMS}.residents.models")]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(SOURCE)))
def test_every_room_says_what_it_is_for(room: Path):
    readme = room / "README.md"
    assert readme.is_file(), f"{room} has no README.md"
    lines = readme.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert 5 <= len(lines) <= 30, "ten lines or so: what it owns, what it promises, what law"
