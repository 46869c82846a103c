"""氏名: 旧氏, 通称 and 振り仮名 with what proves them."""

from __future__ import annotations

from datetime import date

import pytest

from yakuba.core.findings import Refused
from yakuba.systems.residents import search_keys, services
from yakuba.systems.residents.models import ResidentVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def resident(register_form, move_in, person) -> int:
    (number,) = register_form("move_in", move_in(moved_on="2026-11-10", persons=[person(1)]))
    return number


@pytest.fixture
def foreign_resident(register_form, move_in, foreigner) -> int:
    (number,) = register_form("move_in", move_in(moved_on="2026-11-10", persons=[foreigner(31)]))
    return number


def test_a_former_surname_is_entered_changed_and_removed(register_form, common, resident, current, refused, cancel):
    form = common(person=resident, requested_on="2026-11-19", former_surname="手本", former_surname_kana="テホン",
                  inquired_on="2026-11-18")  # fmt: skip
    assert refused("former_surname_change", form) == {"RES-E-191"}
    assert refused("former_surname_removal", common(person=resident, requested_on="2026-11-19")) == {"RES-E-191"}
    assert refused("former_surname_entry", form | {"former_surname": "見本"}) == {"RES-E-192"}
    assert "former-surname-latin" in refused("former_surname_entry", form | {"former_surname": "TEHON"})
    register_form("former_surname_entry", form)
    version = current(resident)
    assert (version.reason, version.former_surname, version.former_surname_kana) == ("314", "手本", "テホン")
    assert (version.former_surname_inquired_on, version.former_surname_kana_confirmed) == (date(2026, 11, 18), False)
    assert len(search_keys.faces(version.items())) == 2, "found by the former surname, too"
    again = {**form, "key": common()["key"]}
    assert refused("former_surname_entry", again) == {"RES-E-190"}
    assert refused("former_surname_change", again) == {"RES-E-171"}
    register_form("former_surname_change", again | {"former_surname": "書式", "former_surname_kana": "ショシキ"})
    assert (current(resident).reason, current(resident).former_surname) == ("315", "書式")
    register_form("former_surname_removal", common(person=resident, requested_on="2026-11-20"))
    gone = current(resident)
    assert (gone.reason, gone.former_surname, gone.former_surname_kana) == ("316", None, None)
    cancel()
    assert current(resident).former_surname == "書式"


@pytest.mark.req("RES-066")
def test_a_former_surname_that_nobody_looked_up_waits(common, resident, clerk, reviewer, refused, current):
    form = common(person=resident, requested_on="2026-11-19", former_surname="手本")
    assert refused("former_surname_entry", form) == {"RES-W-193"}
    receipt = services.file(clerk, "former_surname_entry", form | {"confirmed": ["RES-W-193"]})
    with pytest.raises(Refused) as refusal:
        services.approve(reviewer, receipt.filing)
    assert {finding.code for finding in refusal.value.findings} == {"RES-E-193"}
    services.send_back(reviewer, receipt.filing, "戸籍の照会を先に")
    seen = services.file(clerk, "former_surname_entry", {**form, "key": common()["key"], "register_shown": True})
    services.approve(reviewer, seen.filing)
    assert current(resident).former_surname == "手本"


@pytest.mark.req("RES-066")
def test_a_former_surname_stands_on_the_certificate(register_form, common, resident, current):
    from yakuba.systems.residents import certificates

    register_form("former_surname_entry", common(person=resident, requested_on="2026-11-19", former_surname="手本",
                                                 register_shown=True))  # fmt: skip
    items = certificates._items(current(resident), certificates.CertificateOptions())
    assert items.former_surname == "手本"


def test_what_the_law_did_not_know_yet(common, resident, foreign_resident, refused):
    early = common(person=resident, requested_on="2019-11-04", former_surname="手本", register_shown=True)
    assert "RES-E-021" in refused("former_surname_entry", early)
    assert refused("furigana_entry", {"key": common()["key"], "ground": "通知", "person": resident,
                                      "recorded_on": "2025-05-25", "name_kana": "ミホン　タロ"}) == {"RES-E-021"}  # fmt: skip
    alias = common(person=foreign_resident, entered_on="2012-07-08", alias="見本　譲二", proof_shown=True)
    assert refused("alias_entry", alias) == {"RES-E-021"}


@pytest.mark.req("RES-065")
def test_an_alias_is_entered_and_deleted_with_day_and_municipality(
    register_form, common, resident, foreign_resident, current, refused
):
    form = common(person=foreign_resident, entered_on="2026-11-18", alias="見本　譲二", alias_kana="ミホン　ジョウジ",
                  proof_shown=True)  # fmt: skip
    assert refused("alias_entry", form | {"person": resident}) == {"RES-E-033"}, "only for foreign residents"
    assert refused("alias_entry", form | {"proof_shown": False}) == {"RES-E-194"}
    assert refused("alias_removal", common(person=foreign_resident, removed_on="2026-11-18")) == {"RES-E-196"}
    register_form("alias_entry", form)
    entered = current(foreign_resident)
    assert (entered.reason, entered.alias, entered.alias_entered_on) == ("317", "見本　譲二", date(2026, 11, 18))
    assert entered.alias_entered_at.endswith("門真市")
    assert refused("alias_entry", form | {"key": common()["key"]}) == {"RES-E-195"}
    register_form("alias_removal", common(person=foreign_resident, removed_on="2026-11-20"))
    removed = current(foreign_resident)
    assert (removed.reason, removed.alias, removed.alias_deleted_on) == ("318", None, date(2026, 11, 20))
    assert removed.alias_deleted_at == entered.alias_entered_at
    history = ResidentVersion.objects.filter(person=foreign_resident).order_by("version_no")
    assert [version.alias for version in history] == [None, "見本　譲二", None]


def test_an_alias_that_had_priority_takes_the_priority_with_it(register_form, common, move_in, foreigner, current):
    (number,) = register_form("move_in", move_in(moved_on="2026-11-10", persons=[
        foreigner(32, alias="見本　譲二", alias_kana="ミホン　ジョウジ", name_priority="alias")]))  # fmt: skip
    assert current(number).householder_name == "見本　譲二"
    register_form("alias_removal", common(person=number, removed_on="2026-11-20"))
    assert (current(number).name_priority, current(number).householder_name) == ("name", "MIHON JOHN")


def test_furigana_and_whether_anybody_confirmed_it(register_form, office, resident, current, refused):
    form = office(person=resident, recorded_on="2026-11-20", name_kana="ミホン　タロオ", ground="戸籍の振り仮名の通知")
    assert refused("furigana_entry", office(person=resident, recorded_on="2026-11-20")) == {"RES-E-197"}
    assert refused("furigana_entry", form | {"former_surname_kana": "テホン"}) == {"RES-E-198"}
    assert "furigana-character" in refused("furigana_entry", form | {"name_kana": "みほん　たろう"})
    register_form("furigana_entry", form)
    assert (current(resident).name_kana, current(resident).name_kana_confirmed) == ("ミホン　タロオ", False)
    assert refused("furigana_entry", {**form, "key": office()["key"]}) == {"RES-E-171"}
    register_form("furigana_entry", {**form, "key": office()["key"], "is_confirmed": True})
    assert (current(resident).name_kana_confirmed, current(resident).reason) == (True, "303")
