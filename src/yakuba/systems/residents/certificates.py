"""Papers of the registry: request, preview, issue, hand-over.

A paper is bound to its request (`key`), to the persons' versions that it prints and to its content's hash. Versions
never change, so the same request asked again gives the same paper, byte for byte, and never a second number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Q

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire, normalize
from yakuba.core.codes import check_identity_documents
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import IssueNumber, Rendered, Seal
from yakuba.platform.events.outbox import Publication, publish
from yakuba.platform.protection.exits import Exit, ExitKind, Way, declare
from yakuba.platform.protection.passing import ProtectionRefused, passing
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import store as vault

from . import enquiries, exits, papers
from .display import person_name, show
from .interfaces import PAPER_ISSUED, PaperIssued
from .models import Certifier, Issue, ResidentVersion
from .papers import CertificateOptions
from .reasons import ResidentKind, reason_label
from .register import current_versions, town
from .rules import HOUSEHOLDER


class PaperKind(StrEnum):
    INDIVIDUAL_COPY = "individual_copy"
    HOUSEHOLD_COPY = "household_copy"
    REMOVED_COPY = "removed_copy"
    ITEMS_CERTIFICATE = "items_certificate"
    MOVE_OUT_CERTIFICATE = "move_out_certificate"
    MOVE_OUT_EQUIVALENT = "move_out_equivalent"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    PaperKind.INDIVIDUAL_COPY: "住民票の写し（個人票）",
    PaperKind.HOUSEHOLD_COPY: "住民票の写し（世帯連記式）",
    PaperKind.REMOVED_COPY: "住民票の除票の写し",
    PaperKind.ITEMS_CERTIFICATE: "住民票記載事項証明書",
    PaperKind.MOVE_OUT_CERTIFICATE: "転出証明書",
    PaperKind.MOVE_OUT_EQUIVALENT: "転出証明書に準ずる証明書",
}
PAPERS = {
    kind: declare(Exit(f"residents:{kind}:paper", ExitKind.PAPER, Way.ISSUE, label, "記載事項のうち選んだもの"))
    for kind, label in _LABELS.items()
}
"""The exit of each kind of paper."""
_COPIES = {PaperKind.INDIVIDUAL_COPY, PaperKind.HOUSEHOLD_COPY}
_MOVE_OUT = {PaperKind.MOVE_OUT_CERTIFICATE, PaperKind.MOVE_OUT_EQUIVALENT}

REQUESTERS = {
    "self": "本人",
    "household": "同一世帯の者",
    "agent": "代理人",
    "public": "国・地方公共団体の機関（公用）",
    "third_party": "その他（第三者請求）",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequest:
    """交付請求書 (住基法12条〜12条の3). `requester_person` is the 宛名番号 of a requester from the household."""

    kind: PaperKind
    persons: tuple[int, ...]
    key: uuid.UUID
    options: CertificateOptions = field(default_factory=CertificateOptions)
    items: tuple[str, ...] = ()  # of a 記載事項証明書
    requester_kind: str = ""
    requester_name: str = ""
    requester_person: int | None = None
    use_purpose: str = ""
    destination: str = ""
    identity_documents: tuple[str, ...] = ()
    attorney_letter: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    number: str
    pdf: bytes
    pages: int
    findings: tuple[Finding, ...]
    repeated: bool = False


def parse(data: Mapping[str, Any]) -> CertificateRequest:
    """The request of a JSON form. Raises Refused with every finding."""
    findings = Findings()
    known = {f.name for f in fields(CertificateRequest)}
    for name in sorted(set(data) - known):
        findings.error("CER-E-001", name[:80], "この請求にない項目です。", "項目を除いてください。")
    kind = str(data.get("kind", ""))
    if kind not in set(PaperKind):
        findings.error("CER-E-002", "kind", "証明書の種類が選ばれていません。", "種類を選んでください。")
    persons: list[int] = []
    raw_persons = data.get("persons") or ()
    if not isinstance(raw_persons, (list, tuple)) or not 1 <= len(raw_persons) <= 30:
        findings.error(
            "CER-E-003", "persons", "証明する方が選ばれていません。", "一人以上、三十人以下で選んでください。"
        )
    else:
        try:
            persons = [int(number) for number in raw_persons]
        except (TypeError, ValueError, OverflowError):
            findings.error("CER-E-004", "persons", "宛名番号として読めません。", "検索から選び直してください。")
    try:
        key = uuid.UUID(str(data.get("key", "")))
    except ValueError:
        key = uuid.UUID(int=0)
        findings.error("CER-E-005", "key", "請求の識別子がありません。", "画面を開き直してください。")
    options_data = data.get("options") or {}
    option_names = {f.name for f in fields(CertificateOptions)}
    if not isinstance(options_data, Mapping) or set(options_data) - option_names:
        findings.error("CER-E-006", "options", "記載の選択に知らない項目があります。", "画面を開き直してください。")
        options_data = {}
    requester_person = data.get("requester_person")
    try:
        requester = int(requester_person) if requester_person not in (None, "") else None
    except (TypeError, ValueError, OverflowError):
        requester = None
        findings.error("CER-E-004", "requester_person", "宛名番号として読めません。", "検索から選び直してください。")
    texts: dict[str, tuple[str, ...]] = {}
    for name, label in (("items", "記載する事項"), ("identity_documents", "本人確認書類")):
        given = data.get(name) or ()
        if not isinstance(given, (list, tuple)) or not all(isinstance(text, str) for text in given) or len(given) > 30:
            findings.error("CER-E-007", name, f"{label}の選択を読めません。", "画面を開き直して、選び直してください。")
            given = ()
        texts[name] = tuple(given)
    findings.raise_if_blocking()
    return CertificateRequest(
        kind=PaperKind(kind),
        persons=tuple(dict.fromkeys(persons)),
        key=key,
        options=CertificateOptions(
            **{name: value in (True, "1", "on", "true") for name, value in options_data.items()}
        ),
        items=texts["items"],
        requester_kind=str(data.get("requester_kind") or ""),
        requester_name=normalize(str(data.get("requester_name") or "").strip())[:100],
        requester_person=requester,
        use_purpose=normalize(str(data.get("use_purpose") or "").strip())[:200],
        destination=normalize(str(data.get("destination") or "").strip())[:200],
        identity_documents=texts["identity_documents"],
        attorney_letter=data.get("attorney_letter") in (True, "1", "on", "true"),
    )


@use_case(Operation.PREVIEW)
def preview(desk: Desk, request: CertificateRequest) -> Rendered:
    """The paper as it would be issued, with 見本 across it and no number. Same refusals as `issue`."""
    desk.require(Duty.CERTIFICATE)
    versions = _checked(desk, request, exits.PREVIEW_SCREEN, lock=False)
    number = IssueNumber(desk.today, town().name, desk.terminal or "-", "見本", 1)
    rendered = _paper(desk, request, versions, desk.today).render(
        issue=number, created_at=desk.now.astimezone(UTC), specimen=True
    )
    desk.log(Operation.PREVIEW, subjects=tuple(v.person_id for v in versions), target=request.kind.value)
    return rendered


@use_case(Operation.ISSUE)
def issue(desk: Desk, request: CertificateRequest) -> Issued:
    """Issue the paper. Raises Refused with every finding; the same request again gets the same paper."""
    desk.require(Duty.CERTIFICATE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(request.key)])
    earlier = Issue.objects.filter(request_key=request.key).first()
    if earlier is not None:
        return _again(desk, request, earlier)
    versions = _checked(desk, request, PAPERS[request.kind], lock=True)
    number = next_number(desk)
    issued_at = desk.now  # asked once: the same moment makes the same paper when the request comes again
    rendered, content_hash = _render(desk, request, versions, number, issued_at)
    persons = [version.person_id for version in versions]
    row = Issue.objects.create(
        number=str(number),
        serial=number.serial,
        kind=request.kind.value,
        persons=persons,
        versions={str(version.person_id): version.version_no for version in versions},
        options=_options(request),
        requester_kind=request.requester_kind,
        requester_name=request.requester_name,
        use_purpose=request.use_purpose,
        destination=request.destination,
        identity_documents=list(request.identity_documents),
        pages=rendered.page_count,
        content_hash=content_hash,
        issued_at=issued_at,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        printer=desk.printer,
        request_key=request.key,
    )
    publish(desk, [Publication(PAPER_ISSUED, None, desk.today, PaperIssued(row.number, row.kind, persons))])
    desk.log(
        Operation.ISSUE, subjects=tuple(persons), target=row.number, kind=row.kind, pages=row.pages,
        content_hash=row.content_hash, individual_number=request.options.show_individual_number,
    )  # fmt: skip
    return Issued(row.number, rendered.pdf, rendered.page_count, tuple(rendered.findings()))


@use_case(Operation.DELIVER)
def deliver(desk: Desk, number: str) -> None:
    """交付: the paper is handed to the requester; that closes the request (RES-038). Once."""
    desk.require(Duty.CERTIFICATE)
    row = Issue.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise Refused(
            [Finding("CER-E-030", "number", "その発行番号の証明書はありません。", "番号を確認してください。")]
        )
    _require_open(desk, exits.DELIVERY, row.request_key, current_versions(row.persons))
    if row.delivered_at is not None:
        raise Refused([Finding("CER-E-031", "number", "既に交付済みです。", "交付の記録を確認してください。")])
    row.delivered_at, row.delivered_by = desk.now, desk.account
    row.save(update_fields=["delivered_at", "delivered_by"])
    desk.log(Operation.DELIVER, subjects=tuple(row.persons), target=number)


def _again(desk: Desk, request: CertificateRequest, earlier: Issue) -> Issued:
    if (
        earlier.kind != request.kind
        or set(earlier.persons) != set(request.persons)
        or earlier.options != _options(request)
    ):
        raise Refused(
            [
                Finding(
                    "CER-E-032",
                    "key",
                    "この請求は、別の内容で既に発行済みです。",
                    "画面を開き直して、請求し直してください。",
                )
            ]
        )
    _require_open(desk, PAPERS[request.kind], request.key, current_versions(earlier.persons))
    numbered = Q()
    for person, version_no in earlier.versions.items():
        numbered |= Q(person=int(person), version_no=version_no)
    by_person = {v.person_id: v for v in ResidentVersion.objects.filter(numbered).select_related("person")}
    versions = [by_person[person] for person in earlier.persons]
    day = earlier.issued_at.astimezone(JAPAN).date()
    number = IssueNumber(day, town().name, earlier.terminal or "-", earlier.printer or "-", earlier.serial)
    rendered, content_hash = _render(desk, request, versions, number, earlier.issued_at)
    if content_hash != earlier.content_hash:
        raise Refused(
            [
                Finding(
                    "CER-E-033",
                    "key",
                    "発行済みの証明書と同じ内容を作れませんでした。",
                    "先に出た証明書を廃棄し、新しく請求し直してください。",
                )
            ]
        )
    desk.log(Operation.ISSUE, subjects=tuple(earlier.persons), target=earlier.number, repeated=True)
    return Issued(earlier.number, rendered.pdf, rendered.page_count, tuple(rendered.findings()), repeated=True)


def _options(request: CertificateRequest) -> dict[str, Any]:
    shown = [f.name for f in fields(CertificateOptions) if getattr(request.options, f.name)]
    return {"shown": shown, "items": list(request.items)}


def next_number(desk: Desk) -> IssueNumber:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO residents_issue_counter (day, terminal, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (day, terminal) DO UPDATE SET last = residents_issue_counter.last + 1 RETURNING last",
            [desk.today, desk.terminal],
        )
        (serial,) = cursor.fetchone()
    return IssueNumber(desk.today, town().name, desk.terminal or "-", desk.printer or "-", serial)


def _checked(desk: Desk, request: CertificateRequest, through: Exit, *, lock: bool) -> list[ResidentVersion]:
    """The versions to print, in the order of the paper, after every check."""
    findings = Findings()
    if request.requester_kind not in REQUESTERS or not request.requester_name:
        findings.error(
            "CER-E-010", "requester_kind", "請求者の区分又は氏名が入力されていません。", "請求書の請求者欄を入力してください。",
            article="住民基本台帳法 第12条",
        )  # fmt: skip
    if not request.use_purpose:
        findings.error("CER-E-011", "use_purpose", "使用目的が入力されていません。", "使用目的を入力してください。")
    if not request.destination:
        findings.error("CER-E-012", "destination", "提出先が入力されていません。", "提出先を入力してください。")
    findings.extend(check_identity_documents(request.identity_documents, desk.today, "identity_documents"))
    if request.requester_kind == "agent" and not request.attorney_letter:
        findings.error(
            "CER-E-014", "attorney_letter", "委任状の確認が入力されていません。", "委任状を確認してください。"
        )
    for name in ("requester_name", "use_purpose", "destination"):
        findings.extend(check_repertoire(getattr(request, name), name))
    if request.options.show_individual_number:
        if request.kind not in _COPIES:
            findings.error(
                "CER-E-015", "options", "個人番号を記載できるのは住民票の写しだけです。", "個人番号の記載を外してください。",
                article="住民基本台帳法 第12条第5項",
            )  # fmt: skip
        if request.requester_kind not in {"self", "household"}:
            findings.error(
                "CER-E-016",
                "options",
                "個人番号を記載できるのは、本人又は同一世帯の方の請求だけです。",
                "個人番号の記載を外してください。",
            )
    versions = current_versions(request.persons)
    _require_open(desk, through, request.key, versions, findings)
    missing = set(request.persons) - {version.person_id for version in versions}
    for number in sorted(missing):
        findings.error(
            "CER-E-017", "persons", f"宛名番号{number:015d}の方は台帳にいません。", "検索から選び直してください。"
        )
    households = {version.household_number for version in versions}
    if len(households) > 1:
        findings.error(
            "CER-E-018", "persons", "異なる世帯の方が含まれています。", "証明書は世帯ごとに請求してください。"
        )
    for version in versions:
        _check_person(version, request, findings)
    if request.requester_kind in {"self", "household"} and not _is_of_household(request, versions):
        findings.error(
            "CER-E-019", "requester_person", "請求者が、この世帯の現在の世帯員ではありません。",
            "請求者を世帯員から選ぶか、代理人・第三者による請求として入力してください。", article="住民基本台帳法 第12条第1項",
        )  # fmt: skip
    if request.kind is PaperKind.REMOVED_COPY and len(versions) > 1:
        findings.error("CER-E-020", "persons", "除票の写しは一人ずつです。", "一人を選んでください。")
    if request.kind is PaperKind.ITEMS_CERTIFICATE:
        known = {item.value for item in papers.CertifiedItem}
        if not request.items or set(request.items) - known:
            findings.error("CER-E-021", "items", "証明する事項が選ばれていません。", "事項を一つ以上選んでください。")
    findings.raise_if_blocking()
    if lock:
        with connection.cursor() as cursor:
            cursor.execute("SELECT residents_lock(%s::bigint[])", [list(request.persons)])
        seen = {version.person_id: version.version_no for version in versions}
        if any(seen[version.person_id] != version.version_no for version in current_versions(request.persons)):
            raise Refused(
                [
                    Finding(
                        "CER-E-022",
                        "persons",
                        "請求中に記録が変わりました。",
                        "内容を確認し直してから発行してください。",
                    )
                ]
            )
    if request.kind is PaperKind.HOUSEHOLD_COPY or request.kind in _MOVE_OUT or len(versions) > 1:
        order = {v.person_id: index for index, v in enumerate(enquiries.members(versions[0].household_number))}
        versions = sorted(versions, key=lambda v: (order.get(v.person_id, len(order)), v.person_id))
    return versions


def _require_open(
    desk: Desk, through: Exit, key: uuid.UUID, versions: Sequence[ResidentVersion], findings: Iterable[Finding] = ()
) -> None:
    """Raises ProtectionRefused, after `findings`, unless everybody may stand on the paper: the persons, and the householders
    whom it names.

    Before anything else is said of the persons: who lives with whom must not be told by other findings.
    """
    labels = {version.person_id: f"{person_name(version)}さん" for version in versions}
    named = {
        member.person_id
        for household in sorted({version.household_number for version in versions})
        for member in enquiries.members(household)
        if member.relationship == HOUSEHOLDER
    }
    asked = sorted({*labels, *named})
    gate = passing(desk, through, asked, reference=str(key))
    closed = [number for number in asked if not gate[number].is_open]
    if closed:
        # A householder who wasn't asked for isn't named: that would say who lives together.
        refused = [gate.finding(number, "persons", labels.get(number, "証明書に記載される方")) for number in closed]
        raise ProtectionRefused([*findings, *refused], closed)


def _check_person(version: ResidentVersion, request: CertificateRequest, findings: Findings) -> None:
    label = version.name or version.name_latin or "氏名未定"
    if version.person.pending_filing is not None:
        findings.error(
            "CER-E-023",
            "persons",
            f"{label}さんには仮登録中の異動があり、証明書を発行できません。",
            "審査が終わってから発行してください。",
        )
    if version.issue_prohibited:
        findings.error(
            "CER-E-024", "persons", f"{label}さんは発行禁止です。", "発行禁止の理由を担当者に確認してください。"
        )
    if version.processing_stopped_on:
        findings.error(
            "CER-E-025", "persons", f"{label}さんは処理停止中です。", "停止の理由を担当者に確認してください。"
        )
    is_open = version.person.is_open
    if request.kind in _COPIES and not is_open:
        findings.error(
            "CER-E-026", "persons", f"{label}さんの住民票は消除されています。", "除票の写しを請求してください。"
        )
    if request.kind is PaperKind.REMOVED_COPY and is_open:
        findings.error("CER-E-027", "persons", f"{label}さんは現在の住民です。", "住民票の写しを請求してください。")
    if request.kind in _MOVE_OUT and not version.move_out_planned_on:
        findings.error(
            "CER-E-028", "persons", f"{label}さんの転出の届出がありません。", "先に転出届を受け付けてください。"
        )


def _is_of_household(request: CertificateRequest, versions: Sequence[ResidentVersion]) -> bool:
    if request.requester_person is None or not versions:
        return False
    if request.requester_kind == "self":
        return request.requester_person in request.persons
    household = versions[0].household_number
    return any(member.person_id == request.requester_person for member in enquiries.members(household)) or (
        request.requester_person in request.persons
    )


def _render(
    desk: Desk, request: CertificateRequest, versions: list[ResidentVersion], number: IssueNumber, at: datetime
) -> tuple[Rendered, str]:
    """The paper, and the hash by which it is known again.

    The hash is that of the paper without 個人番号: twelve digits could be tried out until the hash fits.
    """

    def render(request: CertificateRequest) -> Rendered:
        paper = _paper(desk, request, versions, number.issued_on)
        return paper.render(issue=number, created_at=at.astimezone(UTC), specimen=town().is_sandbox)

    rendered = render(request)
    if not request.options.show_individual_number:
        return rendered, rendered.content_hash
    blank = replace(request, options=replace(request.options, show_individual_number=False))
    return rendered, render(blank).content_hash


# -- from versions to papers ------------------------------------------------------------------------------------------


def _paper(desk: Desk, request: CertificateRequest, versions: list[ResidentVersion], day: date) -> papers.Paper:
    certifier, first = authority(day), versions[0]
    address, head = _home(first), papers.Names(kanji=first.householder_name)
    options = request.options
    match request.kind:
        case PaperKind.INDIVIDUAL_COPY | PaperKind.HOUSEHOLD_COPY:
            entries = tuple(
                papers.PersonEntry(
                    _items(version, options),
                    _individual_number(desk, version) if options.show_individual_number else None,
                )
                for version in versions
            )
            whole = {m.person_id for m in enquiries.members(first.household_number)} == {v.person_id for v in versions}
            paper = papers.HouseholdPaper(address, head, entries, whole)
            make = papers.individual_copy if request.kind is PaperKind.INDIVIDUAL_COPY else papers.household_copy
            return make(paper, options, certifier, day)
        case PaperKind.REMOVED_COPY:
            return papers.removed_copy(
                papers.RemovedPaper(address, head, _items(first, options), _removal(first)), options, certifier, day
            )
        case PaperKind.ITEMS_CERTIFICATE:
            chosen = frozenset(papers.CertifiedItem(item) for item in request.items)
            people = tuple(_items(version, options) for version in versions)
            return papers.items_certificate(
                papers.ItemsPaper(address, head, people, chosen, not first.person.is_open), certifier, day
            )
        case PaperKind.MOVE_OUT_CERTIFICATE | PaperKind.MOVE_OUT_EQUIVALENT:
            paper = papers.MoveOutPaper(
                address=address,
                household_head=head,
                next_address=_place(first, "planned") or "",
                next_household_head=None,
                moves_on=_day(first.move_out_planned_on) or "",
                filed_on=_day(first.closing_notified_on),
                people=tuple(_moving(version) for version in versions),
            )
            equivalent = request.kind is PaperKind.MOVE_OUT_EQUIVALENT
            return (papers.move_out_equivalent if equivalent else papers.move_out_certificate)(paper, certifier, day)


def _individual_number(desk: Desk, version: ResidentVersion) -> str | None:
    if version.individual_number is None:
        return None
    with desk.acting(Duty.INDIVIDUAL_NUMBER):
        return vault.reveal(desk, version.individual_number, version.person_id).reveal()


def authority(day: date) -> papers.Authority:
    certifier = Certifier.objects.filter(period__contains=day).first()
    if certifier is None:
        raise Refused(
            [
                Finding(
                    "CER-E-040",
                    "certifier",
                    "本日の認証者（市区町村長又は職務代理者）が登録されていません。",
                    "認証者と期間を登録してください。",
                )
            ]
        )
    seal = Seal(certifier.seal_svg, certifier.seal_side_mm) if certifier.seal_svg else None
    return papers.Authority(certifier.title, certifier.name, seal, "" if seal else "（公印省略）")


def _home(version: ResidentVersion) -> str:
    house = town()
    parts = (version.address_town, version.address_banchi)
    text = house.prefecture + house.name + "".join(part for part in parts if part)
    return f"{text}　{version.address_katagaki}" if version.address_katagaki else text


def _place(version: ResidentVersion, prefix: str) -> str | None:
    text = "".join(filter(None, (getattr(version, f"{prefix}_town"), getattr(version, f"{prefix}_banchi"))))
    katagaki = getattr(version, f"{prefix}_katagaki")
    return f"{text}　{katagaki}" if text and katagaki else text or None


def _day(value: date | UncertainDate | None) -> str | None:
    if value is None:
        return None
    return (value if isinstance(value, UncertainDate) else UncertainDate.exact(value)).display_wareki()


def _names(version: ResidentVersion) -> papers.Names:
    priority = papers.NamePriority.KANJI
    if version.name_priority == "alias" and version.alias:
        priority = papers.NamePriority.ALIAS
    elif not version.name and version.name_latin:
        priority = papers.NamePriority.ALPHABET
    return papers.Names(
        kanji=version.name,
        kana=version.name_kana,
        alphabet=version.name_latin,
        alias=version.alias,
        alias_kana=version.alias_kana,
        priority=priority,
    )


def _items(version: ResidentVersion, options: CertificateOptions) -> papers.PersonItems:
    foreign = version.resident_kind == ResidentKind.FOREIGN
    previous = _place(version, "previous")
    if previous and version.previous_unregistered:
        previous += "（未届）"
    remarks = ()
    if version.remark:
        remarks = (papers.Remark(version.remark, _day(version.remark_on) or "", bool(version.remark_printed)),)
    since = version.foreign_resident_since if foreign else version.resident_since
    until = version.residence_until
    return papers.PersonItems(
        names=_names(version),
        # 1.1.9: only a foreigner's birth and the end of the period of stay are written in 西暦.
        birth_date=version.birth.display_seireki() if foreign else version.birth.display_wareki(),
        sex=show("sex", version.sex) or None,
        resident_since=_day(since or version.resident_since) or "",
        resident_code=version.resident_code,
        is_foreign=foreign,
        relationship=version.relationship,
        former_surname=version.former_surname,
        former_surname_kana=version.former_surname_kana,
        address_since=_day(version.address_since),
        filed_on=_day(version.address_notified_on or version.resident_notified_on),
        previous_address=previous,
        domicile=_place(version, "domicile"),
        domicile_head=version.register_head,
        nationality=show("nationality", version.nationality) or None,
        residence_class=show("article_30_45", version.article_30_45) or None,
        residence_status=show("residence_status", version.residence_status) or None,
        residence_period=version.residence_period,
        residence_expires_on=UncertainDate.exact(until).display_seireki() if until else None,
        card_number=version.residence_card,
        history=_history(version) if options.show_history else (),
        remarks=remarks,
    )


def _history(version: ResidentVersion) -> tuple[papers.HistoryLine, ...]:
    """異動履歴 (統合記載欄A類型): one line a change of this record up to the printed version, not of one before a 改製."""
    rows = ResidentVersion.objects.filter(
        person=version.person_id, version_no__lte=version.version_no, record_number=version.record_number
    ).order_by("version_no")
    lines, before = [], None
    for row in rows:
        text = f"{_day(row.valid_from)}　{reason_label(row.reason)}"
        concerns = set()
        if before is not None:
            if (row.address_code, row.address_banchi) != (before.address_code, before.address_banchi):
                text += f"（前の住所　{_home(before)}）"
            if row.name != before.name:
                text += f"（前の氏名　{before.name or '未定'}）"
            if (row.householder_name, row.relationship) != (before.householder_name, before.relationship):
                concerns.add(papers.Item.HOUSEHOLD_HEAD)
        lines.append(papers.HistoryLine(text, frozenset(concerns)))
        before = row
    return tuple(lines)


def _removal(version: ResidentVersion) -> papers.Removal:
    return papers.Removal(
        reason=reason_label(version.closing_reason or ""),
        happened_on=_day(version.closed_on),
        planned_address=_place(version, "planned"),
        confirmed_address=_place(version, "confirmed"),
        filed_on=_day(version.closing_notified_on),
        notified_on=_day(version.move_in_notice_on),
        moved_out_on=_day(version.move_out_on),
    )


def _moving(version: ResidentVersion) -> papers.MovingPerson:
    def insured(prefix: str) -> str | None:
        if not getattr(version, f"{prefix}_qualified"):
            return None
        since = _day(getattr(version, f"{prefix}_acquired_on"))
        return f"該当（{since}取得）" if since else "該当"

    allowance = version.child_allowance_from
    return papers.MovingPerson(
        items=_items(version, CertificateOptions(show_household_head=True)),
        national_health_insurance=insured("nhi"),
        late_elderly_care=insured("late_elderly"),
        long_term_care=insured("care"),
        national_pension=insured("pension"),
        child_allowance=f"{show('child_allowance_from', allowance)}から支給" if allowance else None,
    )
