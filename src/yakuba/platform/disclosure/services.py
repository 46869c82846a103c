"""The acts of a request's way. Each is one transaction of a desk with the duty DISCLOSURE; the decision is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform import profiles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds as approvals
from yakuba.platform.approvals import services as approval_services
from yakuba.platform.approvals.models import Application
from yakuba.platform.approvals.models import State as ApprovalState
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import Rendered
from yakuba.platform.protection.exits import Exit, ExitKind, Way, declare
from yakuba.platform.protection.passing import passing
from yakuba.platform.retention import services as retention
from yakuba.platform.transactions import use_case

from . import document, house_sources, rules, sources
from .models import Case, Decision, Step
from .rules import Action, Kind, Outcome, State

SETTINGS = profiles.declare("disclosure", Path(__file__).with_name("settings.yaml"))
DOCUMENT = declare(
    Exit("disclosure:document:paper", ExitKind.PAPER, Way.ISSUE, "開示する文書", "本人について保有する情報のすべて")
)
PREVIEW = declare(
    Exit(
        "disclosure:preview:screen", ExitKind.SCREEN, Way.ISSUE, "開示する文書の試し刷り", "本人について保有する情報のすべて",
        takes_use=False,
    )
)  # fmt: skip


def _refused(code: str, field: str, message: str, remedy: str, article: str = "") -> Refused:
    return Refused([Finding(code, field, message, remedy, article=article)])


def reference(case: Case) -> str:
    """What the log and approvals call a case."""
    return f"disclosure:{case.pk}"


# -- receiving --------------------------------------------------------------------------------------------------------


@use_case(Operation.DISCLOSE)
def receive(desk: Desk, request: rules.Request) -> Case:
    """受付. Raises Refused with every finding: what is missing goes back to the requester, nothing is kept of it.

    Records of the person that would be erased are held from now on.
    """
    desk.require(Duty.DISCLOSURE)
    findings = rules.check(
        request,
        today=desk.today,
        takes_free_form=SETTINGS.value("takes_free_form", bool, on=desk.today),
    )
    known = {source.name for source in sources.sources()}
    for name in sorted(set(request.sources) - known):
        findings.error("DSC-E-030", "sources", f"「{name}」というデータはありません。", "一覧から選んでください。")
    _check_identity(desk, request, findings)
    findings.raise_if_blocking(request.confirmed)
    case = Case.objects.create(
        kind=request.kind,
        requester=request.requester,
        channel=request.channel,
        form_type=request.form_type,
        received_on=request.received_on,
        subject=request.subject,
        requester_name=request.requester_name.strip(),
        requester_address=request.requester_address.strip(),
        requester_phone=request.requester_phone.strip(),
        subject_name=request.subject_name.strip(),
        subject_address=request.subject_address.strip(),
        matter=request.matter.strip(),
        sources=sorted(set(request.sources)),
        with_number=request.with_number,
        claim=request.claim.strip(),
        reason=request.reason.strip(),
        disclosed_on=request.disclosed_on,
        shown=[
            [shown.document.value, shown.issued_on.isoformat() if shown.issued_on else None] for shown in request.shown
        ],
        confirmed=sorted(set(request.confirmed) & {finding.code for finding in findings}),
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        at=desk.now,
        state=State.RECEIVED,
    )
    holds = [
        retention.keep(desk, kind, request.subject, f"{case.number}の処理中").pk
        for kind in sorted({kind for source in sources.sources() for kind in source.record_kinds})
    ]
    _write(desk, case, Action.RECEIVE, State.RECEIVED, on=request.received_on, detail={"holds": holds})
    return case


def _check_identity(desk: Desk, request: rules.Request, findings: Findings) -> None:
    """The person whose data are asked for is somebody whom a room knows, and is called what the request says."""
    name = request.requester_name if request.requester is rules.Requester.PERSON else request.subject_name
    answers = [source.is_called(desk, request.subject, name) for source in sources.sources()]
    if all(answer is None for answer in answers):
        findings.error(
            "DSC-E-031",
            "subject",
            f"宛名番号{request.subject:015d}の方の記録はありません。",
            "本人を検索して、番号を確かめてください。",
        )
    elif name.strip() and True not in answers:
        findings.error(
            "DSC-E-032",
            "subject",
            "請求書の本人の氏名が、記録の氏名と違います。",
            "別の方の番号ではないか、氏の変更などがないかを確かめてください。",
        )


# -- moving on --------------------------------------------------------------------------------------------------------


def _locked(case_id: int) -> Case:
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise _refused("DSC-E-033", "case", "請求が見つかりません。", "番号を確かめてください。")
    return case


def _open(case_id: int, action: Action) -> Case:
    """The case, locked. Raises Refused where the action isn't open to it."""
    case = _locked(case_id)
    if rules.next_state(case.kind_of, State(case.state), action) is None:
        raise _refused(
            "DSC-E-034",
            "case",
            f"「{case.state_label}」の{case.kind_of.label}に「{action.label}」はできません。",
            "請求の画面で、次に行うことを確かめてください。",
        )
    return case


def _write(
    desk: Desk, case: Case, action: Action, state: State, *, on: date, text: str = "", detail: dict[str, Any] | None = None
) -> Step:  # fmt: skip
    step = Step.objects.create(
        case=case,
        action=action,
        state=state,
        on=on,
        text=text.strip()[: rules.MAX_TEXT],
        detail=detail or {},
        account=desk.account,
        at=desk.now,
    )
    case.state, case.due = state, _due(case, state)
    case.save(update_fields=["state", "due"])
    if state in rules.ENDS:
        _let_go(case, on)
    desk.log(
        Operation.DISCLOSE, subjects=(case.subject,), target=reference(case), case=reference(case), act=action.value
    )
    return step


def _go(
    desk: Desk, case: Case, action: Action, *, on: date | None = None, text: str = "", **detail: object
) -> Case:  # fmt: skip
    state = rules.next_state(case.kind_of, State(case.state), action)
    assert state is not None, "asked before"
    day = on or desk.today
    findings = Findings()
    last = Step.objects.filter(case=case).order_by("-pk").values_list("on", flat=True).first()
    if day > desk.today:
        findings.error("DSC-E-035", "on", "日付が未来の日付です。", "今日までの日付を入力してください。")
    elif last is not None and day < last:
        findings.error(
            "DSC-E-036", "on", f"前の手続の日（{last.isoformat()}）より前の日付です。", "日付を確かめてください。"
        )
    if rules.holds_individual_number(text):
        findings.error("DSC-E-002", "text", "個人番号が書かれています。", "番号を消してください。")
    findings.raise_if_blocking()
    _write(desk, case, action, state, on=day, text=text, detail=detail)
    return case


def _steps(case: Case, *actions: Action) -> list[Step]:
    return list(Step.objects.filter(case=case, action__in=actions).order_by("pk"))


def _last(case: Case, action: Action) -> Step | None:
    return Step.objects.filter(case=case, action=action).order_by("-pk").first()


def _due(case: Case, state: State) -> date | None:
    """The last day for what comes next; None where nothing does."""
    if state in rules.ENDS:
        return None
    if state is State.AMENDMENT:
        asked = _last(case, Action.ASK_AMENDMENT)
        return date.fromisoformat(asked.detail["by"]) if asked else None
    if state in rules.UNDECIDED:
        continued = _last(case, Action.CONTINUE)
        if continued is not None:
            return date.fromisoformat(continued.detail["by"])
        return decision_due(case)
    if state is State.DECIDED:
        approved = _last(case, Action.APPROVE)
        return approved.on if approved else None
    notified = _last(case, Action.NOTIFY)
    assert notified is not None, "nothing is NOTIFIED without its notice"
    if case.kind_of is not Kind.DISCLOSURE:
        return notified.on
    return max(rules.order_last_day(notified.on), _earliest_execution(case))


def decision_due(case: Case) -> date:
    """Last day for the decision, with the days of amendments left out and those of an extension added."""
    rhythm = [
        (asked.on, came.on)
        for asked, came in zip(_steps(case, Action.ASK_AMENDMENT), _steps(case, Action.AMEND), strict=False)
    ]
    is_extended = bool(_steps(case, Action.EXTEND, Action.EXTEND_SPECIALLY))
    return rules.decision_due(
        case.received_on,
        SETTINGS.value("decision_days", int, on=case.received_on),
        extension=SETTINGS.value("extension_days", int, on=case.received_on) if is_extended else 0,
        not_counted=rules.days_not_counted(rhythm),
    )


def _let_go(case: Case, on: date) -> None:
    """What was held for the case may go: after the remedies against a decision, at once where there was none."""
    received, notified = _last(case, Action.RECEIVE), _last(case, Action.NOTIFY)
    executed = _last(case, Action.EXECUTE)
    if _steps(case, Action.EXTEND_SPECIALLY) and notified is not None and not _steps(case, Action.CONTINUE):
        return  # the rest of it is still to come
    day = on
    if notified is not None:
        day = rules.keep_until(notified.on, executed.on if executed else None)
    retention.let_go(received.detail["holds"] if received else [], day)


def _require_text(text: str, what: str) -> None:
    if not text.strip():
        raise _refused("DSC-E-037", "text", f"{what}がありません。", "入力してください。")


@use_case(Operation.DISCLOSE)
def ask_amendment(desk: Desk, case_id: int, what: str, by: date, on: date | None = None) -> Case:
    """補正の求め (77条3項): the days until it comes do not count. `by`: the last day that is given for it."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.ASK_AMENDMENT)
    _require_text(what, "補正を求める内容")
    if by <= (on or desk.today):
        raise _refused(
            "DSC-E-038", "by", "補正の期限が求める日以前です。", "相当の期間を置いた日付を入力してください。"
        )
    return _go(desk, case, Action.ASK_AMENDMENT, on=on, text=what, by=by.isoformat())


@use_case(Operation.DISCLOSE)
def amend(desk: Desk, case_id: int, what: str, on: date | None = None) -> Case:
    """補正: the requester mended it; what he added is part of the request from now on."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.AMEND)
    _require_text(what, "補正された内容")
    return _go(desk, case, Action.AMEND, on=on, text=what)


@use_case(Operation.DISCLOSE)
def extend(desk: Desk, case_id: int, reason: str, on: date | None = None) -> Case:
    """延長 by the days of law, once, with a notice in writing before the period ends (83条2項, 94条2項, 102条2項)."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.EXTEND)
    _require_text(reason, "延長の理由")
    _check_extension(case, on or desk.today)
    return _go(desk, case, Action.EXTEND, on=on, text=reason)


@use_case(Operation.DISCLOSE)
def extend_specially(desk: Desk, case_id: int, reason: str, rest_by: date, on: date | None = None) -> Case:
    """期限の特例 (84条, 95条, 103条): a considerable part within the extended period, the rest by a day that is notified."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.EXTEND_SPECIALLY)
    _require_text(reason, "特例を使う理由")
    _check_extension(case, on or desk.today)
    _go(desk, case, Action.EXTEND_SPECIALLY, on=on, text=reason, by=rest_by.isoformat())
    due = decision_due(case)
    if rest_by <= due:
        raise _refused(
            "DSC-E-039",
            "rest_by",
            f"残りの部分の期限が、延長した期限（{due.isoformat()}）以前です。",
            "特例が要らなければ、期限の延長を使ってください。",
        )
    return case


def _check_extension(case: Case, on: date) -> None:
    period = f"{rules.ACT} 第{case.kind_of.articles.period}条第2項"
    if _steps(case, Action.EXTEND, Action.EXTEND_SPECIALLY):
        raise _refused("DSC-E-040", "case", "期限は既に延長されています。", "延長は一度だけです。", period)
    if case.due is not None and on > case.due:
        raise _refused(
            "DSC-E-041",
            "on",
            f"決定の期限（{case.due.isoformat()}）を過ぎています。",
            "延長はできません。速やかに決定してください。",
            period,
        )


@use_case(Operation.DISCLOSE)
def investigate(desk: Desk, case_id: int, text: str, on: date | None = None) -> Case:
    """調査の記録: what was found, whom one asked."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.INVESTIGATE)
    _require_text(text, "調査の内容")
    return _go(desk, case, Action.INVESTIGATE, on=on, text=text)


@use_case(Operation.DISCLOSE)
def hear(desk: Desk, case_id: int, third_party: str, by: date, *, is_required: bool, on: date | None = None) -> Case:
    """第三者への意見照会 (86条): `is_required` where law wants it (2項)."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.HEAR)
    _require_text(third_party, "第三者の名称")
    if by <= (on or desk.today):
        raise _refused("DSC-E-042", "by", "意見書の期限が照会の日以前です。", "相当の期間を置いてください。")
    return _go(desk, case, Action.HEAR, on=on, text=third_party, by=by.isoformat(), is_required=is_required)


@use_case(Operation.DISCLOSE)
def record_opinion(
    desk: Desk, case_id: int, heard: int, text: str, *, is_opposed: bool, on: date | None = None
) -> Case:  # fmt: skip
    """The answer to a hearing (step `heard`), or that none came."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.OPINION)
    _require_text(text, "意見の内容")
    if heard not in {step.pk for step in _steps(case, Action.HEAR)} - _answered(case):
        raise _refused("DSC-E-043", "heard", "回答を待っている意見照会ではありません。", "照会を選び直してください。")
    return _go(desk, case, Action.OPINION, on=on, text=text, heard=heard, is_opposed=is_opposed)


def _answered(case: Case) -> set[int]:
    return {step.detail["heard"] for step in _steps(case, Action.OPINION)}


def _earliest_execution(case: Case) -> date:
    approved = _last(case, Action.APPROVE)
    assert approved is not None, "what was notified was decided"
    is_opposed = any(step.detail["is_opposed"] for step in _steps(case, Action.OPINION))
    return rules.earliest_execution(approved.on, is_opposed=is_opposed)


@use_case(Operation.DISCLOSE)
def withdraw(desk: Desk, case_id: int, text: str, on: date | None = None) -> Case:
    """取下げ by the requester, in writing."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.WITHDRAW)
    _require_text(text, "取下げの経過")
    return _go(desk, case, Action.WITHDRAW, on=on, text=text)


@use_case(Operation.DISCLOSE)
def transfer(desk: Desk, case_id: int, to: str, on: date | None = None) -> Case:
    """事案の移送 (85条, 96条) to another organ, with a notice to the requester."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.TRANSFER)
    _require_text(to, "移送先")
    return _go(desk, case, Action.TRANSFER, on=on, text=to)


# -- deciding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is proposed: `grounds` by code, `withheld` by the names of sources that are kept back whole."""

    outcome: Outcome
    grounds: tuple[str, ...] = ()
    reason: str = ""
    withheld: tuple[str, ...] = ()


def known_until(day: date) -> datetime:
    """The moment up to which a proposal of this day discloses what was known: its beginning.

    What is written bears the time at which its act began. Of this moment everything was committed long ago, so that the same
    question has the same answer when the paper is drawn, weeks later.
    """
    return datetime.combine(day, time.min, JAPAN)


@use_case(Operation.DISCLOSE)
def propose(desk: Desk, case_id: int, proposal: Proposal) -> Decision:
    """決定の伺い: applies for the decision, bound to what would be disclosed: what was known before today. Raises Refused with every
    finding, ProtectionRefused where protection keeps the paper back.
    """
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.PROPOSE)
    hands_out = case.kind_of is Kind.DISCLOSURE and proposal.outcome is not Outcome.NONE
    as_of = known_until(desk.today)
    collected = sources.Collected(as_of, ())
    withheld = tuple(sorted(set(proposal.withheld)))
    if hands_out:
        passing(desk, DOCUMENT, [case.subject], reference=reference(case)).require_open("case")
        collected = sources.collect(desk, case.subject, case.sources, as_of).without(withheld)
    findings = rules.check_decision(
        case.kind_of, proposal.outcome, proposal.grounds, proposal.reason,
        withheld=withheld if hands_out else (), masked=collected.masked, kept_back=collected.kept_back,
    )  # fmt: skip
    _check_proposal(desk, case, proposal, withheld, collected, findings, hands_out=hands_out)
    findings.raise_if_blocking()
    payload = {
        "number": case.number,
        "outcome": proposal.outcome.label(case.kind_of),
        "grounds": [f"{rules.ground(code).article} {rules.ground(code).text}" for code in proposal.grounds],
        "parts": [source.title for source, _ in collected.parts],
        "withheld": [source.title for source in sources.chosen(withheld)] if withheld else [],
        "due": case.due.isoformat() if case.due else "",
    }
    digest = collected.digest
    application = approval_services.apply(desk, DECISION, str(case.pk), payload, digest)
    decision = Decision.objects.create(
        case=case,
        application=application,
        outcome=proposal.outcome,
        grounds=list(proposal.grounds),
        reason=proposal.reason.strip()[: rules.MAX_TEXT],
        withheld=list(withheld),
        as_of=as_of,
        content_hash=digest,
        masked=collected.masked,
        at=desk.now,
        account=desk.account,
    )
    # Applying took the same duty's role: it still holds.
    _go(desk, case, Action.PROPOSE, decision=decision.pk)
    return decision


def _check_proposal(
    desk: Desk, case: Case, proposal: Proposal, withheld: tuple[str, ...], collected: sources.Collected, findings: Findings,
    *, hands_out: bool,
) -> None:  # fmt: skip
    if case.state == State.AMENDMENT and (proposal.grounds != ("form",) or case.due is None or desk.today <= case.due):
        findings.error(
            "DSC-E-044",
            "case",
            "補正の期間中です。",
            "補正を待つか、期間が過ぎた後に、形式上の不備を理由として決定してください。",
        )
    if case.state != State.AMENDMENT and "form" in proposal.grounds and not _steps(case, Action.ASK_AMENDMENT):
        findings.error("DSC-E-045", "grounds", "補正を求めていません。", "先に、期間を定めて補正を求めてください。")
    waiting = [step for step in _steps(case, Action.HEAR) if step.pk not in _answered(case)]
    if hands_out and any(desk.today <= date.fromisoformat(step.detail["by"]) for step in waiting):
        findings.error(
            "DSC-E-046",
            "case",
            "第三者の意見を待っています。",
            "意見が届くか、期限が過ぎるまで待ってください。",
            article=f"{rules.ACT} 第86条",
        )
    known = {source.name for source in sources.chosen(case.sources)}
    for name in sorted(set(withheld) - known):
        findings.error("DSC-E-030", "withheld", f"「{name}」は請求の対象にありません。", "一覧から選んでください。")
    if hands_out and collected.is_empty:
        findings.error(
            "DSC-E-047",
            "outcome",
            "開示する情報がありません。",
            "「開示しない」とし、保有していないことなどを理由にしてください。",
        )


def _describe(payload: dict[str, Any]) -> approvals.Lines:
    return (
        ("請求", payload["number"]),
        ("決定", payload["outcome"]),
        ("認めない理由", "、".join(payload["grounds"]) or "なし"),
        ("対象", "、".join(payload["parts"]) or "なし"),
        ("載せないデータ", "、".join(payload["withheld"]) or "なし"),
        ("決定の期限", payload["due"] or "なし"),
    )


def _approved(desk: Desk, application: Application) -> None:
    """In the transaction of the approval, and in its role."""
    decision = Decision.objects.select_related("case").get(application=application)
    _go(desk, _open(decision.case_id, Action.APPROVE), Action.APPROVE, decision=decision.pk)


DECISION = approvals.register(
    approvals.Kind(
        name="disclosure",
        title="開示・訂正・利用停止の決定",
        applicant=(Duty.DISCLOSURE,),
        steps=(approvals.Step(Duty.APPROVAL, "決定の決裁"),),
        describe=_describe,
        on_approved=_approved,
    )
)


@use_case(Operation.DISCLOSE)
def take_back(desk: Desk, case_id: int, text: str) -> Case:
    """After the proposal was refused or withdrawn: examine again."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.TAKE_BACK)
    _require_text(text, "引き戻す理由")
    decision = Decision.objects.select_related("application").filter(case=case).latest("pk")
    if decision.application.state not in {ApprovalState.REFUSED, ApprovalState.WITHDRAWN}:
        raise _refused(
            "DSC-E-048",
            "case",
            "決裁中の伺いです。",
            "決裁の結果を待つか、承認の画面で申請を取り下げてください。",
        )
    return _go(desk, case, Action.TAKE_BACK, text=text)


@use_case(Operation.DISCLOSE)
def revoke(desk: Desk, case_id: int, text: str, on: date | None = None) -> Case:
    """決定の取消し by the organ itself, before anything was carried out: to decide anew, by another approval."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.REVOKE)
    _require_text(text, "取り消す理由")
    return _go(desk, case, Action.REVOKE, on=on, text=text)


def decision_of(case: Case) -> Decision | None:
    """The decision that holds: the last approved one, unless it was revoked."""
    acts = _steps(case, Action.APPROVE, Action.REVOKE)
    if not acts or acts[-1].action != Action.APPROVE:
        return None
    return Decision.objects.select_related("case").get(pk=acts[-1].detail["decision"])


@use_case(Operation.DISCLOSE)
def notify(desk: Desk, case_id: int, on: date | None = None) -> Case:
    """決定の通知 in writing (82条, 93条, 101条). To third parties who are against it, a notice of their own (86条3項)."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.NOTIFY)
    opposed = [step.detail["heard"] for step in _steps(case, Action.OPINION) if step.detail["is_opposed"]]
    return _go(desk, case, Action.NOTIFY, on=on, opposed=opposed)


# -- carrying out -----------------------------------------------------------------------------------------------------


@use_case(Operation.DISCLOSE)
def order(
    desk: Desk, case_id: int, method: rules.Method, delivery: rules.Channel, *, sides: int, postage_yen: int = 0,
    on: date | None = None,
) -> Case:  # fmt: skip
    """実施方法の申出 (87条3項), and what it costs, to be paid in advance. `sides`: written sides of the copies."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.ORDER)
    findings = Findings()
    if (decision := decision_of(case)) is None or decision.outcome == Outcome.NONE:
        findings.error("DSC-E-050", "case", "開示しない決定です。", "終了の手続をしてください。")
    if method is rules.Method.VIEW and delivery is rules.Channel.POST:
        findings.error(
            "DSC-E-051", "delivery", "閲覧は窓口でだけ行えます。", "写しの交付を選ぶか、窓口にしてください。"
        )
    if method is rules.Method.COPY and sides < 1:
        findings.error("DSC-E-052", "sides", "写しの面数がありません。", "一面以上の数を入力してください。")
    if postage_yen < 0 or sides < 0:
        findings.error("DSC-E-053", "postage_yen", "負の数は入力できません。", "数字を確かめてください。")
    elif method is rules.Method.COPY and delivery is rules.Channel.POST and postage_yen == 0:
        findings.error("DSC-E-054", "postage_yen", "郵送料がありません。", "郵送料を入力してください。")
    findings.raise_if_blocking()
    cost = rules.cost_yen(
        method, delivery, sides, side_yen=SETTINGS.value("copy_side_yen", int, on=desk.today), postage_yen=postage_yen
    )
    return _go(
        desk, case, Action.ORDER, on=on, method=method.value, delivery=delivery.value, sides=sides,
        postage_yen=postage_yen, cost_yen=cost,
    )  # fmt: skip


def payments(desk: Desk, delivery: rules.Channel) -> list[rules.Payment]:
    """How one may pay at the counter, or by post."""
    names = SETTINGS.value(f"payments_{delivery.value}", list, on=desk.today)
    return [rules.Payment(name) for name in names]


@use_case(Operation.DISCLOSE)
def pay(desk: Desk, case_id: int, amount_yen: int, payment: rules.Payment, on: date | None = None) -> Case:
    """費用の収納, the whole amount at once."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.PAY)
    ordered = _last(case, Action.ORDER)
    if ordered is None:
        raise _refused("DSC-E-055", "case", "実施方法の申出がありません。", "先に申出を記録してください。")
    findings, delivery = Findings(), rules.Channel(ordered.detail["delivery"])
    if _paid(case) is not None:
        findings.error("DSC-E-056", "case", "費用は収納済みです。", "請求の画面を確かめてください。")
    if amount_yen != ordered.detail["cost_yen"]:
        findings.error(
            "DSC-E-057", "amount_yen", f"費用は{ordered.detail['cost_yen']}円です。", "全額を収納してください。"
        )
    if payment not in payments(desk, delivery):
        findings.error(
            "DSC-E-058",
            "payment",
            f"{delivery.label}では{payment.label}で納められません。",
            f"{'、'.join(known.label for known in payments(desk, delivery))}で納めてもらってください。",
        )
    findings.raise_if_blocking()
    return _go(desk, case, Action.PAY, on=on, amount_yen=amount_yen, payment=payment.value)


def _paid(case: Case) -> Step | None:
    """The payment for the last order."""
    ordered, paid = _last(case, Action.ORDER), _last(case, Action.PAY)
    return paid if ordered and paid and paid.pk > ordered.pk else None


def check_release(desk: Desk, case: Case) -> Step:
    """The order of a case whose paper may be handed over now. Raises Refused with every finding."""
    findings, ordered = Findings(), _last(case, Action.ORDER)
    if ordered is None:
        raise _refused("DSC-E-055", "case", "実施方法の申出がありません。", "先に申出を記録してください。")
    if ordered.detail["cost_yen"] and _paid(case) is None:
        findings.error(
            "DSC-E-059", "case", f"費用{ordered.detail['cost_yen']}円が納められていません。", "前納です。収納してから渡してください。"
        )  # fmt: skip
    if desk.today < (first := _earliest_execution(case)):
        findings.error(
            "DSC-E-060",
            "case",
            f"第三者が反対の意見を出しているため、{first.isoformat()}より前には開示できません。",
            "その日まで待ってください。",
            article=f"{rules.ACT} 第86条第3項",
        )
    findings.raise_if_blocking()
    return ordered


def _content(desk: Desk, case: Case, through: Exit) -> tuple[document.Disclosed, Decision]:
    """What the decision opened, as it was known then. Raises Refused where it is no longer what was decided about,
    ProtectionRefused where a flag holds now.
    """
    decision, approved = decision_of(case), _last(case, Action.APPROVE)
    if decision is None or approved is None or decision.outcome == Outcome.NONE or case.kind_of is not Kind.DISCLOSURE:
        raise _refused("DSC-E-050", "case", "開示しない決定です。", "請求の画面を確かめてください。")
    passing(desk, through, [case.subject], reference=reference(case)).require_open("case")
    collected = sources.collect(desk, case.subject, case.sources, decision.as_of).without(decision.withheld)
    if collected.digest != bytes(decision.content_hash):
        raise _refused(
            "DSC-E-063",
            "case",
            "記録が、決定のときの内容と違います。",
            "廃棄や設定の変更がなかったかを調べ、決定を取り消して改めて決定してください。",
        )
    return document.compose(document.house(), case, decision, approved.on, collected), decision


@use_case(Operation.DISCLOSE)
def preview(desk: Desk, case_id: int) -> Rendered:
    """The paper as a specimen without 個人番号, once it is decided: to count its sides and to check it."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.ORDER)
    content, _ = _content(desk, case, PREVIEW)
    desk.log(Operation.PREVIEW, subjects=(case.subject,), target=reference(case), case=reference(case))
    return _drawn(desk, case, content, specimen=True)


@use_case(Operation.DISCLOSE)
def draw(desk: Desk, case_id: int) -> Rendered:
    """The paper to be handed over or shown. With 個人番号 where it was asked for: by right, after a fresh second factor.

    Raises Refused with every finding: not ordered, not paid, too early, other sides than were paid for.
    """
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.EXECUTE)
    ordered = check_release(desk, case)
    content, _ = _content(desk, case, DOCUMENT)
    if case.with_number and document.asks_number(content):
        source = next(source for source in sources.chosen(case.sources) if source.number is not None)
        assert source.number is not None
        decision = decision_of(case)
        assert decision is not None
        content = document.with_number(content, source.number(desk, case.subject, decision.as_of))
    rendered = _drawn(desk, case, content, specimen=False)
    if ordered.detail["method"] == rules.Method.COPY and rendered.page_count != ordered.detail["sides"]:
        raise _refused(
            "DSC-E-064",
            "sides",
            f"文書は{rendered.page_count}面ですが、費用は{ordered.detail['sides']}面で計算されています。",
            "申出を記録し直してください。",
        )
    desk.log(
        Operation.ISSUE, subjects=(case.subject,), target=reference(case), case=reference(case),
        pages=rendered.page_count, with_number=case.with_number,
    )  # fmt: skip
    return rendered


def _drawn(desk: Desk, case: Case, content: document.Disclosed, *, specimen: bool) -> Rendered:
    return document.draw(
        document.house(), case, content, at=desk.now, terminal=desk.terminal, printer=desk.printer, specimen=specimen
    )


@use_case(Operation.DISCLOSE)
def hand_over(desk: Desk, case_id: int, text: str = "", on: date | None = None) -> Case:
    """開示の実施: the person looked at it or has the copy. The paper was drawn before."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.EXECUTE)
    if case.kind_of is not Kind.DISCLOSURE:
        raise _refused("DSC-E-065", "case", "開示請求ではありません。", "訂正・利用停止の実施を記録してください。")
    ordered = check_release(desk, case)
    passing(desk, DOCUMENT, [case.subject], reference=reference(case)).require_open("case")
    return _go(desk, case, Action.EXECUTE, on=on, text=text, method=ordered.detail["method"])


@use_case(Operation.DISCLOSE)
def carry_out(
    desk: Desk, case_id: int, text: str, references: tuple[tuple[str, str], ...] = (), on: date | None = None
) -> Case:
    """訂正・利用停止の実施. `references`: (source, what it calls the filing) where a room carried it into its register; each is
    asked whether that concerns this person and came after the request. Of a correction, whoever got the wrong data is in
    the step (97条): the recipients of what was provided.
    """
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.EXECUTE)
    findings = Findings()
    if case.kind_of is Kind.DISCLOSURE:
        findings.error("DSC-E-066", "case", "開示請求です。", "開示の実施を記録してください。")
    if (decision := decision_of(case)) is None or decision.outcome == Outcome.NONE:
        findings.error("DSC-E-067", "case", "認めない決定です。", "終了の手続をしてください。")
    if not text.strip():
        findings.error("DSC-E-037", "text", "行った内容がありません。", "入力してください。")
    known = {source.name: source for source in sources.sources()}
    carried = []
    for name, number in references:
        source = known.get(name)
        done = source.carried(desk, case.subject, number, case.received_on) if source and source.carried else None
        if done is None:
            findings.error(
                "DSC-E-068",
                "references",
                f"「{number}」は、この方について請求の後に本登録された異動ではありません。",
                "異動番号を確かめ、審査が終わってから記録してください。",
            )
        else:
            carried.append(done)
    findings.raise_if_blocking()
    informed = house_sources.recipients(case.subject) if case.kind_of is Kind.CORRECTION else []
    return _go(desk, case, Action.EXECUTE, on=on, text=text, carried=carried, recipients=informed)


@use_case(Operation.DISCLOSE)
def finish(desk: Desk, case_id: int, text: str, on: date | None = None) -> Case:
    """終了 of what needs no carrying out: nothing was granted, or nobody said within the days how he wants it."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.FINISH)
    decision = decision_of(case)
    if decision is not None and decision.outcome != Outcome.NONE:
        is_over = case.kind_of is Kind.DISCLOSURE and case.due is not None and desk.today > case.due
        if not is_over:
            raise _refused(
                "DSC-E-061",
                "case",
                "認めた部分がまだ実施されていません。",
                "実施するか、申出の期間が過ぎるまで待ってください。",
                f"{rules.ACT} 第87条",
            )
        _require_text(text, "終了する理由")
    return _go(desk, case, Action.FINISH, on=on, text=text)


@use_case(Operation.DISCLOSE)
def continue_rest(desk: Desk, case_id: int) -> Case:
    """The rest of a request whose period was extended specially, once its first part was decided and notified."""
    desk.require(Duty.DISCLOSURE)
    case = _open(case_id, Action.CONTINUE)
    special = _last(case, Action.EXTEND_SPECIALLY)
    if special is None or _steps(case, Action.CONTINUE):
        raise _refused("DSC-E-062", "case", "残りの部分はありません。", "期限の特例を使った請求だけの手続です。")
    return _go(desk, case, Action.CONTINUE, by=special.detail["by"])
