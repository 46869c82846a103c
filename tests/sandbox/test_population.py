"""The synthetic town's people: the same for the same seed, valid in every number, and plausible as households."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.addresses import municipalities, towns
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire, normalize
from yakuba.core.codes import CodeList, check_relationship
from yakuba.core.findings import Refused
from yakuba.core.names import PersonName, check_furigana, check_japanese_name, check_romanized
from yakuba.core.numbers import IndividualNumber, ResidentCode
from yakuba.core.numbers_columns import check_addressee_number, check_individual_number, check_resident_code
from yakuba.platform.documents.coverage import house_coverage
from yakuba.sandbox.households import YEAR_DAYS, Relation, form
from yakuba.sandbox.population import COLUMNS, write_register
from yakuba.sandbox.synthetic_numbers import NumberSource, Use
from yakuba.systems.residents.items import ITEMS, Kind, Subject

TODAY = date(2026, 11, 20)
RESIDENTS = 2_000


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pl.DataFrame]:
    path = tmp_path_factory.mktemp("town") / "town.csv"
    write_register(path, "27223", RESIDENTS, 7, TODAY)
    return read(path)


@pytest.fixture(scope="module")
def residents(town: pl.DataFrame) -> pl.DataFrame:
    """Those who live there now, with their age in years."""
    born = pl.col("birth").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    age = (pl.lit(TODAY) - born).dt.total_days() / YEAR_DAYS
    return town.filter(pl.col("closing_reason").is_null()).with_columns(age=age)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    files = [tmp_path / name for name in ("first", "second", "third", "fourth")]
    for file, seed, day in zip(files, (1, 1, 2, 1), (TODAY, TODAY, TODAY, TODAY - timedelta(1)), strict=True):
        write_register(file, "272230", 300, seed, day)
    first, second, third, fourth = (file.read_bytes() for file in files)
    assert first == second
    assert len({first, third, fourth}) == 3


@given(count=st.integers(1, 400), seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_any_number_of_people_makes_whole_households(count, seed):
    people = form(np.random.default_rng(seed), count)
    assert len(people.age_days) == count
    assert sorted(set(people.household)) == list(range(people.households))
    heads = np.bincount(people.household[people.relation == Relation.HEAD], minlength=people.households)
    assert (heads == 1).all(), "every household has one householder"
    assert (people.age_days[people.relation == Relation.HEAD] >= 17.9 * YEAR_DAYS).all()
    assert (people.age_days >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 2_100])
def test_exactly_so_many_residents(tmp_path, count):
    seen = []
    written = write_register(
        tmp_path / "town.csv", "27223", count, 3, TODAY, lambda done, total: seen.append((done, total))
    )
    frame = read(tmp_path / "town.csv")
    assert frame.height == written.rows
    assert frame.filter(pl.col("status") == "1").height == written.residents == count
    assert seen[-1] == (count, count)


def test_columns_and_order(town):
    assert tuple(town.columns) == COLUMNS
    numbers = town["number"].cast(pl.Int64)
    assert numbers.is_sorted()
    assert numbers.n_unique() == town.height
    closed = town.filter(pl.col("closing_reason").is_not_null()).height
    assert 0.05 < closed / RESIDENTS < 0.1


def test_every_number_is_valid_and_nobodys_elses(town):
    for column, check in (
        ("number", check_addressee_number),
        ("household_number", check_addressee_number),
        ("resident_code", check_resident_code),
        ("individual_number", check_individual_number),
    ):
        stated = town.select(pl.col(column).drop_nulls())
        assert stated.select(check(pl.col(column)).all()).item(), column
        if column != "household_number":
            assert stated[column].n_unique() == stated.height, column
    cards = town["residence_card"].drop_nulls()
    assert cards.str.contains("^[A-Z]{2}[0-9]{8}[A-Z]{2}$").all()
    assert cards.n_unique() == len(cards) > 0


@given(index=st.integers(0, 10**5), other=st.integers(0, 10**5))
@settings(max_examples=30)
def test_uses_and_towns_never_share_a_number(index, other):
    first, second = NumberSource("272230"), NumberSource("131016")
    codes = {
        first.resident_code(index, Use.POPULATION), first.resident_code(other, Use.POOL),
        first.resident_code(other, Use.NEWCOMERS), second.resident_code(index, Use.POPULATION),
        second.resident_code(other, Use.NEWCOMERS),
    }  # fmt: skip
    assert len(codes) == 5
    assert isinstance(first.individual_number(index, Use.POPULATION), IndividualNumber)
    assert ResidentCode.check(first.resident_code(index, Use.POOL).reveal()) is None


def test_a_town_whose_numbers_are_used_up_refuses():
    with pytest.raises(Refused):
        NumberSource("272230").resident_code(Use.POOL.value[1], Use.POOL)


def test_names_are_of_the_register_and_can_be_drawn(town):
    japanese = town.filter(pl.col("resident_kind") == "1", pl.col("name").is_not_null())
    for name, kana in japanese.select("name", "name_kana").unique().iter_rows():
        assert check_japanese_name(PersonName(name)) == []
        assert check_furigana(PersonName(kana), name=PersonName(name)) == []
    for latin in town["name_latin"].drop_nulls().unique():
        assert check_romanized(latin) == []
    draws = house_coverage().missing
    texts = {"name", "former_surname", "alias", "register_head", "address_banchi", "address_katagaki", "previous_town"}
    for column in texts:
        for text in town[column].drop_nulls().unique():
            assert check_repertoire(text, column) == []
            assert normalize(text) == text
            assert draws(text) == [], "the house's font draws it"
    selectors = town["name"].drop_nulls().str.contains("[\U000e0100-\U000e01ef]|[邊邉髙﨑齋齊𠮷]").sum()
    assert selectors > 0, "some families keep a variant form"


def test_codes_are_on_their_lists_and_words_are_valid(town):
    for item in ITEMS:
        stated = town[item.name].drop_nulls().unique()
        if item.kind is Kind.CODE:
            codes = {entry.code for entry in CodeList.load(item.codes).entries}
            assert set(stated) <= codes, item.name
        if item.kind is Kind.FLAG:
            assert set(stated) <= {"0", "1"}, item.name
        if item.kind is Kind.UNCERTAIN:
            assert all(UncertainDate.from_stored(text).stored == text for text in stated), item.name
        if item.required:
            assert town[item.name].null_count() == 0, item.name
        if item.subject is not Subject.BOTH:
            other = "2" if item.subject is Subject.JAPANESE else "1"
            assert (
                town.filter(pl.col("resident_kind") == other)[item.name].null_count()
                == (town["resident_kind"] == other).sum()
            ), item.name
    assert all(check_relationship(text) is None for text in town["relationship"].unique())


def test_addresses_are_real_towns(town):
    known = {item.town_code: item for item in towns("272230")}
    for code, name, postal in town.select("address_code", "address_town", "address_postal").unique().iter_rows():
        assert known[code].name == name
        assert postal in known[code].postal_codes
    elsewhere = town.filter(pl.col("previous_code").is_not_null())
    assert (elsewhere["previous_code"].str.slice(0, 5) != "27223").all()
    assert elsewhere.height > RESIDENTS * 0.3


def test_ages_and_sexes_are_the_nations(residents):
    ages = residents["age"].drop_nulls()
    assert 45.5 < ages.mean() < 49.5  # 47.7 in 2020
    assert 0.26 < (ages >= 65).mean() < 0.31  # 28.6 %
    assert 0.10 < (ages < 15).mean() < 0.135  # 11.9 %
    women = (residents["sex"] == "2").mean()
    assert 0.505 < women < 0.525
    assert 0.012 < (residents["resident_kind"] == "2").mean() < 0.05
    assert 0.008 < residents["former_surname"].drop_nulls().len() / RESIDENTS < 0.04


def test_households_are_families(residents):
    heads = 0
    for (_,), members in residents.group_by("household_number"):
        relations = members["relationship"].to_list()
        assert relations.count("世帯主") == 1
        assert sum(relations.count(word) for word in ("妻", "夫", "妻（未届）")) <= 1
        head = members.filter(pl.col("relationship") == "世帯主").row(0, named=True)
        assert set(members["householder_name"]) == {
            head["alias"] if head["name_priority"] == "alias" else head["name"] or head["name_latin"]
        }
        for column in ("address_code", "address_banchi", "address_katagaki"):
            assert members[column].n_unique() == 1
        if head["age"] is None:
            continue
        assert head["age"] >= 17.9
        for member in members.iter_rows(named=True):
            if member["age"] is None:
                continue
            gap = head["age"] - member["age"]
            if member["relationship"] == "子":
                assert gap > 15, "a parent was grown up"
            if member["relationship"] == "子の子":
                assert gap > 33
            if member["relationship"] in ("父", "母"):
                assert gap < -15
            if member["relationship"] in ("妻", "夫"):
                assert member["age"] >= 18
                assert member["sex"] != head["sex"]
            if member["relationship"] == "妻" and member["resident_kind"] == head["resident_kind"] == "1":
                assert member["name"].split("　")[0] == head["name"].split("　")[0]
        heads += 1
    sizes = residents.group_by("household_number").len()["len"]
    assert heads > RESIDENTS * 0.4
    assert 1.8 < sizes.mean() < 2.4
    assert (sizes == 1).mean() < 0.6
    assert sizes.max() >= 5


def test_siblings_are_twins_or_apart(residents):
    children = residents.filter(pl.col("relationship") == "子").with_columns(pl.col("birth").str.to_date())
    for _, siblings in children.group_by("household_number"):
        apart = siblings["birth"].sort().diff().drop_nulls().dt.total_days()
        assert ((apart == 0) | (apart >= 270)).all()


def test_dates_are_in_order(town):
    dated = town.with_columns(
        birth_day=pl.col("birth").str.to_date(strict=False),
        since=pl.col("resident_since").str.to_date(),
        address=pl.col("address_since").str.to_date(),
        closed=pl.col("closed_on").str.to_date(strict=False),
        planned=pl.col("move_out_planned_on").str.to_date(),
    )
    assert dated.filter(pl.col("since") < pl.col("birth_day")).is_empty()
    assert dated.filter(pl.col("address") < pl.col("since")).is_empty()
    assert dated.filter(pl.col("closed") < pl.col("address")).is_empty()
    assert dated.filter(pl.col("valid_from").str.to_date() > TODAY).is_empty()
    future = dated.filter(pl.col("planned") > TODAY)
    assert future["closing_reason"].null_count() == future.height, "who leaves later is still here"
    for column in ("since", "address", "birth_day", "closed"):
        assert (dated[column].drop_nulls() <= TODAY).all(), column


def test_insurance_and_the_roll_fit_the_age(residents):
    known = residents.filter(pl.col("age").is_not_null())
    assert known.filter((pl.col("age") >= 75.1) & pl.col("late_elderly_qualified").is_null()).is_empty()
    assert known.filter((pl.col("age") < 75) & pl.col("late_elderly_qualified").is_not_null()).is_empty()
    assert known.filter((pl.col("age") >= 65.1) & pl.col("care_qualified").is_null()).is_empty()
    assert known.filter((pl.col("age") >= 75.1) & pl.col("nhi_qualified").is_not_null()).is_empty()
    voters = known.filter(pl.col("on_electoral_roll") == "1")
    assert voters["age"].min() >= 18
    assert set(voters["resident_kind"]) == {"1"}
    keepers = known.filter(pl.col("child_allowance_from").is_not_null())["household_number"]
    minors = known.filter(pl.col("age") < 18)["household_number"]
    assert set(minors) == set(keepers)


def test_the_rare_is_there_in_a_larger_town(tmp_path):
    write_register(tmp_path / "town.csv", "27223", 20_000, 1, TODAY)
    frame = read(tmp_path / "town.csv")
    here = frame.filter(pl.col("closing_reason").is_null())
    assert here["issue_prohibited"].drop_nulls().len() > 0
    assert here["processing_stopped_on"].drop_nulls().len() > 0
    assert here["move_out_planned_on"].drop_nulls().len() > 0
    assert here["remark"].drop_nulls().len() > 0
    assert here["alias"].drop_nulls().len() > 0
    assert (frame["birth"].str.len_chars() != 10).any() | frame["birth"].str.contains("X").any()
    newborn = here.filter(pl.col("individual_number").is_null())
    assert newborn.height > 0
    assert (newborn["birth"].str.to_date() > TODAY - timedelta(days=22)).all()
    assert set(frame["status"]) == {"1", "2", "3", "4"}


@pytest.mark.parametrize("code", ["131041", "014231", "473502", "261009", "27128"])
def test_any_municipality_or_a_refusal(tmp_path, code):
    """A ward of Tokyo, a town, an island, and 政令指定都市: of the last only the wards have residents."""
    designated = {item.code for item in municipalities() if not item.has_residents}
    if code in designated:
        with pytest.raises(Refused) as refusal:
            write_register(tmp_path / "town.csv", code, 50, 1, TODAY)
        assert {finding.code for finding in refusal.value.findings} == {"SBX-E-001"}
        return
    write_register(tmp_path / "town.csv", code, 50, 1, TODAY)
    assert set(read(tmp_path / "town.csv")["address_code"].str.slice(0, 5)) == {code[:5]}


@pytest.mark.parametrize(("code", "residents"), [("999999", 50), ("013000", 0), ("27223", 0)])
def test_unknown_places_and_empty_towns_are_refused(tmp_path, code, residents):
    with pytest.raises(Refused):
        write_register(tmp_path / "town.csv", code, residents, 1, TODAY)
    assert not (tmp_path / "town.csv").exists()
