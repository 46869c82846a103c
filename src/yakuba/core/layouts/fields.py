"""The kinds of items (項目) that a layout is made of: text of a cell to a value and back, both exact.

Every kind accepts exactly the texts that it writes. Where a layout permits two forms of the same thing (an empty
amount as spaces or as zeros), they are two values (None and 0). So a file read and written again is the same file.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar


class CellFault(ValueError):
    """A text that the item does not allow; `at` is the index of the first wrong character."""

    def __init__(self, code: str, message: str, remedy: str = "", at: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.at = at


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day without its year (MMDD)."""

    month: int
    day: int

    def __post_init__(self) -> None:
        datetime.date(2000, self.month, self.day)


Value = str | int | datetime.date | MonthDay | None

ZENGIN_CHARACTERS = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ ¥｢｣()-/.,ｦ" + "".join(map(chr, range(0xFF71, 0xFFA0)))
)
CHARACTER_SET_NAMES = {
    "zengin": "全銀の半角文字",
    "digits": "数字",
    "halfwidth": "半角文字",
    "halfwidth_kana": "半角カナ",
}
CHARACTER_SETS: dict[str, frozenset[str]] = {
    "zengin": ZENGIN_CHARACTERS,
    "digits": frozenset("0123456789"),
    "halfwidth": frozenset(map(chr, range(0x20, 0x7F))) | frozenset(map(chr, range(0xFF61, 0xFFA0))),
    "halfwidth_kana": frozenset(map(chr, range(0xFF65, 0xFFA0))) | frozenset(" ()-.,/｢｣&"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One item of a record: `length` is bytes in a fixed-width layout, the most characters in a CSV layout.

    `is_fixed` says which. A cell of a fixed width is padded with spaces on the right; kinds that pad otherwise
    (numbers) do so themselves.
    """

    key: str
    title: str
    length: int
    is_fixed: bool
    is_optional: bool = False

    kind: ClassVar[str]

    def read(self, text: str) -> Value:
        """The value of a cell's text. Raises `CellFault`."""
        if self.is_blank(text):
            if not self.is_optional:
                raise CellFault("blank", "必須の項目が空です。", "値を入れてください。")
            return None
        return self.parse(text)

    def write(self, value: Value) -> str:
        """The cell's text of a value. Raises `CellFault`; what it returns, `read` gives back as the same value."""
        if value is None:
            if not self.is_optional:
                raise CellFault("blank", "必須の項目が空です。", "値を入れてください。")
            return ""
        text = self.format(value)
        if len(text) > self.length:
            raise CellFault("too-long", f"{self.length}文字に収まりません（{len(text)}文字）。", "短くしてください。")
        if self.is_blank(text) or self.parse(text) != value:
            raise CellFault("value", f"値{value!r}はこの項目に書けません。", "値を確認してください。")
        return text

    def is_blank(self, text: str) -> bool:
        return not text.strip(" ") if self.is_fixed else not text

    def parse(self, text: str) -> Value:
        """The value of a text that is not blank."""
        raise NotImplementedError

    def format(self, value: Value) -> str:
        """The text of a value that is not None."""
        raise NotImplementedError


def _require_characters(text: str, allowed: frozenset[str], name: str) -> None:
    if allowed.issuperset(text):
        return
    for at, character in enumerate(text):
        if character not in allowed:
            raise CellFault(
                "character", f"使えない文字「{character}」があります（{name}）。", "文字を直してください。", at
            )


def _require_digits(text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        _require_characters(text, CHARACTER_SETS["digits"], "数字だけ")


def _require_exact_length(text: str, length: int) -> None:
    if len(text) != length:
        raise CellFault("length", f"{length}桁ではありません（{len(text)}桁）。", "桁数を合わせてください。")


def _require_string(value: Value) -> str:
    if not isinstance(value, str):
        raise CellFault("value", f"文字列ではありません（{value!r}）。", "値を確認してください。")
    return value


def _is_fullwidth(character: str) -> bool:
    is_halfwidth = ord(character) < 0x80 or 0xFF61 <= ord(character) <= 0xFF9F
    return character == "\u3000" or (character.isprintable() and not is_halfwidth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What a trailer says about the records before it: their number, or the sum of an item, of those that match."""

    record: str
    item: str | None = None
    where_item: str | None = None
    where_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    """数字: an amount or a count, `int`. Fixed: right-justified with zeros. CSV: without leading zeros."""

    kind = "number"
    total: Total | None = None

    def parse(self, text: str) -> int:
        _require_digits(text)
        if self.is_fixed:
            _require_exact_length(text, self.length)
        elif len(text) > self.length:
            raise CellFault("too-long", f"{self.length}桁を超えています（{len(text)}桁）。", "金額を確認してください。")
        elif text[0] == "0" and text != "0":
            raise CellFault("leading-zero", "前に余分な0があります。", "前の0を取ってください。")
        return int(text)

    def format(self, value: Value) -> str:
        if not isinstance(value, int) or value < 0:
            raise CellFault("value", f"0以上の整数ではありません（{value!r}）。", "値を確認してください。")
        text = str(value)
        if len(text) > self.length:
            raise CellFault("too-long", f"{self.length}桁に収まりません（{len(text)}桁）。", "値を確認してください。")
        return text.zfill(self.length) if self.is_fixed else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(Field):
    """番号: digits that are no amount, `str` with its zeros. `least` and `most` bound it where the layout does."""

    kind = "digits"
    is_exact: bool = True
    least: int | None = None
    most: int | None = None

    def parse(self, text: str) -> str:
        _require_digits(text)
        if self.is_exact:
            _require_exact_length(text, self.length)
        elif len(text) > self.length:
            raise CellFault("too-long", f"{self.length}桁を超えています（{len(text)}桁）。", "桁数を合わせてください。")
        if (self.least is not None and int(text) < self.least) or (self.most is not None and int(text) > self.most):
            raise CellFault(
                "range", f"{self.least}から{self.most}までではありません（{text}）。", "値を直してください。"
            )
        return text

    def format(self, value: Value) -> str:
        return _require_string(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """文字: `characters` names the set that is allowed. Fixed: left-justified, the padding is no part of the value."""

    kind = "text"
    characters: str = "any"

    def parse(self, text: str) -> str:
        if self.is_fixed:
            text = text.rstrip(" ")
        elif len(text) > self.length:
            raise CellFault("too-long", f"{self.length}文字を超えています（{len(text)}文字）。", "短くしてください。")
        if self.characters == "fullwidth":
            for at, character in enumerate(text):
                if not _is_fullwidth(character):
                    raise CellFault(
                        "character", f"全角でない文字「{character}」があります。", "全角にしてください。", at
                    )
        elif self.characters != "any":
            _require_characters(text, CHARACTER_SETS[self.characters], CHARACTER_SET_NAMES[self.characters])
        return text

    def format(self, value: Value) -> str:
        return _require_string(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Field):
    """固定値."""

    kind = "constant"
    value: str

    def parse(self, text: str) -> str:
        if text != self.value:
            pairs = enumerate(zip(text, self.value, strict=False))
            at = next((at for at, (found, wanted) in pairs if found != wanted), min(len(text), len(self.value)))
            raise CellFault("constant", f"「{self.value}」のはずの項目が「{text}」です。", "値を直してください。", at)
        return text

    def format(self, value: Value) -> str:
        return _require_string(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Field):
    """コード: one of the codes that the layout lists, with their meanings."""

    kind = "code"
    codes: dict[str, str]

    def parse(self, text: str) -> str:
        if text not in self.codes:
            known = "、".join(f"{code} {name}".strip() for code, name in self.codes.items())
            raise CellFault("code", f"コード「{text}」はありません。", f"{known}のどれかにしてください。")
        return text

    def format(self, value: Value) -> str:
        return _require_string(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filler(Field):
    """ダミー・ブランク: always empty; it has no value."""

    kind = "filler"
    is_optional: bool = True

    def parse(self, text: str) -> Value:
        at = len(text) - len(text.lstrip(" ")) if self.is_fixed else 0
        raise CellFault("filler", f"空白のはずの項目に「{text.strip()}」があります。", "空白にしてください。", at)

    def format(self, value: Value) -> str:
        raise CellFault("filler", "空白の項目には値を書けません。", "値を除いてください。")


DATE_FORMATS = {"YYYYMMDD": 8, "YYMMDD": 6, "MMDD": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Date(Field):
    """日付: YYYYMMDD, YYMMDD (with its `century`), or MMDD (a `MonthDay`). `never` stands for no date (期限なし)."""

    kind = "date"
    form: str
    century: int | None = None
    never: str | None = None

    def read(self, text: str) -> Value:
        if self.never is not None and text == self.never:
            return None
        return super(Date, self).read(text)

    def write(self, value: Value) -> str:
        if value is None and self.never is not None:
            return self.never
        return super(Date, self).write(value)

    def parse(self, text: str) -> datetime.date | MonthDay:
        _require_digits(text)
        _require_exact_length(text, DATE_FORMATS[self.form])
        month, day = int(text[-4:-2]), int(text[-2:])
        try:
            if self.form == "MMDD":
                return MonthDay(month, day)
            return datetime.date((self.century or 0) + int(text[:-4]), month, day)
        except ValueError as error:
            raise CellFault("date", f"暦にない日付「{text}」です。", "日付を直してください。") from error

    def format(self, value: Value) -> str:
        if isinstance(value, MonthDay) and self.form == "MMDD":
            return f"{value.month:02}{value.day:02}"
        if isinstance(value, datetime.date) and self.form != "MMDD":
            return f"{value.year - (self.century or 0):0{DATE_FORMATS[self.form] - 4}}{value.month:02}{value.day:02}"
        raise CellFault("value", f"日付ではありません（{value!r}）。", "値を確認してください。")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDigit(Field):
    """検査数字: modulus 10 weight 3 over all digits of the record before it (GS1)."""

    kind = "check_digit"

    def parse(self, text: str) -> str:
        _require_digits(text)
        _require_exact_length(text, self.length)
        return text

    def format(self, value: Value) -> str:
        return _require_string(value)

    @staticmethod
    def of(digits: str) -> str:
        """The check digit of the digits before it. Raises `CellFault` if they are not digits."""
        _require_digits(digits)
        weighted = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
        return str(-weighted % 10)


FIELD_KINDS: dict[str, type[Field]] = {
    kind.kind: kind for kind in (Number, Digits, Text, Constant, Code, Filler, Date, CheckDigit)
}
