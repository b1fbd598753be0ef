"""What the node is told from outside: environment variables, read once, and every error names its mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from assay.core.errors import BadRequest, did_you_mean
from assay.node import hours
from assay.node.hours import WorkingHours

#: What each variable is for; docs/operate.md tells the same.
VARIABLES: Final[Mapping[str, str]] = {
    "ASSAY_ADDRESS": "the address under which people reach the node, such as https://leads.example.com",
    "ASSAY_DATA_FOLDER": "the folder that holds everything the node keeps",
    "ASSAY_SECRET_KEY": "signs sessions and one-time links; `assay serve` makes one and keeps it in the data folder",
    "ASSAY_INTAKE_DATABASE_URL": "Postgres as the role that may only add to the inbox",
    "ASSAY_BEHIND_PROXY": "1 where a proxy that sets X-Forwarded-Proto and X-Forwarded-For is the only way in",
    "ASSAY_METRICS_TOKEN": "who bears it may read /metrics from elsewhere than this machine",
    "ASSAY_MAIL_URL": "the mail server, such as smtps://user:password@mail.example.com",
    "ASSAY_MAIL_FROM": "whom mail is from",
    "ASSAY_WEBHOOKS_MAY_REACH": "private addresses or networks that webhooks may reach, such as 10.1.0.0/16,10.2.0.7",
    "ASSAY_SELF_APPROVAL": "1 lets whoever publishes rules approve their own, as long as nobody else could",
    "ASSAY_WEB_THREADS": "how many requests are answered at once",
    "ASSAY_API_RATE": "how many requests a minute each API token may send",
    "ASSAY_INBOX_LIMIT": "how many calls may wait for the lake before clients are asked to come again later",
    "ASSAY_WORKING_HOURS": "when deadlines run, such as Mon-Fri 09:00-17:30 Europe/Berlin",
    "ASSAY_HOLIDAYS": "on which days no deadline runs, such as 12-24..12-26, 2026-04-03",
    "ASSAY_CHILD": "set by `assay serve` for the processes that it starts",
}
#: Read elsewhere: by the command line and by tests; or set by Kubernetes for a service that is called assay.
_ELSEWHERE: Final = re.compile(r"ASSAY_(CONNECTION_\w+|TEST_\w+|DEBUG|SERVICE_(HOST|PORT)\w*|PORT(_\w+)?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The settings of one node."""

    address: str
    data_folder: Path
    secret_key: str
    database_url: str
    intake_database_url: str
    is_behind_proxy: bool
    is_child: bool
    metrics_token: str
    mail_url: str
    mail_from: str
    webhooks_may_reach: tuple[str, ...]
    web_threads: int
    allows_self_approval: bool = False
    inbox_limit: int
    api_rate: int
    working_hours: WorkingHours | None = None  # None: deadlines run always

    @property
    def is_https(self) -> bool:
        """Tell whether people come over TLS."""
        return self.address.startswith("https://")

    @property
    def host(self) -> str:
        """Return the name by which people reach the node."""
        return urlsplit(self.address).hostname or "localhost"


def read(variables: Mapping[str, str]) -> Environment:
    """Return the settings; raise BadRequest for one that cannot be used.

    What only a running node needs may be absent (see `demand`): tests and type checkers load settings without it.
    """
    _refuse_unknown(variables)
    database = _url(variables, "DATABASE_URL", "", ("postgres", "postgresql"))
    return Environment(
        address=_url(variables, "ASSAY_ADDRESS", "http://localhost:8000", ("http", "https")).rstrip("/"),
        data_folder=Path(variables.get("ASSAY_DATA_FOLDER") or "assay-data").absolute(),
        secret_key=variables.get("ASSAY_SECRET_KEY", ""),
        database_url=database,
        intake_database_url=_url(variables, "ASSAY_INTAKE_DATABASE_URL", database, ("postgres", "postgresql")),
        is_behind_proxy=_yes(variables, "ASSAY_BEHIND_PROXY"),
        is_child=_yes(variables, "ASSAY_CHILD"),
        metrics_token=variables.get("ASSAY_METRICS_TOKEN", ""),
        mail_url=_url(variables, "ASSAY_MAIL_URL", "", ("smtp", "smtps")),
        mail_from=variables.get("ASSAY_MAIL_FROM") or "Assay <assay@localhost>",
        webhooks_may_reach=_networks(variables, "ASSAY_WEBHOOKS_MAY_REACH"),
        allows_self_approval=_yes(variables, "ASSAY_SELF_APPROVAL"),
        web_threads=_count(variables, "ASSAY_WEB_THREADS", 8),
        inbox_limit=_count(variables, "ASSAY_INBOX_LIMIT", 1_000_000, digits=9),
        api_rate=_count(variables, "ASSAY_API_RATE", 600, digits=6),
        working_hours=_hours(variables, "ASSAY_WORKING_HOURS", "ASSAY_HOLIDAYS"),
    )


def demand(given: Environment) -> Environment:
    """Return the settings of a node that can run; raise BadRequest for what it lacks."""
    if not given.database_url:
        raise BadRequest(
            "There is no database", where="DATABASE_URL", mend="Start the node with `assay serve`, which brings one."
        )
    if len(given.secret_key) < 32:
        raise BadRequest(
            "It must be at least 32 characters that nobody can guess",
            where="ASSAY_SECRET_KEY",
            mend="Start the node with `assay serve`, which makes one, or take one from `openssl rand -hex 32`.",
        )
    return given


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    for name in sorted(variables):
        if name.startswith("ASSAY_") and name not in VARIABLES and not _ELSEWHERE.match(name):
            raise BadRequest(
                "There is no such setting",
                where=name,
                mend=did_you_mean(name, VARIABLES, f"These there are: {', '.join(VARIABLES)}."),
            )


def _url(variables: Mapping[str, str], name: str, otherwise: str, schemes: tuple[str, ...]) -> str:
    """Return a URL as it stands; a complaint never repeats it, as it may hold a password."""
    found = variables.get(name) or otherwise
    if not found:
        return ""
    try:
        parts = urlsplit(found)
        is_usable = parts.scheme in schemes and bool(parts.hostname or parts.query) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise BadRequest(
            "It is not a URL that Assay can use", where=name, mend=f"Write {' or '.join(f'{s}://…' for s in schemes)}."
        )
    return found


def _yes(variables: Mapping[str, str], name: str) -> bool:
    found = variables.get(name, "")
    if found not in {"", "0", "1"}:
        raise BadRequest("It is either 1 or 0", where=name, value=found, mend="Write 1 for yes, 0 for no.")
    return found == "1"


def _count(variables: Mapping[str, str], name: str, otherwise: int, digits: int = 3) -> int:
    found = variables.get(name) or str(otherwise)
    if not re.fullmatch(rf"[1-9]\d{{0,{digits - 1}}}", found):
        most = "9" * digits
        raise BadRequest(f"It is a whole number from 1 to {most}", where=name, value=found, mend=f"Write {otherwise}.")
    return int(found)


def _hours(variables: Mapping[str, str], name: str, holidays: str) -> WorkingHours | None:
    found, off = variables.get(name, ""), variables.get(holidays, "")
    if found:
        return replace(hours.read(found, name), holidays=hours.read_holidays(off, holidays))
    if off.strip():
        mend = "Set it, such as Mon-Fri 09:00-17:30 Europe/Berlin: holidays are of its time zone."
        raise BadRequest(f"Deadlines run always, as there is no {name}", where=holidays, value=off[:100], mend=mend)
    return None


def _networks(variables: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in variables.get(name, "").split(",") if part.strip())
    for part in found:
        try:
            ip_network(part, strict=False)
        except ValueError:
            mend = "Write addresses or networks, separated by commas: 10.1.0.0/16,10.2.0.7."
            raise BadRequest("It is not an address or network", where=name, value=part, mend=mend) from None
    return found
