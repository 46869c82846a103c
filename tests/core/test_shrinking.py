"""縮退 by MJ縮退マップ."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.characters import CharacterSet, Ground, normalize, shrink
from yakuba.core.characters import _tables as compiled
from yakuba.core.data_build.characters import SHRINK_TABLES

UNITS = st.lists(st.sampled_from(sorted(compiled.names().numbers)), max_size=6).map("".join)


@given(UNITS, st.sampled_from(CharacterSet))
@settings(max_examples=200)
def test_the_receiver_can_hold_the_result(text: str, to: CharacterSet) -> None:
    shrunk = shrink(text, to)
    assert to.holds(shrunk.text)
    again = shrink(shrunk.text, to)
    assert (again.text, again.replaced) == (shrunk.text, ())
    for item in shrunk.replaced:
        assert not to.holds(item.original)
        assert to.holds(item.replacement)
        assert item.replacement not in item.alternatives
        assert (item.ground is Ground.NONE) == (item.replacement == "〓")


def test_first_the_identity_of_the_character() -> None:
    shrunk = shrink("𠮷野髙島屋邉\U000e0119")
    assert shrunk.text == "吉野高島屋邉"
    assert [(item.place, item.original, item.ground) for item in shrunk.replaced] == [
        (0, "𠮷", Ground.UNIFICATION),
        (2, "髙", Ground.UNIFICATION),
        (5, "邉\U000e0119", Ground.UNIFICATION),
    ]


def test_a_smaller_set() -> None:
    assert shrink("鷗俱濵﨑", CharacterSet.JIS_X_0213).replaced == ()
    shrunk = shrink("鷗俱濵﨑", CharacterSet.JIS_X_0208)
    assert shrunk.text == "鴎倶浜崎"
    assert {item.ground for item in shrunk.replaced} == {Ground.SAME_CLASS, Ground.REGISTER_PARENT}


def test_no_candidate_is_said_not_hidden() -> None:
    shrunk = shrink("山\ue000\u0e01田")
    assert shrunk.text == "山〓〓田"
    assert [item.original for item in shrunk.unmapped] == ["\ue000", "\u0e01"]


def test_equal_candidates_are_shown_to_a_person() -> None:
    shrunk = shrink("囪")
    (item,) = shrunk.ambiguous
    assert {item.replacement, *item.alternatives} == {"匆", "窓"}


def test_the_whole_map_is_used() -> None:
    """Every MJ character with a candidate in the map shrinks to one of its candidates."""
    for unit, entries in compiled.shrink_candidates().items():
        shrunk = shrink(unit)
        assert normalize(unit) == unit
        assert shrunk.text in {unit, *(entry[3:] for entry in entries)}
        assert not shrunk.unmapped


def test_grounds_are_the_ranks_of_the_compiled_map() -> None:
    def bare(name: str) -> str:
        return name.translate(dict.fromkeys(map(ord, "・_ （）"))).replace("別表", "").removesuffix("無印")

    grounds = [ground.value for ground in Ground if ground not in (Ground.SAME_CLASS, Ground.NONE)]
    assert list(map(bare, grounds)) == list(map(bare, SHRINK_TABLES))
