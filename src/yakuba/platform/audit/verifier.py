#!/usr/bin/env python3
"""Checks an exported part of an operation log (操作履歴) without its database: `python verifier.py BUNDLE.json --key KEY`.

One file, the standard library and `cryptography`: it can be taken away and read by whoever doubts the house. It shows that
each exported entry stands unchanged at its place in a Merkle tree (RFC 9162 section 2.1, SHA-256), that each tree grew out of the
earlier ones, and that each tree's root was signed (a signed note as in C2SP `signed-note` and `tlog-checkpoint`, Ed25519).

KEY is the log's verification key, `origin+8 hex digits+base64`, got from the house in another way than the bundle
(`./yakuba audit key`); it may be given more than once after a change of keys. Checkpoints that were kept elsewhere are
given with `--checkpoint FILE` (a file of notes as JSON lines, or one note): the tree that they signed must be the bundle's.

An entry is committed to as SHA-256(0x00 || SHA-256(salt || text)). Once text and salt are erased, the leaf says nothing.

Exit code: 0 everything holds, 1 something doesn't (each reason on a line of its own), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "yakuba-audit-bundle/1"
_ED25519 = b"\x01"


class Broken(ValueError):
    """Something does not hold; the message says what."""


# -- the tree (RFC 9162, 2.1) -----------------------------------------------------------------------------------------


def leaf_hash(salt: bytes, text: bytes) -> bytes:
    """The leaf of an entry: `text` is its canonical JSON, `salt` 16 random bytes."""
    return hashlib.sha256(b"\x00" + hashlib.sha256(salt + text).digest()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()


def root_of_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves that has `leaf` at `index` (from 0). Raises Broken for a path of another length."""
    if not 0 <= index < size:
        raise Broken(f"位置{index}は大きさ{size}の木にありません。")
    here, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Broken("包含の証明が長すぎます。")
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise Broken("包含の証明が短すぎます。")
    return found


def check_consistency(size: int, later_size: int, root: bytes, later_root: bytes, path: Sequence[bytes]) -> None:
    """That the tree of `later_size` grew out of that of `size`. Raises Broken."""
    if not 0 < size <= later_size:
        raise Broken(f"大きさ{size}の木から大きさ{later_size}の木はできません。")
    if size == later_size:
        if path or root != later_root:
            raise Broken("同じ大きさで根の異なる木があります。")
        return
    nodes = list(path)
    if size & (size - 1) == 0:  # an exact power of two: its root is a node of the later tree
        nodes.insert(0, root)
    if not nodes:
        raise Broken("整合の証明がありません。")
    here, last = size - 1, later_size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise Broken("整合の証明が長すぎます。")
        if here & 1 or here == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, node)
        here, last = here >> 1, last >> 1
    if last or old != root or new != later_root:
        raise Broken(f"大きさ{later_size}の木は、大きさ{size}の木を延ばしたものではありません。")


# -- keys and checkpoints ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key with the name of the log that signs with it."""

    origin: str
    public: bytes

    @property
    def number(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.origin.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.origin}+{self.number.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerificationKey:
        """Read `origin+number+base64`. Raises Broken."""
        try:
            origin, number, encoded = text.strip().split("+", 2)
            data = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise Broken("検証鍵として読めません。") from None
        key = cls(origin, data[1:])
        if data[:1] != _ED25519 or len(data) != 33 or number != key.number.hex():
            raise Broken("検証鍵が壊れています。")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: how many entries there were, what their root was, and when (RFC 3339, UTC)."""

    origin: str
    size: int
    root: bytes
    at: str

    @property
    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {self.at}\n"


def open_checkpoint(note: str, keys: Sequence[VerificationKey]) -> Checkpoint:
    """The checkpoint of a note that one of `keys` signed. Raises Broken."""
    body, separator, signatures = note.rpartition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != 4 or not lines[3].startswith("time ") or not lines[1].isascii():
        raise Broken("チェックポイントとして読めません。")
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True), lines[3][5:])
    except ValueError:
        raise Broken("チェックポイントとして読めません。") from None
    if checkpoint.body != body + "\n" or len(checkpoint.root) != 32:
        raise Broken("チェックポイントとして読めません。")
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        for key in keys:
            if mark == "—" and name == key.origin == checkpoint.origin and data[:4] == key.number:
                try:
                    Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], (body + "\n").encode())
                except InvalidSignature:
                    raise Broken(f"大きさ{checkpoint.size}のチェックポイントの署名が正しくありません。") from None
                return checkpoint
    raise Broken(f"大きさ{checkpoint.size}のチェックポイントに、信頼する鍵の署名がありません。")


# -- bundles ----------------------------------------------------------------------------------------------------------


def check_bundle(
    bundle: Mapping[str, Any], keys: Sequence[VerificationKey], kept: Sequence[str] = ()
) -> tuple[list[str], int]:
    """What does not hold of a bundle, in Japanese, and how many entries do hold. `kept`: notes that were kept elsewhere."""
    wrong: list[str] = []
    if bundle.get("format") != FORMAT:
        return [f"書式が {FORMAT} ではありません。"], 0
    heads: dict[int, Checkpoint] = {}

    def head(note: str, where: str) -> None:
        checkpoint = open_checkpoint(note, keys)
        known = heads.setdefault(checkpoint.size, checkpoint)
        if known.root != checkpoint.root:
            raise Broken(f"大きさ{checkpoint.size}のチェックポイントの根が二通りあります（{where}）。")

    def attempt(where: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except Broken as broken:
            wrong.append(f"{where}: {broken}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            wrong.append(f"{where}: 読めません（{type(error).__name__}）。")
        else:
            return True
        return False

    for number, note in enumerate(bundle.get("checkpoints", ()), 1):
        attempt(f"チェックポイント{number}", lambda note=note: head(note, "書出し"))  # type: ignore[misc]
    in_bundle = set(heads)
    for number, note in enumerate(kept, 1):
        attempt(f"保管されたチェックポイント{number}", lambda note=note: head(note, "保管"))  # type: ignore[misc]
    if not in_bundle:
        return [*wrong, "有効なチェックポイントがありません。"], 0

    joined: set[tuple[int, int]] = set()
    for step in bundle.get("consistency", ()):

        def grown(step: Mapping[str, Any] = step) -> None:
            first, second = heads[step["from"]], heads[step["to"]]
            check_consistency(
                first.size, second.size, first.root, second.root, [bytes.fromhex(n) for n in step["path"]]
            )
            joined.add((first.size, second.size))

        attempt("整合の証明", grown)
    sizes = sorted(heads)
    wrong += [
        f"大きさ{size}の木から大きさ{later}の木への整合の証明がありません。"
        for size, later in pairwise(sizes)
        if size and (size, later) not in joined and (size in in_bundle) and (later in in_bundle)
    ]
    wrong += [
        f"保管されたチェックポイント（大きさ{size}）が、書出しのどの木にもつながりません。"
        for size in sizes
        if size not in in_bundle
    ]

    holding = 0
    seen: set[int] = set()
    for entry in bundle.get("entries", ()):

        def stands(entry: Mapping[str, Any] = entry) -> None:
            text, salt = entry["text"].encode(), bytes.fromhex(entry["salt"])
            said = json.loads(entry["text"])
            if not isinstance(said, dict) or not {"entry", "lane", "sequence", "at"} <= set(said):
                raise Broken("記録の形をしていません。")
            path = [bytes.fromhex(node) for node in entry["path"]]
            root = root_of_inclusion(entry["position"], entry["size"], leaf_hash(salt, text), path)
            if root != heads[entry["size"]].root:
                raise Broken("署名された木の、その位置にありません（変更されています）。")
            if entry["position"] in seen:
                raise Broken("同じ位置の記録が二度あります。")
            seen.add(entry["position"])

        holding += attempt(f"記録（位置{entry.get('position', '不明')}）", stands)
    count = bundle.get("count")
    if count != len(bundle.get("entries", ())):
        wrong.append(f"記録は{count}件のはずですが、{len(bundle.get('entries', ()))}件です。")
    return wrong, holding


def notes_of(text: str) -> list[str]:
    """The notes of a file: one note, or JSON lines `{"note": …}` as the house keeps them."""
    if not text.startswith("{"):
        return [text]
    return [str(json.loads(line)["note"]) for line in text.splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verifier.py", description="操作履歴の書出しを、データベースなしで検証する")
    parser.add_argument("bundle", type=Path, help="./yakuba audit export が作ったファイル")
    parser.add_argument("--key", action="append", default=[], help="検証鍵(./yakuba audit key)。鍵の交代があれば複数")
    parser.add_argument("--checkpoint", action="append", type=Path, default=[], help="別に保管したチェックポイント")
    options = parser.parse_args(arguments)
    out = sys.stdout
    try:
        bundle = json.loads(options.bundle.read_text(encoding="utf-8"))
        if not isinstance(bundle, dict):
            raise Broken("書出しとして読めません。")
        texts = options.key or [str(text) for text in bundle.get("keys", ())]
        keys = [VerificationKey.parse(text) for text in texts]
        kept = [note for file in options.checkpoint for note in notes_of(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError) as error:
        out.write(f"読めません: {error}\n")
        return 1
    if not options.key:
        out.write(
            "注意: --key がないので、書出しに添えられた鍵で検証します。鍵は団体から別に受け取り、比べてください。\n"
        )
    for key in keys:
        out.write(f"検証鍵: {key.text}\n")
    wrong, holding = check_bundle(bundle, keys, kept)
    for line in wrong:
        out.write(f"不一致: {line}\n")
    out.write(f"記録{holding}件が、署名された木にそのまま含まれます。\n" if holding or not wrong else "")
    out.write("結果: 一致しない点があります。\n" if wrong else "結果: すべて一致しました。\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
