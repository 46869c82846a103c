"""What a received file is, by its content and never by its name, and whether it may come in at all."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from yakuba.core.findings import Findings

MAX_RATIO = 100
"""A member that unpacks to more than a hundred times its size is a bomb, not a table."""

MAX_MEMBERS = 10_000
_SNIFF = 1 << 16
_REFUSED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧形式のOffice文書（マクロを含み得る形式）"),
    (b"MZ", "実行ファイル"),
    (b"\x7fELF", "実行ファイル"),
    (b"#!", "実行ファイル（スクリプト）"),
    (b"\xca\xfe\xba\xbe", "実行ファイル"),
)


def format_of(head: bytes) -> str:
    """csv, json, pdf, xml or zip by the first bytes; empty for anything else."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"%PDF-"):
        return "pdf"
    text = _as_text(head)
    if text is None:
        return ""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    return {"<": "xml", "{": "json", "[": "json"}.get(start, "csv")


def _as_text(head: bytes) -> str | None:
    """The beginning as UTF-8 or Shift_JIS text, if it is one; a character that is cut off at the end counts as whole."""
    for encoding in ("utf-8", "cp932"):
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return text if not any(ord(c) < 32 and c not in "\t\r\n\x1a" for c in text) else None
    return None


def inspect(path: Path, allowed: Collection[str], max_bytes: int) -> tuple[str, Findings]:
    """The format of a plain file, and everything that keeps it out."""
    findings = Findings()
    size = path.stat().st_size
    if size == 0:
        findings.error("HND-E-070", "file", "ファイルが空です。", "送付元に確かめてください。")
    if size > max_bytes:
        findings.error(
            "HND-E-071", "file", f"ファイルが大きすぎます（{max_bytes:,}バイトまで）。", "分けて受け取ってください。"
        )
    with path.open("rb") as file:
        head = file.read(_SNIFF)
        for magic, what in _REFUSED:
            if head.startswith(magic):
                findings.error("HND-E-072", "file", f"{what}は受け取れません。", "CSV などで受け取り直してください。")
        kind = format_of(head)
        if kind == "zip":
            file.seek(0)
            kind = _inspect_archive(file, findings, max_bytes)
    if size and not findings.errors and kind not in allowed:
        findings.error(
            "HND-E-073", "file", "受け取れる形式ではありません。", f"受け取れる形式: {'、'.join(sorted(allowed))}"
        )
    return kind, findings


def _inspect_archive(file: BinaryIO, findings: Findings, max_bytes: int) -> str:
    """xlsx or zip; findings for bombs, macros, members that lead elsewhere, archives in archives, and what is locked."""
    try:
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        findings.error("HND-E-074", "file", "圧縮ファイルが壊れています。", "受け取り直してください。")
        return "zip"
    names = {member.filename for member in members}
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > max_bytes:
        findings.error("HND-E-075", "file", "展開すると大きすぎる圧縮ファイルです。", "分けて受け取ってください。")
    if any(member.file_size > MAX_RATIO * max(member.compress_size, 1) for member in members):
        findings.error("HND-E-076", "file", "圧縮率が異常なファイルが入っています。", "送付元に確かめてください。")
    if any(_leads_elsewhere(name) for name in names):
        findings.error("HND-E-077", "file", "展開先の外を指す名前が入っています。", "送付元に確かめてください。")
    if any(member.flag_bits & 1 for member in members):
        findings.error(
            "HND-E-078", "file", "中身が暗号化されていて検査できません。", "受渡し用の暗号化で受け取ってください。"
        )
    is_document = "[Content_Types].xml" in names
    if any(
        name.lower().endswith(("vbaproject.bin", "vbadata.xml")) or "macrosheets/" in name.lower() for name in names
    ):
        findings.error(
            "HND-E-079", "file", "マクロを含む文書は受け取れません。", "マクロのない形式で受け取ってください。"
        )
    if not findings.errors:
        for member in members:
            _inspect_member(archive, member, findings)
    return "xlsx" if is_document and any(name.startswith("xl/") for name in names) else "zip"


def _leads_elsewhere(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name


def _inspect_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, findings: Findings) -> None:
    """Its real beginning, and that it unpacks to no more than its entry says."""
    if member.is_dir():
        return
    try:
        with archive.open(member) as inside:
            head = inside.read(_SNIFF)
            left = member.file_size - len(head)
            while left > 0 and (block := inside.read(min(left, 1 << 20))):
                left -= len(block)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        findings.error("HND-E-074", "file", "圧縮ファイルが壊れています。", "受け取り直してください。")
        return
    if head.startswith(b"PK\x03\x04"):
        findings.error(
            "HND-E-080", "file", "圧縮ファイルの中に圧縮ファイルがあります。", "展開して受け取り直してください。"
        )
    for magic, what in _REFUSED:
        if head.startswith(magic):
            findings.error("HND-E-072", "file", f"{what}は受け取れません。", "CSV などで受け取り直してください。")
