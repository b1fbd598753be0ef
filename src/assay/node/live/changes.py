"""What changed of who qualifies: what the live part tells leads, plays and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assay.core.definitions.model import SubjectType

#: `enter` and `exit`: a spell began or ended. `merged`: the subject is known under another id from now on.
What = Literal["enter", "exit", "merged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one subject, as of the instant `at` in history; it may be told later than that."""

    what: What
    subject_type: SubjectType
    subject_id: str
    at: datetime
    rule: str = ""  # of enter and exit
    version: int = 0
    cause: str = ""  # what opened or closed the spell: "event:<source>:<id>", "expiry:<criterion>", ...
    into: str = ""  # of merged: the id that stays
