"""Bitemporal versions that nobody can overwrite, the database included.

A record's history is a chain of numbered versions (履歴番号, 1 without gaps). Each version states every item of the
record, from which day in law it holds (`valid_from`) and when we knew (`recorded_at`). A later version overrules the
earlier ones from its `valid_from` on; so the state on legal day D as known at moment T is the version with the highest
number among those with `valid_from <= D` and `recorded_at <= T`. Periods cannot overlap by construction, and the
database refuses a gap, a step back in time, UPDATE, DELETE and TRUNCATE (`sql.py`). Records with explicit ends (duties,
suppressions, certifiers) carry a period under an exclusion constraint instead. See docs/adr/0003.
"""
