"""SQL of the registry: sequences, and the guards of its history."""

from __future__ import annotations

from yakuba.platform.history.sql import append_only, no_overlap, version_chain

SEQUENCES = """
CREATE SEQUENCE IF NOT EXISTS residents_person_serial;
CREATE SEQUENCE IF NOT EXISTS residents_household_serial;
"""

# A version hangs on a head and an event. Checked a statement at a time, which a million foreign keys are not.
CHECK_VERSION = """
CREATE OR REPLACE FUNCTION residents_check_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT a.person INTO orphan FROM added a
        LEFT JOIN residents_resident r ON r.number = a.person
    WHERE r.number IS NULL OR r.version_no < a.version_no LIMIT 1;
    IF orphan IS NULL THEN  -- a load has one event for a whole chunk
        SELECT a.event_id INTO orphan FROM (SELECT DISTINCT event_id FROM added) a
            LEFT JOIN events_event e ON e.id = a.event_id WHERE e.id IS NULL LIMIT 1;
    END IF;
    IF orphan IS NOT NULL THEN
        RAISE EXCEPTION '版に対応する住民又は異動の記録がありません: %', orphan USING ERRCODE = 'foreign_key_violation';
    END IF;
    SELECT a.household_number INTO orphan FROM (SELECT DISTINCT household_number FROM added) a
        LEFT JOIN residents_household h ON h.number = a.household_number WHERE h.number IS NULL LIMIT 1;
    IF orphan IS NOT NULL THEN
        RAISE EXCEPTION '版に対応する世帯がありません: %', orphan USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS residents_version_owner ON residents_version;
CREATE TRIGGER residents_version_owner AFTER INSERT ON residents_version REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION residents_check_version();
"""

GUARDS = (
    version_chain("residents_version", "person")
    + append_only("residents_filing_step")
    + no_overlap("residents_certifier", ())
    + CHECK_VERSION
)

# For duties that must see a record stand still and may not change it: FOR UPDATE would ask for the right to.
LOCK = """
CREATE OR REPLACE FUNCTION residents_lock(persons bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM number FROM residents_resident WHERE number = ANY(persons) ORDER BY number FOR UPDATE;
END $$;
"""
