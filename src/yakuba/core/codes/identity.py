"""本人確認書類: which papers prove who stands at the counter (住民基本台帳法27条)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yakuba.core.codes.code_list import CodeList
from yakuba.core.findings import Finding, Findings


def check_identity_documents(codes: Iterable[str], day: date, field: str = "本人確認書類") -> Findings:
    """Findings against the documents shown on `day`; empty if they suffice.

    One official document with a photograph suffices, or two different ones without (顔写真付き1点 or 顔写真なし2点).
    A document that wasn't valid on that day is an error and counts for nothing, as does the same kind shown twice.
    """
    documents = CodeList.load("identity_documents")
    findings = Findings()
    valid = []
    for code in dict.fromkeys(codes):
        finding = documents.check(code, day, field)
        if finding is None:
            valid.append(documents.get(code, day))
        else:
            findings.extend((finding,))
    if not any(document.attributes["photo"] == "yes" for document in valid) and len(valid) < 2:
        findings.extend((_insufficient(len(valid), field),))
    return findings


def _insufficient(shown: int, field: str) -> Finding:
    remedy = "顔写真付きの書類を1点、又は顔写真のない書類を2点、提示してもらってください。"
    if shown:
        remedy = "顔写真付きの書類を1点、又は種類の違う顔写真のない書類をもう1点、提示してもらってください。"
    return Finding(
        "identity-not-verified", field, "本人確認書類が足りません。", remedy, article="住民基本台帳法 第27条"
    )
