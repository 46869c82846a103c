"""所属と端末: offices, terminals with their keys, who is signed in where; and, at the terminal, binding its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import first_keys, menu, policy, sessions, terminals
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, public
from yakuba.platform.access.terminals import Registration
from yakuba.platform.protection.exits import hands_out_nothing

from .forms import day_of
from .middleware import the_clock
from .signing_in import TERMINAL_KEY_S, keep_cookie


@require_http_methods(["GET", "POST"])
@hands_out_nothing("offices, terminals and who is signed in where; nobody of the register")
def overview(request: StaffRequest) -> HttpResponse:
    """Lists; `act` registers, changes, closes, opens, binds or releases."""
    desk = request.desk.for_purpose(Purpose.SYSTEM)
    findings: tuple[Finding, ...] = ()
    made: tuple[str, str] | None = None
    if request.method == "POST":
        try:
            made = _act(desk, request)
        except Refused as refusal:
            findings = refusal.findings
        else:
            if made is None:
                return HttpResponseRedirect("/terminals")
    named = policy.of(desk.today).duties_at_named_terminals
    context: dict[str, Any] = {
        "lines": terminals.all_of_them(desk),
        "offices": list(terminals.offices()),
        "sessions": sessions.living(desk),
        "locked": sessions.locked_accounts(desk),
        "named_duties": [(duty.value, duty.label) for duty in Duty if duty in named],
        "key_required": policy.of(desk.today).terminal_key_required,
        "made": made,
        "is_invitation": request.POST.get("act") == "invite",
        "invitation_minutes": int(first_keys.INVITATION_HOLDS.total_seconds()) // 60,
        "substitute_allowed": policy.of(desk.today).substitute_allowed,
        "code_minutes": int(terminals.CODE_HOLDS.total_seconds()) // 60,
        "findings": findings,
        "given": request.POST if findings else {},
    }
    return render(request, "web/terminals.html", context, status=422 if findings else 200)


def _act(desk: Desk, request: StaffRequest) -> tuple[str, str] | None:
    """(terminal, one-time code) where one was made. Raises Refused, AccessDenied."""
    data = request.POST
    code, reason = data.get("terminal", ""), data.get("reason", "")
    acts: dict[str, Callable[[], object]] = {
        "register": lambda: terminals.register(desk, _registration(request)),
        "change": lambda: terminals.change(desk, _registration(request)),
        "close": lambda: terminals.close(desk, code, reason),
        "reopen": lambda: terminals.reopen(desk, code),
        "release": lambda: terminals.release(desk, code),
        "take_key": lambda: terminals.take_key(desk, code),
        "office": lambda: terminals.register_office(desk, data.get("code", "").strip(), data.get("name", "")),
        "end": lambda: sessions.end_other(desk, _number(data.get("session", "")), reason),
        "substitute": lambda: _substitute(desk, request),
        "release_account": lambda: sessions.release(desk, data.get("login", ""), reason),
    }
    act = data.get("act", "")
    if act == "invite":
        login = data.get("login", "").strip()[:40]
        return login, first_keys.invite(desk, login)
    if act == "make_code":
        return code, terminals.make_code(desk, code)
    if act not in acts:
        raise Refused([Finding("WEB-E-011", "act", "操作が選ばれていません。", "画面を開き直してください。")])
    acts[act]()
    return None


def _substitute(desk: Desk, request: StaffRequest) -> None:
    findings = Findings()
    until = day_of(findings, request.POST, "until", "期限")
    findings.raise_if_blocking()
    first_keys.register_substitute(desk, request.POST.get("login", "").strip(), until, request.POST.get("reason", ""))


def _registration(request: StaffRequest) -> Registration:
    data = request.POST
    return Registration(
        code=data.get("code", "").strip(),
        name=data.get("name", ""),
        office=data.get("office", ""),
        network=data.get("network", ""),
        printer=data.get("printer", ""),
        holder=data.get("holder", "")[:60],
        duties=frozenset(Duty(duty) for duty in data.getlist("duty") if duty in set(Duty)),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in; the terminal's own key")
def bind(request: HttpRequest) -> HttpResponse:
    """At the terminal: type the one-time code that an administrator had made."""
    findings: tuple[Finding, ...] = ()
    bound = ""
    if request.method == "POST":
        try:
            bound, token = terminals.bind(
                request.POST.get("code", "")[:40], address=request.META["REMOTE_ADDR"], clock=the_clock()
            )
        except Refused as refusal:
            findings = refusal.findings
    context = {"findings": findings, "bound": bound}
    response = render(request, "web/terminal_key.html", context, status=422 if findings else 200)
    if bound:
        keep_cookie(response, settings.TERMINAL_COOKIE, token, request, max_age=TERMINAL_KEY_S)
    return response


urlpatterns = [path("terminals", overview), path("terminal-key", bind)]
menu.add("/terminals", "所属と端末", {Duty.ADMINISTRATION}, order=920)
