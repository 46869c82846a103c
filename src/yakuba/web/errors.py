"""Pages for what goes wrong. They say what a person can do, and nothing about anybody in the register.

A breakdown gets a reference number that stands on the page and in the log. The log names the type of the exception and where
it arose; never its message, which may quote a person's record.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from collections.abc import Sequence

import psycopg
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from yakuba.core.findings import Finding
from yakuba.platform.access.request import is_fragment
from yakuba.systems.residents.register import town

_log = logging.getLogger("yakuba.web")

_NO_SPACE = {"53100", "53200"}  # disk_full, out_of_memory
_READ_ONLY = {"25006", "57P03", "57P01", "57P02"}  # read only, cannot connect now, shutdown


def answer(
    request: HttpRequest, status: int, title: str, findings: Sequence[Finding], *, reference: str = ""
) -> HttpResponse:
    """A refusal in the form that was asked for: JSON below /api/, a fragment for htmx, else a page. Asks no database."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            {"findings": [finding_json(finding) for finding in findings], "reference": reference}, status=status
        )
    else:
        template = "web/error_fragment.html" if is_fragment(request) else "web/error.html"
        known = town() if town.cache_info().currsize else None
        text = render_to_string(
            template,
            {
                "title": title, "findings": findings, "reference": reference, "status": status,
                "town": known, "is_sandbox": known is not None and known.is_sandbox,
            },
        )  # fmt: skip
        response = HttpResponse(text, status=status)
    response["X-Yakuba-Fragment"] = "1"
    if is_fragment(request):
        # Into the place for messages, so that the form and what was typed stay as they are.
        response["HX-Retarget"], response["HX-Reswap"] = "#messages", "innerHTML"
    return response


def finding_json(finding: Finding) -> dict[str, str]:
    """A finding as the API writes it."""
    return {
        "code": finding.code,
        "field": finding.field,
        "message": finding.message,
        "remedy": finding.remedy,
        "severity": finding.severity.value,
        "article": finding.article,
    }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token doesn't fit the browser's cookie."""
    finding = Finding(
        "WEB-E-403",
        "form",
        "この画面からの送信を確認できませんでした。",
        "画面を開き直して、もう一度送信してください。Cookieを使わない設定では利用できません。",
    )
    return answer(request, 403, "送信を確認できません", [finding])


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: malformed or too large."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent)):
        message, remedy = "送信された内容が大きすぎます。", "件数や文字数を減らしてください。"
    else:
        message, remedy = "送信の形式が正しくありません。", "画面を開き直してください。"
    if isinstance(exception, SuspiciousOperation):
        _log.warning("suspicious request: %s", type(exception).__name__)
    return answer(request, 400, "受け付けられません", [Finding("WEB-E-400", "form", message, remedy)])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. The address isn't repeated."""
    finding = Finding("WEB-E-404", "address", "この画面はありません。", "ホームから選び直してください。")
    return answer(request, 404, "画面がありません", [finding])


def breakdown(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it is the database that can't. Called by Django while the exception is being handled."""
    error = sys.exc_info()[1]
    reference = secrets.token_hex(4).upper()
    match = getattr(request, "resolver_match", None)
    where = match.route if match else "?"
    _log.error("reference %s: %s %s: %s\n%s", reference, request.method, where, describe(error), _trace(error))
    status, title, finding = _explain(error)
    return answer(request, status, title, [finding], reference=reference)


def undeclared(request: HttpRequest, view: str) -> HttpResponse:
    """500: a view that doesn't say what it hands out."""
    reference = secrets.token_hex(4).upper()
    _log.error("reference %s: %s says neither `exit_of` nor `hands_out_nothing`", reference, view)
    status, title, finding = _explain(None)
    return answer(request, status, title, [finding], reference=reference)


def describe(error: BaseException | None) -> str:
    """Type and SQLSTATE of an exception and of its causes: never the message."""
    parts = []
    while error is not None:
        state = getattr(error, "sqlstate", None)
        parts.append(type(error).__name__ + (f" ({state})" if state else ""))
        error = error.__cause__
    return " from ".join(parts)


def _trace(error: BaseException | None) -> str:
    return "".join(traceback.format_tb(error.__traceback__)) if error else ""


def _states(error: BaseException | None) -> set[str]:
    found = set()
    while error is not None:
        if isinstance(error, psycopg.Error) and error.sqlstate:
            found.add(error.sqlstate)
        error = error.__cause__
    return found


def _explain(error: BaseException | None) -> tuple[int, str, Finding]:
    states = _states(error)
    if states & _NO_SPACE:
        return (
            503,
            "データベースの空きがありません",
            Finding(
                "WEB-E-507",
                "database",
                "データベースの空きがありません。登録は行われていません。",
                "入力した内容を控え、システム担当者に連絡してください。空きができたら、もう一度送信できます。",
            ),
        )
    if states & _READ_ONLY:
        return (
            503,
            "データベースに書き込めません",
            Finding(
                "WEB-E-503",
                "database",
                "データベースが書込みを受け付けない状態です。登録は行われていません。",
                "しばらくしてから、もう一度送信してください。続くときはシステム担当者に連絡してください。",
            ),
        )
    if isinstance(error, DatabaseError) and (
        not states or any(state.startswith(("08", "53", "57", "58")) for state in states)
    ):
        return (
            503,
            "データベースにつながりません",
            Finding(
                "WEB-E-503",
                "database",
                "データベースにつながりません。登録は行われていません。",
                "しばらくしてから、もう一度送信してください。続くときはシステム担当者に連絡してください。",
            ),
        )
    return (
        500,
        "処理できませんでした",
        Finding(
            "WEB-E-500",
            "system",
            "システムの不具合で処理できませんでした。登録は行われていません。",
            "下の問合せ番号をシステム担当者に伝えてください。",
        ),
    )
