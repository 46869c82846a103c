"""The log's Merkle tree as the house builds it (RFC 9162 section 2.1): roots and proofs from the hashes of complete subtrees.

`verifier.py` has the hashes and checks the proofs; nothing here is needed to verify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .verifier import EMPTY_ROOT, node_hash

TILE = 8
"""Every eighth level of complete subtrees is kept: a proof then reads at most 256 hashes a level."""

Node = Callable[[int, int], bytes]
"""`node(level, index)`: the root of the complete subtree of leaves [index·2^level, (index+1)·2^level)."""


class Frontier:
    """Grows leaf by leaf and knows its root at any size; keeps one hash a level."""

    def __init__(self) -> None:
        self.size = 0
        self.complete: list[bytes] = []
        """Roots of the complete subtrees, the largest first."""

    def add(self, leaf: bytes) -> None:
        carry, rest = leaf, self.size
        while rest & 1:
            carry = node_hash(self.complete.pop(), carry)
            rest >>= 1
        self.complete.append(carry)
        self.size += 1

    def root(self) -> bytes:
        if not self.complete:
            return EMPTY_ROOT
        found = self.complete[-1]
        for left in reversed(self.complete[:-1]):
            found = node_hash(left, found)
        return found


def subtree(nodes: Iterable[bytes]) -> bytes:
    """The root over 2^k equal complete subtrees (or leaves)."""
    row = list(nodes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def root_of_range(first: int, last: int, node: Node) -> bytes:
    """The root of leaves [first, last); `first` is a multiple of the largest power of two below the count, as in RFC 9162."""
    count = last - first
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0 and first % count == 0:
        return node(count.bit_length() - 1, first // count)
    middle = first + _split(count)
    return node_hash(root_of_range(first, middle, node), root_of_range(middle, last, node))


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, lowest first. Raises IndexError outside it."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    return _path(index, 0, size, node)


def _path(index: int, first: int, last: int, node: Node) -> list[bytes]:
    if last - first == 1:
        return []
    middle = first + _split(last - first)
    if index < middle:
        return [*_path(index, first, middle, node), root_of_range(middle, last, node)]
    return [*_path(index, middle, last, node), root_of_range(first, middle, node)]


def consistency(size: int, later: int, node: Node) -> list[bytes]:
    """The proof that the tree of `later` leaves grew out of that of `size`. Raises IndexError unless 0 < size <= later."""
    if not 0 < size <= later:
        raise IndexError(f"no proof from {size} to {later}")
    return _growth(size, 0, later, node, is_whole=True)


def _growth(size: int, first: int, last: int, node: Node, *, is_whole: bool) -> list[bytes]:
    if size == last - first:
        return [] if is_whole else [root_of_range(first, last, node)]
    half = _split(last - first)
    middle = first + half
    if size <= half:
        return [*_growth(size, first, middle, node, is_whole=is_whole), root_of_range(middle, last, node)]
    return [*_growth(size - half, middle, last, node, is_whole=False), root_of_range(first, middle, node)]


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
