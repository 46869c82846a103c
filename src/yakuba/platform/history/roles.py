"""Database roles: the owner migrates; the application's role may only do what its work needs.

Issue by issue duties get roles of their own; already now the application can neither change nor erase history, audit
and events, whatever its code says: it lacks the right, and the triggers refuse as well.
"""

from __future__ import annotations

from psycopg import sql

APPEND_ONLY = ("residents_version", "residents_filing_step", "events_event", "vault_number")
READ_ONLY = (
    "audit_entry", "audit_lane", "audit_leaf", "audit_node", "audit_checkpoint", "audit_erasure", "audit_erased_range",
    "django_migrations",
)  # fmt: skip


def grants(role: str) -> list[sql.Composed]:
    """Statements, run by the owner after migrations, that give `role` exactly its rights. Idempotent."""
    name = sql.Identifier(role)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}").format(name),
    ]
    statements += [
        sql.SQL("REVOKE {} ON {} FROM {}").format(sql.SQL(rights), sql.Identifier(table), name)
        for tables, rights in ((APPEND_ONLY, "UPDATE, DELETE"), (READ_ONLY, "INSERT, UPDATE, DELETE"))
        for table in tables
    ]
    return statements
