"""From people to the rules' inputs: ages on the law's days, relatives as counts, claims that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from yakuba.core.calendar.ages import has_attained
from yakuba.core.findings import Finding, Findings
from yakuba.core.rules import Completeness, Given, Missing, Year

from . import relative


def age_for(year: int, birth: date) -> int:
    """Age for deductions of `year` (年度): on 31 December before, reached at the eve of the birthday.

    地方税法 第314条の2第6項; 年齢計算ニ関スル法律: born on 1 January counts a year older.
    """
    day = date(year - 1, 12, 31)
    age = day.year - birth.year
    return age + 1 if has_attained(birth, age + 1, day) else age


def is_minor(year: int, birth: date) -> bool:
    """未成年者 on 1 January of `year` (地方税法 第295条第1項第2号): under 20 until 令和4年度, under 18 since."""
    return not has_attained(birth, 20 if year <= 2022 else 18, date(year, 1, 1))


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative whom a taxpayer claims; `disability` 0 none, 1 ordinary, 2 special."""

    age: int
    total_income_yen: int
    ascendant: bool = False
    cohabiting: bool = False
    disability: int = 0
    abroad: bool = False
    abroad_qualifies: bool = False

    def inputs(self) -> dict[str, Given]:
        """What the relatives' rules need."""
        return {
            "relative_age": self.age,
            "relative_total_income_yen": self.total_income_yen,
            "relative_ascendant": self.ascendant,
            "relative_cohabiting": self.cohabiting,
            "relative_disability": self.disability,
            "relative_abroad": self.abroad,
            "relative_abroad_qualifies": self.abroad_qualifies,
        }


_COUNTED = {
    "is_dependant": "dependants_count",
    "is_general": "dependants_general_count",
    "is_specific": "dependants_specific_count",
    "is_elderly": "dependants_elderly_count",
    "is_elderly_cohabiting": "dependants_elderly_cohabiting_count",
    "is_under_23": "dependants_under_23_count",
    "ordinarily_disabled": "dependants_disability_ordinary_count",
    "specially_disabled": "dependants_disability_special_count",
    "specially_disabled_cohabiting": "dependants_disability_special_cohabiting_count",
}


def of_relative(year: int, one: Relative) -> dict[str, int]:
    """What the law of `year` says of a relative. Raises NoRules, WrongInput."""
    rules = relative().at(year)
    values = rules.run({name: value for name, value in one.inputs().items() if name in rules.inputs})
    return {name: value for name, value in values.items() if not isinstance(value, Missing)}


def of_relatives(year: int, relatives: Iterable[Relative]) -> dict[str, Given]:
    """The taxpayer's inputs that relatives give. Raises NoRules, WrongInput."""
    counts: Counter[str] = Counter(dict.fromkeys(_COUNTED.values(), 0))
    special_yen = 0
    abroad = 0
    for one in relatives:
        values = of_relative(year, one)
        counts.update({given: values[name] for name, given in _COUNTED.items()})
        abroad += values["is_dependant"] * one.abroad
        special_yen += values.get("specific_relative_deduction_yen", 0)
    given: dict[str, Given] = {**counts, "dependants_abroad_count": abroad, "specific_relatives_yen": special_yen}
    return given


def complete(year: Year, given: Mapping[str, Given]) -> dict[str, Given]:
    """`given` as a whole statement: what isn't named doesn't apply, but facts that always apply stay unknown.

    A name that the year's rules don't use is left out where it says "nothing" (0); any other stays, to be refused.
    """
    whole: dict[str, Given] = {
        name: Completeness.UNKNOWN if wanted.absent is None else Completeness.NOT_APPLICABLE
        for name, wanted in year.inputs.items()
    }
    return whole | {name: value for name, value in given.items() if name in year.inputs or value}


@dataclass(frozen=True, slots=True)
class Claim:
    """That `taxpayer` claims `claimed` as spouse or as dependant; `income_yen` is the claimed one's own 合計所得金額."""

    taxpayer: str
    claimed: str
    as_spouse: bool
    income_yen: int | None


def check_claims(year: int, claims: Iterable[Claim]) -> tuple[Finding, ...]:
    """Claims that can't all be true, each as a finding. Raises NoRules.

    A person claimed by two taxpayers, or as spouse and as dependant (地方税法 第314条の2第5項, 同法施行令); spouses who
    claim each other (所得税法 第83条の2第2項); a claimed person's own income above the limit, or not known.
    """
    limit = relative().at(year).parameters["relative_income"].fields["limit_yen"]
    assert isinstance(limit, int)
    findings = Findings()
    known = list(claims)
    claimants: dict[str, list[Claim]] = {}
    for claim in known:
        claimants.setdefault(claim.claimed, []).append(claim)
    for claimed, found in claimants.items():
        if len({claim.taxpayer for claim in found}) > 1:
            people = "、".join(sorted({claim.taxpayer for claim in found}))
            findings.error(
                "claimed-twice",
                claimed,
                f"{claimed}が{people}の双方から申告されています。",
                "どちらの控除とするかを申告書で確かめ、他方の控除を外してください。",
                article="地方税法 第314条の2第5項",
            )
        elif len(found) > 1:
            findings.error(
                "claimed-as-spouse-and-dependant",
                claimed,
                f"{claimed}が配偶者と扶養親族の両方として申告されています。",
                "続柄を確かめ、一方を外してください。",
                article="地方税法 第292条第1項第9号",
            )
    spouses = {(claim.taxpayer, claim.claimed) for claim in known if claim.as_spouse}
    for one, other in sorted(spouses):
        if one < other and (other, one) in spouses:
            findings.error(
                "spouses-claim-each-other",
                one,
                f"{one}と{other}が互いを配偶者として申告しています。",
                "配偶者控除・配偶者特別控除は一方だけです。申告書で確かめてください。",
                article="地方税法 第314条の2第1項第10号の2",
            )
    for claim in known:
        if claim.income_yen is None:
            findings.error(
                "claimed-income-unknown",
                claim.claimed,
                f"{claim.claimed}の合計所得金額が分かりません。",
                "所得の資料か申告を求めてください。分かるまで控除を決められません。",
            )
        elif not claim.as_spouse and claim.income_yen > limit:
            findings.error(
                "claimed-income-over-limit",
                claim.claimed,
                f"{claim.claimed}の合計所得金額{claim.income_yen:,}円は限度の{limit:,}円を超えています。",
                "扶養親族から外し、本人に通知してください。",
                article="地方税法 第292条第1項第9号",
            )
    return tuple(findings.items)


def check_declared(year: Year, given: Mapping[str, Given], declared: Mapping[str, int]) -> tuple[Finding, ...]:
    """Amounts of a return that our rules reckon otherwise (控除等の計算間違い), each as a finding with both amounts.

    `declared`: concept -> yen on the return. What can't be reckoned because a fact is unknown is a finding too. Raises
    KeyError for a name that is no concept of the year, WrongInput.
    """
    values = year.run(complete(year, given))
    findings = Findings()
    for name, amount in declared.items():
        rule = year.rule(name)
        ours = values[name]
        if isinstance(ours, Missing):
            unknown = "、".join(year.inputs[one].label for one in sorted(ours.inputs))
            findings.error(
                "declared-not-computable",
                name,
                f"{rule.label}の申告額{amount:,}円は、{unknown}が不明なため確かめられません。",
                "資料を求めてください。",
                article=rule.article,
            )
        elif ours != amount:
            findings.error(
                "declared-differs",
                name,
                f"{rule.label}の申告額は{amount:,}円ですが、計算では{ours:,}円です。",
                "申告書の計算か入力を確かめてください。",
                article=rule.article,
            )
    return tuple(findings.items)
