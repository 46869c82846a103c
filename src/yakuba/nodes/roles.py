"""Making a house's database roles: the application's login, one role a duty and task, and their rights.

What the owner may not do itself (make roles, keep strangers from connecting) is asked of an administrator, as SQL.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql

from yakuba.core.findings import Findings
from yakuba.platform.access import database_roles, rights


def make(cursor: Any, application: str, password: str | None) -> None:
    """Make what is missing and give each role its rights, in the open transaction; as the owner, after migrations.

    `password`: of the application's role, which is made with it or gets it; None: an administrator made that role.
    Raises Refused with every finding, whose remedies are the statements that an administrator must run.
    """
    prefix = database_roles.prefix()
    database = str(_one(cursor, "SELECT current_database()"))
    there = _existing(cursor)
    missing: list[sql.Composed] = []
    login = sql.Identifier(application)
    if application not in there:
        missing.append(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(login))
    held = _memberships(cursor, application)
    missing += [
        statement
        for statement in rights.roles_statements(prefix, application, there)
        if statement.as_string(None) not in held
    ]
    findings = Findings()
    may_create = _one(cursor, _MAY_CREATE)
    if missing and not may_create:
        findings.error("HOU-E-010", "database", "データベースの役割を作る権限がありません。", _to_run(missing))
        if application not in there:
            remedy = "管理者が決めたパスワードを含む接続先を YAKUBA_APP_DATABASE_URL に設定してください。"
            findings.error("HOU-E-013", "database", "アプリケーションの役割のパスワードが決まっていません。", remedy)
        findings.raise_if_blocking()
    for statement in missing:
        cursor.execute(statement)
    if password is not None and may_create:
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(login, sql.Literal(password)))
    excess = _one(cursor, _EXCESS, [application])
    if excess:
        remedy = sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOINHERIT").format(login)
        findings.error(
            "HOU-E-011", "database", f"アプリケーションの役割 {application} の権限が強すぎます。", _to_run([remedy])
        )
    shutting = rights.database_statements(database, prefix, application)
    if _one(cursor, "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()"):
        for statement in shutting:
            cursor.execute(statement)
    elif _one(cursor, _IS_OPEN):
        findings.error("HOU-E-012", "database", "ほかの利用者もこのデータベースに接続できます。", _to_run(shutting))
    findings.raise_if_blocking()
    rights.apply(cursor, prefix=prefix, application=application)


_MAY_CREATE = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
_EXCESS = (
    "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolinherit FROM pg_roles WHERE rolname = %s"
)
_IS_OPEN = (
    "SELECT EXISTS (SELECT FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
    " WHERE d.datname = current_database() AND a.grantee = 0 AND a.privilege_type = 'CONNECT')"
)


def _one(cursor: Any, statement: str, parameters: list[Any] | None = None) -> Any:
    cursor.execute(statement, parameters)
    return cursor.fetchone()[0]


def _existing(cursor: Any) -> set[str]:
    cursor.execute("SELECT rolname FROM pg_roles")
    return {name for (name,) in cursor.fetchall()}


def _memberships(cursor: Any, application: str) -> set[str]:
    """The GRANT statements that hold already, in the words of `rights.roles_statements`."""
    cursor.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles a ON a.oid = m.member"
        " WHERE a.rolname = %s",
        [application],
    )
    member = sql.Identifier(application)
    return {
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), member).as_string(None) for (name,) in cursor.fetchall()
    }


def _to_run(statements: list[sql.Composed]) -> str:
    lines = "\n".join(f"  {statement.as_string(None)};" for statement in statements)
    return f"データベースの管理者に、次のSQLの実行を依頼し、その後もう一度開いてください。\n{lines}"
