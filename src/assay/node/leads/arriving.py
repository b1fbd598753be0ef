"""How changes of who qualifies become leads.

A spell that begins makes a lead, or is one more rule of the subject's open lead under that motion; the spell that
opened latest designates. One that ends is noted, and a lead that nobody has answered closes itself. The same change
told twice does nothing the second time. What began and ended within one batch makes no lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from assay.core.definitions.model import Definitions, Rule
from assay.core.errors import InternalError
from assay.core.sentences import cause as words_of_cause
from assay.node.leads import offering, stories
from assay.node.leads.desk import Desk, Subject, lay_out, read_suppressed, suppression
from assay.node.leads.merging import merge
from assay.node.leads.models import Lead, LeadSpell
from assay.node.leads.moving import happened, move
from assay.node.leads.reasons import CloseReason
from assay.node.leads.routing import Roster, Route
from assay.node.leads.states import DECIDED, OPEN, UNANSWERED, Move, State
from assay.node.live.changes import Change


@dataclass(slots=True)
class _Batch:
    desk: Desk
    rules: Mapping[str, Rule]  # live ones
    about: Mapping[stories.Asked, stories.About]
    now: datetime
    to_offer: list[Lead] = field(default_factory=list)


def apply(changes: Sequence[Change], definitions: Definitions, now: datetime) -> None:
    """Let these changes, in the order of their instants, become leads; all, or none where anything fails.

    InternalError where merges contradict one another: what comes of them would depend on how often they are told.
    """
    if not changes:
        return
    _demand_one_end(changes)
    rules = {rule.name: rule for rule in definitions.rules if rule.status == "live"}
    with transaction.atomic():
        desk = lay_out(_subjects(changes))
        asked = sorted(
            {(c.subject_type, c.subject_id, c.rule) for c in changes if c.what == "enter" and c.rule in rules}
        )
        about = stories.about(asked, now) if asked else {}
        accounts = [("account", known.account_id) for known in about.values() if known.account_id]
        read_suppressed(desk, [*_subjects(changes), *desk.other_ids.values(), *accounts])
        batch = _Batch(desk, rules, about, now)
        # Who is who comes first, then what happened, in its order; what ends makes room for what begins.
        for change in sorted(changes, key=lambda c: (c.what != "merged", c.at, c.what != "exit")):
            _take(batch, change)
        _settle(batch)


def _demand_one_end(changes: Sequence[Change]) -> None:
    """Refuse merges that name two ids for one former id, or one that is itself a former id."""
    merges = {(c.subject_type, c.subject_id, c.into) for c in changes if c.what == "merged"}
    former = {(kind, one) for kind, one, _ in merges}
    if len(former) < len(merges) or former & {(kind, into) for kind, _, into in merges}:
        raise InternalError("Merges that were told at once contradict one another")


def arrive_again(spells: Sequence[LeadSpell], definitions: Definitions, now: datetime) -> None:
    """Let spells that were passed over for a while, and still hold, become leads now."""
    rules = {rule.name: rule for rule in definitions.rules if rule.status == "live"}
    subjects = [(spell.subject_type, spell.subject_id) for spell in spells]
    wanted = {spell.pk for spell in spells}
    with transaction.atomic():
        desk = lay_out(subjects)
        asked = sorted({(s.subject_type, s.subject_id, s.rule) for s in spells})
        about = stories.about(asked, now)
        accounts = [("account", known.account_id) for known in about.values() if known.account_id]
        read_suppressed(desk, [*subjects, *accounts])
        batch = _Batch(desk, rules, about, now)
        for spell in list(desk.spells):
            if spell.pk in wanted and spell.lead is None and spell.left_at is None:
                spell.passed_over, spell.again_at = "", None
                desk.touch(spell)
        _settle(batch)


def _subjects(changes: Sequence[Change]) -> list[Subject]:
    into = [(c.subject_type, c.into) for c in changes if c.what == "merged"]
    return [*((c.subject_type, c.subject_id) for c in changes), *into]


def _take(batch: _Batch, change: Change) -> None:
    subject = batch.desk.known_as((change.subject_type, change.subject_id))
    match change.what:
        case "enter":
            _note_entry(batch, subject, change)
        case "exit":
            _note_exit(batch, subject, change)
        case "merged":
            into: Subject = (change.subject_type, change.into)
            by_now = batch.desk.known_as(into)
            # Where the id that stays was itself merged into this one before, it is the other way round from now on.
            is_turned = by_now == subject and subject[1] == change.subject_id
            merge(batch.desk, subject, into if is_turned else by_now, batch.now)


def _note_entry(batch: _Batch, subject: Subject, change: Change) -> None:
    rule = batch.rules.get(change.rule)
    told = [spell for spell in batch.desk.spells_of(subject) if spell.rule == change.rule]
    if rule is None or any(spell.entered_at == change.at for spell in told):
        return
    for spell in told:
        if spell.left_at is None:  # a rule cannot hold twice at once: history was corrected
            spell.entered_at, spell.cause, spell.version = change.at, change.cause, change.version
            batch.desk.touch(spell)
            return
    spell = LeadSpell(
        subject_type=subject[0],
        subject_id=subject[1],
        motion=rule.motion,
        rule=rule.name,
        version=change.version,
        stage=rule.stage,
        entered_at=change.at,
        cause=change.cause,
    )
    batch.desk.add_spell(spell)


def _note_exit(batch: _Batch, subject: Subject, change: Change) -> None:
    for spell in batch.desk.spells_of(subject):
        if spell.rule == change.rule and spell.left_at is None and spell.entered_at <= change.at:
            spell.left_at, spell.left_cause = change.at, change.cause
            spell.again_at = None
            batch.desk.touch(spell)


def _settle(batch: _Batch) -> None:
    """Let leads follow from the spells: arise, be designated anew, close themselves, be offered."""
    desk = batch.desk
    for spell in sorted(desk.spells, key=lambda s: (s.entered_at, s.rule)):
        if spell.lead is None and spell.left_at is None and not spell.passed_over:
            _find_lead(batch, spell)
    still_open = [lead for lead in desk.leads if lead.state in OPEN]
    _ask_about_remaining(batch, still_open)
    for lead in still_open:
        _designate(batch, lead)
    _offer_all(batch)
    desk.write()


def _find_lead(batch: _Batch, spell: LeadSpell) -> None:
    """Give a spell that holds its lead: the open one, a new one, or none for now."""
    desk, now = batch.desk, batch.now
    subject: Subject = (spell.subject_type, spell.subject_id)
    about = batch.about.get((*subject, spell.rule), stories.About())
    rule = batch.rules.get(spell.rule)
    if rule is None:
        return
    lead = desk.open_lead(subject, spell.motion)
    if lead is None:
        barred = suppression(desk, [subject, ("account", about.account_id)], spell.motion)
        if barred is not None:
            spell.passed_over = f"On the list: {barred.get_kind_display().lower()}"
            desk.touch(spell)
            return
        again = _not_before(desk, subject, spell.motion, rule)
        if again is not None and again > now:
            spell.passed_over, spell.again_at = "Decided a short while ago", again
            desk.touch(spell)
            return
        lead = _new_lead(subject, spell, about, now)
        desk.add_lead(lead)
        desk.events.append(happened(lead, "arrived", at=now, text=spell.rule))
        batch.to_offer.append(lead)
    else:
        desk.events.append(happened(lead, "also qualifies", at=now, text=spell.rule))
        _wake(batch, lead, rule)
    spell.lead = lead
    desk.touch(spell)


def _new_lead(subject: Subject, spell: LeadSpell, about: stories.About, now: datetime) -> Lead:
    return Lead(
        subject_type=subject[0],
        subject_id=subject[1],
        motion=spell.motion,
        name=about.name[:200],
        account_id=about.account_id or (subject[1] if subject[0] == "account" else ""),
        account_name=about.account_name[:200],
        since=spell.entered_at,
        created_at=now,
        changed_at=now,
    )


def _wake(batch: _Batch, lead: Lead, rule: Rule) -> None:
    """Bring a recycled lead back early for something new, unless that is the same again too soon."""
    if lead.state == State.RECYCLED and (_memory(lead, rule) or batch.now) <= batch.now:
        batch.desk.events.append(move(lead, Move.RETURN, at=batch.now, text="Qualifies anew"))
        batch.to_offer.append(lead)


def _not_before(desk: Desk, subject: Subject, motion: str, rule: Rule) -> datetime | None:
    """Return until when this subject makes no further lead under this motion."""
    decided = [_memory(lead, rule) for lead in desk.leads_of(subject, motion) if lead.state in DECIDED]
    return max((at for at in decided if at is not None), default=None)


def _memory(lead: Lead, rule: Rule) -> datetime | None:
    again = rule.handoff.not_again_for if rule.handoff else None
    if again is None or lead.decided_at is None:
        return None
    return lead.decided_at + timedelta(microseconds=again)


def _ask_about_remaining(batch: _Batch, leads: Sequence[Lead]) -> None:
    """Learn what the core says of leads that another of their spells designates from now on."""
    found = ((lead, batch.desk.holding(lead)) for lead in leads)
    now_by = {
        (lead.subject_type, lead.subject_id, spells[0].rule)
        for lead, spells in found
        if spells and spells[0].rule != lead.rule
    }
    asked = sorted(now_by - set(batch.about))
    if asked:
        batch.about = {**batch.about, **stories.about(asked, batch.now)}


def _designate(batch: _Batch, lead: Lead) -> None:
    """Let the spell that opened latest say what the lead is; without any, an unanswered lead closes itself."""
    holding = batch.desk.holding(lead)
    if not holding:
        if lead.pk is not None and lead.state in UNANSWERED and lead not in batch.to_offer:
            _close(batch, lead)
        return
    latest = holding[0]
    about = batch.about.get((lead.subject_type, lead.subject_id, latest.rule))
    if about is not None:
        lead.summary, lead.score, lead.lean = about.summary, about.score, about.lean[:200]
    if lead.rule == latest.rule and lead.since == latest.entered_at and about is None:
        return
    before = (lead.rule, lead.since)
    lead.stage, lead.rule, lead.version = latest.stage, latest.rule, latest.version
    lead.cause, lead.since = latest.cause, latest.entered_at
    lead.changed_at = batch.now
    batch.desk.touch(lead)
    rule = batch.rules.get(latest.rule)
    if before != (lead.rule, lead.since) and lead.state == State.OFFERED and lead.respond_by is not None:
        sooner = offering.deadline(batch.now, offering.respond_within(rule))
        if sooner[0] < lead.respond_by:
            lead.respond_by, lead.warn_at = sooner


def _close(batch: _Batch, lead: Lead) -> None:
    mine = [s for s in batch.desk.spells_of((lead.subject_type, lead.subject_id)) if s.lead is lead and s.left_at]
    last = max(mine, key=lambda s: s.left_at or s.entered_at, default=None)
    why = words_of_cause(last.left_cause, brief=True) if last else ""
    event = move(lead, Move.CLOSE, at=batch.now, reason=CloseReason.LAPSED, text=why)
    batch.desk.events.append(event)
    batch.desk.touch(lead)


def _offer_all(batch: _Batch) -> None:
    if not batch.to_offer:
        return
    who: Roster = offering.roster((lead.account_id for lead in batch.to_offer), batch.now)
    routes: list[Route] = []
    for lead in batch.to_offer:
        batch.desk.touch(lead)
        rule = batch.rules.get(lead.rule)
        if rule is None or rule.handoff is None or lead.state != State.QUALIFIED:
            continue
        about = batch.about.get((lead.subject_type, lead.subject_id, lead.rule), stories.About())
        event, route = offering.offer(lead, rule, who, attributes=about.attributes, not_to=(), at=batch.now)
        batch.desk.events.append(event)
        who = who.having_given(route.user, route.queue, batch.now)
        routes.append(route)
    offering.remember_turns(routes, batch.now)
