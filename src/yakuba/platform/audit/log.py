"""Writing and verifying the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice

from django.db import connection, transaction


class Operation(StrEnum):
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SECOND_FACTOR = "second_factor"
    LOCK = "lock"
    PRINT = "print"
    SEARCH = "search"
    VIEW = "view"
    VIEW_NUMBER = "view_number"
    FILE = "file"
    REVIEW = "review"
    REGISTER = "register"
    ISSUE = "issue"
    PREVIEW = "preview"
    DELIVER = "deliver"
    IMPORT = "import"
    EXPORT = "export"
    PROVIDE = "provide"
    HAND_OVER = "hand_over"
    SETTINGS = "settings"
    APPLY = "apply"
    DECIDE = "decide"
    PROTECT = "protect"
    RELEASE = "release"
    ERASE = "erase"
    DISCLOSE = "disclose"
    BATCH = "batch"
    AUDIT = "audit"

    @property
    def label(self) -> str:
        return _OPERATION_LABELS[self]


_OPERATION_LABELS = {
    Operation.SIGN_IN: "サインイン",
    Operation.SIGN_OUT: "サインアウト",
    Operation.SECOND_FACTOR: "本人の確認",
    Operation.LOCK: "画面のロック・解除",
    Operation.PRINT: "画面の印刷",
    Operation.SEARCH: "検索",
    Operation.VIEW: "照会",
    Operation.VIEW_NUMBER: "個人番号の閲覧",
    Operation.FILE: "届出・申請の入力",
    Operation.REVIEW: "審査",
    Operation.REGISTER: "本登録",
    Operation.ISSUE: "証明書の発行",
    Operation.PREVIEW: "証明書の試し刷り",
    Operation.DELIVER: "証明書の交付",
    Operation.IMPORT: "取込み",
    Operation.EXPORT: "書出し",
    Operation.PROVIDE: "庁内連携による提供・移転",
    Operation.HAND_OVER: "媒体・ファイルの授受",
    Operation.SETTINGS: "設定の変更",
    Operation.APPLY: "承認の申請",
    Operation.DECIDE: "決裁",
    Operation.PROTECT: "支援措置等の設定",
    Operation.RELEASE: "支援措置等の一時解除",
    Operation.ERASE: "廃棄",
    Operation.DISCLOSE: "開示請求等の処理",
    Operation.BATCH: "一括処理",
    Operation.AUDIT: "操作履歴の閲覧",
}


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    DENIED = "denied"
    FAILED = "failed"

    @property
    def label(self) -> str:
        return _RESULT_LABELS[self]


_RESULT_LABELS = {Result.DONE: "完了", Result.REFUSED: "不受理", Result.DENIED: "権限なし", Result.FAILED: "失敗"}


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: `subjects` are 宛名番号 as integers; `detail` never holds an 個人番号 or a secret."""

    at: datetime
    account: str
    terminal: str
    office: str
    purpose: str
    operation: Operation
    result: Result
    subjects: tuple[int, ...] = ()
    target: str = ""
    detail: dict[str, object] = field(default_factory=dict)


MANY_AT_ONCE = 1_000
"""Acts handed to the database in one statement."""


def append(act: Act) -> None:
    """Write one entry in the current transaction. Outside a transaction it is committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_append(%s, %s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s::jsonb)",
            [
                act.at,
                act.account,
                act.terminal,
                act.office,
                act.purpose,
                act.operation,
                list(act.subjects),
                act.target,
                act.result,
                json.dumps(act.detail, ensure_ascii=False, default=str),
            ],
        )


def append_many(acts: Iterable[Act]) -> int:
    """Write many entries in one transaction and one lane: all of them or none. How many."""
    written = 0
    rows = iter(acts)
    with transaction.atomic(), connection.cursor() as cursor:
        while batch := list(islice(rows, MANY_AT_ONCE)):
            text = json.dumps([_as_json(act) for act in batch], ensure_ascii=False, default=str)
            cursor.execute("SELECT audit_append_many(%s::jsonb)", [text])
            written += cursor.fetchone()[0]
    return written


def _as_json(act: Act) -> dict[str, object]:
    return {
        "at": act.at.isoformat(),
        "account": act.account,
        "terminal": act.terminal,
        "office": act.office,
        "purpose": act.purpose,
        "operation": act.operation,
        "subjects": act.subjects,
        "target": act.target,
        "result": act.result,
        "detail": act.detail,
    }


def breaches() -> list[tuple[int, int]]:
    """(lane, sequence) of everything about the log that does not hold; (-1, position) where no lane can be named. Empty when
    it is whole. `verification.verify` says more."""
    from . import verification  # the log is written before anything else can be imported

    return [
        (found.lane, found.sequence or 0) if found.lane is not None else (-1, found.position or 0)
        for found in verification.verify().breaches
    ]


def subjects_of(rows: Iterable[int]) -> tuple[int, ...]:
    """Distinct 宛名番号 in a stable order."""
    return tuple(sorted(set(rows)))
