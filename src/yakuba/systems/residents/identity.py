"""Rules of 修正 about who somebody is: names, residence of foreign residents, and the change of nationality."""

from __future__ import annotations

from datetime import date

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire
from yakuba.core.codes import CodeList
from yakuba.core.findings import Findings
from yakuba.core.names import (
    PersonName,
    check_alias,
    check_former_surname,
    check_furigana,
    check_japanese_name,
    check_name,
    check_romanized,
)

from .corrections import succeed
from .entries import LOST_NATIONALITY, check_residence
from .filings import (
    AliasEntry,
    AliasRemoval,
    FormerSurnameChange,
    FormerSurnameEntry,
    FormerSurnameRemoval,
    FuriganaEntry,
    NationalityAcquisition,
    NationalityLoss,
    Naturalization,
    ResidenceUpdate,
)
from .planning import (
    Items,
    Known,
    Plan,
    View,
    after_departure,
    check_after,
    check_day,
    closed,
    emptied,
    of_the_other_kind,
    subjects,
)
from .reasons import Reason, ResidentKind, Status

CLOSING_GROUND_ORDER_8_2 = "2"  # 住基法施行令 第8条の2: 日本の国籍の取得又は喪失
DAYS_OF_PASSAGE = 60  # 入管法22条の2: 経過滞在

# -- 旧氏 -------------------------------------------------------------------------------------------------------------


def plan_former_surname_entry(filing: FormerSurnameEntry, view: View, out: Plan) -> None:
    for person in _former_surname_subject(filing, view, out):
        if person.items.get("former_surname"):
            out.findings.error(
                "RES-E-190", "person", f"{person.label}さんには既に旧氏が記載されています。", "変更か削除の請求を入力してください。",
                article=filing.article,
            )  # fmt: skip
        _write_former_surname(filing, person, Reason.FORMER_SURNAME_ENTRY, view, out)


def plan_former_surname_change(filing: FormerSurnameChange, view: View, out: Plan) -> None:
    for person in _former_surname_subject(filing, view, out):
        if not person.items.get("former_surname"):
            out.findings.error(
                "RES-E-191", "person", f"{person.label}さんには旧氏が記載されていません。", "記載の請求を入力してください。",
                article=filing.article,
            )  # fmt: skip
        elif person.items["former_surname"] == filing.former_surname:
            out.findings.error(
                "RES-E-171", "former_surname", "今の旧氏と同じです。", "変更後の旧氏を確認してください。"
            )
        _write_former_surname(filing, person, Reason.FORMER_SURNAME_CHANGE, view, out)


def plan_former_surname_removal(filing: FormerSurnameRemoval, view: View, out: Plan) -> None:
    for person in _former_surname_subject(filing, view, out):
        if not person.items.get("former_surname"):
            out.findings.error(
                "RES-E-191",
                "person",
                f"{person.label}さんには旧氏が記載されていません。",
                "対象の方を確認してください。",
            )
        if not out.findings.errors:
            gone = emptied(
                "former_surname", "former_surname_kana", "former_surname_kana_confirmed", "former_surname_inquired_on"
            )
            out.change(person, Reason.FORMER_SURNAME_REMOVAL, filing.requested_on, gone)


def _former_surname_subject(
    filing: FormerSurnameEntry | FormerSurnameChange | FormerSurnameRemoval, view: View, out: Plan
) -> list[Known]:
    check_day(filing.requested_on, "requested_on", filing, view, out.findings)
    return subjects(filing, view, out.findings)


def _write_former_surname(
    filing: FormerSurnameEntry | FormerSurnameChange, person: Known, reason: Reason, view: View, out: Plan
) -> None:
    """A 旧氏 stands in the family register: looked up there, or shown by an extract. Until then the filing waits."""
    findings = out.findings
    findings.extend(check_former_surname(filing.former_surname, "former_surname"))
    if filing.former_surname_kana:
        findings.extend(check_furigana(PersonName(filing.former_surname_kana), "former_surname_kana"))
    surname = str(person.items.get("name") or "").partition("　")[0]
    if filing.former_surname == surname:
        findings.error(
            "RES-E-192",
            "former_surname",
            "今の氏と同じです。",
            "戸籍に記載された過去の氏を入力してください。",
            article=filing.article,
        )
    if filing.inquired_on is not None and filing.inquired_on > view.today:
        findings.error("RES-E-020", "inquired_on", "戸籍を照会した日が未来の日付です。", "日付を確認してください。")
    if filing.inquired_on is None and not filing.register_shown:
        message = "旧氏を戸籍で確かめていません。"
        if view.is_review:
            findings.error(
                "RES-E-193", "inquired_on", message, "差し戻し、戸籍の照会又は戸籍謄本等の確認を入力してください。",
                article=filing.article,
            )  # fmt: skip
        else:
            findings.warn(
                "RES-W-193",
                "inquired_on",
                message,
                "仮登録はできますが、確かめるまで本登録はできません。",
                article=filing.article,
            )
    if findings.errors:
        return
    kana = filing.former_surname_kana or None
    changed = {
        "former_surname": filing.former_surname,
        "former_surname_kana": kana,
        "former_surname_kana_confirmed": False if kana else None,
        "former_surname_inquired_on": filing.inquired_on,
    }
    out.change(person, reason, filing.requested_on, changed)


# -- 通称 -------------------------------------------------------------------------------------------------------------


def plan_alias_entry(filing: AliasEntry, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.entered_on, "entered_on", filing, view, findings)
    findings.extend(check_alias(PersonName(filing.alias), "alias"))
    if filing.alias_kana:
        findings.extend(check_furigana(PersonName(filing.alias_kana), "alias_kana", in_family_register=False))
    if not filing.proof_shown:
        findings.error(
            "RES-E-194", "proof_shown", "通称が国内の社会生活で通用していることの確認が入力されていません。",
            "資料を二点以上確認してください。", article=filing.article,
        )  # fmt: skip
    for person in subjects(filing, view, findings):
        if person.items.get("alias"):
            findings.error(
                "RES-E-195", "person", f"{person.label}さんには既に通称が記載されています。", "先に通称の削除を入力してください。",
                article=filing.article,
            )  # fmt: skip
        if findings.errors:
            continue
        kana = filing.alias_kana or None
        changed = {
            "alias": filing.alias,
            "alias_kana": kana,
            "alias_kana_confirmed": False if kana else None,
            "alias_entered_on": filing.entered_on,
            "alias_entered_at": view.municipality_name,
            **emptied("alias_deleted_on", "alias_deleted_at"),
        }
        out.change(person, Reason.ALIAS_ENTRY, filing.entered_on, changed)


def plan_alias_removal(filing: AliasRemoval, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.removed_on, "removed_on", filing, view, findings)
    for person in subjects(filing, view, findings):
        if not person.items.get("alias"):
            findings.error(
                "RES-E-196",
                "person",
                f"{person.label}さんには通称が記載されていません。",
                "対象の方を確認してください。",
            )
        if findings.errors:
            continue
        changed = {
            **emptied("alias", "alias_kana", "alias_kana_confirmed"),
            "alias_deleted_on": filing.removed_on,
            "alias_deleted_at": view.municipality_name,
        }
        if person.items.get("name_priority") == "alias":
            changed["name_priority"] = "name"
            out.notes.append("優先して使う氏名を、通称から氏名に改めます。")
        out.change(person, Reason.ALIAS_REMOVAL, filing.removed_on, changed)


# -- 振り仮名 ---------------------------------------------------------------------------------------------------------


def plan_furigana_entry(filing: FuriganaEntry, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.recorded_on, "recorded_on", filing, view, findings)
    stated = {
        name: text for name in ("name_kana", "former_surname_kana", "alias_kana") if (text := getattr(filing, name))
    }
    if not stated:
        findings.error("RES-E-197", "name_kana", "振り仮名が入力されていません。", "振り仮名を入力してください。")
    for person in subjects(filing, view, findings):
        changed: Items = {}
        for name, text in stated.items():
            written = name.removesuffix("_kana")
            owner = person.items.get(written) or (person.items.get("name_latin") if written == "name" else None)
            if not owner:
                findings.error(
                    "RES-E-198", name, f"{person.label}さんには、この振り仮名を付ける氏名等が記載されていません。", "先に氏名等の記載を確認してください。"
                )  # fmt: skip
                continue
            of = PersonName(owner) if name == "name_kana" and not person.is_foreign else None
            in_register = not person.is_foreign
            findings.extend(check_furigana(PersonName(text), name, name=of, in_family_register=in_register))
            changed |= {name: text, f"{name}_confirmed": filing.is_confirmed}
        if changed and all(person.items.get(name) == value for name, value in changed.items()):
            findings.error("RES-E-171", "name_kana", "今の記載と同じです。", "振り仮名と確認の有無を見直してください。")
        if not findings.errors:
            out.change(person, Reason.EX_OFFICIO_CHANGE, filing.recorded_on, changed)


# -- 外国人住民 -------------------------------------------------------------------------------------------------------

_RESIDENCE = (
    "article_30_45", "residence_status", "residence_period", "residence_until", "residence_card", "landing_until",
    "nationality",
)  # fmt: skip
_RESIDENCE_CODES = {
    "article_30_45": "article_30_45_classes",
    "residence_status": "residence_statuses",
    "nationality": "nationalities",
}


def _check_residence_codes(filing: ResidenceUpdate | NationalityLoss, day: date, findings: Findings) -> None:
    for name, codes in _RESIDENCE_CODES.items():
        value = getattr(filing, name)
        wrong = CodeList.load(codes).check(value, day, name) if value else None
        findings.extend([wrong] if wrong else [])
    if filing.name_latin:
        findings.extend(check_romanized(filing.name_latin, "name_latin"))


def plan_residence_update(filing: ResidenceUpdate, view: View, out: Plan) -> None:
    """法30条の50: what the notice states replaces what stands; another class empties what only the former one has."""
    findings = out.findings
    check_day(filing.effective_on, "effective_on", filing, view, findings)
    _check_residence_codes(filing, filing.effective_on, findings)
    stated = {name: value for name in (*_RESIDENCE, "name_latin") if (value := getattr(filing, name))}
    if not stated:
        findings.error("RES-E-170", "residence_status", "変わった事項がありません。", "通知の内容を入力してください。")
    for person in subjects(filing, view, findings):
        changed: Items = dict(stated)
        another = stated.get("article_30_45") not in {None, person.items.get("article_30_45")}
        if another:
            check_residence(filing, "", view.today, findings)
            former = ("residence_status", "residence_period", "residence_until", "residence_card", "landing_until")
            changed = {**emptied(*former), **stated}
        if stated and all(person.items.get(name) == value for name, value in changed.items()):
            findings.error("RES-E-171", "residence_status", "今の記載と同じです。", "通知の内容を確認してください。")
        if not findings.errors:
            out.change(person, Reason.EX_OFFICIO_CHANGE, filing.effective_on, changed)


# -- 国籍 -------------------------------------------------------------------------------------------------------------


def plan_becoming_japanese(filing: Naturalization | NationalityAcquisition, view: View, out: Plan) -> None:
    """帰化・国籍取得: the foreign record closes and a Japanese one begins, on the same day, with the same numbers.

    住民となった年月日 stays: the person has lived in the town all the time.
    """
    findings, day = out.findings, filing.acquired_on
    check_day(day, "acquired_on", filing, view, findings)
    findings.extend(check_japanese_name(PersonName(filing.name), "name"))
    if filing.name_kana:
        findings.extend(check_furigana(PersonName(filing.name_kana), "name_kana", name=PersonName(filing.name)))
    if filing.register_head:
        findings.extend(check_name(PersonName(filing.register_head), "register_head"))
    for name in ("town", "banchi", "katagaki"):
        findings.extend(check_repertoire(getattr(filing.domicile, name), f"domicile.{name}"))
    if not filing.domicile or not filing.register_head:
        findings.error(
            "RES-E-053", "domicile", "本籍又は筆頭者が入力されていません。", "新しい戸籍の本籍と筆頭者を入力してください。",
            article="住民基本台帳法 第7条第5号",
        )  # fmt: skip
    for person in subjects(filing, view, findings):
        check_after(day, person, "acquired_on", findings)
        if findings.errors:
            continue
        if person.items.get("individual_number") is None:
            out.notes.append("個人番号がまだありません。住民票コードから生成を要求します。")
        kana = filing.name_kana or None
        changed = {
            **of_the_other_kind(ResidentKind.JAPANESE),
            "resident_kind": ResidentKind.JAPANESE.value,
            "name": filing.name,
            "name_kana": kana,
            "name_kana_confirmed": False if kana else None,
            "name_priority": None,
            "register_head": filing.register_head,
            **filing.domicile.items("domicile"),
        }
        out.notes.append("宛名番号・住民票コード・個人番号は引き継ぎます。")
        succeed(
            person, day, Reason.NO_LONGER_FOREIGN, Reason.BECAME_JAPANESE, Status.NATIONALITY_CHANGED,
            CLOSING_GROUND_ORDER_8_2, changed, out, filing.notified_on,
        )  # fmt: skip


def plan_nationality_loss(filing: NationalityLoss, view: View, out: Plan) -> None:
    """国籍喪失: the Japanese record closes. Who stays in Japan has a foreign record from that day (法30条の45の表)."""
    findings, day = out.findings, filing.lost_on
    check_day(day, "lost_on", filing, view, findings)
    _check_residence_codes(filing, day, findings)
    if filing.stays:
        check_residence(filing, "", view.today, findings)
        for name, label in (("name_latin", "氏名（アルファベット）"), ("nationality", "国籍・地域")):
            if not getattr(filing, name):
                findings.error(
                    "RES-E-051", name, f"{label}が入力されていません。", "旅券等で確認してください。",
                    article="住民基本台帳法 第30条の45",
                )  # fmt: skip
        if filing.article_30_45 == LOST_NATIONALITY and (view.today - day).days > DAYS_OF_PASSAGE:
            findings.error(
                "RES-E-199", "article_30_45", f"国籍を失った日から{DAYS_OF_PASSAGE}日を過ぎています。",
                "経過滞在者にはなりません。在留資格を得ていればその区分を、得ていなければ出国等を確認してください。", article="住民基本台帳法 第30条の45",
            )  # fmt: skip
    for person in subjects(filing, view, findings):
        check_after(day, person, "lost_on", findings)
        if not filing.stays:
            _leave_as_foreigner(filing, person, view, out)
        elif not findings.errors:
            since = UncertainDate.exact(day)
            changed = {
                **of_the_other_kind(ResidentKind.FOREIGN),
                "resident_kind": ResidentKind.FOREIGN.value,
                "name_latin": filing.name_latin,
                "foreign_resident_since": since,
                "foreign_resident_since_reason": Reason.BECAME_FOREIGN.value,
                **{name: getattr(filing, name, None) or None for name in _RESIDENCE},
            }
            out.notes.append("宛名番号・住民票コード・個人番号は引き継ぎます。")
            succeed(
                person, day, Reason.NO_LONGER_JAPANESE, Reason.BECAME_FOREIGN, Status.NATIONALITY_CHANGED,
                CLOSING_GROUND_ORDER_8_2, changed, out, filing.notified_on,
            )  # fmt: skip


def _leave_as_foreigner(filing: NationalityLoss, person: Known, view: View, out: Plan) -> None:
    """The record closes and nothing follows: the person lives abroad, or has no status of residence."""
    staying = Plan(findings=out.findings, notes=out.notes)
    after_departure([person], filing, filing.lost_on, view, staying, out.findings)
    if out.findings.errors:
        return
    closing = closed(
        Status.NATIONALITY_CHANGED, Reason.NO_LONGER_JAPANESE, filing.lost_on, filing.notified_on,
        CLOSING_GROUND_ORDER_8_2,
    )  # fmt: skip
    out.change(person, Reason.NO_LONGER_JAPANESE, filing.lost_on, closing)
    out.changes += staying.changes
