"""印鑑登録証明書: who gets one, what stands on it, in which size; and that none is made of a seal that has ended."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import pypdfium2
import pytest
from django.db import connection, transaction
from tests.django_fixtures import set_up_town
from tests.systems.seals.test_lapse import change, deliver

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.audit.models import Entry
from yakuba.platform.protection import flags
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind, coverable
from yakuba.sandbox import seal_pictures
from yakuba.systems.residents import services as residents_services
from yakuba.systems.seals import certificates, interfaces, services
from yakuba.systems.seals.models import LapseNotice, Registration, SealApplication, SealIssue, Step

__all__ = ["change", "deliver"]  # fixtures
Form = Callable[..., dict[str, Any]]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def codes(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as refusal:
        act()
    return [finding.code for finding in refusal.value.findings]


def request(card: int, **more: Any) -> certificates.CertificateRequest:
    return certificates.parse(
        {
            "key": str(uuid.uuid4()),
            "card_number": card,
            "shown": "card",
            "holder_birth": "1980-04-12",
            "requester_kind": "1",
            "requester_name": "見本　太郎",
            **more,
        }
    )


def protect(desk: Desk, *persons: int) -> None:
    """Set 支援措置 for a month."""
    flags.set_flags(
        desk,
        FlagOrder(
            subjects=persons, kind=FlagKind.SUPPORT.value, ways=tuple(coverable(FlagKind.SUPPORT, desk.today)),
            starts_on=desk.today, last_day=desk.today + timedelta(days=30), reason="見本",
        ),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.req("INKAN-002")
def test_a_certificate_shows_the_seal_in_its_true_size(clerk: Desk, family: Any, register_seal: Any) -> None:
    registered = register_seal(family[0])
    issued = certificates.issue(clerk, request(registered.card))
    text = text_of(issued.pdf)
    for part in ("見本　太郎", "昭和55年4月12日", "大阪府門真市", "１番１号", "印影", "相違ない", "門真市長"):
        assert part in text, part
    row = SealIssue.objects.get()
    assert (row.number, row.registration_id, row.person) == (issued.number, registered.number, family[0])
    assert Entry.objects.filter(operation="issue", result="done", target=issued.number).exists()
    # Drawn at 600 dpi, the ink in the imprint's box is as wide as what was scanned.
    page = pypdfium2.PdfDocument(issued.pdf)[0]
    grey = page.render(scale=600 / 72, grayscale=True).to_numpy().copy()
    pixel = 25.4 / 600
    box = grey[round(29 / pixel) : round(58 / pixel), round(24 / pixel) : round(64 / pixel)]
    imprint = Registration.objects.get().imprint
    # The caption 印影 stands in the box's upper left corner, and 見本 crosses the page in light grey.
    ink = box < 140
    columns, rows = np.flatnonzero(ink.sum(axis=0) > 8), np.flatnonzero(ink.sum(axis=1) > 8)
    assert abs((columns[-1] - columns[0] + 1) * pixel - imprint.width_um / 1000) < 0.25
    assert abs((rows[-1] - rows[0] + 1) * pixel - imprint.height_um / 1000) < 0.25


@pytest.mark.django_db
def test_the_same_request_gets_the_same_paper(clerk: Desk, family: Any, clock: Any, register_seal: Any, holder_form: Form) -> None:  # fmt: skip
    asked = request(register_seal(family[0]).card)
    first = certificates.issue(clerk, asked)
    clock.advance(timedelta(minutes=5))
    second = certificates.issue(clerk, asked)
    assert (first.number, first.pdf, second.repeated) == (second.number, second.pdf, True)
    assert SealIssue.objects.count() == 1
    services.abolish(clerk, holder_form(family[0]))
    assert codes(lambda: certificates.issue(clerk, asked)) == ["SEAL-E-080"], "not even a copy of an earlier one"


@pytest.mark.django_db
@pytest.mark.req("INKAN-002", "INKAN-005")
def test_stopped_released_abolished(
    clerk: Desk, reviewer: Desk, family: Any, register_seal: Any, holder_form: Form
) -> None:
    card = register_seal(family[0]).card
    services.stop(clerk, family[0], "2")
    assert codes(lambda: certificates.issue(clerk, request(card))) == ["SEAL-E-082"]
    services.release(reviewer, family[0], "発見")
    assert certificates.issue(clerk, request(card)).pages == 1
    services.abolish(clerk, holder_form(family[0]))
    assert codes(lambda: certificates.issue(clerk, request(card))) == ["SEAL-E-080"]


@pytest.mark.django_db
def test_only_with_the_card_or_its_number_and_the_holder(clerk: Desk, family: Any, register_seal: Any) -> None:
    card = register_seal(family[0]).card
    with pytest.raises(Refused) as refusal:
        request(card + 1, holder_birth="", requester_name="", shown="")
    assert {finding.code for finding in refusal.value.findings} == {
        "SEAL-E-070",
        "SEAL-E-071",
        "SEAL-E-072",
        "SEAL-E-007",
    }
    assert codes(lambda: certificates.issue(clerk, request(card, holder_birth="1980-04-13"))) == ["SEAL-E-074"]
    agent = {"requester_kind": "2", "requester_name": "見本　代理"}
    assert codes(lambda: certificates.issue(clerk, request(card, **agent))) == ["identity-not-verified"]
    assert certificates.issue(clerk, request(card, identity_documents=["passport"], **agent)).pages == 1
    assert codes(lambda: certificates.issue(clerk, request(card, shown="number", **agent))) == [
        "identity-not-verified", "SEAL-E-077", "SEAL-E-078",
    ]  # fmt: skip
    assert certificates.issue(clerk, request(card, shown="number", identity_documents=["driving-licence"])).pages == 1


@pytest.mark.django_db
@pytest.mark.req("INKAN-009")
def test_the_record_decides_at_once_before_its_event_arrives(
    clerk: Desk, register_form: Any, common: Any, family: Any, register_seal: Any, change: Any, deliver: Any
) -> None:
    card = register_seal(family[0]).card
    change(family[0], name="佐藤　太郎", name_kana="サトウ　タロウ")
    assert codes(lambda: certificates.issue(clerk, request(card))) == ["SEAL-E-086"]
    other = register_seal(family[1], "花子", seed=2).card
    born = {"holder_birth": "1982-03-01"}
    residents_services.file(
        clerk, "move_out", common(planned_on="2026-11-20", persons=[family[1]], destination={"town": "京都府見本市"})
    )
    assert codes(lambda: certificates.issue(clerk, request(other, **born))) == ["SEAL-E-084"]
    from yakuba.systems.residents.models import Filing

    reviewer = _reviewer_of(clerk)
    residents_services.approve(reviewer, Filing.objects.latest("pk").pk)
    assert codes(lambda: certificates.issue(clerk, request(other, **born))) == ["SEAL-E-083"]
    with transaction.atomic():
        state = interfaces.seal_state(clerk, family[1])
    assert [finding.code for finding in state.findings] == ["SEAL-E-083"], "a kiosk hears the same"
    deliver()
    assert codes(lambda: certificates.issue(clerk, request(other, **born))) == ["SEAL-E-080", "SEAL-E-083"]
    with transaction.atomic():
        assert not interfaces.seal_state(clerk, family[1]).is_certifiable


def _reviewer_of(clerk: Desk) -> Desk:
    from dataclasses import replace

    return replace(clerk, account="shinsa1")


@pytest.mark.django_db
def test_nothing_goes_out_about_somebody_protected(
    clerk: Desk, family: Any, make_desk: Any, register_seal: Any, seal_form: Form, change: Any, deliver: Any
) -> None:
    card = register_seal(family[0]).card
    letter = services.apply(
        clerk, seal_form(family[1], identity_method="3", engraving_text="花子"), seal_pictures.draw("花子", 2)
    )
    protect(make_desk(account="hogo1"), *family[:2])
    assert codes(lambda: certificates.issue(clerk, request(card))) == ["PRO-E-001"]
    assert codes(lambda: certificates.preview(clerk, request(card))) == ["PRO-E-001"]
    assert codes(lambda: certificates.inquiry_letter(clerk, letter.application)) == ["PRO-E-001"]
    change(family[0], name="佐藤　太郎", name_kana="サトウ　タロウ")
    deliver()
    notice = LapseNotice.objects.get()
    assert codes(lambda: certificates.lapse_notice(clerk, notice.registration_id)) == ["PRO-E-001"]
    assert not SealIssue.objects.exists()


@pytest.mark.django_db
@pytest.mark.req("INKAN-003", "INKAN-004")
def test_letters_go_to_the_registered_address(
    clerk: Desk, family: Any, register_seal: Any, seal_form: Form, change: Any, deliver: Any
) -> None:
    receipt = services.apply(
        clerk, seal_form(family[1], identity_method="3", engraving_text="花子"), seal_pictures.draw("花子", 2)
    )
    text = text_of(certificates.inquiry_letter(clerk, receipt.application).pdf)
    row = SealApplication.objects.get()
    for part in ("見本　花子", "大阪府門真市", row.inquiry_number, "令和8年12月20日", "回答書"):
        assert part in text, part
    register_seal(family[0])
    change(family[0], name="佐藤　太郎", name_kana="サトウ　タロウ")
    deliver()
    notice = LapseNotice.objects.get()
    text = text_of(certificates.lapse_notice(clerk, notice.registration_id).pdf)
    for part in ("佐藤　太郎", "大阪府門真市", f"{notice.registration_id:08d}", "氏名等の変更"):
        assert part in text, part
    notice.refresh_from_db()
    assert (notice.printed_by, Step.objects.filter(act="notice_printed").count()) == (clerk.account, 1)
    certificates.lapse_notice(clerk, notice.registration_id)
    assert Step.objects.filter(act="notice_printed").count() == 1


# -- at once ----------------------------------------------------------------------------------------------------------------


@pytest.mark.req("INKAN-002")
def test_no_certificate_is_made_after_the_seal_was_revoked(
    fresh_database: str, make_desk: Any, move_in: Any, seal_form: Form, holder_form: Form
) -> None:
    """Real connections: while four desks issue without a pause, another abolishes. Whoever asks after that gets none."""
    set_up_town()
    clerk, reviewer = make_desk(account="madoguchi1"), make_desk(account="shinsa1")
    filed = residents_services.file(clerk, "move_in", move_in())
    person = residents_services.approve(reviewer, filed.filing).persons[0]
    for round_ in range(3):
        receipt = services.apply(clerk, seal_form(person), seal_pictures.draw("見本", round_ + 1))
        registered = services.approve(reviewer, receipt.application)
        revoked = threading.Event()

        def issue(
            registered: services.Registered = registered, revoked: threading.Event = revoked
        ) -> list[tuple[bool, bool]]:
            outcomes = []
            try:
                while True:
                    was_revoked = revoked.is_set()
                    try:
                        certificates.issue(clerk, request(registered.card))
                        outcomes.append((was_revoked, True))
                    except Refused:
                        outcomes.append((was_revoked, False))
                        return outcomes
            finally:
                connection.close()

        def revoke(revoked: threading.Event = revoked) -> None:
            try:
                services.abolish(clerk, holder_form(person))
                revoked.set()
            finally:
                connection.close()

        with ThreadPoolExecutor(5) as pool:
            desks = [pool.submit(issue) for _ in range(4)]
            while not SealIssue.objects.filter(registration=registered.number).exists():
                pass
            pool.submit(revoke).result(timeout=60)
            outcomes = [outcome for desk in desks for outcome in desk.result(timeout=60)]
        assert (True, True) not in outcomes, "asked after the revocation had been committed, and still issued"
        assert any(made for _, made in outcomes)
        assert Registration.objects.get(number=registered.number).ended_on is not None
