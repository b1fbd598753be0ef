"""Forgetting one person everywhere: lake, index, what was decided, leads, messages, kept answers, uploads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from assay.core.definitions.model import Definitions
from assay.core.errors import BadRequest
from assay.node.access.actions import Actor, Audit, action
from assay.node.access.permissions import Permission
from assay.node.api.models import Answer
from assay.node.arrivals import erasing as of_uploads
from assay.node.lake import erasing as of_lake
from assay.node.leads import erasing as of_leads
from assay.node.leads.models import Lead
from assay.node.live import asking, kept
from assay.node.live.deciding import deciding
from assay.node.live.index import Index
from assay.node.live.keys import node_of
from assay.node.live.models import Holding, Spell, Wake
from assay.node.live.reach import accounts_reach_people
from assay.node.partnering import erasing as of_partners
from assay.node.portal import erasing as of_portal
from assay.node.rulebook import current
from assay.node.serving import alone, keeping, living
from assay.node.telling.models import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased: how many ids the person had, rows of the lake, calls that waited, and leads."""

    ids: int
    rows: int
    calls: int
    leads: int


def forget_person(actor: Actor, person_id: str, *, as_of: int) -> Forgotten:
    """Erase a person under every id that is the same person as of an instant, and have the others decided anew.

    The lake comes first, as everything else follows from it. Cut short anywhere, the same is asked again and goes on;
    so it does where the next person is erased. BadRequest where nobody is known under the id, or an upload is read.
    """
    with alone.once_free(), Index(asking.place()) as index:
        of_uploads.demand_read()
        number, definitions = current.edition_and_definitions()
        living.drain(timezone.now)
        if number:
            living.take_in(index, definitions)  # what came lately may tell of further ids
        left = _left()
        if left:
            gone = _forget(actor, index, definitions, left)
        if person_id not in left:
            gone = _forget(actor, index, definitions, _ids(index, definitions, person_id, as_of))
    return gone


def _forget(actor: Actor, index: Index, definitions: Definitions, ids: list[str]) -> Forgotten:
    nodes = [node_of("p", one) for one in ids]
    _keep_in_mind(ids)
    _ask(actor, nodes)
    of_uploads.erase(ids)
    keeping.sweep(settings.ASSAY.data_folder)
    lake = of_lake.erase(ids, definitions.sources)
    with kept.nobody_tells():  # by the index, which names them still
        leads = _forget_in_database(actor, ids, nodes)
        index.forget(ids, definitions)
    _mind().unlink()
    return Forgotten(ids=len(ids), rows=lake.rows, calls=lake.calls, leads=leads)


def _mind() -> Path:
    folder: Path = settings.ASSAY.data_folder
    return folder / "erasing"


def _keep_in_mind(ids: list[str]) -> None:
    """Write down whom an erasure is about: cut short, neither lake nor index may know any longer which ids are one."""
    aside = _mind().with_suffix(".new")
    aside.touch(mode=0o600)
    aside.write_text(json.dumps(ids), "utf-8")
    aside.replace(_mind())


def _left() -> list[str]:
    """Return the ids of an erasure that was cut short."""
    return list(json.loads(_mind().read_text("utf-8"))) if _mind().exists() else []


def _ids(index: Index, definitions: Definitions, person_id: str, as_of: int) -> list[str]:
    """Return all ids of one person."""
    around = index.around([node_of("p", person_id)], accounts_reach_people=accounts_reach_people(definitions))
    if not len(around.rows):
        raise BadRequest(
            "Nobody is known under this id", mend="Give an id as the product, the CRM or a lead names the person."
        )
    with deciding(definitions, around, as_of=as_of) as (decision, _):
        shown = decision.merged.get(person_id, person_id)
        return sorted({person_id, shown, *(one for one, to in decision.merged.items() if to == shown)})


@action("ask to erase a person", Permission.ERASE_PEOPLE)
def _ask(audit: Audit, nodes: list[int]) -> None:
    """Write down that somebody asked; a number that tells nobody stands for the person."""
    audit.write("person", nodes[0], before={}, after={"ids": len(nodes)})


@action("erase a person", Permission.ERASE_PEOPLE)
def _forget_in_database(audit: Audit, ids: list[str], nodes: list[int]) -> int:
    """Erase what Postgres holds of a person; return how many leads that was about."""
    of_person = Lead.objects.filter(subject_type="person", subject_id__in=ids)
    told = list(of_person.values_list("pk", flat=True))
    for ours in (Spell, Holding, Wake):
        ours.objects.filter(node__in=nodes).delete()
    kept.erase(ids, nodes)
    Message.objects.filter(lead__in=told).delete()
    Message.objects.filter(content__subject_type="person", content__subject_id__in=ids).delete()
    Answer.objects.all().delete()  # they may name anybody, and are kept for a day at most
    of_portal.erase(told, timezone.now())
    leads = of_leads.erase(ids)
    of_partners.erase(ids)  # a person whose account is called as they are
    audit.write("person", nodes[0], before={}, after={"leads": leads})
    return leads
