"""Looking back before a rule takes effect: who would enter and leave, and what became of those whom it found.

A look replays everything, so the worker does it; the page shows the answer once it is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from assay.core import hindsight
from assay.core.definitions import complaints as codes
from assay.core.definitions.as_published import as_published, changed_parts
from assay.core.definitions.loading import load
from assay.core.definitions.model import Definitions
from assay.core.errors import BadDefinitions, BadRequest, ShownError
from assay.core.hindsight import Asked
from assay.core.io.store import Store
from assay.core.outcomes.conversions import Reach
from assay.core.values import parse_duration
from assay.node.access.actions import Audit, action
from assay.node.access.permissions import Permission
from assay.node.jobs import UNAVAILABLE
from assay.node.rulebook import candidates, current, editions, history, trying
from assay.node.rulebook.answers import backtests, sides
from assay.node.rulebook.editions import Contents
from assay.node.rulebook.models import Edition, Look, RuleVersion
from assay.node.rulebook.texts import laid_out

#: Answers name people; they are not kept for longer than somebody needs to decide.
_KEPT: Final = timedelta(days=7)
#: Who waited so long waits in vain: its job was given up.
_PATIENCE: Final = timedelta(hours=6)
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Definitions that decide a version of a rule and, under `old`, the live one; None where there is none."""

    definitions: Definitions
    new: str
    old: str | None
    changed: tuple[str, ...]


@action("look back at a rule", Permission.EDIT_RULES)
def ask(audit: Audit, kind: str, rule: str, version_id: int | None, question: Mapping[str, str] | None = None) -> Look:
    """Ask for a look back at a version of a rule, or at its draft; the worker answers."""
    if kind == Look.Kind.BACKTEST:
        asked_of(question or {})
    version = None if version_id is None else RuleVersion.objects.get(pk=version_id)
    if version is None:
        text, number = _draft(rule)
    else:
        text, number = version.published, version.version
    tidy(timezone.now())
    look = Look.objects.create(
        kind=kind,
        rule=rule,
        version=None if version is None else number,
        edition=candidates.latest().number,
        files={f"{rule}@{number}": text},
        question=dict(question or {}),
        asked_at=timezone.now(),
        asked_by=editions.user(audit.actor),
    )
    audit.write("rule", f"{rule}@{number}", before={}, after={"look": kind})
    from assay.node.rulebook.tasks import look as task

    task.defer(look_id=look.pk)
    return look


def latest(kind: str, rule: str, version: int | None) -> Look | None:
    """Return the last look of a kind at a version of a rule, or at its draft."""
    return Look.objects.filter(kind=kind, rule=rule, version=version).order_by("-pk").first()


def tidy(now: datetime) -> None:
    """Forget looks that were asked for a week ago, and say of those that nobody answers that they failed."""
    Look.objects.filter(asked_at__lte=now - _KEPT).delete()
    Look.objects.filter(state=Look.State.WAITING, asked_at__lt=now - _PATIENCE).update(
        state=Look.State.FAILED, answer={"why": "Answering was cut short again and again. Ask once more."}, done_at=now
    )


def answer(look_id: int) -> None:
    """Answer a look that waits; what goes wrong is told in its place."""
    look = Look.objects.filter(pk=look_id, state=Look.State.WAITING).first()
    if look is None:
        return
    try:
        found = _answer(look)
        look.state, look.answer = Look.State.DONE, found
    except UNAVAILABLE:
        raise  # it is asked again once the database answers
    except ShownError as error:
        look.state, look.answer = Look.State.FAILED, {"why": error.text()}
    except Exception:
        _log.exception("a look back failed")
        look.state, look.answer = Look.State.FAILED, {"why": "Assay failed in a way it should not; the log says more."}
    look.done_at = timezone.now()
    Look.objects.filter(pk=look.pk).update(state=look.state, answer=look.answer, done_at=look.done_at)


def asked_of(question: Mapping[str, str]) -> Asked:
    """Return the question of a backtest as it was typed; BadRequest where it cannot be read."""
    within, reach = question.get("within", "90 days"), question.get("reach", "account")
    try:
        length = parse_duration(within)
    except ValueError as error:
        raise BadRequest("This is not a duration", value=within[:40], mend=str(error)) from None
    if not question.get("outcome", "").strip():
        raise BadRequest("A backtest asks for an outcome", mend="Name one as the data does, such as won.")
    known: Mapping[str, Reach] = {"account": "account", "person": "person"}
    return Asked(outcome=question["outcome"].strip(), within=length, reach=known.get(reach, "account"))


def _answer(look: Look) -> dict[str, Any]:
    if look.kind == Look.Kind.EXAMPLES:
        return trying.tried(look)
    both = both_of(look)
    with history.replayed(both.definitions) as store:
        if look.kind == Look.Kind.SIDES:
            return _sides(store, both)
        return _backtest(store, both, look)


def both_of(look: Look) -> Both:
    """Return the definitions that decide what is looked at beside what was live then."""
    texts = Edition.objects.get(number=look.edition).texts
    (name, published), *_ = look.files.items()
    rule, number = current.split(name)
    definitions = current.read(Contents(texts=texts, shadows={name: published}))
    is_new = not any(one.name == name for one in definitions.rules)
    with laid_out(texts, {editions.published_path(rule, number): published}) as folder:
        parts = () if is_new else changed_parts(load(folder, against_published=False), as_published(folder, rule), rule)
    return Both(
        definitions=definitions, new=rule if is_new else name, old=None if is_new else rule, changed=tuple(parts)
    )


def _sides(store: Store, both: Both) -> dict[str, Any]:
    old = None if both.old is None else both.definitions.rule(both.old)
    new = both.definitions.rule(both.new)
    as_of = hindsight.period_of(store, None, None, as_of=history.now()).as_of
    spells = hindsight.decided(store, both.definitions, [one for one in (old, new) if one], as_of)
    return sides(store, spells, old, new, both.changed, as_of=as_of)


def _backtest(store: Store, both: Both, look: Look) -> dict[str, Any]:
    names = [name for name in (both.new, both.old) if name]
    found = hindsight.look_back(store, both.definitions, names, asked_of(look.question), as_of=history.now())
    return backtests(found, hindsight.names_of_cases(store, found))


def _draft(rule: str) -> tuple[str, int]:
    """Return a draft as it would be published; that its version was used before does not matter here."""
    found = candidates.of_draft(rule, run_examples=False)
    wrong = [one for one in found.complaints if one.code != codes.CHANGED]
    if wrong:
        raise BadDefinitions(wrong)
    new = candidates.as_version(found, rule)
    return new.published, new.version
