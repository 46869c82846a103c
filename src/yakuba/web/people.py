"""職員と権限: people, one person with his timeline, personnel files, reviews, the table of rights. And the enrolment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu, sign_in
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office, Stage
from yakuba.platform.access.request import StaffRequest, public
from yakuba.platform.access.sign_in import Signed
from yakuba.platform.clock import JAPAN, midnight
from yakuba.platform.people import enrolment, grants, looking, notices, records, review
from yakuba.platform.people.affairs import affairs, separations
from yakuba.platform.people.models import Employment
from yakuba.platform.protection.exits import hands_out_nothing

from .forms import day_of
from .middleware import session_of, the_clock
from .signing_in import keep_cookie, origin
from .signing_in import place as place_of

STAFF_ONLY = "about the house's own staff, nothing of the register"


def desk_of(request: StaffRequest) -> Desk:
    """Keeping people and rights is a purpose of its own."""
    return request.desk.for_purpose(Purpose.SYSTEM)


def _answer(
    request: StaffRequest, template: str, context: dict[str, Any], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    context |= {
        "findings": findings,
        "given": request.POST,
    }
    return render(request, template, context, status=422 if findings else 200)


def _unknown_act() -> Refused:
    return Refused([Finding("WEB-E-011", "act", "操作が選ばれていません。", "画面を開き直してください。")])


def _offices() -> list[Office]:
    return list(Office.objects.order_by("code"))


# -- people -----------------------------------------------------------------------------------------------------------


@require_GET
@hands_out_nothing(STAFF_ONLY)
def people(request: StaffRequest) -> HttpResponse:
    """Everybody who works here, with what keeps him out."""
    text, office = request.GET.get("q", ""), request.GET.get("office", "")
    lines = looking.listed(desk_of(request), text, office)
    context = {"lines": lines, "q": text, "office": office, "offices": _offices(), "at_most": looking.AT_MOST}
    return _answer(request, "web/people.html", context)


@require_http_methods(["GET", "POST"])
@hands_out_nothing(STAFF_ONLY)
def register(request: StaffRequest) -> HttpResponse:
    """What the personnel section enters by hand: somebody who begins, a training, a contractor's roster."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    done = ""
    if request.method == "POST":
        acts: dict[str, Callable[[Desk, StaffRequest], str]] = {
            "engage": _engage, "training": _training, "roster": _roster,
        }  # fmt: skip
        try:
            act = acts.get(request.POST.get("act", ""))
            if act is None:
                raise _unknown_act()
            done = act(desk, request)
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "offices": _offices(),
        "kinds": [kind for kind in Employment if kind != Employment.CONTRACTOR],
        "untrained": records.untrained(desk),
        "today": desk.today,
        "done": done,
    }
    return _answer(request, "web/people_register.html", context, findings)


def _engage(desk: Desk, request: StaffRequest) -> str:
    data, findings = request.POST, Findings()
    start = day_of(findings, data, "start", "始めの日")
    end = day_of(findings, data, "end", "終わりの日") if data.get("end", "").strip() else None
    kind = data.get("kind", "")
    if kind not in {Employment.REGULAR, Employment.TEMPORARY}:
        findings.error("WEB-E-030", "kind", "任用の種類が選ばれていません。", "種類を選んでください。")
        kind = Employment.REGULAR
    wanted = records.Engagement(
        data.get("number", "").strip(), data.get("name", "").strip(), Employment(kind), data.get("office", ""), start, end
    )  # fmt: skip
    findings.raise_if_blocking()
    return f"{records.engage(desk, wanted).name}さんを登録しました。"


def _training(desk: Desk, request: StaffRequest) -> str:
    data, findings = request.POST, Findings()
    held_on = day_of(findings, data, "held_on", "研修の日")
    findings.raise_if_blocking()
    numbers = data.get("numbers", "").replace(",", " ").replace("、", " ").split()
    return f"{len(records.record_training(desk, numbers, data.get('title', ''), held_on))}人の受講を記録しました。"


def _roster(desk: Desk, request: StaffRequest) -> str:
    data, findings = request.POST, Findings()
    start, end = (
        day_of(findings, data, name, label) for name, label in (("start", "契約の始め"), ("end", "契約の終わり"))
    )
    workers = []
    for line in data.get("workers", "").splitlines():
        if not line.strip():
            continue
        number, _, name = line.strip().replace("，", ",").partition(",")
        workers.append((number.strip(), name.strip()))
    findings.raise_if_blocking()
    result = records.take_roster(
        desk, records.Roster(data.get("contract", "").strip(), data.get("office", ""), start, end, tuple(workers))
    )
    return (
        f"名簿を取り込みました。追加{len(result.added)}人、そのまま{len(result.kept)}人、"
        f"削除{len(result.removed)}人（利用を止めました）。"
    )


# -- one person -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing(STAFF_ONLY)
def person(request: StaffRequest, number: str) -> HttpResponse:
    """One person: what is on record, the timeline, and what one's duty may do about it."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    code: enrolment.Code | None = None
    if request.method == "POST":
        try:
            code = _do(desk, request, number)
            if code is None:
                return HttpResponseRedirect(f"/people/{number}")
        except Refused as refusal:
            findings = refusal.findings
    sheet = looking.sheet(desk, number)
    if sheet is None:
        raise Http404
    context = {
        "sheet": sheet,
        "post": sheet.post_on(desk.today),
        "picture": timeline(sheet, desk.today),
        "affairs": list(affairs().values()),
        "all_duties": [(duty.value, duty.label) for duty in Duty],
        "code": code,
        "now": desk.now,
        "from": desk.now.astimezone(JAPAN).strftime("%Y-%m-%dT%H:%M"),
        "today": desk.today,
    }
    return _answer(request, "web/people_person.html", context, findings)


def _do(desk: Desk, request: StaffRequest, number: str) -> enrolment.Code | None:
    """Raises Refused, AccessDenied."""
    data, act, findings = request.POST, request.POST.get("act", ""), Findings()
    reason = data.get("reason", "")
    if act == "pledge":
        signed_on = day_of(findings, data, "signed_on", "署名の日")
        findings.raise_if_blocking()
        records.record_pledge(desk, number, signed_on)
    elif act == "code":
        return enrolment.issue_code(desk, number, reason)
    elif act in {"suspend", "open"}:
        review.set_active(desk, number, active=act == "open", reason=reason)
    elif act == "grant":
        start = _moment(findings, data.get("start", ""), "start", "始まり")
        end = _moment(findings, data["end"], "end", "終わり") if data.get("end", "").strip() else None
        findings.raise_if_blocking()
        duties = frozenset(Duty(duty) for duty in data.getlist("duty") if duty in set(Duty))
        # The minute that the form was opened in is still "now".
        start = max(start, desk.now) if desk.now - start < timedelta(hours=1) else start
        grants.apply(desk, grants.Wanted(number, data.get("affair", ""), duties, start, end, reason))
    elif act in {"return", "revoke"}:
        chosen = [
            int(right) for right in data.getlist("right") if right.isascii() and right.isdigit() and len(right) < 18
        ]
        (grants.apply_to_revoke if act == "return" else grants.revoke)(desk, number, chosen, reason)
    elif act == "work":
        start, end_ = (
            _moment(findings, data.get(name, ""), name, label)
            for name, label in (("start", "始まり"), ("end", "終わり"))
        )
        findings.raise_if_blocking()
        grants.apply_for_work(desk, number, data.get("work", ""), start, end_, reason)
    elif act in {"attend", "leave"}:
        chosen_id = data.get("id", "")
        key = int(chosen_id) if chosen_id.isascii() and chosen_id.isdigit() and len(chosen_id) < 18 else 0
        (grants.attend if act == "attend" else grants.end_attendance)(desk, key)
    else:
        raise _unknown_act()
    return None


def _moment(findings: Findings, text: str, name: str, label: str) -> datetime:
    """「2026-11-20T09:00」 in Japan, or a day, which is its midnight."""
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=JAPAN)
    except ValueError:
        findings.error(
            "WEB-E-031", name, f"{label}を日時として読めません。", "2026-11-20T09:00 の形で入力してください。"
        )
        return midnight(date(1, 1, 1))


WIDTH, ROW, LEFT = 720, 22, 190


def timeline(sheet: looking.Sheet, today: date) -> dict[str, Any]:
    """Bars of posts, training and rights, as numbers for an SVG: two years back to one year ahead."""
    first, last = today - timedelta(days=730), today + timedelta(days=365)
    days = (last - first).days

    def place(day: date | None, otherwise: date) -> int:
        inside = min(max(day or otherwise, first), last)
        return LEFT + round((inside - first).days / days * WIDTH)

    def as_day(moment: datetime | None) -> date | None:
        return moment.astimezone(JAPAN).date() if moment else None

    spans: list[tuple[str, str, date | None, date | None]] = [
        (f"在職 {post.office.name}", "post", post.period.lower, post.period.upper) for post in sheet.posts
    ]
    spans += [(f"研修 {row.title}", "training", row.counts.lower, row.counts.upper) for row in sheet.trainings]
    spans += [
        (Duty(row.duty).label, "right", as_day(row.period.lower), as_day(row.period.upper)) for row in sheet.rights
    ]
    bars = []
    for index, (label, kind, start, end) in enumerate(spans):
        left, right = place(start, first), place(end, last)
        bars.append(
            {"label": label[:14], "kind": kind, "x": left, "width": max(right - left, 2), "y": index * ROW + 24}
        )
    years = [date(year, 4, 1) for year in range(first.year, last.year + 1) if first < date(year, 4, 1) < last]
    height = len(bars) * ROW + 32
    return {
        "bars": bars,
        "width": LEFT + WIDTH + 10,
        "height": height,
        "today": place(today, today),
        "years": [{"x": place(day, day), "label": f"{day.year}年度"} for day in years],
    }


# -- personnel files --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing(STAFF_ONLY)
def personnel(request: StaffRequest) -> HttpResponse:
    """人事異動の取込み: try or take a file in; refused rows until each is resolved."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    taken: notices.Taken | None = None
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            if act in {"try", "take"}:
                file, manifest = request.FILES.get("file"), request.FILES.get("manifest")
                if file is None or manifest is None:
                    raise Refused(
                        [Finding("WEB-E-032", "file", "ファイルと送り状の両方が要ります。", "二つとも選んでください。")]
                    )
                taken = notices.take(
                    desk, file.read(notices.MAX_BYTES + 1), manifest.read(notices.MAX_BYTES), trial=act == "try"
                )
            elif act == "resolve":
                key = request.POST.get("id", "")
                number = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
                notices.resolve(desk, number, request.POST.get("resolution", ""))
                return HttpResponseRedirect("/people/personnel")
            else:
                raise _unknown_act()
        except Refused as refusal:
            findings = refusal.findings
    context = {"taken": taken, "unresolved": notices.unresolved(desk), "header": ",".join(notices.HEADER)}
    return _answer(request, "web/people_personnel.html", context, findings)


# -- reviews and the comparison ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing(STAFF_ONLY)
def reviews(request: StaffRequest) -> HttpResponse:
    """定期点検: the information section opens and closes it, heads answer for their office."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            if act == "open":
                found = Findings()
                deadline = day_of(found, request.POST, "deadline", "期限")
                found.raise_if_blocking()
                review.open_review(desk, deadline)
            elif act == "close":
                review.close_review(desk)
            elif act == "decide":
                answers = [(name[5:], value) for name, value in request.POST.items() if name.startswith("item-")]
                chosen = [
                    (int(key), value) for key, value in answers if key.isascii() and key.isdigit() and len(key) < 18
                ]
                review.decide(
                    desk,
                    [key for key, value in chosen if value == "confirm"],
                    [key for key, value in chosen if value == "return"],
                )
            else:
                raise _unknown_act()
            return HttpResponseRedirect("/people/review")
        except Refused as refusal:
            findings = refusal.findings
    items = review.items_for(desk)
    current = items[0].review if items else review.current(desk)
    context = {
        "items": [(item, Duty(item.assignment.duty).label) for item in items],
        "review": current,
        "open_items": sum(1 for item in items if not item.decision),
        "differences": review.compare(desk) if desk.may(Duty.INFORMATION_MANAGEMENT) else [],
        "due": review.next_review_due(desk),
        "today": desk.today,
        "suggested": desk.today + timedelta(days=14),
    }
    return _answer(request, "web/people_review.html", context, findings)


# -- the table of rights ----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing(STAFF_ONLY)
def rights(request: StaffRequest) -> HttpResponse:
    """アクセス権限の管理表: which office does which affair, which duties that allows, how many hold them."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        data, found = request.POST, Findings()
        try:
            day = day_of(found, data, "day", "日")
            found.raise_if_blocking()
            if data.get("act") == "take_on":
                grants.take_on(desk, data.get("office", ""), data.get("affair", ""), day)
            elif data.get("act") == "lay_down":
                grants.lay_down(desk, data.get("office", ""), data.get("affair", ""), day)
            else:
                raise _unknown_act()
            return HttpResponseRedirect("/people/rights")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "rows": looking.matrix(desk),
        "duties": list(Duty),
        "affairs": [(affair, sorted(duty.label for duty in affair.duties)) for affair in affairs().values()],
        "separations": separations(),
        "today": desk.today,
    }
    return _answer(request, "web/people_rights.html", context, findings)


# -- the enrolment ----------------------------------------------------------------------------------------------------


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def enrol(request: HttpRequest) -> HttpResponse:
    """利用の登録, first step: the code, and a password of one's own."""
    place = place_of(request)
    if place is None:
        return HttpResponseRedirect("/sign-in")
    context: dict[str, Any] = {"place": place}
    if request.method == "GET":
        return render(request, "web/enrol.html", context)
    data = request.POST
    try:
        token = enrolment.begin(
            data.get("login", ""), data.get("code", "")[:60], data.get("password", ""), data.get("again", ""),
            place=place, clock=the_clock(),
        )  # fmt: skip
    except Refused as refusal:
        context |= {"findings": refusal.findings, "login": data.get("login", "")[:40]}
        return render(request, "web/enrol.html", context, status=422)
    return keep_cookie(HttpResponseRedirect("/enrol/factor"), settings.SIGN_IN_COOKIE, token, request)


def _enrolling(request: HttpRequest) -> Signed | None:
    signed = session_of(request)
    return signed if signed is not None and signed.stage == Stage.ENROLMENT else None


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("a factor of one's own")
def enrol_factor(request: HttpRequest) -> HttpResponse:
    """利用の登録, second step: a key, or an app where the profile lets one use it."""
    signed = _enrolling(request)
    if signed is None:
        return HttpResponseRedirect("/enrol")
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        data = request.POST
        try:
            if data.get("response"):
                enrolment.finish_with_key(signed, data["response"], data.get("name", ""), origin=origin(request))
            else:
                enrolment.finish_with_app(signed, data.get("code", "")[:20])
            answer = render(request, "web/enrol_done.html", {"login": signed.desk.account})
            answer.delete_cookie(settings.SIGN_IN_COOKIE, path="/", samesite="Strict")
            return answer
        except Refused as refusal:
            findings = refusal.findings
    context: dict[str, Any] = {"signed": None, "who": signed.desk.name, "findings": findings}
    if enrolment.may_use_app(signed):
        try:
            secret, uri = enrolment.offered_secret(signed)
        except Refused:
            return HttpResponseRedirect("/enrol")
        context |= {"secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)), "uri": uri}
    return render(request, "web/enrol_factor.html", context, status=422 if findings else 200)


@public
@require_POST
@hands_out_nothing("a challenge")
def enrol_key(request: HttpRequest) -> HttpResponse:
    """The challenge with which a key is made."""
    signed = _enrolling(request)
    if signed is None:
        return JsonResponse({"findings": []}, status=401)
    return JsonResponse(sign_in.enrolment_options(signed))


urlpatterns = [
    path("people", people),
    path("people/register", register),
    path("people/personnel", personnel),
    path("people/review", reviews),
    path("people/rights", rights),
    path("people/<str:number>", person),
    path("enrol", enrol),
    path("enrol/factor", enrol_factor),
    path("enrol/key", enrol_key),
]
menu.add("/people", "職員と権限", set(looking.LOOKERS), order=820)
