"""What the house itself knows about a person: who looked at his records (操作履歴), and to whom they were provided."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from yakuba.platform import profiles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import JAPAN
from yakuba.platform.linkage.models import Record
from yakuba.platform.linkage.views import view_of

from .sources import Section, Source, register

# That somebody is under protection can be told by who cared for whose record and why (78条1項1号, 7号).
_CARE = Q(purpose=Purpose.PROTECTION) | Q(operation__in=[Operation.PROTECT, Operation.RELEASE])


def _moment(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y/%m/%d %H:%M:%S")


def _offices() -> dict[str, str]:
    return dict(Office.objects.values_list("code", "name"))


def _label(words: type[Operation] | type[Purpose], value: str) -> str:
    return words(value).label if value in set(words) else value


def _accesses(desk: Desk, subject: int, until: datetime) -> tuple[Section, ...]:
    """閲覧等の記録: every completed act with the person's record, newest first. The subjects beside him are not said."""
    rows = Entry.objects.filter(subjects__contains=[subject], at__lt=until, result=Result.DONE)
    names_officers = profiles.declared()["disclosure"].value("names_officers", bool, on=until.astimezone(JAPAN).date())
    offices = _offices()
    lines = tuple(
        (
            _moment(at),
            "システム" if account.startswith("system:") else offices.get(office, office),
            *((account,) if names_officers else ()),
            _label(Purpose, purpose),
            _label(Operation, operation),
        )
        for at, account, office, purpose, operation in rows.exclude(_CARE)
        .order_by("-at", "lane", "-sequence")
        .values_list("at", "account", "office", "purpose", "operation")
    )
    officer = (("利用者ID",), (3,)) if names_officers else ((), ())
    return (
        Section(
            "閲覧等の記録",
            ("日時", "所属", *officer[0], "事務", "操作"),
            (4, 4, *officer[1], 5, 4),
            lines,
            kept_back=rows.filter(_CARE).count(),
        ),
    )


def _provisions(desk: Desk, subject: int, until: datetime) -> tuple[Section, ...]:
    """提供・移転の記録: when, to whom, which items, on what ground; what was refused too where the profile says so."""
    rows = Record.objects.filter(subjects__contains=[subject], at__lt=until).order_by("-at", "-pk")
    day = until.astimezone(JAPAN).date()
    if not profiles.declared()["disclosure"].value("lists_refused_provisions", bool, on=day):
        rows = rows.filter(refusal="")
    offices = _offices()
    return (
        Section(
            "提供・移転の記録",
            ("日時", "提供先・移転先", "項目", "根拠と目的", "結果"),
            (4, 4, 5, 6, 2),
            tuple(
                (
                    _moment(row.at),
                    offices.get(row.office, row.office),
                    "、".join(_items(row)),
                    "　".join(filter(None, (row.law, row.purpose))),
                    "拒否" if row.refusal else "提供",
                )
                for row in rows
            ),
        ),
    )


def _items(row: Record) -> list[str]:
    view = view_of(row.view)
    return [view.items.get(item, item) if view else item for item in row.items]


def recipients(subject: int) -> list[str]:
    """The offices to which something about a person was provided, by name: who is told of a correction (97条)."""
    offices = _offices()
    codes = Record.objects.filter(subjects__contains=[subject], refusal="").values_list("office", flat=True).distinct()
    return sorted(offices.get(code, code) for code in codes)


ACCESSES = register(Source("audit:accesses", "閲覧等の記録", _accesses, order=910))
PROVISIONS = register(Source("linkage:records", "提供・移転の記録", _provisions, order=900))
