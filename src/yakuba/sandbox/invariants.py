"""What must hold of a register at any moment, asked of the whole of it in SQL; answers are what breaks it.

Each rule is one statement that selects offenders: (what, detail). An empty answer is a whole register.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from yakuba.platform.access import database_roles
from yakuba.platform.access.rights import Task
from yakuba.platform.audit import log
from yakuba.platform.events.outbox import open_failures
from yakuba.systems.residents import interfaces as residents
from yakuba.systems.residents import search_keys
from yakuba.systems.residents.interfaces import RECORD_CHANGED
from yakuba.systems.residents.items import ITEMS, Subject
from yakuba.systems.residents.models import ResidentVersion
from yakuba.systems.seals import rules
from yakuba.systems.seals.models import Registration
from yakuba.systems.seals.register import added_words, names_of

SHOWN = 5
"""Offenders named per rule; all are counted."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold: its name, in Japanese what is wrong, how many offend, and some of them."""

    rule: str
    message: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    message: str
    sql: str  # selects one text a row


_FOREIGN_ITEMS, _JAPANESE_ITEMS = (
    ", ".join(f"v.{item.name}::text" for item in ITEMS if item.subject is subject)
    for subject in (Subject.FOREIGN, Subject.JAPANESE)
)
_CURRENT = "residents_resident r JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"

RULES = (
    Rule(
        "head-is-last-version",
        "住民の見出しが最新の版を指していない、又は履歴番号が1から連続していません。",
        """SELECT coalesce(r.number, v.person)::text || ' 見出し' || coalesce(r.version_no::text, 'なし') || ' 最新'
               || coalesce(v.last::text, 'なし')
           FROM residents_resident r FULL JOIN (
               SELECT person, max(version_no) AS last, min(version_no) AS first, count(*) AS versions
               FROM residents_version GROUP BY person
           ) v ON v.person = r.number
           WHERE r.number IS NULL OR v.person IS NULL OR v.last <> r.version_no OR v.first <> 1
               OR v.versions <> v.last""",
    ),
    Rule(
        "recorded-in-order",
        "前の版より早い記録時刻の版があります。",
        """SELECT person || '-' || version_no FROM (
               SELECT person, version_no, recorded_at, lag(recorded_at) OVER (PARTITION BY person ORDER BY version_no) p
               FROM residents_version) v
           WHERE recorded_at < p""",
    ),
    Rule(
        "head-equals-version",
        "見出しの世帯番号又は現存の別が、最新の版と異なります。",
        f"""SELECT r.number::text FROM {_CURRENT}
            WHERE r.household_number <> v.household_number OR r.is_open <> (v.closing_reason IS NULL)""",
    ),
    Rule(
        "state-fits-closing",
        "住民状態と消除事由が合いません。",
        f"""SELECT r.number || ' 状態' || v.status FROM {_CURRENT}
            WHERE r.is_open <> (v.status = '1') OR (v.closing_reason IS NOT NULL AND v.closed_on IS NULL)""",
    ),
    Rule(
        "household-exists",
        "存在しない世帯番号を持つ版があります。",
        """SELECT v.person || ' 世帯' || v.household_number FROM residents_version v
           LEFT JOIN residents_household h ON h.number = v.household_number WHERE h.number IS NULL""",
    ),
    Rule(
        "one-householder",
        "世帯主が二人以上いる世帯、又は世帯主未設定の扱いでないのに世帯主がいない世帯があります。",
        f"""SELECT r.household_number || ' 世帯主' || count(*) FILTER (WHERE v.relationship = '世帯主') || '人'
            FROM {_CURRENT} WHERE r.is_open GROUP BY r.household_number
            HAVING count(*) FILTER (WHERE v.relationship = '世帯主') > 1
                OR (count(*) FILTER (WHERE v.relationship = '世帯主') = 0 AND count(v.householder_name) > 0)""",
    ),
    Rule(
        "householder-is-named",
        "世帯員の記録の「世帯主の氏名」が、世帯主本人の氏名と異なります。",
        f"""SELECT m.number || ' ' || coalesce(m.householder_name, 'なし') FROM (
                SELECT r.number, r.household_number, v.householder_name FROM {_CURRENT} WHERE r.is_open) m
            JOIN (SELECT r.household_number, CASE WHEN v.name_priority = 'alias' AND v.alias IS NOT NULL THEN v.alias
                      ELSE coalesce(v.name, v.name_latin) END AS name
                  FROM {_CURRENT} WHERE r.is_open AND v.relationship = '世帯主') h USING (household_number)
            WHERE m.householder_name IS DISTINCT FROM h.name""",
    ),
    Rule(
        "items-fit-kind",
        "日本人住民に外国人住民だけの項目、又は外国人住民に日本人住民だけの項目がある現存者がいます。",
        f"""SELECT r.number::text FROM {_CURRENT} WHERE r.is_open AND (
                (v.resident_kind = '1' AND coalesce({_FOREIGN_ITEMS}) IS NOT NULL)
                OR (v.resident_kind = '2' AND coalesce({_JAPANESE_ITEMS}) IS NOT NULL))""",
    ),
    Rule(
        "closing-has-ground",
        "消除の根拠のない除票があります（異動の取消しと取り込んだ除票を除く）。",
        """SELECT person || '-' || version_no FROM residents_version
           WHERE filing IS NOT NULL AND effect = 'closing' AND closing_ground IS NULL
               AND reason NOT IN ('207', '208', '209')""",
    ),
    Rule(
        "record-number-once",
        "二人以上が持つ住民票番号があります。",
        """SELECT record_number || ' ' || count(DISTINCT person) || '人' FROM residents_version
           WHERE record_number IS NOT NULL GROUP BY record_number HAVING count(DISTINCT person) > 1""",
    ),
    Rule(
        "effect-fits-version",
        "消除の版なのに現存、又は記載の版なのに除票である版があります。",
        """SELECT person || '-' || version_no FROM residents_version
           WHERE (effect = 'closing' AND closing_reason IS NULL)
               OR (effect = 'entry' AND reason <> '900' AND closing_reason IS NOT NULL)""",
    ),
    Rule(
        "succession",
        "帰化・改製などで閉じた記録に、同じ異動で始まる新しい記録が続いていません。",
        """SELECT c.person || '-' || c.version_no FROM residents_version c
           LEFT JOIN residents_version n ON n.person = c.person AND n.version_no = c.version_no + 1
               AND n.filing = c.filing AND n.record_number IS DISTINCT FROM c.record_number AND n.closing_reason IS NULL
           WHERE c.effect = 'closing' AND c.reason IN ('204', '207', '208') AND n.person IS NULL""",
    ),
    Rule(
        "searchable",
        "検索キーのない方、又は検索キーの現存の別が古い方がいます。",
        """SELECT r.number::text FROM residents_resident r
           LEFT JOIN (SELECT person, bool_or(is_current) AS now, min(is_open::int) AS low, max(is_open::int) AS high
                      FROM residents_search_name GROUP BY person) n ON n.person = r.number
           LEFT JOIN (SELECT person, bool_or(is_current) AS now, min(is_open::int) AS low, max(is_open::int) AS high
                      FROM residents_search_address GROUP BY person) a ON a.person = r.number
           WHERE n.person IS NULL OR a.person IS NULL OR NOT n.now OR NOT a.now
               OR n.low <> r.is_open::int OR n.high <> r.is_open::int OR a.low <> r.is_open::int
               OR a.high <> r.is_open::int""",
    ),
    Rule(
        "search-keys-of-nobody",
        "台帳にいない方の検索キーがあります。",
        """SELECT person::text FROM (SELECT person FROM residents_search_name UNION SELECT person FROM
           residents_search_address) s LEFT JOIN residents_resident r ON r.number = s.person WHERE r.number IS NULL""",
    ),
    Rule(
        "resident-code-once",
        "二人以上が持つ住民票コードがあります。",
        """SELECT '****' || right(resident_code, 4) || ' ' || count(DISTINCT person) || '人' FROM residents_version
           WHERE resident_code IS NOT NULL GROUP BY resident_code HAVING count(DISTINCT person) > 1""",
    ),
    Rule(
        "open-has-resident-code",
        "住民票コードのない現存者がいます。",
        f"SELECT r.number::text FROM {_CURRENT} WHERE r.is_open AND v.resident_code IS NULL",
    ),
    Rule(
        "individual-number-once",
        "二人以上が持つ個人番号があります。",
        """SELECT '保管番号' || individual_number || ' ' || count(DISTINCT person) || '人' FROM residents_version
           WHERE individual_number IS NOT NULL GROUP BY individual_number HAVING count(DISTINCT person) > 1""",
    ),
    Rule(
        "individual-number-in-vault",
        "保管庫にない個人番号を指す版があります。",
        """SELECT v.person || '-' || v.version_no FROM residents_version v LEFT JOIN vault_ids() AS n (id)
           ON n.id = v.individual_number WHERE v.individual_number IS NOT NULL AND n.id IS NULL""",
    ),
    Rule(
        "code-pool",
        "住民票コードの払出しと台帳が合いません（使われている空きコード、又は誰も持たない払出し済みコード）。",
        """SELECT '****' || right(c.code, 4) FROM residents_code_pool c
           LEFT JOIN (SELECT DISTINCT resident_code FROM residents_version) v ON v.resident_code = c.code
           WHERE (c.assigned_on IS NULL) <> (v.resident_code IS NULL)""",
    ),
    Rule(
        "locks",
        "仮登録の異動と、住民の「仮登録中」の印が合いません。",
        """SELECT r.number || ' 受付' || r.pending_filing FROM residents_resident r
           LEFT JOIN residents_filing f ON f.id = r.pending_filing AND f.state = 'provisional'
           WHERE r.pending_filing IS NOT NULL AND f.id IS NULL
           UNION ALL
           SELECT r.number || ' 受付' || f.id FROM residents_filing f
           JOIN residents_resident r ON r.number = ANY(f.persons)
           WHERE f.state = 'provisional' AND r.pending_filing IS DISTINCT FROM f.id""",
    ),
    Rule(
        "filings-and-versions",
        "本登録された異動に版がない、又は本登録されていない異動に版があります。",
        """SELECT '受付' || f.id || ' ' || f.state FROM residents_filing f
           LEFT JOIN (SELECT DISTINCT filing FROM residents_version WHERE filing IS NOT NULL) v ON v.filing = f.id
           WHERE (f.state = 'registered') <> (v.filing IS NOT NULL)
           UNION ALL
           SELECT DISTINCT '受付' || v.filing || ' なし' FROM residents_version v LEFT JOIN residents_filing f
           ON f.id = v.filing WHERE v.filing IS NOT NULL AND f.id IS NULL""",
    ),
    Rule(
        "two-people-decide",
        "入力した本人が審査した異動があります。",
        "SELECT '受付' || id FROM residents_filing WHERE state = 'registered' AND account = reviewer",
    ),
    Rule(
        "versions-and-events",
        "版と異動の記録（イベント）が一対一に対応していません。",
        f"""SELECT v.person || '-' || v.version_no FROM residents_version v LEFT JOIN events_event e ON e.id = v.event_id
            WHERE e.id IS NULL OR (e.name <> '{RECORD_CHANGED.name}' AND v.version_no > 1)
                OR (e.name = '{RECORD_CHANGED.name}' AND (e.subject <> v.person
                OR (e.payload->>'after_version')::int <> v.version_no))
            UNION ALL
            SELECT 'イベント' || e.id FROM events_event e LEFT JOIN residents_version v ON v.person = e.subject
                AND v.version_no = (e.payload->>'after_version')::int
            WHERE e.name = '{RECORD_CHANGED.name}' AND v.event_id IS DISTINCT FROM e.id""",
    ),
    Rule(
        "seal-and-record",
        "消除された住民、又は台帳にいない方の印鑑登録が続いています。",
        """SELECT '登録' || s.number FROM seals_registration s LEFT JOIN residents_resident r ON r.number = s.person
           WHERE s.ended_on IS NULL AND r.is_open IS NOT TRUE""",
    ),
    Rule(
        "seal-and-card",
        "終わった印鑑登録の登録証が有効です。",
        """SELECT '登録証' || c.number FROM seals_card c JOIN seals_registration s ON s.number = c.registration_id
           WHERE c.state = 'valid' AND s.ended_on IS NOT NULL""",
    ),
    Rule(
        "seal-and-steps",
        "印鑑登録の状態と経過が合いません。",
        """SELECT '登録' || s.number FROM seals_registration s LEFT JOIN LATERAL (
               SELECT count(*) FILTER (WHERE act = 'registered') AS begun,
                   count(*) FILTER (WHERE act IN ('abolished', 'lapsed')) - count(*) FILTER (WHERE act = 'restored') AS ended,
                   count(*) FILTER (WHERE act = 'stopped') - count(*) FILTER (WHERE act = 'released') AS stopped
               FROM seals_step t WHERE t.registration_id = s.number
           ) t ON true
           WHERE t.begun <> 1 OR t.ended <> (s.ended_on IS NOT NULL)::int OR t.stopped <> (s.stopped_on IS NOT NULL)::int""",
    ),
    Rule(
        "seal-two-people",
        "受け付けた本人が審査した印鑑登録があります。",
        """SELECT '受付' || id FROM seals_application WHERE state = 'registered' AND account = reviewer
           AND account <> 'system:sandbox'""",
    ),
    Rule(
        "seal-certificates",
        "印鑑登録が終わった日より後の証明書があります。",
        """SELECT i.number FROM seals_issue i JOIN seals_registration s ON s.number = i.registration_id
           WHERE (i.issued_at AT TIME ZONE 'Asia/Tokyo')::date > s.ended_on
             AND s.end_reason IN ('01', '02', '03', '04')""",
    ),
    Rule(
        "outbox-empty",
        "届いていないイベントがあります。",
        "SELECT 'イベント' || event_id || ' ' || subscriber || ' ' || error FROM events_delivery WHERE done_at IS NULL",
    ),
    Rule(
        "population-day",
        "日ごとの人口の動きが、イベントの数と合いません。",
        f"""SELECT coalesce(d.day, e.day) || ' 事由' || coalesce(d.reason, e.reason) FROM residents_population_day d
            FULL JOIN (
                SELECT (recorded_at AT TIME ZONE 'Asia/Tokyo')::date AS day, payload->>'reason' AS reason,
                    count(*) FILTER (WHERE (payload->>'opened')::bool) AS entered,
                    count(*) FILTER (WHERE (payload->>'closed')::bool) AS left_count, count(*) AS all_of_them
                FROM events_event WHERE name = '{RECORD_CHANGED.name}' GROUP BY 1, 2
            ) e ON e.day = d.day AND e.reason = d.reason
            WHERE d.day IS NULL OR e.day IS NULL OR d.entered <> e.entered OR d.left_count <> e.left_count
                OR d.entered + d.left_count + d.changed <> e.all_of_them""",
    ),
)  # fmt: skip


def check(*, sample: int = 500, touched: Iterable[int] = ()) -> list[Breach]:
    """Every breach of the register, the log and the outbox. `sample`: persons (spread evenly) whose search keys are made
    anew and compared, besides all of `touched`.
    """
    with database_roles.task(Task.INSPECTION):
        return _check(sample, touched)


def _check(sample: int, touched: Iterable[int]) -> list[Breach]:
    found = [breach for rule in RULES if (breach := _ask(rule)) is not None]
    broken = log.breaches()
    if broken:
        found.append(
            Breach(
                "audit-chain",
                "操作履歴の連鎖が切れています。",
                len(broken),
                tuple(f"系列{lane}の{sequence}番" for lane, sequence in broken[:SHOWN]),
            )
        )
    failures = open_failures()
    if failures:
        examples = tuple(f"イベント{failure.event_id}: {failure.error}"[:200] for failure in failures[:SHOWN])
        found.append(Breach("outbox-failures", "配達をあきらめたイベントがあります。", len(failures), examples))
    strange = _strange_seals()
    if strange:
        shown = tuple(f"登録{number:08d}" for number in strange[:SHOWN])
        found.append(Breach("seal-and-name", "氏名等を表さない印鑑の登録が続いています。", len(strange), shown))
    wrong = _wrong_search_keys(sorted({*_sample(sample), *touched}))
    if wrong:
        found.append(
            Breach(
                "search-keys-recomputed",
                "検索キーが、記録から作り直したものと異なります。",
                len(wrong),
                tuple(f"{number:015d}" for number in wrong[:SHOWN]),
            )
        )
    return found


def _strange_seals() -> list[int]:
    """Registrations that hold though their seal shows no name of today's record."""
    active = list(Registration.objects.filter(ended_on=None).values_list("number", "person", "engraving_text"))
    people = residents.persons({person for _, person, _ in active})
    words = added_words(date.max)
    return [
        number
        for number, person, text in active
        if person in people and rules.read_engraving(text, names_of(people[person]), words) is None
    ]


def _ask(rule: Rule) -> Breach | None:
    with connection.cursor() as cursor:
        cursor.execute(rule.sql)
        rows = [str(row[0]) for row in cursor.fetchall()]
    return Breach(rule.name, rule.message, len(rows), tuple(rows[:SHOWN])) if rows else None


def _sample(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM (SELECT number, row_number() OVER (ORDER BY number) AS place, count(*) OVER () AS whole"
            " FROM residents_resident) r WHERE place %% greatest(whole / greatest(%s, 1), 1) = 0 LIMIT %s",
            [count, count],
        )
        return [number for (number,) in cursor.fetchall()]


def _wrong_search_keys(numbers: Sequence[int]) -> list[int]:
    """Those whose stored keys differ from the keys of their versions."""
    versions = (
        ResidentVersion.objects.filter(person__in=numbers).select_related("person").order_by("person", "version_no")
    )
    current: dict[tuple[object, ...], tuple[object, ...]] = {}
    for version in versions:
        items = version.items()
        now = version.version_no == version.person.version_no
        birth = version.birth
        for name, kana in search_keys.faces(items):
            grams = tuple(search_keys.grams(name, kana))
            key = (version.person_id, "name", name, kana, grams, birth.earliest, birth.latest, version.sex)
            current[key] = (now,)
        # Of equal addresses the latest version's town code stays, as of equal names its being current.
        current[(version.person_id, "address", search_keys.address(items))] = (version.address_code or "", now)
    expected = {(*key, *state) for key, state in current.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, name, kana, grams, birth_from, birth_to, sex, is_current FROM residents_search_name"
            " WHERE person = ANY(%s)",
            [list(numbers)],
        )
        stored: set[tuple[object, ...]] = {
            (person, "name", name, kana, tuple(grams), first, last, sex, now)
            for person, name, kana, grams, first, last, sex, now in cursor.fetchall()
        }
        cursor.execute(
            "SELECT person, town_code, address, is_current FROM residents_search_address WHERE person = ANY(%s)",
            [list(numbers)],
        )
        stored |= {(person, "address", address, town, now) for person, town, address, now in cursor.fetchall()}
    return sorted({key[0] for key in expected ^ stored if isinstance(key[0], int)})
