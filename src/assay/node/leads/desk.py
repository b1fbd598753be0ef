"""The leads and spells of the subjects that a batch of changes is about: read and locked once, written once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from assay.node.leads.models import Lead, LeadEvent, LeadSpell, OtherId, Suppression
from assay.node.leads.moving import CHANGING
from assay.node.leads.states import OPEN

Subject = tuple[str, str]


@dataclass(slots=True)
class Desk:
    """What is known of some subjects, and what became of it so far."""

    leads: list[Lead] = field(default_factory=list)
    spells: list[LeadSpell] = field(default_factory=list)
    events: list[LeadEvent] = field(default_factory=list)
    suppressed: dict[Subject, list[Suppression]] = field(default_factory=dict)
    other_ids: dict[Subject, Subject] = field(default_factory=dict)
    _leads_of: dict[Subject, list[Lead]] = field(default_factory=dict)
    _spells_of: dict[Subject, list[LeadSpell]] = field(default_factory=dict)
    _touched: dict[int, Lead | LeadSpell] = field(default_factory=dict)

    def known_as(self, subject: Subject) -> Subject:
        """Return the id by which a subject is known by now."""
        while subject in self.other_ids:
            subject = self.other_ids[subject]
        return subject

    def leads_of(self, subject: Subject, motion: str | None = None) -> list[Lead]:
        """Return the leads of a subject, oldest first."""
        return [lead for lead in self._leads_of.get(subject, []) if motion in {None, lead.motion}]

    def open_lead(self, subject: Subject, motion: str) -> Lead | None:
        """Return the one open lead of a subject under a motion."""
        return next((lead for lead in self.leads_of(subject, motion) if lead.state in OPEN), None)

    def spells_of(self, subject: Subject) -> list[LeadSpell]:
        """Return the spells of a subject, as they were told."""
        return self._spells_of.get(subject, [])

    def holding(self, lead: Lead) -> list[LeadSpell]:
        """Return the spells of a lead that hold, the one that designates it first."""
        mine = [s for s in self.spells_of((lead.subject_type, lead.subject_id)) if s.lead is lead and s.left_at is None]
        return sorted(mine, key=lambda s: (-s.entered_at.timestamp(), s.rule))

    def add_lead(self, lead: Lead) -> None:
        """Put a lead, new or known, on the desk."""
        self.leads.append(lead)
        self._leads_of.setdefault((lead.subject_type, lead.subject_id), []).append(lead)

    def add_spell(self, spell: LeadSpell) -> None:
        """Put a spell, new or known, on the desk."""
        self.spells.append(spell)
        self._spells_of.setdefault((spell.subject_type, spell.subject_id), []).append(spell)

    def touch(self, *changed: Lead | LeadSpell) -> None:
        """Note that something changed."""
        self._touched.update({id(one): one for one in changed})

    def rename(self, old: Subject, new: Subject) -> None:
        """Let everything of one subject belong to another."""
        for lead in self._leads_of.pop(old, []):
            lead.subject_id = new[1]
            self._leads_of.setdefault(new, []).append(lead)
            self.touch(lead)
        told = {(s.rule, s.entered_at): s for s in self.spells_of(new)}
        for spell in self._spells_of.pop(old, []):
            if (spell.rule, spell.entered_at) in told:
                if spell.lead is not None:
                    self.touch(told[spell.rule, spell.entered_at])
                    told[spell.rule, spell.entered_at].lead = spell.lead
                self.spells.remove(spell)
                if spell.pk:
                    spell.delete()
                continue
            spell.subject_id = new[1]
            self._spells_of.setdefault(new, []).append(spell)
            self.touch(spell)

        self._rename_suppressed(old, new)
        self.other_ids.pop(new, None)
        self.other_ids[old] = new
        OtherId.objects.filter(subject_type=new[0], subject_id=new[1]).delete()
        OtherId.objects.update_or_create(subject_type=old[0], subject_id=old[1], defaults={"into": new[1]})

    def _rename_suppressed(self, old: Subject, new: Subject) -> None:
        """Let whoever is left alone under one id be so under another; of two reasons, that somebody asked stays."""
        there = {row.motion: row for row in Suppression.objects.filter(subject_type=new[0], subject_id=new[1])}
        for row in Suppression.objects.filter(subject_type=old[0], subject_id=old[1]):
            known = there.pop(row.motion, None)
            if known is not None and row.kind != Suppression.Kind.ASKED:
                there[row.motion] = known
                row.delete()
                continue
            if known is not None:
                known.delete()
            row.subject_id = new[1]
            row.save()
            there[row.motion] = row
        self.suppressed.pop(old, None)
        self.suppressed[new] = list(there.values())

    def write(self) -> None:
        """Write what is new and what changed."""
        new_leads = [lead for lead in self.leads if lead.pk is None]
        old_leads = [one for one in self._touched.values() if isinstance(one, Lead) and one.pk is not None]
        # A lead that is no longer open goes first: its place may be taken by a new one.
        for is_open in (False, True):
            some = [lead for lead in old_leads if (lead.state in OPEN) == is_open]
            Lead.objects.bulk_update(some, CHANGING, batch_size=200)
        Lead.objects.bulk_create(new_leads)
        for spell in self.spells:
            spell.lead = spell.lead  # it has a number now
        new_spells = [spell for spell in self.spells if spell.pk is None]
        old_spells = [one for one in self._touched.values() if isinstance(one, LeadSpell) and one.pk is not None]
        fields = (
            "lead",
            "subject_id",
            "entered_at",
            "cause",
            "version",
            "left_at",
            "left_cause",
            "passed_over",
            "again_at",
        )
        LeadSpell.objects.bulk_update(old_spells, fields, batch_size=500)
        LeadSpell.objects.bulk_create(new_spells)
        LeadEvent.objects.bulk_create(self.events)


def lay_out(subjects: Collection[Subject]) -> Desk:
    """Return a desk with everything known of these subjects, their leads locked; called within a transaction."""
    desk = Desk(other_ids=_other_ids(set(subjects)))
    of_these = _among(sorted({*subjects, *desk.other_ids.values()}))
    for lead in Lead.objects.select_for_update(of=("self",)).filter(of_these).order_by("id"):
        desk.add_lead(lead)
    by_id: dict[int, Lead] = {lead.pk: lead for lead in desk.leads}
    spells = list(LeadSpell.objects.filter(of_these).order_by("entered_at", "id"))
    # Leads of somebody else that spells belong to are read at once, or each would be by itself.
    by_id |= Lead.objects.in_bulk({spell.lead_id for spell in spells if spell.lead_id is not None} - set(by_id))
    for spell in spells:
        if spell.lead_id is not None:
            spell.lead = by_id[spell.lead_id]
        desk.add_spell(spell)
    return desk


def _other_ids(asked: set[Subject]) -> dict[Subject, Subject]:
    """Return where the ids asked for lead to, step by step."""
    found: dict[Subject, Subject] = {}
    while asked:
        rows = OtherId.objects.filter(_among(sorted(asked)))
        step = {(row.subject_type, row.subject_id): (row.subject_type, row.into) for row in rows}
        found |= step
        asked = set(step.values()) - set(found)
    return found


def known_as(subject: Subject) -> Subject:
    """Return the id by which a subject is known by now."""
    return Desk(other_ids=_other_ids({subject})).known_as(subject)


def read_suppressed(desk: Desk, subjects: Iterable[Subject]) -> None:
    """Read which of these people and accounts make no leads."""
    for row in Suppression.objects.filter(_among(sorted(set(subjects)))):
        desk.suppressed.setdefault((row.subject_type, row.subject_id), []).append(row)


def suppression(desk: Desk, subjects: Sequence[Subject], motion: str) -> Suppression | None:
    """Return why none of these may make a lead under a motion; None where they may."""
    for subject in subjects:
        for row in desk.suppressed.get(subject, []):
            if row.motion in {"", motion}:
                return row
    return None


def _among(subjects: Sequence[Subject]) -> Q:
    people = [one for kind, one in subjects if kind == "person"]
    accounts = [one for kind, one in subjects if kind == "account"]
    return Q(subject_type="person", subject_id__in=people) | Q(subject_type="account", subject_id__in=accounts)
