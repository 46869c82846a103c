"""What the database itself refuses: two flags of a kind at once, an end outside its flag, more uses than were released."""

from __future__ import annotations

GUARDS = """
-- Whoever sets a flag has the person's lock alone (`passing.hold` shares it), so the check below sees every other flag.
CREATE OR REPLACE FUNCTION protection_check_flag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('protection:' || NEW.subject, 0));
    IF EXISTS (
        SELECT FROM protection_flag f LEFT JOIN protection_flag_end e ON e.flag_id = f.id
        WHERE f.subject = NEW.subject AND f.kind = NEW.kind AND f.id <> NEW.id
            AND daterange(NEW.starts_on, NEW.ends_before)
                && (daterange(f.starts_on, f.ends_before) * daterange(NULL, e.ends_before))
    ) THEN
        RAISE EXCEPTION '同じ種類の抑止の期間が重なります' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS protection_flag_overlap ON protection_flag;
CREATE TRIGGER protection_flag_overlap AFTER INSERT ON protection_flag
    FOR EACH ROW EXECUTE FUNCTION protection_check_flag();

CREATE OR REPLACE FUNCTION protection_check_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    flag protection_flag;
BEGIN
    SELECT * INTO STRICT flag FROM protection_flag WHERE id = NEW.flag_id;
    PERFORM pg_advisory_xact_lock(hashtextextended('protection:' || flag.subject, 0));
    -- On its first day at the earliest: such a flag never held. Never later than it would have ended by itself.
    IF NEW.ends_before < flag.starts_on OR NEW.ends_before > flag.ends_before THEN
        RAISE EXCEPTION '抑止の終期が期間の外にあります' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS protection_flag_end_within ON protection_flag_end;
CREATE TRIGGER protection_flag_end_within AFTER INSERT ON protection_flag_end
    FOR EACH ROW EXECUTE FUNCTION protection_check_end();

CREATE OR REPLACE FUNCTION protection_check_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('protection:release:' || NEW.release_id, 0));
    SELECT uses INTO STRICT allowed FROM protection_release WHERE id = NEW.release_id;
    IF allowed < (SELECT count(*) FROM protection_release_use WHERE release_id = NEW.release_id) THEN
        RAISE EXCEPTION '一時解除の回数を超えています' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS protection_release_use_count ON protection_release_use;
CREATE TRIGGER protection_release_use_count AFTER INSERT ON protection_release_use
    FOR EACH ROW EXECUTE FUNCTION protection_check_use();
"""
