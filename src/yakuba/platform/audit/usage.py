"""使用簿: who used which terminal when, and how many searches were made; the security officer approves each line."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from yakuba.core.findings import Findings
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import JAPAN
from yakuba.platform.transactions import use_case

from .log import Operation
from .models import Usage, UsageApproval

PAGE = 500


def _between(first: date, last: date) -> tuple[datetime, datetime]:
    start = datetime.combine(first, datetime.min.time(), JAPAN)
    return start, datetime.combine(last + timedelta(days=1), datetime.min.time(), JAPAN)


@use_case(Operation.AUDIT)
def register(desk: Desk, first: date, last: date, *, unapproved: bool = False) -> list[Usage]:
    """The lines of [first, last] in order, at most `PAGE`; `unapproved`: those that still wait. Needs Duty.AUDIT or SECURITY."""
    desk.require(Duty.SECURITY if desk.may(Duty.SECURITY) else Duty.AUDIT)
    start, end = _between(first, last)
    rows = Usage.objects.filter(started_at__gte=start, started_at__lt=end).select_related("approval")
    if unapproved:
        rows = rows.filter(approval=None)
    desk.log(Operation.AUDIT, target="usage", first=first, last=last)
    return list(rows.order_by("started_at", "pk")[:PAGE])


@use_case(Operation.DECIDE)
def approve(desk: Desk, numbers: Collection[int]) -> int:
    """Approve lines; how many. Raises Refused: none chosen, one's own use, already approved, unknown."""
    desk.require(Duty.SECURITY)
    rows = {row.pk: row for row in Usage.objects.filter(pk__in=numbers).select_related("approval")}
    findings = Findings()
    if not numbers:
        findings.error("AUD-E-030", "usage", "承認する行が選ばれていません。", "一覧で行を選んでください。")
    if set(numbers) - set(rows):
        findings.error("AUD-E-031", "usage", "使用簿にない行があります。", "画面を開き直してください。")
    if any(row.account == desk.account for row in rows.values()):
        findings.error("AUD-E-032", "usage", "自分の使用は承認できません。", "ほかの責任者に依頼してください。")
    if any(hasattr(row, "approval") for row in rows.values()):
        findings.error("AUD-E-033", "usage", "既に承認された行があります。", "画面を開き直してください。")
    findings.raise_if_blocking()
    UsageApproval.objects.bulk_create(
        UsageApproval(usage=row, at=desk.now, account=desk.account, name=desk.name) for row in rows.values()
    )
    desk.log(Operation.DECIDE, target="usage", lines=sorted(rows))
    return len(rows)
