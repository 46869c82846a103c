"""The kinds of filing that a day has only a few of: 職権, households, foreign residents, names, nationality, numbers.

Where one act needs another before it (a 旧氏 that is changed must have been entered), both happen on the day, one after the
other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from yakuba.platform.access import database_roles
from yakuba.platform.access.rights import Task
from yakuba.systems.residents.models import ResidentVersion
from yakuba.systems.residents.reasons import Sex
from yakuba.systems.residents.register import current_versions

from .forms import Form, Forms, label, seen, under_spouse
from .town_people import Home, TownPeople, age, is_japanese


class Now(Protocol):
    """File a right form and register it at once; what is last of a chain may be cancelled in the evening."""

    def __call__(
        self, kind: str, form: Form, *, entered: int = 0, left: int = 0, is_last: bool = True
    ) -> tuple[int, ...]: ...


def _version(person: int) -> ResidentVersion:
    """As the register has it now: the house's own look, like the one that drew the day's people."""
    with database_roles.task(Task.INSPECTION):
        return current_versions([person])[0]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Acts of the day. `expect` is for what must be refused with exactly these findings."""

    forms: Forms
    people: TownPeople
    now: Now
    expect: Callable[[str, set[str], str, Form], None]

    def acts(self) -> list[Callable[[], None]]:
        return [
            self.entry_ex_officio, self.closing_and_restoration, self.disappearance, self.corrections, self.ex_officio_change,
            self.numbers, self.codes, self.recreation, self.reproduction, self.households, self.relationship,
            self.foreigner_settles, self.foreigner_qualifies, self.residence, self.naturalization,
            self.nationality_acquisition, self.nationality_loss, self.nationality_lost_abroad, self.former_surname,
            self.alias, self.furigana, self.withdrawal, self.withdrawal_after_closing, self.notice,
        ]  # fmt: skip

    # -- parts --------------------------------------------------------------------------------------------------------

    def _office(self, ground: str, **more: Any) -> Form:
        return {"key": self.forms.key(), "ground": ground, "opened_on": self.forms.today.isoformat(), **more}

    def _notified(self, home: Home, **more: Any) -> Form:
        return self.forms.notification(label(home.head), seen=seen(home), **more)

    def _home(self, wanted: Callable[[Home], bool] = lambda _: True) -> Home | None:
        today = self.forms.today
        return self.people.take(lambda home: home.lived_here_days(today) > 90 and wanted(home))

    def _alone(self, *, japanese: bool = True) -> Home | None:
        today = self.forms.today

        def fits(home: Home) -> bool:
            head = home.head
            return (
                len(home.members) == 1
                and is_japanese(head) is japanese
                and age(head, today) > 20
                and bool(head.name if japanese else head.name_latin)
                and not head.former_surname
                and not head.alias
            )

        return self._home(fits)

    def _today(self) -> str:
        return self.forms.today.isoformat()

    # -- 職権・修正 ---------------------------------------------------------------------------------------------------

    def entry_ex_officio(self) -> None:
        (person,) = self.forms.newcomers.family(largest=1, registered=False)
        form = self._office(
            "無戸籍者に関する調査", entered_on=self.forms.day(-10, 0), address=self.forms.in_town(), persons=[person]
        )
        self.now("ex_officio_entry", form | {"confirmed": ["RES-W-060"]}, entered=1)

    def closing_and_restoration(self) -> None:
        home = self._alone()
        if not home:
            return
        form = self._office(
            "実態調査", closed_on=self.forms.day(-10, -1), persons=home.numbers, closing_ground="4", seen=seen(home)
        )
        self.now("ex_officio_closing", form, left=1, is_last=False)
        back = self._office("本人の申出と調査", person=home.head.person_id, restored_on=self._today())
        self.now("restoration", back, entered=1)

    def disappearance(self) -> None:
        home = self._home(lambda home: home.is_family)
        if home and home.spouse:
            form = self._notified(
                home, person=home.head.person_id, deemed_dead_on=self.forms.day(-20, -1),
                householder_after=home.spouse.person_id, relationships=under_spouse(home, without_head=True),
            )  # fmt: skip
            self.now("disappearance", form, left=1)

    def corrections(self) -> None:
        """A minor correction for a household, and an error in one of its records."""
        home = self._home(lambda home: len(home.members) > 1)
        if not home:
            return
        values = {"address_katagaki": "メゾン見本新館１０１号室"}
        form = self._office(
            "建物名称の変更", corrected_on=self._today(), persons=home.numbers, values=values, seen=seen(home)
        )
        self.now("minor_correction", form, is_last=False)
        version = _version(home.head.person_id)
        right = version.birth.earliest.replace(day=version.birth.earliest.day % 28 + 1)
        wrong = self._office(
            "戸籍との突合", person=version.person_id, corrected_on=self._today(), values={"birth": right.isoformat()},
            seen={str(version.person_id): version.version_no},
        )  # fmt: skip
        self.now("error_correction", wrong)

    def ex_officio_change(self) -> None:
        """A householder's name changes by a 戸籍 notice, and with it what stands in every member's record."""
        home = self._home(lambda home: len(home.members) > 1 and is_japanese(home.head) and bool(home.head.name_kana))
        if not home:
            return
        values = {"name": f"見本　{home.head.name.partition('　')[2] or '太郎'}", "register_head": home.head.name}
        values["name_kana"] = f"ミホン　{home.head.name_kana.partition('　')[2] or 'タロウ'}"
        form = self._office(
            "戸籍法の届出", person=home.head.person_id, changed_on=self.forms.day(-5, 0), values=values, seen=seen(home)
        )
        self.now("ex_officio_change", form)

    def recreation(self) -> None:
        home = self._alone()
        if home:
            form = self._office(
                "異動の記載が多いため", person=home.head.person_id, recreated_on=self._today(), seen=seen(home)
            )
            self.now("recreation", form)

    def reproduction(self) -> None:
        home = self._alone()
        if home:
            form = self._office("毀損のため", person=home.head.person_id, reproduced_on=self._today(), seen=seen(home))
            self.now("reproduction", form)

    # -- 番号 ---------------------------------------------------------------------------------------------------------

    def numbers(self) -> None:
        """A newcomer from abroad gets the number that the centre designated, asks for another, and a third follows misuse."""
        (person,) = self.forms.newcomers.family(largest=1, registered=False)
        form = self.forms.move_in(persons=[person], previous=self.forms.newcomers.country(), from_abroad=True,
                                  notifier_name=person["name"], confirmed=["RES-W-060"])  # fmt: skip
        entered = self.now("move_in", form, entered=1, is_last=False)
        if not entered:
            return
        about = {"person": entered[0]}
        first, second, third = (self.forms.newcomers.numbers()["individual_number"] for _ in range(3))
        self.now(
            "number_entry",
            self._office("機構の通知", entered_on=self._today(), individual_number=first, **about),
            is_last=False,
        )
        asked = self.forms.notification(person["name"], changed_on=self._today(), individual_number=second, **about)
        self.now("number_request", asked, is_last=False)
        self.now(
            "number_correction", self._office("不正な利用", changed_on=self._today(), individual_number=third, **about)
        )

    def codes(self) -> None:
        home = self._alone()
        if not home:
            return
        about = {"person": home.head.person_id}
        # Everybody in this town has a code: the entry of one is refused, and right for a loaded register only.
        entry = self._office("調査", entered_on=self._today(), **about)
        self.expect("コードのある方へのコードの職権記載", {"RES-E-186"}, "code_entry", entry)
        self.now("code_request", self._notified(home, requested_on=self._today(), **about))

    # -- 世帯 ---------------------------------------------------------------------------------------------------------

    def households(self) -> None:
        """A child leaves the parents' household, a brother or sister follows, and in the end they are one again."""
        home = self._home(lambda home: home.is_family and len(home.children) > 1)
        if not home:
            return
        first, second = home.children[:2]
        split = self._notified(home, changed_on=self.forms.day(-9, -6), persons=[first.person_id])
        if not self.now("household_split", split, is_last=False):
            return
        apart = _version(first.person_id)

        def filed(kind: str, persons: list[int], target: int, relationship: str, day: str, *, is_last: bool) -> None:
            relationships = {f"{number:015d}": relationship for number in persons}
            form = self.forms.notification(
                label(home.head), changed_on=day, persons=persons, household_number=target, relationships=relationships
            )
            self.now(kind, form, is_last=is_last)

        sibling = "弟" if second.sex == Sex.MALE else "妹"
        filed(
            "household_transfer",
            [second.person_id],
            apart.household_number,
            sibling,
            self.forms.day(-5, -4),
            is_last=False,
        )
        together = [first.person_id, second.person_id]
        filed("household_merge", together, home.number, "子", self.forms.day(-3, 0), is_last=True)

    def relationship(self) -> None:
        home = self._home(
            lambda home: len(home.members) > 1 and not any(is_japanese(member) for member in home.members)
        )
        if home:
            form = self._notified(
                home, person=home.others[-1].person_id, changed_on=self.forms.day(-5, 0), relationship="縁故者"
            )
            if home.others[-1].relationship == "縁故者":
                form["relationship"] = "同居人"
            self.now("relationship_change", form)

    # -- 外国人住民・国籍 ---------------------------------------------------------------------------------------------

    def _newcomers(self, kind: str, day: str, **more: Any) -> None:
        persons = self.forms.newcomers.family(foreign=True, registered=False)
        name = persons[0].get("name") or persons[0]["name_latin"]
        form = self.forms.notification(
            name, address=self.forms.in_town(), persons=persons, **{day: self.forms.day(-10, 0)}, **more
        )
        self.now(kind, form | {"confirmed": ["RES-W-060"]}, entered=len(persons))

    def foreigner_settles(self) -> None:
        self._newcomers("foreigner_settles", "settled_on")

    def foreigner_qualifies(self) -> None:
        self._newcomers("foreigner_qualifies", "qualified_on", living_since=self.forms.day(-60, -20))

    def residence(self) -> None:
        home = self._alone(japanese=False)
        if home:
            until = self.forms.today.replace(year=self.forms.today.year + 3, day=1).isoformat()
            form = {
                "key": self.forms.key(), "person": home.head.person_id, "effective_on": self.forms.day(-5, 0),
                "residence_until": until, "residence_period": "３年", "seen": seen(home),
            }  # fmt: skip
            self.now("residence_update", form)

    def _foreigner(self) -> tuple[int, str] | None:
        """宛名番号 and name of a foreign resident who has just come, alone: few towns have enough of them for every act."""
        (person,) = self.forms.newcomers.family(foreign=True, largest=1)
        name = str(person.get("name") or person["name_latin"])
        form = self.forms.move_in(
            persons=[person], previous_householder=name, notifier_name=name, confirmed=["RES-W-060"]
        )
        entered = self.now("move_in", form, entered=1, is_last=False)
        return (entered[0], name) if entered else None

    def _becomes_japanese(self, kind: str) -> None:
        found = self._foreigner()
        if found:
            number, name = found
            person = self.forms.newcomers.family(largest=1)[0]
            form = self.forms.notification(name, person=number, acquired_on=self._today())
            form |= {key: person[key] for key in ("name", "name_kana", "domicile")} | {"register_head": person["name"]}
            self.now(kind, form)

    def naturalization(self) -> None:
        self._becomes_japanese("naturalization")

    def nationality_acquisition(self) -> None:
        self._becomes_japanese("nationality_acquisition")

    def nationality_loss(self) -> None:
        home = self._alone()
        if home:
            form = self._notified(
                home,
                person=home.head.person_id,
                lost_on=self.forms.day(-30, 0),
                name_latin="MIHON TARO",
                nationality="USA",
            )
            self.now("nationality_loss", form)

    def nationality_lost_abroad(self) -> None:
        home = self._alone()
        if home:
            form = self._notified(home, person=home.head.person_id, lost_on=self.forms.day(-30, 0), stays=False)
            self.now("nationality_loss", form, left=1)

    # -- 氏名 ---------------------------------------------------------------------------------------------------------

    def former_surname(self) -> None:
        home = self._alone()
        if not home:
            return

        def asked(**more: Any) -> Form:
            return self.forms.notification(
                label(home.head), person=home.head.person_id, requested_on=self._today(), **more
            )

        proved = {"inquired_on": self.forms.day(-3, 0)}
        entry = asked(former_surname="手本", former_surname_kana="テホン", **proved)
        self.now("former_surname_entry", entry, is_last=False)
        self.now(
            "former_surname_change",
            asked(former_surname="雛形", former_surname_kana="ヒナガタ", **proved),
            is_last=False,
        )
        self.now("former_surname_removal", asked())

    def alias(self) -> None:
        found = self._foreigner()
        if not found:
            return
        number, name = found
        form = self.forms.notification(
            name,
            person=number,
            entered_on=self._today(),
            alias="見本　譲二",
            alias_kana="ミホン　ジョウジ",
            proof_shown=True,
        )
        self.now("alias_entry", form, is_last=False)
        self.now("alias_removal", self.forms.notification(name, person=number, removed_on=self._today()))

    def furigana(self) -> None:
        home = self._home(lambda home: all(is_japanese(m) and m.name_kana and m.name for m in home.members))
        if home:
            head: ResidentVersion = home.head
            form = self._office(
                "戸籍の振り仮名の通知", person=head.person_id, recorded_on=self._today(), name_kana=head.name_kana,
                is_confirmed=not head.name_kana_confirmed, seen=seen(home),
            )  # fmt: skip
            self.now("furigana_entry", form)

    # -- 転出関係 -----------------------------------------------------------------------------------------------------

    def _leave(self, home: Home, first: int, last: int, *, left: int) -> bool:
        form = self.forms.move_out(home, home.numbers, self.forms.day(first, last), special=self.forms.chance(0.5))
        return bool(self.now("move_out", form, left=left, is_last=False))

    def withdrawal(self) -> None:
        home = self._home()
        if home and self._leave(home, 2, 12, left=0):
            form = self.forms.notification(label(home.head), withdrawn_on=self._today(), persons=home.numbers)
            self.now("move_out_withdrawal", form)

    def withdrawal_after_closing(self) -> None:
        home = self._home()
        if home and self._leave(home, -5, -1, left=len(home.members)):
            form = self.forms.notification(label(home.head), withdrawn_on=self._today(), persons=home.numbers)
            self.now("move_out_withdrawal", form, entered=len(home.members))

    def notice(self) -> None:
        """Some have left as they said; others moved in elsewhere before the day that they had named."""
        for first, last, early in ((-8, -5, False), (3, 9, True)):
            home = self._home()
            if not home or not self._leave(home, first, last, left=0 if early else len(home.members)):
                continue
            form = {
                "key": self.forms.key(), "persons": home.numbers, "moved_in_on": self.forms.day(-2, 0),
                "notice_on": self._today(), "accepted_on": self._today(), "destination": self.forms.newcomers.place(),
            }  # fmt: skip
            self.now("move_in_notice", form, left=len(home.members) if early else 0)
