"""Trying a draft's examples before it is decided in shadow.

The first time on a machine this compiles the engine, which takes minutes: so the worker does it, and the page says so.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from assay.core.errors import BadDefinitions, BadRequest
from assay.node.access.actions import Audit, NotAllowed, action
from assay.node.access.permissions import Permission
from assay.node.jobs import UNAVAILABLE
from assay.node.rulebook import candidates, editions, publishing
from assay.node.rulebook.candidates import Candidate
from assay.node.rulebook.models import Rehearsal

_SHOWN: Final = 5
#: Who waited so long waits in vain: its job was given up.
_PATIENCE: Final = timedelta(hours=6)
_log: Final = logging.getLogger(__name__)


@action("ask for a rule to be decided in shadow", Permission.PUBLISH_RULES)
def ask(audit: Audit, rule: str, found: Candidate) -> Rehearsal:
    """Let the worker try the examples of a draft as it is now, and decide it in shadow where they come out."""
    if found.complaints:
        raise BadDefinitions(found.complaints)
    editions.held()
    if Rehearsal.objects.filter(rule=rule, done_at=None).exists():
        raise BadRequest("Its examples are being tried already", mend="Wait until that is done.")
    by = editions.user(audit.actor)
    if by is None:
        raise BadRequest("A user asks for this", mend="Log in and do it on the page of the rule.")
    asked = {"edition": found.edition, "seen": found.seen, "asked_at": timezone.now(), "asked_by": by}
    made, _ = Rehearsal.objects.update_or_create(rule=rule, defaults={**asked, "why": [], "done_at": None})
    audit.write("rule", rule, before={}, after={"rehearsal": found.seen})
    from assay.node.rulebook.tasks import rehearse as task

    task.defer(rule=rule)
    return made


def of(rule: str) -> Rehearsal | None:
    """Return the rehearsal of a rule's draft that waits, or that failed."""
    return Rehearsal.objects.select_related("asked_by").filter(rule=rule).first()


def rehearse(rule: str) -> None:
    """Try the examples and decide the rule in shadow; what stands in the way is told in its place."""
    asked = of(rule)
    if asked is None or asked.done_at is not None:
        return
    try:
        new = candidates.new_version(rule)
        if (new.edition, new.seen) != (asked.edition, asked.seen):
            raise BadRequest(
                "The draft, or something that is decided, was changed since this was asked",
                mend="Look at it, and ask again.",
            )
        with transaction.atomic():
            publishing.start_shadow(asked.asked_by, new)
            asked.delete()
    except UNAVAILABLE:
        raise  # it is tried again once the database answers
    except BadDefinitions as error:
        _fail(rule, [str(one) for one in error.complaints[:_SHOWN]])
    except BadRequest as error:
        _fail(rule, [error.text()])
    except NotAllowed:
        _fail(rule, ["Who asked may not publish rules any more."])
    except Exception:
        _log.exception("a rehearsal failed")
        _fail(rule, ["Assay failed in a way it should not; the log says more."])


def tidy(now: datetime) -> None:
    """Say of rehearsals that nobody does that they failed."""
    late = Rehearsal.objects.filter(done_at=None, asked_at__lt=now - _PATIENCE)
    late.update(done_at=now, why=["Trying the examples was cut short again and again. Ask once more."])


def _fail(rule: str, why: list[str]) -> None:
    Rehearsal.objects.filter(rule=rule).update(done_at=timezone.now(), why=why)
