"""Papers: request, omission, issue, hand-over."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.systems.residents import certificates
from yakuba.systems.residents.certificates import PaperKind
from yakuba.systems.residents.models import Issue
from yakuba.systems.residents.papers import CertificateOptions

from .conftest import individual_number, resident_code

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.fixture
def family(register_form, move_in):
    return register_form("move_in", move_in())


@pytest.fixture
def request_for(family):
    def make(kind=PaperKind.INDIVIDUAL_COPY, persons=None, **more):
        base = certificates.CertificateRequest(
            kind=kind,
            persons=tuple(persons or family[:1]),
            key=uuid.uuid4(),
            requester_kind="self",
            requester_name="見本　太郎",
            requester_person=(persons or family)[0],
            use_purpose="運転免許の更新",
            destination="公安委員会",
            identity_documents=("driving-licence",),
        )
        return replace(base, **more)

    return make


@pytest.mark.req("RES-012", "RES-013", "RES-036")
def test_a_copy_omits_what_was_not_asked_for(clerk, request_for):
    issued = certificates.issue(clerk, request_for())
    text = text_of(issued.pdf)
    assert "見本　太郎" in text
    assert individual_number(1) not in text
    assert resident_code(1) not in text
    assert "省略" in text
    row = Issue.objects.get(number=issued.number)
    assert (row.pages, row.use_purpose) == (1, "運転免許の更新")
    assert Entry.objects.filter(operation="issue", result="done", target=issued.number).exists()


@pytest.mark.req("RES-013")
def test_the_individual_number_is_printed_on_request_only_and_logged(clerk, family, request_for):
    issued = certificates.issue(clerk, request_for(options=CertificateOptions(show_individual_number=True)))
    digits = text_of(issued.pdf).replace(" ", "").replace("\u3000", "")
    assert individual_number(1) in digits
    assert Entry.objects.filter(operation="view_number", subjects__contains=[family[0]]).exists()


def test_no_hash_is_kept_from_which_a_number_could_be_found_by_trial(clerk, request_for):
    request = request_for(options=CertificateOptions(show_individual_number=True))
    issued = certificates.issue(clerk, request)
    row = Issue.objects.get(number=issued.number)
    assert row.content_hash != hashlib.sha256(issued.pdf).hexdigest()
    kept = str(list(Entry.objects.values_list("detail", flat=True)))
    assert row.content_hash in kept
    assert hashlib.sha256(issued.pdf).hexdigest() not in kept
    assert certificates.issue(clerk, request).pdf == issued.pdf, "the same request again gives the same paper"
    plain = certificates.issue(clerk, request_for())
    assert Issue.objects.get(number=plain.number).content_hash == hashlib.sha256(plain.pdf).hexdigest()


@pytest.mark.req("RES-014")
@pytest.mark.parametrize(
    ("kind", "requester"), [(PaperKind.ITEMS_CERTIFICATE, "self"), (PaperKind.INDIVIDUAL_COPY, "third_party")]
)
def test_the_individual_number_is_refused_elsewhere(clerk, request_for, kind, requester):
    request = request_for(
        kind, requester_kind=requester, options=CertificateOptions(show_individual_number=True), items=("住所",)
    )
    with pytest.raises(Refused) as refusal:
        certificates.issue(clerk, request)
    assert {f.code for f in refusal.value.findings} & {"CER-E-015", "CER-E-016"}


@pytest.mark.req("RES-015", "RES-016", "RES-048")
def test_requests_are_refused_with_every_finding(clerk, family, request_for):
    request = request_for(requester_person=None, use_purpose="", destination="", identity_documents=("pension-book",))
    with pytest.raises(Refused) as refusal:
        certificates.issue(clerk, request)
    assert {f.code for f in refusal.value.findings} == {"CER-E-011", "CER-E-012", "CER-E-019", "identity-not-verified"}
    assert not Issue.objects.exists()


def test_the_whole_household_in_its_order(clerk, family, request_for):
    issued = certificates.issue(clerk, request_for(PaperKind.HOUSEHOLD_COPY, tuple(reversed(family))))
    text = text_of(issued.pdf)
    assert text.index("見本　花子") < text.index("見本　一郎")
    assert "世帯全員" in text
    part = certificates.issue(clerk, request_for(PaperKind.HOUSEHOLD_COPY, family[:2]))
    assert "世帯の一部" in text_of(part.pdf)


def test_the_same_request_gets_the_same_paper(clerk, clock, request_for):
    request = request_for()
    first = certificates.issue(clerk, request)
    clock.advance(timedelta(minutes=5))
    second = certificates.issue(clerk, request)
    assert (first.number, first.pdf) == (second.number, second.pdf)
    assert second.repeated
    assert Issue.objects.count() == 1


def test_no_paper_while_a_filing_waits(clerk, family, request_for, common, town_codes):
    from yakuba.systems.residents import services

    services.file(
        clerk,
        "move_within",
        common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"}),
    )
    with pytest.raises(Refused) as refusal:
        certificates.issue(clerk, request_for())
    assert {f.code for f in refusal.value.findings} == {"CER-E-023"}


@pytest.mark.req("RES-012", "RES-017")
def test_a_move_out_certificate_names_the_destination(clerk, family, request_for, register_form, common):
    with pytest.raises(Refused):
        certificates.issue(clerk, request_for(PaperKind.MOVE_OUT_CERTIFICATE, family))
    register_form(
        "move_out",
        common(
            planned_on="2026-11-28", persons=list(family), destination={"town": "京都府見本市南町", "banchi": "３番"}
        ),
    )
    text = text_of(certificates.issue(clerk, request_for(PaperKind.MOVE_OUT_CERTIFICATE, family)).pdf)
    assert "京都府見本市南町３番" in text
    assert "令和8年11月28日" in text


@pytest.mark.req("RES-038")
def test_hand_over_closes_the_request_once(clerk, request_for):
    number = certificates.issue(clerk, request_for()).number
    certificates.deliver(clerk, number)
    assert Issue.objects.get(number=number).delivered_by == clerk.account
    with pytest.raises(Refused):
        certificates.deliver(clerk, number)


def test_preview_is_marked_and_leaves_no_issue(clerk, request_for):
    rendered = certificates.preview(clerk, request_for())
    assert "見本" in text_of(rendered.pdf)
    assert not Issue.objects.exists()


def test_who_may_not_issue(make_desk, town, request_for):
    desk = make_desk(duties={Duty.INQUIRY, Duty.REGISTRATION})
    with pytest.raises(AccessDenied):
        certificates.issue(desk, request_for())
    assert Entry.objects.filter(operation="issue", result="denied", account=desk.account).exists()
