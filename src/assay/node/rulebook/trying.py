"""Trying the examples of a text that is being written: the worker does it, as the first time compiles the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from django.utils import timezone

from assay.core.errors import Complaint
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.rulebook import candidates, editions
from assay.node.rulebook.models import Look
from assay.node.rulebook.texts import demand_bounded


@action("try the examples of a rule", Permission.EDIT_RULES)
def ask(audit: Audit, rule: str, path: str, text: str, seen: str) -> Look:
    """Ask for a rule's examples to be tried as if one of its files were written so; `seen` is what it was written over.

    Nothing is kept as a draft by that.
    """
    demand_bounded({path: text})
    asked = Look.objects.create(
        kind=Look.Kind.EXAMPLES,
        rule=rule,
        edition=candidates.latest().number,
        files={path: text},
        question={"seen": seen},
        asked_at=timezone.now(),
        asked_by=editions.user(audit.actor),
    )
    audit.write("rule", rule, before={}, after={"look": asked.kind})
    from assay.node.rulebook.tasks import look as task

    task.defer(look_id=asked.pk)
    return asked


def of(look_id: int, path: str) -> Look | None:
    """Return what came of trying a text of a file; None where no such look is by that number."""
    found = Look.objects.filter(pk=look_id, kind=Look.Kind.EXAMPLES).first()
    return found if found is not None and path in found.files else None


def tried(look: Look) -> dict[str, Any]:
    """Try the examples; return what does not come out, as the answer of a look keeps it."""
    found = candidates.of_draft(look.rule, instead=look.files)
    return {"complaints": msgspec.to_builtins(found.complaints)}


def complaints(look: Look) -> Sequence[Complaint]:
    """Return what did not come out when the examples were tried."""
    return msgspec.convert(look.answer.get("complaints", []), list[Complaint])
