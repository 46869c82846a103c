"""Reading by a grant. Every condition is asked anew at each reading, of the database as it is then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals.models import State
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.protection.exits import Exit, ExitKind, Way, declare
from yakuba.platform.protection.passing import passing
from yakuba.platform.protection.policy import Concealed
from yakuba.platform.transactions import use_case

from . import provisions, views
from .applications import _items_of_affair, holds, provision_of
from .connections import connections
from .models import Grant, GrantEnd, Record, Role
from .provisions import Provision
from .views import LinkView, Row, Subject

MOST_SUBJECTS = 1_000
"""Of one reading; a batch reads in portions, each a record of its own. Protection holds a lock a person meanwhile."""

_MOST_RECORDS = 500

READING = declare(
    Exit(
        "linkage:reading:api",
        ExitKind.API,
        Way.LINKAGE,
        "庁内連携の照会",
        "承認された項目を、承認された部署のシステムに",
    )
)


class LinkageDenied(AccessDenied):
    """No live grant allows this reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`rows` have exactly the items that were asked for; None where protection masks one. Persons whom protection refuses
    are missing like unknown ones; `withheld` and `masked` count them.
    """

    rows: Mapping[Subject, Row]
    withheld: int
    masked: int
    record: int


def read(
    desk: Desk, grant_id: int, view: str, subjects: Iterable[Subject], items: Iterable[str], *, system: str, case: str
) -> Reading:
    """Rows of `view` for `subjects`, by a grant of the desk's office to its `system`, for one `case` of its affair.

    Raises LinkageDenied naming what does not hold, AccessDenied without Duty.LINKAGE, Refused for more than
    `MOST_SUBJECTS` persons. Reading and refusal alike become a record and an audit entry.
    """
    asked, wanted = tuple(sorted(set(subjects))), tuple(dict.fromkeys(items))
    try:
        return _read(desk, grant_id, view, asked, wanted, system=system, case=case)
    except LinkageDenied as denial:
        _record_refusal(desk, grant_id, view, asked, wanted, system=system, case=case, code=denial.finding.code)
        raise


@use_case(Operation.PROVIDE)
def _read(
    desk: Desk,
    grant_id: int,
    view_name: str,
    asked: tuple[Subject, ...],
    wanted: tuple[str, ...],
    *,
    system: str,
    case: str,
) -> Reading:
    desk.require(Duty.LINKAGE)
    if len(asked) > MOST_SUBJECTS:
        raise Refused(
            [
                Finding(
                    "LNK-E-219", "subjects", f"一度に照会できる人数を超えています（{MOST_SUBJECTS:,}人まで）。",
                    "分けて照会してください。",
                )
            ]
        )  # fmt: skip
    grant = Grant.objects.filter(pk=grant_id).select_related("application").first()
    view = views.view_of(view_name)
    row = provision_of(grant.provision) if grant else None
    refusal = _refusal(desk, grant, view, row, wanted, system=system, case=case)
    if refusal is not None or grant is None or view is None or row is None:
        raise LinkageDenied(refusal or _finding("LNK-E-201"), f"linkage:{view_name}:{grant_id}")
    found = _exactly(view.read(asked, wanted), asked, wanted)
    passed = passing(desk, READING, asked, reference=f"{grant_id}:{case}").filter(
        found.items(), lambda row: (row[0],), lambda row, verdict: (row[0], _masked(view, row[1], verdict.hidden))
    )
    rows, withheld, masked = dict(passed), passed.refused, passed.masked
    record = _write(
        desk, grant=grant, view=view_name, system=system, row=row, case=case,
        items=wanted, subjects=asked, handed_out=len(rows), withheld=withheld,
    )  # fmt: skip
    desk.log(
        Operation.PROVIDE, subjects=asked, target=f"linkage:{view_name}", grant=grant_id, record=record, case=case,
        items=list(wanted), law=row.citation, flow=row.flow.value, to_system=system, count=len(rows), withheld=withheld, masked=masked,
    )  # fmt: skip
    return Reading(rows, withheld, masked, record)


def _masked(view: LinkView, row: Row, hidden: Collection[Concealed]) -> Row:
    return {item: None if view.reveals.get(item) in hidden else value for item, value in row.items()}


def _exactly(
    rows: Mapping[Subject, Mapping[str, str]], asked: Collection[Subject], wanted: Collection[str]
) -> dict[Subject, Row]:
    """What was agreed and nothing else: a view that hands out more is a defect, and nothing leaves."""
    known = set(asked)
    for subject, found in rows.items():
        if subject not in known or set(found) != set(wanted):
            raise RuntimeError("a linkable view handed out persons or items that were not asked for")
    return dict(rows)


_REFUSALS = {
    "LNK-E-201": ("利用の承認が見つかりません。", "利用を申請し、承認を受けてください。"),
    "LNK-E-202": ("ほかの部署への承認です。", "自分の部署の承認で照会してください。"),
    "LNK-E-203": ("承認されたデータと違います。", "承認されたデータを照会してください。"),
    "LNK-E-204": ("承認が取り消されたか、承認されていません。", "所管課に確かめてください。"),
    "LNK-E-205": ("利用を終えた承認です。", "必要なら、あらためて申請してください。"),
    "LNK-E-206": ("利用期間の前です。", "期間が始まってから照会してください。"),
    "LNK-E-207": ("利用期間が終わっています。", "必要なら、あらためて申請してください。"),
    "LNK-E-208": ("承認された項目の外です。", "承認された項目だけを照会してください。"),
    "LNK-E-209": ("根拠の規定が効力を失いました。", "現行の規定で申請し直してください。"),
    "LNK-E-210": ("あなたの部署は、もうこの事務の担当ではありません。", "情報システム部門に確かめてください。"),
    "LNK-E-211": ("このシステム間の接続は認められていません。", "システム間接続の表を確かめてください。"),
    "LNK-E-212": ("承認されたシステムからの照会ではありません。", "承認を受けたシステムから照会してください。"),
    "LNK-E-213": ("事務の番号がありません。", "どの申請・届出のための照会かを示してください。"),
    "LNK-E-214": ("項目が示されていません。", "必要な項目を示してください。"),
}


def _finding(code: str) -> Finding:
    message, remedy = _REFUSALS[code]
    return Finding(code, "grant", message, remedy)


def _refusal(
    desk: Desk,
    grant: Grant | None,
    view: LinkView | None,
    row: Provision | None,
    wanted: tuple[str, ...],
    *,
    system: str,
    case: str,
) -> Finding | None:
    """The first condition that does not hold, from the grant inwards."""
    if grant is None:
        return _finding("LNK-E-201")
    today = desk.today
    allowed = _items_of_affair(row) if row is not None else None
    conditions = (
        ("LNK-E-202", grant.office == desk.office),
        ("LNK-E-203", view is not None and grant.view == view.name),
        ("LNK-E-204", grant.application.state == State.APPROVED),
        ("LNK-E-205", not GrantEnd.objects.filter(grant=grant).exists()),
        ("LNK-E-206", grant.start <= today),
        ("LNK-E-207", today <= grant.end),
        ("LNK-E-214", bool(wanted)),
        ("LNK-E-208", set(wanted) <= set(grant.items) and (allowed is None or set(wanted) <= allowed)),
        ("LNK-E-209", row is not None and row.holds_on(today) and row.method in provisions.INSIDE),
        ("LNK-E-210", holds(Role.RECIPIENT, grant.provision, grant.office, today)),
        ("LNK-E-212", grant.system == system),
        ("LNK-E-211", view is not None and connections(today).permitted(system, view.system)),
        ("LNK-E-213", bool(case.strip())),
    )
    return next((_finding(code) for code, is_met in conditions if not is_met), None)


def _write(
    desk: Desk,
    *,
    grant: Grant | None,
    view: str,
    system: str,
    row: Provision | None,
    case: str,
    items: tuple[str, ...],
    subjects: tuple[Subject, ...],
    handed_out: int = 0,
    withheld: int = 0,
    refusal: str = "",
) -> int:
    record = Record.objects.create(
        at=desk.now,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        grant=grant,
        view=view,
        system=system,
        flow=row.flow if row else "",
        method=grant.method if grant else "",
        law=row.citation if row else "",
        purpose=grant.purpose if grant else "",
        case=case.strip()[:200],
        items=list(items),
        subjects=list(subjects),
        handed_out=handed_out,
        withheld=withheld,
        refusal=refusal,
    )
    return int(record.pk)


@use_case(Operation.PROVIDE)
def _record_refusal(
    desk: Desk,
    grant_id: int,
    view: str,
    asked: tuple[Subject, ...],
    wanted: tuple[str, ...],
    *,
    system: str,
    case: str,
    code: str,
) -> None:
    desk.require(Duty.LINKAGE)
    grant = Grant.objects.filter(pk=grant_id).first()
    row = provision_of(grant.provision) if grant else None
    _write(
        desk, grant=grant, view=view, system=system, row=row, case=case, items=wanted, subjects=asked, refusal=code
    )  # fmt: skip


# -- records -----------------------------------------------------------------------------------------------------------

_MAY_SEE_RECORDS = (Duty.DISCLOSURE, Duty.AUDIT, Duty.INFORMATION_MANAGEMENT)


@use_case(Operation.VIEW)
def records_of(desk: Desk, subject: Subject) -> list[Record]:
    """Every provision and transfer of one person's data, newest first: what a disclosure shows. Refused ones are not among
    them, as nothing was handed out. Needs Duty.DISCLOSURE (or AUDIT, INFORMATION_MANAGEMENT).
    """
    desk.require(next((duty for duty in _MAY_SEE_RECORDS if desk.may(duty)), Duty.DISCLOSURE))
    rows = list(Record.objects.filter(subjects__contains=[subject], refusal="").order_by("-at", "-pk"))
    desk.log(Operation.VIEW, subjects=(subject,), target="linkage:records", count=len(rows))
    return rows


@use_case(Operation.VIEW)
def records_between(desk: Desk, first: date, last: date, *, office: str = "", view: str = "") -> list[Record]:
    """Records of a span of days, both included, newest first, refused ones too; at most 500. Same duties as `records_of`."""
    desk.require(next((duty for duty in _MAY_SEE_RECORDS if desk.may(duty)), Duty.DISCLOSURE))
    rows = Record.objects.filter(
        at__gte=datetime.combine(first, datetime.min.time(), JAPAN),
        at__lt=datetime.combine(last + timedelta(days=1), datetime.min.time(), JAPAN),
    )
    if office:
        rows = rows.filter(office=office)
    if view:
        rows = rows.filter(view=view)
    found = list(rows.order_by("-at", "-pk")[:_MOST_RECORDS])
    desk.log(Operation.VIEW, target="linkage:records", first=first, last=last, asked_office=office, count=len(found))
    return found
