"""Which of the changes at an instant feed a criterion."""

from __future__ import annotations

from assay.core.definitions.model import (
    Attribute,
    Count,
    Form,
    PartnerInsight,
    PartnerSays,
    PeopleQualified,
    PointsLine,
    Qualified,
    ScoreIs,
    Sequence,
    Sum,
)
from tests.model import forms, partners
from tests.model.forms import Siblings
from tests.model.history import MEMBERSHIP, Cause, History, Subject, cause
from tests.model.world import Event


def of_events(events: list[Event]) -> set[Cause]:
    """Return the events as causes."""
    return {cause("event", e.source, e.id) for e in events}


def feeding(
    history: History, form: Form, siblings: Siblings, subject: Subject, x: int, *, expired: Cause
) -> set[Cause]:
    """Return the changes at x that feed a criterion; time passing is `expired`.

    Empty where nothing that the criterion reads has changed.
    """
    if isinstance(form, Count | Sum | Sequence):
        return _feeding_events(history, form, subject, x, expired)
    if isinstance(form, ScoreIs):
        return _feeding_score(history, form, subject, x, expired)
    if isinstance(form, PeopleQualified):
        return _feeding_share(history, form, subject, x, expired)
    if isinstance(form, Qualified):
        return _feeding_reference(history, form, subject, x)
    if forms.says(history, form, siblings, subject, x - 1) == forms.says(history, form, siblings, subject, x):
        return set()  # at birth: what was so before is so by birth, not by a change that leaves it as it was
    moved = {MEMBERSHIP} if history.account(subject, x - 1) != history.account(subject, x) else set()
    if isinstance(form, Attribute):
        before, after = _attribute(history, form, subject, x)
        own = {cause("attribute", f"account.{form.name}" if form.of_account else form.name)}
        return (moved if form.of_account else set()) | (own if before != after else set())
    account = history.account(subject, x)
    if isinstance(form, PartnerSays | PartnerInsight):
        return moved | partners.partner_causes(history, form, account, x, expired=expired, fading=False)
    found = partners.link_causes(history, account, x) if form.independent else set()
    for name in form.any_of:
        sibling = siblings.forms[name]
        assert isinstance(sibling, PartnerSays | PartnerInsight)
        found |= partners.partner_causes(history, sibling, account, x, expired=expired, fading=False)
    return moved | found


def _attribute(history: History, form: Attribute, subject: Subject, x: int) -> tuple[str | None, str | None]:
    """Return the value just before x and at x, of the subject or of the account that it reads at x."""
    if form.of_account or subject.person is None:
        account = history.account(subject, x)
        return (
            history.attribute("account", account, form.name, x - 1),
            history.attribute("account", account, form.name, x),
        )
    return (
        history.attribute("person", subject.person, form.name, x - 1),
        history.attribute("person", subject.person, form.name, x),
    )


def _feeding_events(
    history: History, form: Count | Sum | Sequence, subject: Subject, x: int, expired: Cause
) -> set[Cause]:
    starters = [e for e in history.events(subject) if e.at == x and e.event == form.window.since]
    if isinstance(form, Sequence):
        steps = [e for e in history.events(subject) if e.at == x and e.event in form.steps]
        return of_events(starters + steps) | _left(history, form, subject, x, expired)
    fed = [e for e in forms.counted(history, form, subject, x) if e.at == x]
    return of_events(starters + fed) | _left(history, form, subject, x, expired)


def _left(history: History, form: Count | Sum | Sequence, subject: Subject, x: int, expired: Cause) -> set[Cause]:
    """Return `expired` where an event leaves the window at x because of its age."""
    within = form.window.within
    return {expired} if within and any(e.at + within == x for e in history.events(subject)) else set()


def _spell_ends(history: History, rule: str, subject: Subject, x: int) -> set[Cause]:
    """Return what opened or closed a spell of the rule at x."""
    spells = history.spells(rule, subject)
    opened = {spell.opened_by for spell in spells if spell.starts_at == x}
    return opened | {spell.closed_by for spell in spells if spell.ends_at == x and spell.closed_by}


def _feeding_reference(history: History, form: Qualified, subject: Subject, x: int) -> set[Cause]:
    if history.definitions.rule(form.rule).subject == "person" and subject.person is None:
        return _people_causes(history, PeopleQualified(rule=form.rule), subject, x)
    moved = {MEMBERSHIP} if history.account(subject, x - 1) != history.account(subject, x) else set()
    if history.definitions.rule(form.rule).subject == "person":
        moved = set()
    read = forms.rule_subjects(history, form.rule, subject, x)
    return moved.union(*(_spell_ends(history, form.rule, s, x) for s in read))


def _feeding_share(history: History, form: PeopleQualified, subject: Subject, x: int, expired: Cause) -> set[Cause]:
    before = set(history.active_people(subject.account, x - 1, form.active_within))
    after = set(history.active_people(subject.account, x, form.active_within))
    ran_out = form.active_within is not None and any(
        e.person in before - after and e.at + form.active_within == x for e in history.events(subject)
    )
    return _people_causes(history, form, subject, x) | ({expired} if ran_out else set())


def _people_causes(history: History, form: PeopleQualified, subject: Subject, x: int) -> set[Cause]:
    """Return what changed at x about who counts as the account's people and who of them holds the rule."""
    account = subject.account
    before = set(history.active_people(account, x - 1, form.active_within))
    after = set(history.active_people(account, x, form.active_within))
    found: set[Cause] = set()
    for person in before | after:
        pair = Subject(person, account)
        found |= _spell_ends(history, form.rule, pair, x)
        if person in after - before:
            found |= of_events([e for e in history.events(pair) if e.at == x])
        was, now = (history.account_of_person(person, at) == account for at in (x - 1, x))
        if was != now and (person in before) != (person in after):
            found.add(MEMBERSHIP)
    return found


def _feeding_score(history: History, form: ScoreIs, subject: Subject, x: int, expired: Cause) -> set[Cause]:
    score = history.definitions.score(form.score)
    siblings = Siblings({line.name: line.form for line in score.points})
    found: set[Cause] = set()
    for line in score.points:
        if line_changed(history, line, siblings, subject, x):
            found |= _feeding_line(history, line, siblings, subject, x, expired)
    return found


def line_changed(history: History, line: PointsLine, siblings: Siblings, subject: Subject, x: int) -> bool:
    """Return whether a line could have changed at x: a line over events always could, others by their truth."""
    if isinstance(line.form, Count | Sum | Sequence) or line.once is None:
        return True
    before, now = (forms.met(history, line.form, siblings, subject, at) for at in (x - 1, x))
    return before != now


def _feeding_line(
    history: History, line: PointsLine, siblings: Siblings, subject: Subject, x: int, expired: Cause
) -> set[Cause]:
    if line.once is None and isinstance(line.form, PartnerSays | PartnerInsight):
        account = history.account(subject, x)
        before = history.account(subject, x - 1)
        fading = line.fades is not None
        was, now = (partners.partners(history, line.form, *at) for at in ((before, x - 1), (account, x)))
        if was == now or (not fading and was.keys() == now.keys()):
            return set()
        moved = {MEMBERSHIP} if before != account else set()
        return moved | partners.partner_causes(history, line.form, account, x, expired=expired, fading=fading)
    return feeding(history, line.form, siblings, subject, x, expired=expired)
