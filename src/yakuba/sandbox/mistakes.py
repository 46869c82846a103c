"""Forms of the day, wrong ones: each is right but for one thing, and says which findings it must get, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from yakuba.core.numbers import IndividualNumber, ResidentCode

from .forms import Form, Forms, address_of
from .town_people import Home, TownPeople, age


@dataclass(frozen=True, slots=True)
class Mistake:
    """`expected`: the codes of the findings, exactly."""

    label: str
    kind: str
    form: Form
    expected: frozenset[str]


def mistakes(forms: Forms, people: TownPeople) -> Iterator[Mistake]:
    """One round of them. What the register can't serve (nobody stopped, no family left) is left out."""
    yield from _about_forms(forms)
    yield from _about_newcomers(forms, people)
    family = people.take(lambda home: home.is_family and len(home.members) > 2)
    alone = people.take(lambda home: len(home.members) == 1 and age(home.head, people.today) > 20)
    if alone:
        yield from _about_one_who_lives_alone(forms, alone)
    if family:
        yield from _about_a_family(forms, people, family)
    yield from _about_particular_people(forms, people)


def _mistake(label: str, kind: str, form: Form, *expected: str) -> Mistake:
    return Mistake(label, kind, form, frozenset(expected))


def _single(forms: Forms, **changed: Any) -> Form:
    """A move-in of one person, whose own items `changed` replaces."""
    (person,) = forms.newcomers.family(largest=1)
    return forms.move_in(persons=[person | changed], notifier_name=person["name"], previous_householder=person["name"])


def _wrong_digit(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _about_forms(forms: Forms) -> Iterator[Mistake]:
    """What is wrong with a form whoever it is about."""
    tomorrow = (forms.today + timedelta(days=1)).isoformat()
    yesterday = (forms.today - timedelta(days=1)).isoformat()
    single = _single(forms)
    yield _mistake("届出にない種類", "marriage", single, "FIL-E-001")
    yield _mistake("届出にない項目", "move_in", single | {"colour": "blue"}, "FIL-E-003")
    yield _mistake("異動日がない", "move_in", single | {"moved_on": ""}, "FIL-E-004")
    yield _mistake("暦にない異動日", "move_in", single | {"moved_on": "2026-02-30"}, "FIL-E-007")
    yield _mistake("未来の異動日", "move_in", single | {"moved_on": tomorrow}, "RES-E-020")
    yield _mistake("未来の届出日", "move_in", single | {"notified_on": tomorrow}, "RES-E-003")
    yield _mistake("届出日がない", "move_in", single | {"notified_on": ""}, "RES-E-002")
    yield _mistake("14日を過ぎた届出を確認せず", "move_in", single | {"moved_on": forms.day(-60, -30)}, "RES-W-020")
    yield _mistake("知らない届出方法", "move_in", single | {"channel": "9"}, "RES-E-001")
    yield _mistake("届出人がない", "move_in", single | {"notifier_name": ""}, "RES-E-004")
    yield _mistake("本人確認書類がない", "move_in", single | {"identity_documents": []}, "identity-not-verified")
    one = {"identity_documents": ["pension-book"]}
    yield _mistake("顔写真のない書類が1点だけ", "move_in", single | one, "identity-not-verified")
    agent = {"notifier_kind": "5", "attorney_letter": False}
    yield _mistake("委任状のない代理人", "move_in", single | agent, "RES-E-006")
    yield _mistake("昨日開いた画面", "move_in", single | {"opened_on": yesterday}, "RES-E-014")
    elsewhere = single["address"] | {"code": "99999000000"}
    yield _mistake("知らない町名", "move_in", single | {"address": elsewhere}, "RES-E-040")
    no_number = single["address"] | {"banchi": ""}
    yield _mistake("番地がない", "move_in", single | {"address": no_number}, "RES-E-041")
    yield _mistake("転入前の住所がない", "move_in", single | {"previous": {}}, "RES-E-071")
    yield _mistake("転入する方がいない", "move_in", single | {"persons": []}, "RES-E-070")
    yield _mistake(
        "いない世帯への転入", "move_in", single | {"household_number": 999_999_999_999_999}, "RES-E-075", "RES-E-076"
    )
    yield _mistake("根拠のない職権処理", "cancellation", {"key": forms.key(), "filing": 0}, "RES-E-010", "RES-E-130")


def _about_newcomers(forms: Forms, people: TownPeople) -> Iterator[Mistake]:
    """What is wrong with a person who enters."""
    code = str(forms.newcomers.numbers()["resident_code"])
    number = str(forms.newcomers.numbers()["individual_number"])
    assert ResidentCode.check(_wrong_digit(code))
    assert IndividualNumber.check(_wrong_digit(number))
    yield _mistake("外字の入った氏名", "move_in", _single(forms, name="見本　\ue000郎"), "character-private-use")
    yield _mistake(
        "住民票コードの写し間違い",
        "move_in",
        _single(forms, resident_code=_wrong_digit(code)),
        "resident-code-check-digit",
    )
    yield _mistake(
        "個人番号の写し間違い", "move_in", _single(forms, individual_number=_wrong_digit(number)),
        "individual-number-check-digit",
    )  # fmt: skip
    yield _mistake("住民票コードがない", "move_in", _single(forms, resident_code=""), "RES-E-073")
    yield _mistake("氏名がない", "move_in", _single(forms, name="", name_kana=""), "RES-E-050")
    yield _mistake("振り仮名がない", "move_in", _single(forms, name_kana=""), "RES-W-050")
    yield _mistake("平仮名の振り仮名", "move_in", _single(forms, name_kana="みほん　たろう"), "furigana-character")
    yield _mistake("本籍がない", "move_in", _single(forms, domicile={}), "RES-E-053")
    yield _mistake("生年月日がない", "move_in", _single(forms, birth=""), "RES-E-055")
    yield _mistake("読めない生年月日", "move_in", _single(forms, birth="昭和99年13月"), "era-out-of-range")
    tomorrow = (forms.today + timedelta(days=1)).isoformat()
    yield _mistake("未来の生年月日", "move_in", _single(forms, birth=tomorrow), "RES-E-056", "RES-E-072")
    yield _mistake("性別がない", "move_in", _single(forms, sex=""), "code-unknown")
    yield _mistake("一覧にない続柄", "move_in", _single(forms, relationship="孫"), "relationship-unknown", "RES-E-074")
    yield _mistake("世帯主のいない新しい世帯", "move_in", _single(forms, relationship="子"), "RES-E-074")
    yield _mistake("日本人に在留カード", "move_in", _single(forms, residence_card="AB12345678CD"), "RES-E-054")
    yield _mistake(
        "国籍のない外国人", "move_in", _single(forms, resident_kind="2", name="", name_kana="", name_latin="TARO MIHON"),
        "RES-E-051",
    )  # fmt: skip
    yield _mistake("除票のない再転入", "move_in", _single(forms, former_number=999_999_999_999_999), "RES-E-059")
    resident = people.take(lambda home: len(home.members) == 1)
    if resident:
        yield _mistake(
            "既に住民である方の転入", "move_in", _single(forms, resident_code=resident.head.resident_code), "RES-E-060"
        )
    former = people.take_closed(lambda version: version.status == "2")
    if former:
        yield _mistake(
            "除票のある方を新規で転入", "move_in", _single(forms, resident_code=former.resident_code), "RES-E-061"
        )
        out = forms.notification(
            "見本　太郎", planned_on=forms.day(0, 5), persons=[former.person_id], destination=forms.newcomers.place()
        )
        yield _mistake("既に転出した方の転出", "move_out", out, "RES-E-031")
        death = forms.notification("見本　太郎", person=former.person_id, died_on=forms.day(-3, 0))
        yield _mistake("既に転出した方の死亡", "death", death, "RES-E-031")


def _about_one_who_lives_alone(forms: Forms, home: Home) -> Iterator[Mistake]:
    number = home.head.person_id
    tomorrow = (forms.today + timedelta(days=1)).isoformat()
    stale = forms.move_within(home, home.numbers, seen={str(number): home.head.version_no - 1})
    yield _mistake("古い画面からの転居", "move_within", stale, "RES-E-013")
    same = forms.move_within(home, home.numbers, address=address_of(home.head))
    yield _mistake("今と同じ住所への転居", "move_within", same, "RES-E-095")
    own = forms.move_within(home, home.numbers, household_number=home.number)
    yield _mistake(
        "今いる世帯への転居",
        "move_within",
        own | {"relationships": {f"{number:015d}": "同居人"}},
        "RES-E-096",
    )
    unknown = forms.move_within(home, [999_999_999_999_999], seen={})
    yield _mistake("台帳にいない方の転居", "move_within", unknown, "RES-E-030")
    early = (home.head.resident_since.earliest - timedelta(days=400)).isoformat()
    out = forms.move_out(home, home.numbers, early, confirmed=["RES-W-101"])
    yield _mistake("住民となる前の転出", "move_out", out, "RES-E-097", "RES-W-101")
    inside = forms.move_out(home, home.numbers, forms.day(0, 5), destination=forms.in_town())
    yield _mistake("市内への転出", "move_out", inside, "RES-E-103")
    nowhere = forms.move_out(home, home.numbers, forms.day(0, 5), destination={})
    yield _mistake("転出先のない転出", "move_out", nowhere, "RES-E-102")
    far = forms.move_out(home, home.numbers, forms.day(400, 420))
    yield _mistake("一年より先の転出", "move_out", far, "RES-E-100")
    late = forms.move_out(home, home.numbers, forms.day(-60, -30))
    yield _mistake("期限を過ぎた転出を確認せず", "move_out", late, "RES-W-101")
    yield _mistake("未来の死亡", "death", forms.death(home, home.head, tomorrow), "RES-E-110")
    before = (home.head.birth.earliest - timedelta(days=1)).isoformat()
    yield _mistake("出生より前の死亡", "death", forms.death(home, home.head, before), "RES-E-111")
    head = forms.notification(
        "見本　太郎", changed_on=forms.day(0, 0), household_number=home.number, householder_after=number
    )
    yield _mistake("既に世帯主である方への変更", "householder_change", head, "RES-E-120")


def _about_a_family(forms: Forms, people: TownPeople, home: Home) -> Iterator[Mistake]:
    assert home.spouse is not None
    leaves = forms.move_out(home, [home.head.person_id], forms.day(0, 0))
    yield _mistake("後の世帯主を決めない世帯主の転出", "move_out", leaves, "RES-E-090")
    moves = forms.move_within(home, [home.head.person_id])
    yield _mistake("後の世帯主を決めない世帯主の転居", "move_within", moves, "RES-E-090")
    gone = forms.move_out_of_head(home) | {"householder_after": home.head.person_id}
    yield _mistake("転出する方を後の世帯主に", "move_out", gone, "RES-E-091")
    unnamed = forms.householder_change(home) | {"relationships": {}}
    yield _mistake("続柄を選ばない世帯主変更", "householder_change", unnamed, "RES-E-092")
    child: Form = {"birth": forms.day(-5, 0), "sex": "1", "name": "見本　新", "name_kana": "ミホン　アラタ"}
    child |= {"domicile": forms.newcomers.place(), "register_head": "見本　太郎"}
    birth = forms.notification("見本　太郎", household_number=home.number)
    head = birth | {"child": child | {"relationship": "世帯主"}}
    yield _mistake("世帯主として生まれた子", "birth", head, "RES-E-080")
    numbered = birth | {"child": child | {"relationship": "子", **forms.newcomers.numbers()}}
    yield _mistake("番号を持って生まれた子", "birth", numbered, "RES-E-081")
    other = people.take(lambda one: len(one.members) == 1)
    if other:
        both = forms.move_out(home, [home.others[-1].person_id, other.head.person_id], forms.day(0, 5))
        yield _mistake("二つの世帯にまたがる転出", "move_out", both, "RES-E-093")
        join = _single(forms) | {"household_number": home.number, "address": address_of(home.head)}
        yield _mistake("世帯主のいる世帯への世帯主としての転入", "move_in", join, "RES-E-076")


def _about_particular_people(forms: Forms, people: TownPeople) -> Iterator[Mistake]:
    """Those whose record says that something is in the way."""
    stopped = people.find("v.processing_stopped_on IS NOT NULL AND v.move_out_planned_on IS NULL")
    if stopped:
        form = forms.notification(
            "見本　太郎", planned_on=forms.day(1, 5), persons=[stopped.person_id], destination=forms.newcomers.place()
        )
        yield _mistake("処理停止中の方の転出", "move_out", form, "RES-E-011")
    leaving = people.find(
        "v.move_out_planned_on > %s AND v.processing_stopped_on IS NULL AND v.resident_since < %s",
        people.today,
        (people.today - timedelta(days=100)).isoformat(),
    )
    if leaving:
        form = forms.notification(
            "見本　太郎", planned_on=forms.day(1, 5), persons=[leaving.person_id], destination=forms.newcomers.place()
        )
        yield _mistake("届出済みの転出をもう一度", "move_out", form, "RES-E-104")
