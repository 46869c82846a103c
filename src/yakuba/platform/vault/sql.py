"""The vault's SQL: the only ways into its tables. Every statement is idempotent.

Functions run as the owner of the tables, so that a role that may call one of them needs no right on a table. A sealed
value starts with its key: 0x01 and the key's id in four bytes; values of the first kind of house (key 0) have no such head.

Writing and a change of the primary key exclude each other by an advisory lock that lives as long as the transaction:
whoever writes holds it shared (`vault_enter`), whoever promotes or retires a key holds it alone.
"""

from __future__ import annotations

LOCK_SPACE = 0x9A0C  # advisory locks (space, 0: the keys, 1: commands that change them); this module's alone
NUMBER_BYTES = 45
"""A sealed 個人番号: head (5), nonce (12), digits (12), tag (16). Under key 0 it has no head."""
INDEX_BYTES = 32
MARK = 1
"""First byte of a sealed value that names its key."""

_RUNS_AS_OWNER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION vault_head(p_key integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_key = 0 THEN ''::bytea ELSE '\\x{MARK:02x}'::bytea || int4send(p_key) END
$$;

-- The key of a sealed secret of any length.
CREATE OR REPLACE FUNCTION vault_key_of(p_sealed bytea) RETURNS integer LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT coalesce((SELECT k.id FROM public.vault_key k WHERE k.id > 0 AND substr(p_sealed, 1, 5) = public.vault_head(k.id)), 0)
$$;

CREATE OR REPLACE FUNCTION vault_primary() RETURNS TABLE (key_id integer, fingerprint bytea)
LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT k.id, k.fingerprint FROM public.vault_key k WHERE k.state = 'primary'
$$;

-- Until the transaction ends the primary key stays what it is. `ids`: fresh ids for numbers to come.
CREATE OR REPLACE FUNCTION vault_enter(p_ids integer DEFAULT 0)
RETURNS TABLE (key_id integer, fingerprint bytea, ids bigint[]) LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the vault is written in READ COMMITTED only: an older snapshot does not see a new primary key'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock_shared({LOCK_SPACE}, 0);
    RETURN QUERY SELECT k.id, k.fingerprint,
            ARRAY(SELECT nextval(pg_get_serial_sequence('public.vault_number', 'id')) FROM generate_series(1, p_ids))
        FROM public.vault_key k WHERE k.state = 'primary';
END $$;

-- The first of so many consecutive ids; nobody else takes one of them.
CREATE OR REPLACE FUNCTION vault_reserve(p_count bigint) RETURNS bigint LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    ids regclass := pg_get_serial_sequence('public.vault_number', 'id');
BEGIN
    LOCK TABLE public.vault_number IN SHARE ROW EXCLUSIVE MODE;
    RETURN setval(ids, nextval(ids) + p_count) - p_count;
END $$;

-- `p_rows`: for each id the sealed number and its blind index under the key, one behind the other; `p_older`: its indexes
-- under each of the older keys. Returns the ids that some of the numbers have already.
CREATE OR REPLACE FUNCTION vault_put(p_key integer, p_ids bigint[], p_rows bytea, p_older bytea, p_at timestamptz)
RETURNS TABLE (given bigint, known bigint) LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    asked bigint := cardinality(p_ids);
    width integer := octet_length(p_rows) / greatest(asked, 1);
    older integer := octet_length(p_older) / greatest(asked, 1) / {INDEX_BYTES};
    added bigint;
BEGIN
    IF asked = 0 THEN
        RETURN;
    END IF;
    IF octet_length(p_rows) <> asked * width OR octet_length(p_older) <> asked * older * {INDEX_BYTES}
       OR width <> {INDEX_BYTES} + {NUMBER_BYTES} - (CASE WHEN p_key = 0 THEN 5 ELSE 0 END)
       OR NOT EXISTS (SELECT FROM public.vault_key k WHERE k.id = p_key AND k.state = 'primary') THEN
        RAISE EXCEPTION 'not sealed under the primary key' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF older = 0 THEN
        BEGIN
            -- Without a thought of conflicts it takes a third less, and a conflict is rare.
            INSERT INTO public.vault_number (id, sealed, blind_index, created_at)
                SELECT i.id, substr(p_rows, (i.place::integer - 1) * width + 1, width - {INDEX_BYTES}),
                       substr(p_rows, i.place::integer * width - {INDEX_BYTES} + 1, {INDEX_BYTES}), p_at
                FROM unnest(p_ids) WITH ORDINALITY AS i (id, place);
            RETURN;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
    INSERT INTO public.vault_number (id, sealed, blind_index, created_at)
        SELECT i.id, substr(p_rows, (i.place::integer - 1) * width + 1, width - {INDEX_BYTES}),
               substr(p_rows, i.place::integer * width - {INDEX_BYTES} + 1, {INDEX_BYTES}), p_at
        FROM unnest(p_ids) WITH ORDINALITY AS i (id, place)
        WHERE older = 0 OR NOT EXISTS (
            SELECT FROM generate_series(0, older - 1) AS o
            JOIN public.vault_number n ON n.blind_index
                = substr(p_older, ((i.place::integer - 1) * older + o) * {INDEX_BYTES} + 1, {INDEX_BYTES}))
        ON CONFLICT (blind_index) DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added < asked THEN
        RETURN QUERY SELECT i.id, n.id FROM unnest(p_ids) WITH ORDINALITY AS i (id, place)
            JOIN public.vault_number n
                ON n.blind_index = substr(p_rows, i.place::integer * width - {INDEX_BYTES} + 1, {INDEX_BYTES})
            WHERE n.id <> i.id
            UNION
            SELECT i.id, n.id FROM unnest(p_ids) WITH ORDINALITY AS i (id, place)
            CROSS JOIN generate_series(0, older - 1) AS o
            JOIN public.vault_number n ON n.blind_index
                = substr(p_older, ((i.place::integer - 1) * older + o) * {INDEX_BYTES} + 1, {INDEX_BYTES})
            WHERE n.id <> i.id;
    END IF;
END $$;

-- One row at least: the primary key, by which the caller sees whether it knew every key.
CREATE OR REPLACE FUNCTION vault_find(p_indexes bytea[])
RETURNS TABLE (key_id integer, fingerprint bytea, blind_index bytea, id bigint)
LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT k.id, k.fingerprint, n.blind_index, n.id FROM public.vault_key k
    LEFT JOIN public.vault_number n ON n.blind_index = ANY (p_indexes) WHERE k.state = 'primary'
$$;

CREATE OR REPLACE FUNCTION vault_sealed_of(p_ids bigint[])
RETURNS TABLE (id bigint, sealed bytea) LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT n.id, n.sealed FROM public.vault_number n WHERE n.id = ANY (p_ids)
$$;

-- Which ids there are: for the checks of the register.
CREATE OR REPLACE FUNCTION vault_ids() RETURNS SETOF bigint LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT n.id FROM public.vault_number n
$$;

-- Numbers that are not under the primary key, in the order of their ids.
CREATE OR REPLACE FUNCTION vault_stale(p_after bigint, p_limit integer)
RETURNS TABLE (id bigint, sealed bytea) LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT n.id, n.sealed FROM public.vault_number n, public.vault_key k
    WHERE k.state = 'primary' AND k.id > 0 AND n.id > p_after
        AND (octet_length(n.sealed) <> {NUMBER_BYTES} OR substr(n.sealed, 1, 5) <> public.vault_head(k.id))
    ORDER BY n.id LIMIT p_limit
$$;

CREATE OR REPLACE FUNCTION vault_reseal(p_key integer, p_ids bigint[], p_rows bytea) RETURNS bigint
LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    width integer := {NUMBER_BYTES + INDEX_BYTES};
    changed bigint;
BEGIN
    IF octet_length(p_rows) <> cardinality(p_ids) * width
       OR NOT EXISTS (SELECT FROM public.vault_key k WHERE k.id = p_key AND k.state = 'primary') THEN
        RAISE EXCEPTION 'not sealed under the primary key' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE public.vault_number n
        SET sealed = substr(p_rows, (i.place::integer - 1) * width + 1, {NUMBER_BYTES}),
            blind_index = substr(p_rows, i.place::integer * width - {INDEX_BYTES} + 1, {INDEX_BYTES})
        FROM unnest(p_ids) WITH ORDINALITY AS i (id, place)
        -- Another run may have been quicker with some.
        WHERE n.id = i.id AND substr(n.sealed, 1, 5) <> public.vault_head(p_key);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- A row is changed in one way only: from an older key to the primary one.
CREATE OR REPLACE FUNCTION vault_guard_change() RETURNS trigger LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    head bytea := (SELECT public.vault_head(k.id) FROM public.vault_key k WHERE k.state = 'primary' AND k.id > 0);
BEGIN
    IF NEW.id = OLD.id AND NEW.created_at = OLD.created_at AND octet_length(NEW.sealed) = {NUMBER_BYTES}
       AND octet_length(NEW.blind_index) = {INDEX_BYTES} AND substr(NEW.sealed, 1, 5) = head
       AND (octet_length(OLD.sealed) <> {NUMBER_BYTES} OR substr(OLD.sealed, 1, 5) <> head) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '個人番号の金庫の行は変更できません' USING ERRCODE = 'restrict_violation';
END $$;

-- On the columns of other rooms that hold sealed secrets: nothing comes in under a key that is retired or unknown.
CREATE OR REPLACE FUNCTION vault_guard_secret() RETURNS trigger LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    secret bytea;
    used integer;
BEGIN
    EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO secret USING NEW;
    IF secret IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock_shared({LOCK_SPACE}, 0);
    used := public.vault_key_of(secret);
    IF NOT EXISTS (SELECT FROM public.vault_key k WHERE k.id = used AND k.state <> 'retired') THEN
        RAISE EXCEPTION 'sealed under key %, which is retired or unknown', used USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION vault_keys() RETURNS TABLE
    (id integer, state text, fingerprint bytea, created_at timestamptz, retired_at timestamptz)
LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT k.id, k.state, k.fingerprint, k.created_at, k.retired_at FROM public.vault_key k ORDER BY k.id
$$;

-- How many sealed values each key still holds, by place.
CREATE OR REPLACE FUNCTION vault_counts() RETURNS TABLE (place text, key_id integer, held bigint)
LANGUAGE plpgsql STABLE {_RUNS_AS_OWNER} AS $$
DECLARE
    c record;
BEGIN
    RETURN QUERY SELECT 'vault_number.sealed', coalesce(k.id, 0), count(*)
        FROM public.vault_number n
        LEFT JOIN public.vault_key k ON k.id > 0 AND octet_length(n.sealed) = {NUMBER_BYTES}
            AND substr(n.sealed, 1, 5) = public.vault_head(k.id)
        GROUP BY 2;
    FOR c IN SELECT * FROM public.vault_column ORDER BY table_name, column_name LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %L, public.vault_key_of(%I), count(*) FROM public.%I WHERE %2$I IS NOT NULL GROUP BY 2',
            c.table_name || '.' || c.column_name, c.column_name, c.table_name);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION vault_columns() RETURNS TABLE (place text) LANGUAGE sql STABLE {_RUNS_AS_OWNER} AS $$
    SELECT c.table_name || '.' || c.column_name FROM public.vault_column c ORDER BY 1
$$;

CREATE OR REPLACE FUNCTION vault_stale_secrets(p_place text, p_after bigint, p_limit integer)
RETURNS TABLE (id bigint, context text, sealed bytea) LANGUAGE plpgsql STABLE {_RUNS_AS_OWNER} AS $$
DECLARE
    c record;
BEGIN
    SELECT * INTO STRICT c FROM public.vault_column v WHERE v.table_name || '.' || v.column_name = p_place;
    RETURN QUERY EXECUTE format(
        'SELECT t.id::bigint, (%s)::text, t.%2$I FROM public.%3$I t, public.vault_key k
         WHERE k.state = ''primary'' AND k.id > 0 AND t.id > $1 AND t.%2$I IS NOT NULL
             AND substr(t.%2$I, 1, 5) <> public.vault_head(k.id) ORDER BY t.id LIMIT $2',
        c.context, c.column_name, c.table_name) USING p_after, p_limit;
END $$;

-- `p_old`: what the caller opened. A secret that somebody changed meanwhile stays as it is.
CREATE OR REPLACE FUNCTION vault_reseal_secrets(p_place text, p_ids bigint[], p_old bytea[], p_new bytea[])
RETURNS bigint LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
DECLARE
    c record;
    changed bigint;
BEGIN
    SELECT * INTO STRICT c FROM public.vault_column v WHERE v.table_name || '.' || v.column_name = p_place;
    EXECUTE format(
        'UPDATE public.%1$I t SET %2$I = i.new FROM unnest($1, $2, $3) AS i (id, old, new)
         WHERE t.id = i.id AND t.%2$I = i.old', c.table_name, c.column_name) USING p_ids, p_old, p_new;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- One at a time. Waits for those who write; they wait at most as long as `lock_timeout` of the caller.
CREATE OR REPLACE FUNCTION vault_promote(p_key integer, p_fingerprint bytea, p_at timestamptz) RETURNS void
LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK_SPACE}, 0);
    UPDATE public.vault_key k SET state = 'active' WHERE k.state = 'primary';
    INSERT INTO public.vault_key (id, state, fingerprint, created_at) VALUES (p_key, 'primary', p_fingerprint, p_at);
END $$;

-- Retires a key that nothing is sealed under; else returns what is.
CREATE OR REPLACE FUNCTION vault_retire(p_key integer, p_at timestamptz) RETURNS TABLE (place text, held bigint)
LANGUAGE plpgsql {_RUNS_AS_OWNER} AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK_SPACE}, 0);
    IF NOT EXISTS (SELECT FROM public.vault_key k WHERE k.id = p_key AND k.state = 'active') THEN
        RAISE EXCEPTION 'key % is not one that only opens', p_key USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY SELECT c.place, c.held FROM public.vault_counts() c WHERE c.key_id = p_key;
    IF NOT FOUND THEN
        UPDATE public.vault_key k SET state = 'retired', retired_at = p_at WHERE k.id = p_key;
    END IF;
END $$;
"""

GUARDS = """
DROP TRIGGER IF EXISTS vault_number_append_only ON vault_number;
CREATE TRIGGER vault_number_append_only BEFORE DELETE ON vault_number
    FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
DROP TRIGGER IF EXISTS vault_number_change ON vault_number;
CREATE TRIGGER vault_number_change BEFORE UPDATE ON vault_number
    FOR EACH ROW EXECUTE FUNCTION vault_guard_change();
DROP TRIGGER IF EXISTS vault_key_kept ON vault_key;
CREATE TRIGGER vault_key_kept BEFORE DELETE ON vault_key FOR EACH ROW EXECUTE FUNCTION history_refuse_change();
"""

NAMES = (
    "vault_head(integer)",
    "vault_key_of(bytea)",
    "vault_primary()",
    "vault_enter(integer)",
    "vault_reserve(bigint)",
    "vault_put(integer, bigint[], bytea, bytea, timestamptz)",
    "vault_find(bytea[])",
    "vault_sealed_of(bigint[])",
    "vault_ids()",
    "vault_stale(bigint, integer)",
    "vault_reseal(integer, bigint[], bytea)",
    "vault_guard_change()",
    "vault_guard_secret()",
    "vault_keys()",
    "vault_counts()",
    "vault_columns()",
    "vault_stale_secrets(text, bigint, integer)",
    "vault_reseal_secrets(text, bigint[], bytea[], bytea[])",
    "vault_promote(integer, bytea, timestamptz)",
    "vault_retire(integer, timestamptz)",
)
"""Every function, as PostgreSQL names it: nobody may call one who was not given it."""

CLOSED = "".join(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC;\n" for name in NAMES)


def guard_secret(table: str, column: str) -> str:
    """A trigger on another room's table: `column` takes no secret under a retired key."""
    return f"""
CREATE OR REPLACE TRIGGER {table}_{column}_vault BEFORE INSERT OR UPDATE OF {column} ON {table}
    FOR EACH ROW EXECUTE FUNCTION vault_guard_secret('{column}');
"""
