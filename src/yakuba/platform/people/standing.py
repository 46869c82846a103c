"""What must hold for somebody to act here: he works here now, has pledged and been trained, and a contractor is attended to."""

from __future__ import annotations

from yakuba.core.findings import Finding
from yakuba.platform.access import conditions
from yakuba.platform.access.conditions import Condition

_IN_POST = (
    "SELECT o.kind FROM people_person p JOIN people_post o ON o.person_id = p.number"
    " WHERE p.account_id = a.id AND o.period @> %(today)s::date"
)

conditions.register(
    Condition(
        "employed",
        f"EXISTS ({_IN_POST})",
        Finding(
            "PPL-E-001",
            "employment",
            "在職（委託の場合は作業者名簿への登載）が確認できないため、利用できません。",
            "休職・異動の発令や契約期間について、所属長から人事担当に確かめてください。",
        ),
    )
)
conditions.register(
    Condition(
        "pledged",
        "EXISTS (SELECT FROM people_person p JOIN people_pledge g ON g.person_id = p.number"
        f" WHERE p.account_id = a.id AND g.signed_on <= %(today)s::date AND g.kind IN ({_IN_POST}))",
        Finding(
            "PPL-E-002",
            "pledge",
            "今の任用・契約についての誓約書の記録がないため、利用できません。",
            "誓約書に署名して、人事担当に提出してください。",
        ),
    )
)
conditions.register(
    Condition(
        "trained",
        "EXISTS (SELECT FROM people_person p JOIN people_training t ON t.person_id = p.number"
        " WHERE p.account_id = a.id AND t.counts @> %(today)s::date)",
        Finding(
            "PPL-E-003",
            "training",
            "今の期間の研修を受講した記録がないため、利用できません。",
            "研修を受講してください。受講した場合は、人事担当に記録を依頼してください。",
        ),
    )
)
conditions.register(
    Condition(
        "attended",
        f"'contractor' NOT IN ({_IN_POST}) OR EXISTS (SELECT FROM people_person p"
        " JOIN people_attendance w ON w.person_id = p.number"
        " WHERE p.account_id = a.id AND w.period @> %(now)s::timestamptz)",
        Finding(
            "PPL-E-004",
            "attendance",
            "委託先の方は、許可された作業の時間に、職員の立会いのもとでだけ利用できます。",
            "立会いの職員に、許可された作業の立会いを始めてもらってください。",
        ),
    )
)
conditions.register(
    Condition(
        "entitled",
        "EXISTS (SELECT FROM access_duty_assignment d WHERE d.account_id = a.id AND d.period @> %(now)s::timestamptz)",
        Finding(
            "PPL-E-005",
            "duty",
            "今使える権限が一つもないため、利用できません。",
            "年度が替わった場合などは、所属長に権限の申請を依頼してください。",
        ),
        at_each_request=False,
    )
)
