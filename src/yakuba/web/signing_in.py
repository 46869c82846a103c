"""Signing in and out, one's own keys and sessions, locking the screen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import first_keys, sessions, sign_in
from yakuba.platform.access.models import Account, SecurityKey, Stage
from yakuba.platform.access.request import StaffRequest, public, when_locked
from yakuba.platform.protection.exits import hands_out_nothing

from . import errors
from .middleware import session_of, the_clock

TERMINAL_KEY_S = 400 * 24 * 3600
"""How long a browser keeps its terminal's key: as long as any cookie; every sign-in renews it."""


def origin(request: HttpRequest) -> str:
    """Scheme and host of this house, as a key signs them."""
    return f"{request.scheme}://{request.get_host()}"


def next_path(request: HttpRequest) -> str:
    """Where to go after signing in: only to a path of this house."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = wanted.startswith("/") and "\\" not in wanted and len(wanted) < 500
    return wanted if is_ours and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def place(request: HttpRequest) -> sign_in.Place | None:
    """The registered terminal that a request comes from."""
    key = request.COOKIES.get(settings.TERMINAL_COOKIE, "")
    return sign_in.place_of(request.META["REMOTE_ADDR"], key, clock=the_clock())


def _nowhere(request: HttpRequest) -> HttpResponse:
    key = request.COOKIES.get(settings.TERMINAL_COOKIE, "")
    sign_in.log_unregistered(request.META["REMOTE_ADDR"], the_clock(), key)
    finding = Finding(
        "SIGN-E-011",
        "terminal",
        "この端末は登録されていません。",
        "登録された端末からサインインするか、システム担当者に端末の登録を依頼してください。"
        "登録コードを受け取ったときは、/terminal-key を開いて入力してください。",
    )
    return errors.answer(request, 403, "この端末からは利用できません", [finding])


def keep_cookie(response: HttpResponse, name: str, token: str, request: HttpRequest, **more: Any) -> HttpResponse:
    """A cookie that only this house's own pages send, and no script reads."""
    response.set_cookie(name, token, httponly=True, samesite="Strict", secure=request.is_secure(), path="/", **more)
    return response


# -- both steps -------------------------------------------------------------------------------------------------------


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def first_step(request: HttpRequest) -> HttpResponse:
    """利用者ID and password."""
    here = place(request)
    if here is None:
        return _nowhere(request)
    context: dict[str, Any] = {"place": here, "next": next_path(request)}
    if request.method == "GET":
        return render(request, "web/sign_in.html", context)
    try:
        token = sign_in.password(
            request.POST.get("login", "").strip(), request.POST.get("password", ""), place=here, clock=the_clock()
        )
    except sign_in.SignInRefused as refusal:
        context |= {"findings": refusal.findings, "login": request.POST.get("login", "")[:40]}
        return render(request, "web/sign_in.html", context, status=422)
    wanted = next_path(request)
    response = HttpResponseRedirect(f"/sign-in/second?next={wanted}" if wanted != "/" else "/sign-in/second")
    return keep_cookie(response, settings.SIGN_IN_COOKIE, token, request)


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def second_step(request: HttpRequest) -> HttpResponse:
    """A one-time code, or a security key."""
    clock = the_clock()
    token = request.COOKIES.get(settings.SIGN_IN_COOKIE, "")
    signed = session_of(request)
    if signed is None:
        return HttpResponseRedirect("/sign-in")
    if signed.stage != Stage.SECOND_FACTOR:
        return HttpResponseRedirect(next_path(request))
    context: dict[str, Any] = {"next": next_path(request), **factors(signed)}
    if request.method == "GET":
        return render(request, "web/second_step.html", context)
    try:
        if request.POST.get("response"):
            fresh = sign_in.security_key(token, request.POST["response"], origin=origin(request), clock=clock)
        else:
            fresh = sign_in.one_time_code(token, request.POST.get("code", "")[:20], clock=clock)
    except sign_in.SignInRefused as refusal:
        context["findings"] = refusal.findings
        if session_of(request) is None:
            context["place"] = place(request)
            return render(request, "web/sign_in.html", context, status=422)
        return render(request, "web/second_step.html", context, status=422)
    response = keep_cookie(HttpResponseRedirect(next_path(request)), settings.SIGN_IN_COOKIE, fresh, request)
    if key := request.COOKIES.get(settings.TERMINAL_COOKIE):
        keep_cookie(response, settings.TERMINAL_COOKIE, key, request, max_age=TERMINAL_KEY_S)
    return response


def factors(signed: sign_in.Signed) -> dict[str, bool]:
    """What the person can show as second factor: `has_totp`, `has_key`."""
    account = Account.objects.get(pk=signed.account_id)
    return {
        "has_totp": account.totp_sealed is not None and sign_in.takes_codes(account, signed.desk.clock),
        "has_key": SecurityKey.objects.filter(account=account).exists(),
    }


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def first_key(request: HttpRequest) -> HttpResponse:
    """After the password: register the first key, or one for a lost one, with a code from an administrator."""
    signed = session_of(request)
    if signed is None or signed.stage != Stage.SECOND_FACTOR:
        return HttpResponseRedirect("/sign-in")
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        token, code = request.COOKIES[settings.SIGN_IN_COOKIE], request.POST.get("code", "")[:40]
        try:
            first_keys.register(
                token, code, request.POST.get("response", ""), origin=origin(request), clock=the_clock()
            )
        except sign_in.SignInRefused as refusal:
            findings = refusal.findings
        else:
            return HttpResponseRedirect("/sign-in/second")
    return render(request, "web/first_key.html", {"findings": findings}, status=422 if findings else 200)


@public
@require_POST
@hands_out_nothing("a challenge")
def first_key_options(request: HttpRequest) -> HttpResponse:
    """The challenge for the key that is to be registered."""
    token, code = request.COOKIES.get(settings.SIGN_IN_COOKIE, ""), request.POST.get("code", "")[:40]
    try:
        return JsonResponse(first_keys.options(token, code, clock=the_clock()))
    except sign_in.SignInRefused as refusal:
        told = [errors.finding_json(finding) for finding in refusal.findings]
        return JsonResponse({"findings": told}, status=422)


@public
@require_POST
@hands_out_nothing("a challenge")
def key_options(request: HttpRequest) -> HttpResponse:
    """The challenge for a key, at the second step, when confirming or when unlocking."""
    if session_of(request) is None:
        return JsonResponse({"findings": []}, status=401)
    return JsonResponse(sign_in.key_challenge(request.COOKIES[settings.SIGN_IN_COOKIE], clock=the_clock()))


@when_locked
@require_POST
@hands_out_nothing("the end of a session")
def sign_out(request: StaffRequest) -> HttpResponse:
    """Nothing of the session stays in the browser: its caches and stores are emptied too. The terminal's key stays."""
    sign_in.sign_out(request.signed)
    response = HttpResponseRedirect("/sign-in")
    response.delete_cookie(settings.SIGN_IN_COOKIE, path="/", samesite="Strict")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


# -- the screen -------------------------------------------------------------------------------------------------------


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


@when_locked
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("one's own second factor")
def unlock(request: StaffRequest) -> HttpResponse:
    """Open a locked screen: the page of its own, or (asked by the page's script) 204, or 422 with what is wrong."""
    signed, findings = request.signed, ()
    if request.method == "POST":
        code, response = request.POST.get("code", "")[:20], request.POST.get("response", "")
        try:
            sessions.unlock(signed, code=code, response=response, origin=origin(request))
        except Refused as refusal:
            findings = refusal.findings
    if request.method == "POST" and _wants_json(request):
        told = {"findings": [errors.finding_json(finding) for finding in findings]}
        return JsonResponse(told, status=422) if findings else HttpResponse(status=204)
    if (request.method == "POST" and not findings) or signed.stage == Stage.OPEN:
        return HttpResponseRedirect(next_path(request))
    context = {"findings": findings, "next": next_path(request), **factors(signed)}
    return render(request, "web/unlock.html", context, status=422 if findings else 200)


@when_locked
@require_POST
@hands_out_nothing("one's own screen")
def lock(request: StaffRequest) -> HttpResponse:
    """Lock the screen, because nobody is there or somebody leaves."""
    sessions.lock(request.signed, "idle" if request.POST.get("reason") == "idle" else "person")
    return HttpResponse(status=204) if _wants_json(request) else HttpResponseRedirect("/unlock")


@require_POST
@hands_out_nothing("one's own session")
def seen(request: StaffRequest) -> HttpResponse:
    """Somebody works at the screen without asking for anything. Being asked is all."""
    return HttpResponse(status=204)


# -- one's own keys and sessions --------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("one's own keys and sessions")
def keys(request: StaffRequest) -> HttpResponse:
    """Security keys of one's own: confirm, register, remove. And where one is signed in."""
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            _act_on_keys(request)
            return HttpResponseRedirect("/settings/keys")
        except Refused as refusal:
            findings = refusal.findings
        except ValueError:
            findings = (Finding("SIGN-E-008", "key", "そのキーは登録されていません。", "画面を開き直してください。"),)
    context = {
        "keys": SecurityKey.objects.filter(account=request.signed.account_id).order_by("pk"),
        **factors(request.signed),
        "sessions": sessions.own(request.signed),
        "confirmed": request.signed.is_confirmed(),
        "minutes": int(request.desk.confirmation_holds.total_seconds()) // 60,
        "findings": findings,
    }
    return render(request, "web/keys.html", context, status=422 if findings else 200)


def _act_on_keys(request: StaffRequest) -> None:
    act, response = request.POST.get("act", ""), request.POST.get("response", "")
    if act == "confirm":
        code = request.POST.get("code", "")[:20]
        sign_in.confirm(request.signed, code=code, response=response, origin=origin(request))
    elif act == "enrol":
        sign_in.enrol_key(request.signed, response, request.POST.get("name", ""), origin=origin(request))
    elif act == "remove":
        sign_in.remove_key(request.signed, int(request.POST.get("key") or 0))
    elif act == "end":
        sessions.end_own(request.signed, int(request.POST.get("session") or 0))


@require_POST
@hands_out_nothing("a challenge")
def enrolment_options(request: StaffRequest) -> HttpResponse:
    return JsonResponse(sign_in.enrolment_options(request.signed))


urlpatterns = [
    path("sign-in", first_step),
    path("sign-in/second", second_step),
    path("sign-in/key", key_options),
    path("sign-in/first-key", first_key),
    path("sign-in/first-key/options", first_key_options),
    path("sign-out", sign_out),
    path("unlock", unlock),
    path("session/lock", lock),
    path("session/seen", seen),
    path("settings/keys", keys),
    path("settings/keys/options", enrolment_options),
]
