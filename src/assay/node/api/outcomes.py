"""Outcomes that other programs tell of: rows of the lake, as if they had stood in a file of the definition's source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Self

import pyarrow as pa
from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from assay.core.definitions.model import OutcomesSource
from assay.core.errors import BadRequest
from assay.core.sources.files import kind_of
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.api.shapes import Heard, Id, amount_of, amount_told
from assay.node.lake import manifest
from assay.node.lake.rows import LAKE, ROW_KIND
from assay.node.rulebook import current

MOST: Final = 1000
_COLUMNS: Final = pa.schema([field for field in LAKE if field.name != "seq"])


class Outcome(Heard):
    """What became of a person or an account, and when: at least one of the two is named."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [{"required": [one], "properties": {one: {"type": "string"}}} for one in ("person", "account")]
        },
    )

    outcome: Id
    at: AwareDatetime
    person: Id | None = None
    account: Id | None = None
    amount: Annotated[Decimal, BeforeValidator(amount_of(10, 6)), WithJsonSchema(amount_told(10, 6))] | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.person is None and self.account is None:
            raise ValueError("person or account")
        return self


class Outcomes(Heard):
    """Outcomes for a source of the definitions; where there is one alone, it need not be named."""

    source: Id | None = None
    outcomes: Annotated[list[Outcome], Field(min_length=1, max_length=MOST)]


class Taken(Schema):
    """How many outcomes were taken in, and by which source."""

    source: str
    taken: int


@action("take outcomes in", Permission.CHANGE_DATA)
def take_in(audit: Audit, told: Outcomes, now: datetime) -> Taken:
    """Bring outcomes into the lake; BadRequest where no source of the definitions takes them."""
    part = _part(told.source)
    lacking = [name for name in ("person", "account") if getattr(part, name) is None]
    for one in told.outcomes:
        if all(getattr(one, name) is None for name in ("person", "account") if name not in lacking):
            wanted = "account" if "person" in lacking else "person"
            raise BadRequest(
                f"The source '{part.source}' knows no {lacking[0]} of outcomes", mend=f"Name the {wanted} of each."
            )
    manifest.add(_rows(part, told.outcomes, now), now)
    audit.write("outcomes", part.source, before={}, after={"taken": len(told.outcomes)})
    return Taken(source=part.source, taken=len(told.outcomes))


def _part(name: str | None) -> OutcomesSource:
    found = [part for part in current.definitions().sources if isinstance(part, OutcomesSource)]
    named = [part for part in found if name in {None, part.source}]
    if len({part.source for part in named}) != 1:
        known = ", ".join(sorted({part.source for part in found})) or "none"
        raise BadRequest("No one source of the definitions takes these outcomes", mend=f"Name it. There are: {known}.")
    return named[0]


def _rows(part: OutcomesSource, outcomes: Sequence[Outcome], now: datetime) -> pa.Table:
    """Return outcomes as rows of the lake, with the columns that the definition gives them."""
    rows = []
    for one in outcomes:
        told = {part.at: one.at.isoformat(), part.outcome: one.outcome}
        for column, value in ((part.person, one.person), (part.account, one.account), (part.amount, one.amount)):
            if column is not None and value is not None:
                told[column] = str(value)
        rows.append((part.source, ROW_KIND, None, one.at, now, None, None, None, kind_of(part), json.dumps(told)))
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, _COLUMNS, strict=True)], schema=_COLUMNS
    )
