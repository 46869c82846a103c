"""What can be filed (異動届・職権): one frozen dataclass a procedure, with only the fields that it needs (RES-051).

Every entrance (screen, API, sandbox) sends the same JSON; `parse` turns it into these types or refuses it with every
finding at once. Text is normalised here, so that everything behind works with one form of each character.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import normalize
from yakuba.core.findings import Findings, Refused
from yakuba.core.numbers import IndividualNumber, InvalidNumber, ResidentCode, holds_individual_number

from .reasons import Channel, ResidentKind

MAX_TEXT = 400
MAX_PERSONS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """An address as entered: inside the town by its town code, elsewhere by text. Empty where nothing is known."""

    code: str = ""
    postal: str = ""
    town: str = ""
    banchi: str = ""
    katagaki: str = ""

    def items(self, prefix: str) -> dict[str, str | None]:
        return {
            f"{prefix}_{part}": getattr(self, part) or None for part in ("code", "postal", "town", "banchi", "katagaki")
        }

    def __bool__(self) -> bool:
        return bool(self.code or self.town)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who enters the register (転入・出生)."""

    name: str = ""
    name_kana: str = ""
    birth: UncertainDate | None = None
    sex: str = ""
    relationship: str = ""
    resident_kind: str = ResidentKind.JAPANESE
    name_latin: str = ""
    former_surname: str = ""
    former_surname_kana: str = ""
    alias: str = ""
    alias_kana: str = ""
    name_priority: str = ""
    domicile: Place = field(default_factory=Place)
    register_head: str = ""
    resident_code: ResidentCode | None = None
    individual_number: IndividualNumber | None = None
    nationality: str = ""
    article_30_45: str = ""
    residence_status: str = ""
    residence_period: str = ""
    residence_until: date | None = None
    residence_card: str = ""
    former_number: int | None = None  # 宛名番号 of a closed record of the same person: 再転入


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What every filing carries. `legal_date` is 異動日, `key` identifies the form, `seen` the versions on the screen."""

    kind: ClassVar[str]
    label: ClassVar[str]
    article: ClassVar[str]
    by_notification: ClassVar[bool] = True  # a 届出; False: 職権

    key: uuid.UUID
    channel: str = Channel.COUNTER
    notified_on: date | None = None
    notifier_kind: str = ""
    notifier_name: str = ""
    notifier_address: str = ""
    notifier_phone: str = ""
    identity_documents: tuple[str, ...] = ()
    attorney_letter: bool = False
    ground: str = ""
    caution: str = ""
    opened_on: date | None = None
    seen: Mapping[str, int] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveIn(Filing):
    """転入届 (住基法22条): from another municipality or from abroad, into a new or an existing household."""

    kind: ClassVar[str] = "move_in"
    label: ClassVar[str] = "転入届"
    article: ClassVar[str] = "住民基本台帳法 第22条"

    moved_on: date
    address: Place
    previous: Place = field(default_factory=Place)
    previous_householder: str = ""
    previous_unregistered: bool = False
    from_abroad: bool = False
    last_registered: Place = field(default_factory=Place)
    household_number: int | None = None
    persons: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth(Filing):
    """出生 (戸籍法49条, 住基法施行令): a child enters the household of a parent."""

    kind: ClassVar[str] = "birth"
    label: ClassVar[str] = "出生届"
    article: ClassVar[str] = "戸籍法 第49条・住民基本台帳法施行令 第11条"

    household_number: int
    child: NewPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWithin(Filing):
    """転居届 (住基法23条): persons of one household take another address in the town."""

    kind: ClassVar[str] = "move_within"
    label: ClassVar[str] = "転居届"
    article: ClassVar[str] = "住民基本台帳法 第23条"

    moved_on: date
    persons: tuple[int, ...]
    address: Place
    household_number: int | None = (
        None  # an existing household that they join; None: keep (all) or form a new one (some)
    )
    householder_after: int | None = None  # among those who stay, when the householder leaves
    relationships: Mapping[str, str] = field(default_factory=dict)  # 宛名番号 -> 続柄 after the move


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOut(Filing):
    """転出届 (住基法24条): the date may lie ahead; the record stays open until it comes."""

    kind: ClassVar[str] = "move_out"
    label: ClassVar[str] = "転出届"
    article: ClassVar[str] = "住民基本台帳法 第24条"

    planned_on: date
    persons: tuple[int, ...]
    destination: Place
    abroad: bool = False
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death(Filing):
    """死亡 (戸籍法86条): the day may be 不詳."""

    kind: ClassVar[str] = "death"
    label: ClassVar[str] = "死亡届"
    article: ClassVar[str] = "戸籍法 第86条・住民基本台帳法施行令 第8条"

    person: int
    died_on: UncertainDate
    householder_after: int | None = None
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholderChange(Filing):
    """世帯主変更 (住基法25条 世帯変更届)."""

    kind: ClassVar[str] = "householder_change"
    label: ClassVar[str] = "世帯主変更届"
    article: ClassVar[str] = "住民基本台帳法 第25条"

    changed_on: date
    household_number: int
    householder_after: int
    relationships: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation(Filing):
    """異動の取消し (仕様書 4.6): nothing is erased; versions are added that restore the state before."""

    kind: ClassVar[str] = "cancellation"
    label: ClassVar[str] = "異動の取消し"
    article: ClassVar[str] = "住民基本台帳法施行令 第12条"
    by_notification: ClassVar[bool] = False

    filing: int


KINDS: dict[str, type[Filing]] = {
    kind.kind: kind for kind in (MoveIn, Birth, MoveWithin, MoveOut, Death, HouseholderChange, Cancellation)
}


def parse(kind: str, data: Mapping[str, Any]) -> Filing:
    """The filing of a JSON form. Raises Refused with every finding: unknown kind or field, wrong shape, missing field."""
    filing, findings = read(kind, data, date(2000, 1, 1))  # any day: nothing missing gets past the next line
    findings.raise_if_blocking()
    return filing


def read(kind: str, data: Mapping[str, Any], today: date) -> tuple[Filing, Findings]:
    """As `parse`, but what is missing or unreadable is found and does not hide what the rules find in the rest.

    In the place of such a field stands a harmless value (today, an empty address, no number), so the filing serves for
    checking only as long as there are findings. Raises Refused for an unknown kind.
    """
    findings = Findings()
    if kind not in KINDS:
        findings.error(
            "FIL-E-001", "kind", f"「{kind[:40]}」という届出はありません。", "届出の種類を選び直してください。"
        )
        raise Refused(findings)
    filing: Filing = _build(KINDS[kind], data, "", findings, today)
    return filing, findings


def _stand_in(hint: Any, today: date) -> Any:
    """The harmless value of a required field."""
    if hint is date:
        return today
    if hint is UncertainDate:
        return UncertainDate.exact(today)
    if hint is uuid.UUID:
        return uuid.UUID(int=0)
    if hint is int:
        return -1
    return () if get_origin(hint) is tuple else hint()


@cache
def _shape(cls: type) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Types and fields of a form, by name."""
    return get_type_hints(cls), {f.name: f for f in dataclasses.fields(cls)}


def _build(cls: type, data: Any, path: str, findings: Findings, today: date) -> Any:
    if not isinstance(data, Mapping):
        findings.error("FIL-E-002", path or "form", "項目の集まりではありません。", "送信の形式を確認してください。")
        data = {}
    hints, known = _shape(cls)
    for name in sorted(set(data) - set(known)):
        findings.error("FIL-E-003", f"{path}{name}"[:80], "この届出にない項目です。", "項目を除いてください。")
    values = {}
    for name, f in known.items():
        raw = data.get(name)
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        value = None
        if raw is not None and raw != "":
            value = _convert(hints[name], raw, f"{path}{name}", findings, today)
        elif required:
            findings.error("FIL-E-004", f"{path}{name}", "入力されていません。", "値を入力してください。")
        if value is not None:
            values[name] = value
        elif required:
            values[name] = _stand_in(hints[name], today)
    return cls(**values)


def _convert(hint: Any, raw: Any, path: str, findings: Findings, today: date) -> Any:
    """The value, or None after a finding."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _convert(next(arg for arg in args if arg is not type(None)), raw, path, findings, today)
    if origin is tuple or (origin is not None and issubclass(origin, Mapping)):
        if not isinstance(raw, (list, tuple) if origin is tuple else Mapping) or len(raw) > MAX_PERSONS:
            findings.error(
                "FIL-E-005", path, f"一覧ではないか、{MAX_PERSONS}件を超えています。", "件数を確認してください。"
            )
            return None
        pairs = enumerate(raw) if origin is tuple else raw.items()
        hint = args[0] if origin is tuple else args[1]
        read = {str(key): _convert(hint, value, f"{path}.{key}", findings, today) for key, value in pairs}
        kept = {key: value for key, value in read.items() if value is not None}
        return tuple(kept.values()) if origin is tuple else kept
    if hint in (IndividualNumber, ResidentCode):
        return _number(hint, raw, path, findings)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint is not UncertainDate:
        return _build(hint, raw, f"{path}.", findings, today)
    return _scalar(hint, raw, path, findings)


def _number(cls: type, raw: Any, path: str, findings: Findings) -> Any:
    try:
        return raw if isinstance(raw, cls) else cls(str(raw).strip())
    except InvalidNumber as error:
        findings.items.append(dataclasses.replace(error.finding, field=path))
        return None


def _scalar(hint: Any, raw: Any, path: str, findings: Findings) -> Any:
    if hint is UncertainDate:
        try:
            return raw if isinstance(raw, UncertainDate) else UncertainDate.parse(str(raw))
        except Refused as error:
            findings.extend(dataclasses.replace(finding, field=path) for finding in error.findings)
            return None
    if hint is str:
        text = str(raw).strip()
        if len(text) > MAX_TEXT:
            findings.error("FIL-E-006", path, f"{MAX_TEXT}文字を超えています。", "短くしてください。")
            return None
        if holds_individual_number(text):
            findings.error(
                "FIL-E-008",
                path,
                "この項目に個人番号は書けません。",
                "個人番号は「個人番号」の項目だけに入力してください。",
                article="行政手続における特定の個人を識別するための番号の利用等に関する法律 第12条",
            )
            return None
        return normalize(text)
    try:
        if hint is bool:
            if raw in (True, "1", "true", "on", 1):
                return True
            if raw in (False, "0", "false", 0):
                return False
            raise ValueError
        if hint is int:
            return int(raw)
        if hint is date:
            return raw if isinstance(raw, date) else UncertainDate.parse(str(raw)).date
        if hint is uuid.UUID:
            return raw if isinstance(raw, uuid.UUID) else uuid.UUID(str(raw))
    except (ValueError, TypeError, OverflowError):
        pass
    expected = {bool: "はい／いいえ", int: "番号", date: "暦にある年月日", uuid.UUID: "届出の識別子"}[hint]
    findings.error("FIL-E-007", path, f"{expected}として読めません。", f"{expected}を入力してください。")
    return None
