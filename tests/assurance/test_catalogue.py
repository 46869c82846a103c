"""The requirements catalogue: complete, unambiguous, and cited only by ids that exist."""

from __future__ import annotations

from yakuba.assurance import catalogue


def test_every_entry_has_an_id_of_its_own_and_everything_that_it_needs():
    entries = catalogue.requirements()
    assert len(entries) == 979
    for entry in entries:
        assert entry.system, entry.id
        assert entry.requirement, entry.id
        assert entry.check, entry.id
        assert entry.sources, entry.id


def test_ids_are_found_without_parsing_the_rest():
    assert catalogue.ids() == {entry.id for entry in catalogue.requirements()}


def test_every_source_is_a_known_document():
    cited = {source.partition(":")[0] for entry in catalogue.requirements() for source in entry.sources}
    assert cited == set(catalogue.documents())


def test_what_lies_beyond_software_is_in_the_catalogue():
    reasons = catalogue._load(catalogue._text("beyond_software"))
    assert set(reasons) <= catalogue.ids()
    assert {entry.id for entry in catalogue.requirements() if entry.beyond_software} == set(reasons)
