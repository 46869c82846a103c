"""The SQL functions that write the log, its tree and its erasures, and the text over which an entry's leaf is taken."""

from __future__ import annotations

CHANNEL = "audit_unsealed"
NOTIFY_EVERY = 1000
"""Entries of a lane after which whoever seals is woken; below that its clock wakes it."""

LEAST_KEPT_MONTHS = 3
"""No entry younger than this is ever erased, whatever a profile says."""

_FIELDS = (
    "lane", "sequence", "account", "terminal", "office", "purpose", "operation", "subjects", "target", "result", "detail",
)  # fmt: skip


def canonical(prefix: str, **names: str) -> str:
    """The text of an entry as an SQL expression over columns or variables that start with `prefix`: an object in jsonb's own
    output, which is canonical (keys sorted, times in UTC with microseconds)."""
    at = names.get("at", f"{prefix}at")
    pairs = [f"'{field}', {names.get(field, f'{prefix}{field}')}" for field in _FIELDS]
    return f"""jsonb_build_object('entry', {names.get("id", f"{prefix}id")},
        'at', to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), {", ".join(pairs)})::text"""


def leaf(salt: str, text: str) -> str:
    """The leaf hash as an SQL expression; `verifier.leaf_hash` is the same."""
    return f"sha256('\\x00'::bytea || sha256(uuid_send({salt}) || convert_to({text}, 'UTF8')))"


_TAKE_LANE = """
    -- A connection keeps to one lane while that lane is free, so a transaction never waits for its own second lane.
    SELECT * INTO l FROM audit_lane WHERE number = mine % {lanes} FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        SELECT * INTO l FROM audit_lane ORDER BY (number - mine % {lanes} + {lanes}) % {lanes}
            LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        SELECT * INTO l FROM audit_lane WHERE number = mine % {lanes} FOR UPDATE;
    END IF;
"""


def append(lanes: int) -> str:
    """`audit_append` for one act and `audit_append_many` for a JSON array of acts: one lane's lock for all of them."""
    text = canonical("p_", id="n", lane="l.number", sequence="l.length")
    row = {field: f"a->>'{field}'" for field in _FIELDS} | {
        "id": "n", "lane": "l.number", "sequence": "l.length", "at": "v_at", "subjects": "v_subjects",
        "detail": "a->'detail'",
    }  # fmt: skip
    take = _TAKE_LANE.format(lanes=lanes)
    columns = "id, lane, sequence, at, account, terminal, office, purpose, operation, subjects, target, result, detail"
    return f"""
CREATE OR REPLACE FUNCTION audit_append(
    p_at timestamptz, p_account text, p_terminal text, p_office text, p_purpose text, p_operation text,
    p_subjects bigint[], p_target text, p_result text, p_detail jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    l audit_lane;
    mine integer := pg_backend_pid();
    n bigint := nextval('audit_entry_id_seq');
    s uuid := gen_random_uuid();
    v_leaf bytea;
BEGIN
{take}
    l.length := l.length + 1;
    v_leaf := {leaf("s", text)};
    l.head := sha256(l.head || v_leaf);
    INSERT INTO audit_entry ({columns}, salt, leaf, hash)
    VALUES (n, l.number, l.length, p_at, p_account, p_terminal, p_office, p_purpose, p_operation, p_subjects, p_target,
            p_result, p_detail, s, v_leaf, l.head);
    UPDATE audit_lane SET length = l.length, head = l.head WHERE number = l.number;
    IF l.length % {NOTIFY_EVERY} = 0 THEN
        PERFORM pg_notify('{CHANNEL}', '');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION audit_append_many(p_acts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    l audit_lane;
    mine integer := pg_backend_pid();
    before bigint;
    a jsonb;
    n bigint;
    s uuid;
    v_at timestamptz;
    v_subjects bigint[];
    v_leaf bytea;
BEGIN
{take}
    before := l.length;
    FOR a IN SELECT jsonb_array_elements(p_acts) LOOP
        l.length := l.length + 1;
        n := nextval('audit_entry_id_seq');
        s := gen_random_uuid();
        v_at := (a->>'at')::timestamptz;
        v_subjects := ARRAY(SELECT x::bigint FROM jsonb_array_elements_text(a->'subjects') WITH ORDINALITY AS t(x, i)
                            ORDER BY i);
        v_leaf := {leaf("s", canonical("", **row))};
        l.head := sha256(l.head || v_leaf);
        INSERT INTO audit_entry ({columns}, salt, leaf, hash)
        VALUES (n, l.number, l.length, v_at, a->>'account', a->>'terminal', a->>'office', a->>'purpose',
                a->>'operation', v_subjects, a->>'target', a->>'result', a->'detail', s, v_leaf, l.head);
    END LOOP;
    UPDATE audit_lane SET length = l.length, head = l.head WHERE number = l.number;
    IF before / {NOTIFY_EVERY} < l.length / {NOTIFY_EVERY} THEN
        PERFORM pg_notify('{CHANNEL}', '');
    END IF;
    RETURN l.length - before;
END $$;
"""


TREE_LOCK = 0x9A0D
"""Advisory lock (space, 0) of whoever makes the tree grow, one at a time; shared by whoever looks at the whole of it."""

TREE = f"""
-- Gives every committed entry that has none yet its place in the tree, at most p_limit of them.
-- first: the tree's size before; size: after.
CREATE OR REPLACE FUNCTION audit_take_leaves(p_limit integer, OUT first bigint, OUT size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({TREE_LOCK}, 0);
    SELECT coalesce(max(position) + 1, 0) INTO first FROM audit_leaf;
    INSERT INTO audit_leaf (position, lane, sequence, leaf, hash)
    SELECT first - 1 + row_number() OVER (ORDER BY e.lane, e.sequence), e.lane, e.sequence, e.leaf, e.hash
    FROM audit_lane l CROSS JOIN LATERAL (
        SELECT lane, sequence, leaf, hash FROM audit_entry
        WHERE lane = l.number
          AND sequence > coalesce((SELECT max(sequence) FROM audit_leaf WHERE lane = l.number), 0)
        ORDER BY sequence LIMIT p_limit
    ) e ORDER BY e.lane, e.sequence LIMIT p_limit;
    SELECT coalesce(max(position) + 1, 0) INTO size FROM audit_leaf;
END $$;

CREATE OR REPLACE FUNCTION audit_add_nodes(p_levels smallint[], p_indexes bigint[], p_hashes bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit_node (level, index, hash) SELECT * FROM unnest(p_levels, p_indexes, p_hashes);
$$;

CREATE OR REPLACE FUNCTION audit_add_checkpoint(p_size bigint, p_root bytea, p_at timestamptz, p_note text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    leaves bigint;
    last audit_checkpoint;
BEGIN
    PERFORM pg_advisory_xact_lock({TREE_LOCK}, 0);
    SELECT coalesce(max(position) + 1, 0) INTO leaves FROM audit_leaf;
    SELECT * INTO last FROM audit_checkpoint ORDER BY number DESC LIMIT 1;
    IF p_size <> leaves OR p_size <= coalesce(last.size, 0) THEN
        RAISE EXCEPTION 'a checkpoint of size % does not fit a tree of % leaves after one of %',
            p_size, leaves, last.size USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO audit_checkpoint (number, size, root, at, note)
    VALUES (coalesce(last.number, 0) + 1, p_size, p_root, p_at, p_note);
    RETURN coalesce(last.number, 0) + 1;
END $$;
"""

ERASE = f"""
-- With the rights of its caller: only the owner of the tables may delete. The entries of before p_before that the first
-- checkpoint since then had already sealed lose content and salt; their leaves stay, and a record says which, when and why.
CREATE OR REPLACE FUNCTION audit_erase(p_before timestamptz, p_at timestamptz, p_account text, p_ground text)
RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    bound bigint;
    found_entries bigint;
    found_digest bytea;
    record_id bigint;
    erasure bigint := nextval('audit_erasure_id_seq');
BEGIN
    IF p_before > p_at - interval '{LEAST_KEPT_MONTHS} months' THEN
        RAISE EXCEPTION '操作履歴は、少なくとも{LEAST_KEPT_MONTHS}か月は消去できません。'
            USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM pg_advisory_xact_lock({TREE_LOCK}, 0);
    SELECT size INTO bound FROM audit_checkpoint WHERE at >= p_before ORDER BY number LIMIT 1;
    INSERT INTO audit_erased_range (erasure_id, lane, first, last)
    SELECT erasure, lane, min(sequence), max(sequence) FROM (
        SELECT e.lane, e.sequence, e.sequence - row_number() OVER (PARTITION BY e.lane ORDER BY e.sequence) AS island
        FROM audit_entry e JOIN audit_leaf l USING (lane, sequence)
        WHERE e.at < p_before AND l.position < bound
    ) expired GROUP BY lane, island ORDER BY lane, min(sequence);
    SELECT count(*), sha256(string_agg(l.leaf, ''::bytea ORDER BY l.position)) INTO found_entries, found_digest
    FROM audit_erased_range r JOIN audit_leaf l ON l.lane = r.lane AND l.sequence BETWEEN r.first AND r.last
    WHERE r.erasure_id = erasure;
    IF found_entries = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('yakuba.erasing', 'audit:' || erasure, true);
    DELETE FROM audit_entry e USING audit_erased_range r
    WHERE r.erasure_id = erasure AND e.lane = r.lane AND e.sequence BETWEEN r.first AND r.last;
    PERFORM set_config('yakuba.erasing', '', true);
    PERFORM audit_append(p_at, p_account, 'system', '', 'system', 'erase', '{{}}', 'audit_erasure:' || erasure, 'done',
        jsonb_build_object('before', p_before, 'entries', found_entries, 'digest', encode(found_digest, 'hex'),
                           'ground', p_ground));
    INSERT INTO audit_erasure (id, at, before, account, ground, entries, digest, lane, sequence)
    SELECT erasure, p_at, p_before, p_account, p_ground, found_entries, found_digest, lane, sequence
    FROM audit_entry WHERE id = currval('audit_entry_id_seq');
    RETURN erasure;
END $$;
REVOKE ALL ON FUNCTION audit_erase FROM PUBLIC;
"""

ARCHIVE_TABLE = """
-- A child of audit_entry: whoever reads or verifies the log reads it too. It may lie on another device (a tablespace).
CREATE TABLE audit_archive (LIKE audit_entry INCLUDING CONSTRAINTS INCLUDING INDEXES) INHERITS (audit_entry);
"""

ARCHIVE = f"""
-- With the rights of its caller: only the owner of the tables may. Moves the sealed entries of before p_before, unchanged.
CREATE OR REPLACE FUNCTION audit_move_to_archive(p_before timestamptz, p_at timestamptz, p_account text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({TREE_LOCK}, 0);
    PERFORM set_config('yakuba.erasing', 'audit:archive', true);
    WITH old AS (
        DELETE FROM ONLY audit_entry e USING audit_leaf l
        WHERE e.at < p_before AND l.lane = e.lane AND l.sequence = e.sequence
          AND l.position < (SELECT max(size) FROM audit_checkpoint)
        RETURNING e.*
    ) INSERT INTO audit_archive SELECT * FROM old;
    GET DIAGNOSTICS moved = ROW_COUNT;
    PERFORM set_config('yakuba.erasing', '', true);
    IF moved > 0 THEN
        PERFORM audit_append(p_at, p_account, 'system', '', 'system', 'audit', '{{}}', 'audit_archive', 'done',
            jsonb_build_object('before', p_before, 'entries', moved));
    END IF;
    RETURN moved;
END $$;
REVOKE ALL ON FUNCTION audit_move_to_archive FROM PUBLIC;
"""
