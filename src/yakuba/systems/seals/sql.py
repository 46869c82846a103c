"""SQL of the seal registry: sequences, and the guards of its history."""

from __future__ import annotations

from yakuba.platform.history.sql import append_only

SEQUENCES = """
CREATE SEQUENCE IF NOT EXISTS seals_registration_serial MAXVALUE 9999999;
CREATE SEQUENCE IF NOT EXISTS seals_card_serial MAXVALUE 9999999;
CREATE SEQUENCE IF NOT EXISTS seals_inquiry_serial;
"""

# What a registration says never changes; it may end, begin again ex officio, stop and go on.
GUARDS = (
    append_only("seals_step")
    + append_only("seals_imprint")
    + """
CREATE OR REPLACE FUNCTION seals_keep_registration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - '{ended_on,end_reason,stopped_on,stop_reason}'::text[])
       IS DISTINCT FROM (to_jsonb(OLD) - '{ended_on,end_reason,stopped_on,stop_reason}'::text[]) THEN
        RAISE EXCEPTION '印鑑登録の内容は変更できません: %', OLD.number
            USING ERRCODE = 'restrict_violation', HINT = 'register anew instead';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS seals_registration_kept ON seals_registration;
CREATE TRIGGER seals_registration_kept BEFORE UPDATE ON seals_registration
    FOR EACH ROW EXECUTE FUNCTION seals_keep_registration();
"""
)
