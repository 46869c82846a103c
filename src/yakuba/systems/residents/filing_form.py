"""The entry forms of the filings: fields from the dataclasses, layout by hand, and back to the JSON that `filings.parse` takes.

A field's name is its path (`persons.0.name`, `address.code`), so a finding's `field` leads to the input it is about.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_type_hints

from django.http import QueryDict

from yakuba.core.addresses import municipalities, towns
from yakuba.core.addresses import postal as towns_of_postal
from yakuba.core.addresses import town as town_by_code
from yakuba.core.codes import CodeList
from yakuba.core.findings import Finding, Severity

from .display import labels, show
from .filings import KINDS, Filing
from .item_values import CORRECTABLE, ENTERED_BY_NOTICE, MINOR
from .items import ITEMS, Kind, Subject
from .models import ResidentVersion, Town
from .reasons import ResidentKind

MAX_ROWS = 30
_PICKED = 40
CODED_PLACES = ("previous", "destination", "last_registered", "domicile")
"""Places outside the town: a code chosen from the list brings the town's name with it."""


# -- from the browser to JSON -----------------------------------------------------------------------------------------

_LISTS = frozenset({"identity_documents", "confirmed", "cleared"})
_CONTROLS = frozenset({"csrfmiddlewaretoken", "act"})


def to_json(kind: str, form: QueryDict) -> dict[str, Any]:
    """The nested form of the browser's flat one. Empty fields are left out; unknown ones stay, so that `parse` refuses them."""
    hints = get_type_hints(KINDS[kind]) if kind in KINDS else {}
    is_number_list = hints.get("persons") == tuple[int, ...]
    data: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    for name in form:
        if name in _CONTROLS or name.startswith("_"):
            continue
        values = [value for value in form.getlist(name) if value.strip()]
        if not values:
            continue
        if name in _LISTS or (name == "persons" and is_number_list):
            data[name] = values
            continue
        head, _, rest = name.partition(".")
        if head == "persons" and rest:
            index, _, path = rest.partition(".")
            _put(rows.setdefault(index, {}), path, values[-1])
        else:
            _put(data, name, values[-1])
    if rows:
        # Rows that were taken away leave gaps; findings count the rows that are there.
        ordered = sorted(rows, key=lambda index: (not index.isdecimal(), len(index), index))
        data["persons"] = [rows[index] for index in ordered]
    for place in _places_of(data):
        _name_place(place)
    return data


def _put(data: dict[str, Any], path: str, value: str) -> None:
    *steps, last = path.split(".", 3)
    for step in steps:
        inner = data.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        data = inner
    data[last] = value


def _places_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    persons = data.get("persons") if isinstance(data.get("persons"), list) else []
    holders = [data, data.get("child"), *(persons or ())]
    return [
        holder[name]
        for holder in holders
        if isinstance(holder, dict)
        for name in CODED_PLACES
        if isinstance(holder.get(name), dict)
    ]


def _name_place(place: dict[str, Any]) -> None:
    """A chosen code brings the full name and the postal code with it; text typed beside it stays."""
    code = str(place.get("code", ""))
    if not code or place.get("town"):
        return
    name = place_name(code)
    if name:
        place["town"] = name
    found = town_by_code(code)
    if found is not None and found.postal_code and not place.get("postal"):
        place["postal"] = found.postal_code


def place_name(code: str) -> str:
    """Full name of a place outside the town, by the code that the picker gave it; empty for an unknown one."""
    city = next((item for item in municipalities() if item.jis5 == code[:5]), None)
    if city is None:
        return ""
    found = town_by_code(code)
    return city.full_name + (found.name if found else "")


# -- pickers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


def choices_on(codes: str, day: date) -> tuple[Choice, ...]:
    """Entries of a code list in force on a day."""
    return tuple(Choice(entry.code, entry.name) for entry in CodeList.load(codes).at(day))


def town_choices(house: Town, text: str) -> list[Choice]:
    """Towns of this municipality by the beginning or a part of name or kana; by postal code too."""
    text = text.strip()
    digits = text.replace("-", "")
    if digits.isdecimal() and len(digits) == 7:
        return [
            Choice(found.town_code, f"{found.name}（〒{digits[:3]}-{digits[3:]}）")
            for found in towns_of_postal(digits)
            if found.jis5 == house.code[:5] and found.name
        ]
    kana = _katakana(text)
    rows = [row for row in towns(house.code) if row.name and (text in row.name or (kana and kana in row.kana))]
    rows.sort(key=lambda row: (not (row.name.startswith(text) or row.kana.startswith(kana)), row.kana))
    return [Choice(row.town_code, f"{row.name}（{row.kana}）") for row in rows[:_PICKED]]


def place_choices(text: str) -> list[Choice]:
    """Places all over the country: a postal code gives towns, a name municipalities, and 「市名＋町名」 the towns of that name."""
    text = "".join(text.split())
    digits = text.replace("-", "")
    if digits.isdecimal() and len(digits) == 7:
        return [Choice(found.town_code, place_name(found.town_code)) for found in towns_of_postal(digits)]
    if len(text) < 2:
        return []
    kana = _katakana(text)
    found: list[Choice] = []
    for city in municipalities():
        if not city.has_residents:
            continue
        for name in (city.full_name, city.name):
            if text.startswith(name) and len(text) > len(name):
                rest = text.removeprefix(name)
                found += [
                    Choice(row.town_code, city.full_name + row.name)
                    for row in towns(city.code)
                    if row.name.startswith(rest)
                ]
                break
        else:
            if text in city.full_name or (kana and city.kana.startswith(kana)):
                found.append(Choice(f"{city.jis5}000000", city.full_name))
        if len(found) >= _PICKED:
            break
    return found[:_PICKED]


def _katakana(text: str) -> str:
    """Hiragana as katakana; empty where the text is not kana."""
    turned = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)
    return turned if turned and all("ァ" <= c <= "ー" for c in turned) else ""


# -- fields -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How one item of the form is asked for. `path` ends with the dataclass' own name of the item."""

    name: str
    label: str
    widget: str = "text"
    choices: str = ""
    hint: str = ""
    required: bool = False
    wide: bool = False
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field on the screen, with its value and what is wrong with it."""

    path: str
    id: str
    spec: FieldSpec
    value: str
    values: tuple[str, ...]
    choices: tuple[Choice, ...]
    findings: tuple[Finding, ...]
    picked: tuple[Choice, ...] = ()
    typed: str = ""

    @property
    def is_wrong(self) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Section:
    """`folded` sections open when something in them is filled in or wrong."""

    title: str
    fields: tuple[Field, ...]
    hint: str = ""
    folded: bool = False

    @property
    def is_open(self) -> bool:
        return any(field.value or field.values or field.findings for field in self.fields)


_PERSON = (
    FieldSpec("name", "氏名", hint="姓と名の間に全角の空白を入れます", required=True),
    FieldSpec("name_kana", "氏名の振り仮名", hint="カタカナで入力します"),
    FieldSpec("birth", "生年月日", "date", hint="例: S60.4.12 / 昭和60年4月12日 / 1985-04-12", required=True),
    FieldSpec("sex", "性別", "select", "sexes", required=True),
    FieldSpec("relationship", "世帯主との続柄", "relationship", required=True),
    FieldSpec("resident_kind", "住民種別", "select", "resident_kinds", required=True),
    FieldSpec("resident_code", "住民票コード", hint="転出証明書の11桁", digits=True),
    FieldSpec("individual_number", "個人番号", hint="12桁。控えずに、その場で入力します", digits=True),
    FieldSpec("domicile.code", "本籍の市区町村", "place"),
    FieldSpec("domicile.town", "本籍（町名まで）", hint="一覧から選ぶと自動で入ります。ない場合は「なし」"),
    FieldSpec("domicile.banchi", "本籍（地番）"),
    FieldSpec("register_head", "筆頭者"),
)
_PERSON_MORE = (
    FieldSpec("former_number", "再転入の元になる除票の宛名番号", digits=True),
    FieldSpec("former_surname", "旧氏"),
    FieldSpec("former_surname_kana", "旧氏の振り仮名"),
)
_PERSON_FOREIGN = (
    FieldSpec("name_latin", "氏名（アルファベット）", hint="在留カードのとおり"),
    FieldSpec("alias", "通称"),
    FieldSpec("alias_kana", "通称の振り仮名"),
    FieldSpec("name_priority", "優先して使う氏名", "select", "name_priorities"),
    FieldSpec("nationality", "国籍・地域", "select", "nationalities"),
    FieldSpec("article_30_45", "法第30条の45の区分", "select", "article_30_45_classes"),
    FieldSpec("residence_status", "在留資格", "select", "residence_statuses"),
    FieldSpec("residence_period", "在留期間"),
    FieldSpec("residence_until", "在留期間の満了の日", "date"),
    FieldSpec("residence_card", "在留カード等の番号"),
    FieldSpec("landing_until", "上陸期間・仮滞在期間の満了の日", "date"),
)
_NOTIFIER = (
    FieldSpec("channel", "届出方法", "select", "filing_channels", required=True),
    FieldSpec("notified_on", "届出日", "date", required=True),
    FieldSpec("notifier_kind", "届出人", "select", "notifier_kinds", required=True),
    FieldSpec("notifier_name", "届出人の氏名", required=True),
    FieldSpec("notifier_phone", "届出人の電話番号"),
    FieldSpec("notifier_address", "届出人の住所", hint="異なる場所に住む場合"),
    FieldSpec("identity_documents", "本人確認書類", "checks", "identity_documents", wide=True, required=True,
              hint="顔写真付きは1点、ないものは2点"),
    FieldSpec("attorney_letter", "委任状を確認した（代理人・使者による届出）", "check", wide=True),
    FieldSpec("caution", "留意事項", wide=True),
)  # fmt: skip


def _town_address(label: str) -> tuple[FieldSpec, ...]:
    return (
        FieldSpec("address.code", f"{label}（町名）", "town", required=True, wide=True),
        FieldSpec("address.banchi", f"{label}（番地）", required=True),
        FieldSpec("address.katagaki", f"{label}（方書）"),
    )


def _outside(name: str, label: str, *, hint: str = "") -> tuple[FieldSpec, ...]:
    return (
        FieldSpec(f"{name}.code", f"{label}の市区町村・町名", "place", wide=True, hint=hint),
        FieldSpec(f"{name}.town", f"{label}（町名まで）", hint="一覧から選ぶと自動で入ります。国外は国名から"),
        FieldSpec(f"{name}.banchi", f"{label}（番地）"),
        FieldSpec(f"{name}.katagaki", f"{label}（方書）"),
    )


def _day(name: str, label: str) -> FieldSpec:
    return FieldSpec(name, label, "date", required=True)


_HOUSEHOLD_TO_ENTER = FieldSpec(
    "household_number", "入る世帯の世帯番号", hint="空欄なら新しい世帯を作ります", digits=True
)
_HOUSEHOLD_TO_JOIN = FieldSpec("household_number", "移る先の世帯の世帯番号", required=True, digits=True)
_NEW_NUMBER = FieldSpec(
    "individual_number",
    "個人番号",
    hint="機構から通知された12桁。控えずに、その場で入力します",
    required=True,
    digits=True,
)
_RESIDENCE = (
    FieldSpec("article_30_45", "法第30条の45の区分", "select", "article_30_45_classes"),
    FieldSpec("residence_status", "在留資格", "select", "residence_statuses"),
    FieldSpec("residence_period", "在留期間"),
    FieldSpec("residence_until", "在留期間の満了の日", "date"),
    FieldSpec("residence_card", "在留カード等の番号"),
)
_GROUND = (
    FieldSpec("ground", "職権で行う根拠", hint="調査結果、戸籍の届出、通知、申出など", required=True, wide=True),
    FieldSpec("caution", "留意事項", wide=True),
)


def _becoming_japanese(day: str) -> tuple[FieldSpec, ...]:
    return (
        _day("acquired_on", f"{day}（異動日）"),
        FieldSpec("name", "日本人としての氏名", hint="姓と名の間に全角の空白を入れます", required=True),
        FieldSpec("name_kana", "氏名の振り仮名"),
        FieldSpec("domicile.code", "本籍の市区町村", "place"),
        FieldSpec("domicile.town", "本籍（町名まで）", hint="一覧から選ぶと自動で入ります"),
        FieldSpec("domicile.banchi", "本籍（地番）"),
        FieldSpec("register_head", "筆頭者", required=True),
    )


def _former_surname(label: str) -> tuple[FieldSpec, ...]:
    return (
        _day("requested_on", "請求の日（異動日）"),
        FieldSpec("former_surname", label, required=True),
        FieldSpec("former_surname_kana", "旧氏の振り仮名"),
        FieldSpec("inquired_on", "戸籍を照会した日", "date"),
        FieldSpec("register_shown", "戸籍謄本等で確かめた", "check"),
    )


LAYOUT: dict[str, tuple[tuple[str, tuple[FieldSpec, ...], bool], ...]] = {
    "move_in": (
        (
            "異動",
            (
                FieldSpec("moved_on", "住み始めた日（異動日）", "date", required=True),
                FieldSpec("from_abroad", "国外からの転入", "check"),
                FieldSpec(
                    "household_number", "入る世帯の世帯番号", hint="空欄なら新しい世帯を作ります", digits=True
                ),
            ),
            False,
        ),
        ("新しい住所", _town_address("住所"), False),
        (
            "転入前の住所",
            (
                *_outside("previous", "転入前の住所"),
                FieldSpec("previous_householder", "転入前の世帯主"),
                FieldSpec("previous_unregistered", "転入前の住所は未届", "check"),
            ),
            False,
        ),
        ("最終登録住所地", _outside("last_registered", "最終登録住所地"), True),
    ),
    "birth": (
        ("世帯", (FieldSpec("household_number", "子が入る世帯の世帯番号", required=True, digits=True),), False),
    ),
    "move_within": (
        (
            "異動",
            (
                FieldSpec("moved_on", "引っ越した日（異動日）", "date", required=True),
                FieldSpec(
                    "household_number",
                    "入る世帯の世帯番号",
                    hint="空欄なら、全員のときは今の世帯のまま、一部のときは新しい世帯になります",
                    digits=True,
                ),
            ),
            False,
        ),
        ("新しい住所", _town_address("住所"), False),
    ),
    "move_out": (
        (
            "異動",
            (
                FieldSpec("planned_on", "転出の日（予定日）", "date", required=True),
                FieldSpec("abroad", "国外への転出", "check"),
                FieldSpec("special", "転出届の特例（カードによる転出。転出証明書は交付しません）", "check"),
            ),
            False,
        ),
        ("転出先", _outside("destination", "転出先"), False),
    ),
    "death": (
        (
            "異動",
            (
                FieldSpec("died_on", "死亡の日", "date", required=True,
                          hint="不詳のときは「令和8年11月 日不詳」「令和8年11月上旬」のように入力します"),
            ),
            False,
        ),
    ),
    "householder_change": (
        ("異動", (FieldSpec("changed_on", "世帯主が変わった日（異動日）", "date", required=True),), False),
    ),
    "cancellation": (
        (
            "取消し",
            (
                FieldSpec("filing", "取り消す異動の受付番号", required=True, digits=True),
            ),
            False,
        ),
    ),
    "ex_officio_entry": (
        ("異動", (_day("entered_on", "住民となった日（異動日）"), _HOUSEHOLD_TO_ENTER), False),
        ("住所", _town_address("住所"), False),
        (
            "前の住所",
            (*_outside("previous", "前の住所"), FieldSpec("previous_unregistered", "前の住所は未届", "check")),
            True,
        ),
        ("最終登録住所地", _outside("last_registered", "最終登録住所地"), True),
    ),
    "foreigner_settles": (
        ("異動", (_day("settled_on", "住所を定めた日（異動日）"), _HOUSEHOLD_TO_ENTER), False),
        ("住所", _town_address("住所"), False),
    ),
    "foreigner_qualifies": (
        (
            "異動",
            (
                _day("qualified_on", "中長期在留者等となった日（異動日）"),
                FieldSpec("living_since", "住所を定めた日", "date", hint="異動日より前から住んでいるとき"),
                _HOUSEHOLD_TO_ENTER,
            ),
            False,
        ),
        ("住所", _town_address("住所"), False),
    ),
    "restoration": (
        (
            "異動",
            (
                _day("restored_on", "回復する日（異動日）"),
                FieldSpec("relationship", "世帯主との続柄", "relationship", hint="元の世帯に世帯員が残っているとき"),
            ),
            False,
        ),
    ),
    "ex_officio_closing": (
        (
            "消除",
            (
                FieldSpec("closed_on", "消除の日（異動日）", "date", required=True),
                FieldSpec("closing_ground", "消除の根拠（施行令）", "select", "closing_grounds", required=True),
            ),
            False,
        ),
    ),
    "disappearance": (
        ("失踪宣告", (FieldSpec("deemed_dead_on", "死亡したとみなされる日", "date", required=True),), False),
    ),
    "minor_correction": (("修正", (_day("corrected_on", "修正する日（異動日）"),), False),),
    "ex_officio_change": (("修正", (_day("changed_on", "変わった日（異動日）"),), False),),
    "error_correction": (("修正", (_day("corrected_on", "修正する日（異動日）"),), False),),
    "number_request": (("個人番号", (_day("changed_on", "変更の日（異動日）"), _NEW_NUMBER), False),),
    "number_correction": (("個人番号", (_day("changed_on", "修正の日（異動日）"), _NEW_NUMBER), False),),
    "number_entry": (("個人番号", (_day("entered_on", "記載の日（異動日）"), _NEW_NUMBER), False),),
    "code_request": (("住民票コード", (_day("requested_on", "変更の日（異動日）"),), False),),
    "code_entry": (("住民票コード", (_day("entered_on", "記載の日（異動日）"),), False),),
    "recreation": (("改製", (_day("recreated_on", "改製の日（異動日）"),), False),),
    "reproduction": (("再製", (_day("reproduced_on", "再製の日（異動日）"),), False),),
    "household_split": (("異動", (_day("changed_on", "世帯が分かれた日（異動日）"),), False),),
    "household_merge": (("異動", (_day("changed_on", "世帯を合わせた日（異動日）"), _HOUSEHOLD_TO_JOIN), False),),
    "household_transfer": (("異動", (_day("changed_on", "世帯を移った日（異動日）"), _HOUSEHOLD_TO_JOIN), False),),
    "relationship_change": (
        (
            "異動",
            (
                _day("changed_on", "続柄が変わった日（異動日）"),
                FieldSpec("relationship", "変更後の続柄", "relationship", required=True),
            ),
            False,
        ),
    ),
    "naturalization": (("帰化", _becoming_japanese("帰化の日（告示の日）"), False),),
    "nationality_acquisition": (("国籍取得", _becoming_japanese("国籍を取得した日"), False),),
    "nationality_loss": (
        (
            "国籍喪失",
            (
                _day("lost_on", "国籍を失った日（異動日）"),
                FieldSpec("stays", "引き続き国内に住む（外国人住民となる）", "select", "yes_no", required=True),
                FieldSpec("name_latin", "氏名（アルファベット）", hint="旅券のとおり"),
                FieldSpec("nationality", "国籍・地域", "select", "nationalities"),
                *_RESIDENCE,
            ),
            False,
        ),
    ),
    "residence_update": (
        (
            "通知の内容",
            (
                _day("effective_on", "変わった日（異動日）"),
                *_RESIDENCE,
                FieldSpec("landing_until", "上陸期間・仮滞在期間の満了の日", "date"),
                FieldSpec("nationality", "国籍・地域", "select", "nationalities"),
                FieldSpec("name_latin", "氏名（アルファベット）"),
            ),
            False,
        ),
    ),
    "former_surname_entry": (("旧氏", _former_surname("記載する旧氏"), False),),
    "former_surname_change": (("旧氏", _former_surname("変更後の旧氏"), False),),
    "former_surname_removal": (("旧氏", (_day("requested_on", "請求の日（異動日）"),), False),),
    "alias_entry": (
        (
            "通称",
            (
                _day("entered_on", "記載の日（異動日）"),
                FieldSpec("alias", "通称", required=True, hint="姓と名の間に全角の空白を入れます"),
                FieldSpec("alias_kana", "通称の振り仮名"),
                FieldSpec("proof_shown", "国内で通用していることを資料で確認した", "check", wide=True),
            ),
            False,
        ),
    ),
    "alias_removal": (("通称", (_day("removed_on", "削除の日（異動日）"),), False),),
    "furigana_entry": (
        (
            "振り仮名",
            (
                _day("recorded_on", "記載の日（異動日）"),
                FieldSpec("name_kana", "氏名の振り仮名", hint="カタカナで入力します"),
                FieldSpec("former_surname_kana", "旧氏の振り仮名"),
                FieldSpec("alias_kana", "通称の振り仮名"),
                FieldSpec("is_confirmed", "本人又は戸籍で確認済み", "check", wide=True),
            ),
            False,
        ),
    ),
    "move_out_withdrawal": (("転出取消", (_day("withdrawn_on", "取消しの申出の日（異動日）"),), False),),
    "move_in_notice": (
        (
            "転入通知",
            (
                _day("moved_in_on", "転入した日（異動日）"),
                _day("notice_on", "転入通知の日"),
                FieldSpec("accepted_on", "転入先での届出の日", "date"),
            ),
            False,
        ),
        ("確定した転出先", _outside("destination", "転出先"), False),
    ),
}  # fmt: skip


CORRECTED = {
    "minor_correction": MINOR,
    "ex_officio_change": ENTERED_BY_NOTICE,
    "error_correction": CORRECTABLE,
}
"""The kinds that write single items, and which."""

_WIDGETS = {
    Kind.CODE: ("select", ""),
    Kind.FLAG: ("select", "yes_no"),
    Kind.DATE: ("date", ""),
    Kind.UNCERTAIN: ("date", ""),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """A finding, with id and label of the field it is about; both empty where no field is."""

    finding: Finding
    target: str
    label: str


class Screen:
    """One form on the screen: values (flat), findings, and the fields they go to.

    `current`: what the register says of the person whose single items the form changes.
    """

    def __init__(
        self,
        kind: str,
        today: date,
        house: Town,
        values: QueryDict,
        findings: Sequence[Finding],
        current: ResidentVersion | None = None,
    ) -> None:
        self._current = current
        self.cls: type[Filing] = KINDS[kind]
        self.kind = kind
        self._today = today
        self._house = house
        self._values = values
        self.findings = tuple(findings)
        self._labels: dict[str, str] = {}  # of every field made so far, by its path

    def sections(self) -> list[Section]:
        """The kind's own sections."""
        own = [self._section(title, "", specs, folded=folded) for title, specs, folded in LAYOUT[self.kind]]
        return own + (self._items() if self.kind in CORRECTED else [])

    def ground(self) -> Section:
        """根拠, for what is done ex officio."""
        return self._section("根拠", "", _GROUND)

    def _items(self) -> list[Section]:
        """Every item that a correction may write, with what stands there now; groups open where something is filled in."""
        foreign = self._current is not None and self._current.resident_kind == ResidentKind.FOREIGN
        groups: dict[str, list[FieldSpec]] = {}
        clearable = []
        for item in ITEMS:
            other = Subject.JAPANESE if foreign else Subject.FOREIGN
            if item.name not in CORRECTED[self.kind] or item.subject is other:
                continue
            now = show(item.name, getattr(self._current, item.name), foreign=foreign) if self._current else ""
            hint = f"今の記載: {now}" if now else "今は記載がありません"
            widget, choices = _WIDGETS.get(item.kind, ("text", ""))
            if item.name == "address_code":
                widget = "town"
            spec = FieldSpec(f"values.{item.name}", item.label, widget, item.codes or choices, hint)
            groups.setdefault(item.group, []).append(spec)
            if now and not item.required and item.name != "relationship":
                clearable.append(Choice(item.name, f"{item.label}（{now}）"))
        sections = [self._section(name, "", specs, folded=True) for name, specs in groups.items()]
        empty = self.field("cleared", FieldSpec("cleared", "記載をなくす項目", "checks", wide=True))
        return [
            *sections,
            Section("記載をなくす項目", (dataclasses.replace(empty, choices=tuple(clearable)),), folded=True),
        ]

    def notifier(self) -> Section:
        """届出人, for what is filed by notification."""
        return self._section("届出人", "", _NOTIFIER)

    def person(self, prefix: str, *, newborn: bool = False) -> list[Section]:
        """A person who enters, at `persons.0` or `child`."""
        main = tuple(
            dataclasses.replace(spec, required=False) if newborn and spec.name == "name" else spec
            for spec in _PERSON
            if not (newborn and spec.name in {"resident_code", "individual_number"})
        )
        more = () if newborn else _PERSON_MORE
        return [
            self._section("", f"{prefix}.", main),
            self._section("旧氏・再転入", f"{prefix}.", more, folded=True),
            self._section("外国人住民の項目", f"{prefix}.", _PERSON_FOREIGN, folded=True),
        ]

    def _section(self, title: str, prefix: str, specs: Sequence[FieldSpec], *, folded: bool = False) -> Section:
        return Section(title, tuple(self.field(f"{prefix}{spec.name}", spec) for spec in specs), folded=folded)

    def field(self, path: str, spec: FieldSpec) -> Field:
        """The field at `path` with its value and findings."""
        self._labels[path] = spec.label
        value = self._values.get(path, "")
        values = tuple(self._values.getlist(path)) if spec.widget == "checks" else ()
        typed = self._values.get(f"_q.{path}", "")
        return Field(
            path,
            element_id(path),
            spec,
            value,
            values,
            self._choices(spec),
            tuple(finding for finding in self.findings if finding.field == path),
            self._picked(spec, value, typed),
            typed,
        )

    def _choices(self, spec: FieldSpec) -> tuple[Choice, ...]:
        if spec.choices == "filing_channels":
            names = labels("filing_channels")
            return tuple(Choice(code, names.get(code, code)) for code in self._house.channels)
        if spec.choices == "yes_no":
            return (Choice("1", "はい"), Choice("0", "いいえ"))
        if not spec.choices:
            return ()
        return choices_on(spec.choices, self._today)

    def _picked(self, spec: FieldSpec, value: str, typed: str) -> tuple[Choice, ...]:
        """Of a picker: what is chosen, then what fits the text that was typed."""
        if spec.widget == "town":
            chosen = town_by_code(value) if value else None
            found = [Choice(value, f"{chosen.name}（{chosen.kana}）")] if chosen else []
            found += [row for row in (town_choices(self._house, typed) if typed else ()) if row.value != value]
            return tuple(found)
        if spec.widget == "place":
            name = place_name(value) if value else ""
            found = [Choice(value, name)] if name else []
            found += [row for row in (place_choices(typed) if typed else ()) if row.value != value]
            return tuple(found)
        return ()

    def linked(self) -> list[Linked]:
        """Every finding with the field it leads to. Call after the sections were made."""
        rows = []
        for finding in self.findings:
            path = finding.field
            if path not in self._labels:
                path = next((known for known in self._labels if known.startswith(f"{path}.")), "")
            rows.append(Linked(finding, element_id(path) if path else "", self._labels.get(path, "")))
        return rows


def element_id(path: str) -> str:
    """The id of a field's input."""
    return "f-" + path.replace(".", "-")
