"""Opening a connection to a warehouse, from its URL; a URL is never shown, whole or in part."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from assay.core.errors import BadRequest

_PATIENCE: Final = 10  # seconds until somebody answers

#: What drivers say, and how it is told: none of their own words are.
_REASONS: Final = (
    (r"password|authentication|role .* does not exist|no pg_hba", "it refuses the user or the password"),
    (r"permission denied|not authorized|access denied", "the user may not read it"),
    (r"database .* does not exist", "it has no such database"),
    (r"resolve|translate host|name or service|getaddrinfo|nodename", "no host has that name"),
    (r"refused|time(d )?out|unreachable|no route|no such file or directory|closed|terminat|reset", "nobody answers"),
    (r"not a database|malformed", "the file is no database, or a broken one"),
    (r"utf-?8|codec|encoding", "text that is not UTF-8"),
)


def reach(name: str, given: Any) -> Any:
    """Return the Ibis connection that a URL leads to, or the one given; BadRequest where there is none."""
    if given is None or given == "":
        raise BadRequest(
            "No connection of this name was given",
            where=f"connection {name}",
            mend=f"Set {variable_of(name)} in the environment, or give --connection {name}=URL; in Python "
            f'connections={{"{name}": URL or Ibis connection}}.',
        )
    try:
        import ibis
    except ImportError:
        raise BadRequest(
            "A source lies in a warehouse, and Assay was installed without what reads those",
            where=f"connection {name}",
            mend="Install the extra: pip install 'assay[warehouse]'.",
        ) from None
    if not isinstance(given, str):
        if isinstance(given, ibis.BaseBackend):
            return given
        raise BadRequest(
            "This is no connection",
            where=f"connection {name}",
            value=type(given).__name__,
            mend="Give a URL as text, or what ibis.connect returns.",
        )
    return _connected(name, given)


def variable_of(name: str) -> str:
    """Return the environment variable that holds the URL of a connection."""
    return "ASSAY_CONNECTION_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def has_secret(url: str) -> bool:
    """Return whether a URL holds a password or a token."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return True
    return parts.password is not None or re.search(r"pass|secret|token|key|credential", parts.query, re.I) is not None


def told_reason(error: Exception) -> str:
    """Return why a driver gave up, in words that hold nothing of what it said."""
    said = str(error).lower()
    return next((told for pattern, told in _REASONS if re.search(pattern, said)), type(error).__name__)


def _connected(name: str, url: str) -> Any:
    import ibis

    where = f"connection {name}"
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    scheme = parts.scheme.lower().replace("postgresql", "postgres")
    if "://" not in url or scheme not in _schemes():
        raise BadRequest(
            "The URL of the connection cannot be read",
            where=where,
            mend="Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, sqlite:///PATH, or another that Ibis knows; "
            "percent-encode signs such as @ and / in a password.",
        )
    try:
        if scheme == "sqlite":
            return _sqlite(where, parts)
        if scheme == "postgres":
            return _postgres(url.strip())
        return ibis.connect(url.strip())
    except BadRequest:
        raise
    except ImportError:
        raise BadRequest(
            "The driver of this warehouse is not installed",
            where=where,
            value=scheme,
            mend=f"Install it: pip install 'ibis-framework[{scheme}]'.",
        ) from None
    except Exception as error:
        raise BadRequest(
            "The warehouse cannot be reached",
            where=where,
            value=told_reason(error),
            mend="Check the URL that the connection has, and that the warehouse runs and can be reached from here.",
        ) from None


def _schemes() -> frozenset[str]:
    from importlib.metadata import entry_points

    return frozenset(point.name for point in entry_points(group="ibis.backends")) - {"file"}


def _sqlite(where: str, parts: SplitResult) -> Any:
    import ibis

    path = Path(unquote(parts.netloc + parts.path))
    if parts.path.startswith("//"):
        path = Path(unquote(parts.path[1:]))
    if not path.is_file():
        raise BadRequest(
            "There is no such SQLite file",
            where=where,
            mend="Write sqlite:// and the path of a file that is there: sqlite:///srv/data.db.",
        )
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    return ibis.sqlite.from_connection(connection)


def _postgres(url: str) -> Any:
    """Return a connection that only reads, and sees all tables as they are at one instant."""
    import ibis
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    waits = {} if "connect_timeout" in conninfo_to_dict(url) else {"connect_timeout": _PATIENCE}
    connection = psycopg.connect(make_conninfo(url, **waits))
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.execute("SELECT 1")  # opens the transaction in which all that follows is read
    return ibis.postgres.from_connection(connection)
