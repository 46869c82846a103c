"""縮退: replacing characters that a receiver can't hold by ones that it can, with a record of what was replaced.

By MJ縮退マップ 1.2.0. The map gives grounds and leaves the choice to its user; the order in which the grounds are tried
is ours (`Ground`): identity of the character, family-register law, residence-card law, scholarship.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from yakuba.core.characters._tables import shrink_candidates
from yakuba.core.characters.repertoire import normalize, split_characters, variant_class, variants

GETA: Final = "〓"


class CharacterSet(StrEnum):
    """What a receiver can hold; the value is the codec that decides it."""

    JIS_X_0213 = "euc_jis_2004"
    JIS_X_0208 = "shift_jis"

    def holds(self, text: str) -> bool:
        """Whether every character of a text is in the set."""
        try:
            text.encode(self.value)
        except UnicodeEncodeError:
            return False
        return True


class Ground(Enum):
    """Why one character may stand for another, in the order in which they are tried; the value is a name to show."""

    UNIFICATION = "JIS包摂規準・UCS統合規則"
    CIRCULAR_5202 = "民二5202号通知 正字・俗字等対照表"
    CIRCULAR_2842_ERROR = "民一2842号通達 誤字俗字・正字一覧表"
    CIRCULAR_2842_POPULAR = "民一2842号通達 誤字俗字・正字一覧表（俗字）"
    REGISTER_PARENT = "戸籍統一文字情報 親字・正字"
    SAME_CLASS = "同じ正字をもつ異体字"
    NOTICE_582_VARIANT = "法務省告示582号別表第四 一"
    NOTICE_582_SIMILAR = "法務省告示582号別表第四 二"
    DICTIONARY = "辞書類等による関連字"
    ANALOGY = "読み・字形による類推"
    CIRCULAR_2842_OTHER = "民一2842号通達 誤字俗字・正字一覧表（別字）"
    NONE = "縮退候補なし"


# In the order of the ranks in the compiled map.
_GROUNDS: Final = tuple(ground for ground in Ground if ground not in (Ground.SAME_CLASS, Ground.NONE))


@dataclass(frozen=True, slots=True)
class Replacement:
    """One unit that was replaced. `place`: 0-based unit of the normalized text."""

    place: int
    original: str
    replacement: str
    ground: Ground
    alternatives: tuple[str, ...] = ()
    """Other candidates of equal rank: the choice is a person's (縮退マップ 活用上の留意点)."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A text within a character set, and what it cost."""

    text: str
    replaced: tuple[Replacement, ...]

    @property
    def unmapped(self) -> tuple[Replacement, ...]:
        """Units for which the map has no candidate: 〓 stands in their place."""
        return tuple(item for item in self.replaced if item.ground is Ground.NONE)

    @property
    def ambiguous(self) -> tuple[Replacement, ...]:
        """Replacements which a person should look at."""
        return tuple(item for item in self.replaced if item.alternatives)


def shrink(text: str, to: CharacterSet = CharacterSet.JIS_X_0213) -> Shrunk:
    """縮退 of a text. Units within the set stay; a unit without a candidate becomes 〓. Never raises."""
    text = normalize(text)
    if to.holds(text):
        return Shrunk(text, ())
    kept: list[str] = []
    replaced: list[Replacement] = []
    for place, unit in enumerate(split_characters(text)):
        if to.holds(unit):
            kept.append(unit)
            continue
        ground, choices = _choices(unit, to)
        kept.append(choices[0])
        replaced.append(Replacement(place, unit, choices[0], ground, choices[1:]))
    return Shrunk("".join(kept), tuple(replaced))


def _choices(unit: str, to: CharacterSet) -> tuple[Ground, tuple[str, ...]]:
    """The best ground and its candidates within the set.

    The map aims at JIS X 0213. For a smaller set the other variants of the class count next (鷗 -> 鴎), with the
    representative first, and then candidates of candidates.
    """
    candidates = shrink_candidates()
    entries = list(candidates.get(unit, ()))
    fitting = [entry for entry in entries if to.holds(entry[3:])]
    if fitting:
        return _best(fitting)
    representative = variant_class(unit)
    if to.holds(representative):
        return Ground.SAME_CLASS, (representative,)
    same = tuple(other for other in variants(unit) if to.holds(other))
    if same:
        return Ground.SAME_CLASS, same
    seen = {unit}
    while entries:
        level = list(dict.fromkeys(entry[3:] for entry in entries if entry[3:] not in seen))
        seen.update(level)
        entries = sorted(entry for origin in level for entry in candidates.get(origin, ()))
        fitting = [entry for entry in entries if to.holds(entry[3:])]
        if fitting:
            return _best(fitting)
    return Ground.NONE, (GETA,)


def _best(fitting: list[str]) -> tuple[Ground, tuple[str, ...]]:
    best = fitting[0][:3]
    return _GROUNDS[int(best[0])], tuple(dict.fromkeys(entry[3:] for entry in fitting if entry[:3] == best))
