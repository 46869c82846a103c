"""人事異動の取込み: files of the personnel section, checked whole, applied row by row, with what was refused kept in sight.

A file (CSV) comes with a manifest (JSON) that says which one it is and what is in it; docs/formats/personnel.md describes
both. What is wrong with the file refuses it; what is wrong with a row refuses the row, which stays to be resolved. What a row
ends (a post, rights, sessions) ends with the next request of that day.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction

from yakuba.core.findings import Finding, Findings, Position, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case

from . import grants, records
from .models import Employment, Notice, NoticeFile, NoticeKind, NoticeState, Person, Post
from .records import Engagement

FORMAT = "yakuba.personnel.1"
HEADER = ("通知番号", "職員番号", "氏名", "区分", "効力日", "所属", "任用", "終わりの日")
MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
_EMPLOYMENT = {"常勤": Employment.REGULAR, "会計年度": Employment.TEMPORARY}


@dataclass(frozen=True, slots=True)
class Row:
    """One line, read. `line` counts from 1 with the header."""

    line: int
    reference: str
    number: str
    name: str
    kind: NoticeKind
    day: date
    office: str
    employment: Employment | None
    end: date | None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row did, or would do; with findings it did nothing."""

    line: int
    reference: str
    number: str
    name: str
    kind: str
    outcome: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A file: what each row did. `file_id`: None when it was only tried."""

    file_id: int | None
    results: tuple[RowResult, ...]

    @property
    def refused(self) -> tuple[RowResult, ...]:
        return tuple(result for result in self.results if result.findings)


class _Undo(Exception):
    """Ends a trial."""


@use_case(Operation.IMPORT)
def take(desk: Desk, content: bytes, manifest: bytes, *, trial: bool = False) -> Taken:
    """Take a file in; with `trial`, tell what it would do and do nothing. Raises AccessDenied, Refused (the whole file)."""
    desk.require(Duty.PERSONNEL)
    told, lines = _read(content, manifest)
    file_id = None
    try:
        with transaction.atomic():
            file = NoticeFile.objects.create(
                sequence=told["sequence"],
                sha256=told["sha256"],
                rows=told["rows"],
                made_on=date.fromisoformat(told["made_on"]),
                taken_by=desk.account,
                taken_at=desk.now,
            )
            results = tuple(_take_row(desk, file, line, values) for line, values in lines)
            if trial:
                raise _Undo
            file_id = file.pk
    except _Undo:
        pass
    taken = Taken(file_id, results)
    desk.log(
        Operation.IMPORT, target=f"personnel:{told['sequence']}", rows=len(results), refused=len(taken.refused),
        sha256=told["sha256"], trial=trial,
    )  # fmt: skip
    return taken


# -- the file ---------------------------------------------------------------------------------------------------------


def manifest_of(content: bytes, sequence: int, made_on: date) -> bytes:
    """The manifest of a file, as the personnel section's system writes it."""
    rows = max(0, sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8-sig")))) - 1)
    told = {
        "format": FORMAT, "sequence": sequence, "made_on": made_on.isoformat(), "rows": rows,
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


def _read(content: bytes, manifest: bytes) -> tuple[dict[str, Any], list[tuple[int, list[str]]]]:
    """The manifest, and the lines with their numbers. Raises Refused with everything that is wrong with the file."""
    findings = Findings()
    told = _read_manifest(findings, manifest)
    lines = _read_lines(findings, content)
    if told is not None:
        if told["sha256"] != hashlib.sha256(content).hexdigest():
            findings.error(
                "PPL-E-062", "sha256", "ファイルの中身が送り状と違います。",
                "途中で変わっていないファイルを、送り状と一緒に受け取り直してください。",
            )  # fmt: skip
        if told["rows"] != len(lines):
            findings.error(
                "PPL-E-063", "rows", f"送り状では{told['rows']}件、ファイルには{len(lines)}件あります。",
                "そろったファイルを受け取り直してください。",
            )  # fmt: skip
        last = NoticeFile.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        if told["sequence"] != last + 1:
            findings.error(
                "PPL-E-064", "sequence", f"次に取り込むのは第{last + 1}号のファイルです（これは第{told['sequence']}号）。",
                "抜けたファイルを先に取り込んでください。取込み済みのものは、もう一度は取り込めません。",
            )  # fmt: skip
    findings.raise_if_blocking()
    assert told is not None
    return told, lines


_MANIFEST = {"format": str, "sequence": int, "made_on": str, "rows": int, "sha256": str}


def _read_manifest(findings: Findings, manifest: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(manifest[:10_000].decode("utf-8-sig"))
        wrong = not isinstance(told, dict) or any(type(told.get(name)) is not kind for name, kind in _MANIFEST.items())
        if not wrong:
            date.fromisoformat(told["made_on"])
    except ValueError:
        wrong = True
    if wrong or told["format"] != FORMAT:
        findings.error(
            "PPL-E-060",
            "manifest",
            f"送り状（{FORMAT} の JSON）として読めません。",
            "送り状のファイルを選び直してください。",
        )
        return None
    return dict(told)


def _read_lines(findings: Findings, content: bytes) -> list[tuple[int, list[str]]]:
    if len(content) > MAX_BYTES:
        findings.error("PPL-E-061", "file", "ファイルが大きすぎます。", "5MBまでのファイルに分けてください。")
        return []
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        findings.error("PPL-E-061", "file", "UTF-8 の CSV として読めません。", "書出しの形式を確かめてください。")
        return []
    if not rows or tuple(rows[0]) != HEADER:
        findings.error(
            "PPL-E-065", "file", "見出しの行が定めた形と違います。", f"一行目を「{','.join(HEADER)}」にしてください。"
        )
        return []
    if len(rows) - 1 > MAX_ROWS:
        findings.error("PPL-E-061", "file", "件数が多すぎます。", f"{MAX_ROWS}件までのファイルに分けてください。")
        return []
    return [(line, row) for line, row in enumerate(rows[1:], start=2)]


# -- a row ------------------------------------------------------------------------------------------------------------


def _take_row(desk: Desk, file: NoticeFile, line: int, values: list[str]) -> RowResult:
    findings = Findings()
    row = _parse(findings, line, values)
    given = dict(zip(HEADER, [value[:200] for value in values], strict=False))
    outcome = ""
    if row is not None and not findings.errors:
        try:
            with transaction.atomic():
                outcome = _apply(desk, row)
        except Refused as refusal:
            findings.extend(refusal.findings)
    reference = given.get("通知番号", "")[:40]
    found = tuple(_at(finding, line) for finding in findings)
    Notice.objects.create(
        file=file,
        row=line,
        reference=reference,
        content=given,
        outcome=outcome,
        findings=[{"code": f.code, "field": f.field, "message": f.message, "remedy": f.remedy} for f in found],
        state=NoticeState.REFUSED if found else NoticeState.APPLIED,
    )
    if not found:
        Notice.objects.filter(reference=reference, state=NoticeState.REFUSED).update(
            state=NoticeState.RESOLVED,
            resolved_by=desk.account,
            resolved_at=desk.now,
            resolution=f"第{file.sequence}号の{line}行目で反映",
        )
    return RowResult(
        line, reference, given.get("職員番号", ""), given.get("氏名", ""), given.get("区分", ""), outcome, found
    )


def _at(finding: Finding, line: int) -> Finding:
    return replace(finding, position=Position(row=line))


def _parse(findings: Findings, line: int, values: list[str]) -> Row | None:
    at = Position(row=line)
    if len(values) != len(HEADER):
        findings.error(
            "PPL-E-066",
            "row",
            f"項目の数が{len(values)}です（{len(HEADER)}項目が必要）。",
            "行を直してください。",
            position=at,
        )
        return None
    given = dict(zip(HEADER, (value.strip() for value in values), strict=True))
    for name in ("通知番号", "職員番号", "氏名"):
        if not given[name]:
            findings.error("PPL-E-067", name, f"{name}がありません。", f"{name}を入れてください。", position=at)
    if len(given["通知番号"]) > 40:
        findings.error("PPL-E-067", "通知番号", "通知番号が長すぎます。", "40字までにしてください。", position=at)
    if given["区分"] not in NoticeKind.values:
        findings.error(
            "PPL-E-068", "区分", f"区分「{given['区分'][:20]}」はありません。", f"{'・'.join(NoticeKind.values)}のどれかにしてください。",
            position=at,
        )  # fmt: skip
    if given["任用"] and given["任用"] not in _EMPLOYMENT:
        findings.error(
            "PPL-E-069", "任用", f"任用「{given['任用'][:20]}」はありません。", f"{'・'.join(_EMPLOYMENT)}のどちらかにしてください。",
            position=at,
        )  # fmt: skip
    day, end = (_day(findings, given, name, at) for name in ("効力日", "終わりの日"))
    if not given["効力日"]:
        findings.error("PPL-E-067", "効力日", "効力日がありません。", "効力日を入れてください。", position=at)
    if findings.errors or day is None:
        return None
    return Row(
        line, given["通知番号"], given["職員番号"], given["氏名"], NoticeKind(given["区分"]), day, given["所属"],
        _EMPLOYMENT.get(given["任用"]), end,
    )  # fmt: skip


def _day(findings: Findings, given: Mapping[str, str], name: str, at: Position) -> date | None:
    if not given[name]:
        return None
    try:
        return date.fromisoformat(given[name])
    except ValueError:
        findings.error(
            "PPL-E-070", name, f"{name}「{given[name][:20]}」は日付として読めません。", "2026-04-01 の形で入れてください。",
            position=at,
        )  # fmt: skip
        return None


@contextmanager
def _all_at_once() -> Iterator[Findings]:
    findings = Findings()
    yield findings
    findings.raise_if_blocking()


def _apply(desk: Desk, row: Row) -> str:
    """Do what the row says; in words. Raises Refused."""
    if Notice.objects.filter(reference=row.reference, state=NoticeState.APPLIED).exists():
        raise Refused([Finding("PPL-E-071", "通知番号", "この通知は反映済みです。", "通知番号を確かめてください。")])
    if row.kind == NoticeKind.APPOINTMENT:
        return _appoint(desk, row)
    person = Person.objects.select_for_update().filter(pk=row.number).first()
    if person is None:
        raise Refused(
            [
                Finding(
                    "PPL-E-018", "職員番号", "この番号の人は登録されていません。", "先に「採用」を取り込んでください。"
                )
            ]
        )
    if row.kind == NoticeKind.NEW_NAME:
        return _rename(desk, person, row)
    if _spelt(person.name) != _spelt(row.name):
        raise Refused(
            [
                Finding(
                    "PPL-E-016",
                    "氏名",
                    f"この番号の人の氏名は「{person.name}」です。",
                    "別の人でないか確かめ、氏名が変わった場合は「氏名変更」を先に取り込んでください。",
                )
            ]
        )
    acts = {
        NoticeKind.TRANSFER: _transfer,
        NoticeKind.LEAVE: _leave,
        NoticeKind.RETIREMENT: _leave,
        NoticeKind.RETURN: _return,
    }
    return acts[row.kind](desk, person, row)


def _spelt(name: str) -> str:
    return "".join(name.split())


def _in_post(person: Person, day: date) -> Post:
    post: Post | None = person.posts.filter(period__contains=day).first()
    if post is None:
        raise Refused(
            [
                Finding(
                    "PPL-E-072",
                    "効力日",
                    "その日に在職していない人です。",
                    "効力日と、これより前の通知を確かめてください。",
                )
            ]
        )
    return post


def _appoint(desk: Desk, row: Row) -> str:
    with _all_at_once() as findings:
        if row.employment is None:
            findings.error("PPL-E-069", "任用", "任用がありません。", "常勤・会計年度のどちらかを入れてください。")
        engagement = Engagement(
            row.number, row.name, row.employment or Employment.REGULAR, row.office, row.day, row.end, reason="採用"
        )
        findings.extend(records.check_engagement(engagement))
    person = records.enter(desk, engagement)
    return _with_rights(desk, person, row, "採用しました")


def _transfer(desk: Desk, person: Person, row: Row) -> str:
    post = _in_post(person, row.day)
    with _all_at_once() as findings:
        if not records.is_office(row.office):
            findings.error(
                "PPL-E-012", "所属", f"所属「{row.office}」は登録されていません。", "所属コードを確かめてください。"
            )
        elif post.office_id == row.office:
            findings.error("PPL-E-073", "所属", "今の所属と同じです。", "異動先の所属コードを確かめてください。")
        if post.kind == Employment.CONTRACTOR:
            findings.error("PPL-E-074", "職員番号", "委託先の作業者です。", "作業者名簿で届け出てもらってください。")
    last = row.end or records.last_day(post)
    records.end_service(desk, person, row.day, f"異動（{row.reference}）")
    records.begin_post(desk, person, post.kind, row.office, row.day, last, reason=f"異動（{row.reference}）")
    if row.day <= desk.today:
        Account.objects.filter(pk=person.account_id).update(office_id=row.office)
    return _with_rights(desk, person, row, f"{post.office_id} から {row.office} へ異動し、元の所属の権限を止めました")


def _leave(desk: Desk, person: Person, row: Row) -> str:
    _in_post(person, row.day)
    records.end_service(desk, person, row.day, f"{row.kind.label}（{row.reference}）")
    return f"{row.day.isoformat()} から在職を止め、権限を全て止めました"


def _return(desk: Desk, person: Person, row: Row) -> str:
    last = person.posts.filter(period__isempty=False).order_by("-period").first()
    with _all_at_once() as findings:
        if last is None:
            findings.error("PPL-E-072", "職員番号", "在職の記録がない人です。", "「採用」で取り込んでください。")
        else:
            engagement = Engagement(
                row.number, person.name, Employment(last.kind), row.office, row.day, row.end, last.contract, "復職"
            )
            findings.extend(records.check_engagement(engagement))
    records.enter(desk, engagement)
    return _with_rights(desk, person, row, "復職しました。権限は改めて申請が要ります")


def _rename(desk: Desk, person: Person, row: Row) -> str:
    before = person.name
    if _spelt(before) == _spelt(row.name):
        raise Refused([Finding("PPL-E-075", "氏名", "氏名が今と同じです。", "新しい氏名を入れてください。")])
    Person.objects.filter(pk=person.pk).update(name=row.name)
    Account.objects.filter(pk=person.account_id).update(name=row.name)
    return f"氏名を「{before}」から改めました"


def _with_rights(desk: Desk, person: Person, row: Row, said: str) -> str:
    post = _in_post(person, row.day)
    given = grants.give_by_post(desk, person, post)
    if not given:
        return said
    return f"{said}。職員情報による権限: {'、'.join(sorted(duty.label for duty in given))}"


# -- what stays to be resolved ----------------------------------------------------------------------------------------


@use_case(Operation.VIEW)
def unresolved(desk: Desk) -> list[Notice]:
    """Refused rows, oldest first, until each is resolved."""
    desk.require(
        next((duty for duty in (Duty.PERSONNEL, Duty.INFORMATION_MANAGEMENT) if desk.may(duty)), Duty.PERSONNEL)
    )
    return list(Notice.objects.filter(state=NoticeState.REFUSED).select_related("file").order_by("pk"))


@use_case(Operation.IMPORT)
def resolve(desk: Desk, notice_id: int, resolution: str) -> None:
    """Say how a refused row was dealt with (a later row with its 通知番号 resolves it too). Raises AccessDenied, Refused."""
    desk.require(Duty.PERSONNEL)
    if not resolution.strip():
        raise Refused(
            [Finding("PPL-E-033", "resolution", "どう解決したかがありません。", "確かめたことを入力してください。")]
        )
    changed = Notice.objects.filter(pk=notice_id, state=NoticeState.REFUSED).update(
        state=NoticeState.RESOLVED, resolved_by=desk.account, resolved_at=desk.now, resolution=resolution[:500]
    )
    if not changed:
        raise Refused([Finding("PPL-E-076", "notice", "未解決の通知ではありません。", "一覧を開き直してください。")])
    desk.log(Operation.IMPORT, target=f"notice:{notice_id}", act="resolve")
