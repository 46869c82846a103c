"""The tree against RFC 9162's own definition, and its proofs against everything that is not so."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.platform.audit import merkle, verifier


@cache
def leaf(index: int) -> bytes:
    return verifier.leaf_hash(index.to_bytes(16, "big"), f"entry {index}".encode())


def defined(first: int, last: int) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if last == first:
        return hashlib.sha256(b"").digest()
    if last - first == 1:
        return leaf(first)
    k = 1
    while k * 2 < last - first:
        k *= 2
    return hashlib.sha256(b"\x01" + defined(first, first + k) + defined(first + k, last)).digest()


def node(level: int, index: int) -> bytes:
    return defined(index << level, (index + 1) << level)


sizes = st.integers(1, 300)


@settings(max_examples=60, deadline=None)
@given(size=sizes)
def test_a_frontier_has_the_defined_root_at_every_size(size: int):
    frontier = merkle.Frontier()
    for index in range(size):
        frontier.add(leaf(index))
    assert frontier.root() == defined(0, size) == merkle.root_of_range(0, size, node)


def test_the_empty_tree_has_its_root():
    assert merkle.Frontier().root() == merkle.root_of_range(0, 0, node) == hashlib.sha256().digest()


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=sizes)
def test_inclusion_proofs_hold_for_their_leaf_and_place_alone(data: st.DataObject, size: int):
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(index, size, node)
    root = defined(0, size)
    assert verifier.root_of_inclusion(index, size, leaf(index), path) == root
    assert verifier.root_of_inclusion(index, size, leaf(index + 1), path) != root
    for at in range(len(path)):
        bent = [*path[:at], bytes(32), *path[at + 1 :]]
        assert verifier.root_of_inclusion(index, size, leaf(index), bent) != root
    with pytest.raises(verifier.Broken):
        verifier.root_of_inclusion(index, size, leaf(index), [*path, bytes(32)])
    if path:
        with pytest.raises(verifier.Broken):
            verifier.root_of_inclusion(index, size, leaf(index), path[:-1])
    with pytest.raises(verifier.Broken):
        verifier.root_of_inclusion(size, size, leaf(index), path)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), later=sizes)
def test_consistency_proofs_hold_for_what_grew_alone(data: st.DataObject, later: int):
    size = data.draw(st.integers(1, later))
    path = merkle.consistency(size, later, node)
    old, new = defined(0, size), defined(0, later)
    verifier.check_consistency(size, later, old, new, path)
    with pytest.raises(verifier.Broken):
        verifier.check_consistency(size, later, bytes(32), new, path)
    with pytest.raises(verifier.Broken):
        verifier.check_consistency(size, later, old, bytes(32), path)
    with pytest.raises(verifier.Broken):
        verifier.check_consistency(size, later, old, new, [*path, bytes(32)])


def test_proofs_outside_the_tree_are_refused():
    with pytest.raises(IndexError):
        merkle.inclusion(3, 3, node)
    with pytest.raises(IndexError):
        merkle.consistency(4, 3, node)
    with pytest.raises(verifier.Broken):
        verifier.check_consistency(0, 3, b"", b"", [])


def test_subtree_is_the_root_over_a_full_row():
    assert merkle.subtree(leaf(index) for index in range(256)) == defined(0, 256)
