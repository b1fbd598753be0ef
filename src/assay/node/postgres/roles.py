"""Who reaches the database, and what each may do there.

The owner makes tables and does nothing else. The web and the worker come as `assay_web`, who reads and writes rows;
where a table is append only, not even that role can change what was written. What takes events in from outside comes
as `assay_intake`, who may add to the tables that an app names, and see nothing at all.

An app says in its AppConfig what differs from that: `append_only` and `open_to_intake`, tuples of table names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import psycopg
from django.apps import apps
from psycopg import sql

OWNER: Final = "assay_owner"
WEB: Final = "assay_web"
INTAKE: Final = "assay_intake"
DATABASE: Final = "assay"


def make(superuser_url: str, passwords: dict[str, str]) -> None:
    """Make the roles with these passwords and the database, where they are missing; set the passwords in any case."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role, password in passwords.items():
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = "ALTER" if known else "CREATE"
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))


def grant(owner_url: str) -> None:
    """Give each role what it may do, and take what it may not; done after every migration, as the owner of the tables.

    A role that the server lacks is left out: where there is one role for everything, it owns the tables already.
    """
    with psycopg.connect(owner_url) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        if WEB in known:
            _grant_web(connection)
        if INTAKE in known:
            _grant_intake(connection)


def _grant_web(connection: psycopg.Connection) -> None:
    web = sql.Identifier(WEB)
    for statement in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
    ):
        connection.execute(sql.SQL(statement).format(web))
    for table in _named("append_only"):
        connection.execute(sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), web))


def _grant_intake(connection: psycopg.Connection) -> None:
    intake = sql.Identifier(INTAKE)
    connection.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(intake))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(intake))
    for table in _named("open_to_intake"):
        connection.execute(sql.SQL("GRANT INSERT ON {} TO {}").format(sql.Identifier(table), intake))


def _named(attribute: str) -> Iterable[str]:
    """Return the tables that the apps name under an attribute of their configuration."""
    return [table for app in apps.get_app_configs() for table in getattr(app, attribute, ())]
