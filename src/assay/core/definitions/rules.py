"""One rule: its head, criteria, logic and handoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast, get_args

from assay.core.definitions import complaints as codes
from assay.core.definitions.criteria import each_meets, read_criterion
from assay.core.definitions.logic import Named, read_logic
from assay.core.definitions.model import (
    Criterion,
    Handoff,
    PartnerInsight,
    PartnerSays,
    Rule,
    Stage,
    Status,
    SubjectType,
)
from assay.core.definitions.reader import Reader
from assay.core.definitions.yaml_nodes import MappingNode, Node
from assay.core.errors import Place, did_you_mean

KEYS: Final = (
    "qualification",
    "version",
    "status",
    "stage",
    "motion",
    "subject",
    "owner",
    "purpose",
    "criteria",
    "qualify",
    "stay_qualified",
    "rank_by",
    "handoff",
)
REQUIRED: Final = ("qualification", "version", "status", "stage", "motion", "subject", "criteria", "qualify")
STATUSES: Final = get_args(Status)
STAGES: Final = get_args(Stage)
SUBJECTS: Final = get_args(SubjectType)
HANDOFF_KEYS: Final = ("to", "respond_within", "not_again_for")


@dataclass(slots=True, kw_only=True)
class RuleDraft:
    """A rule as far as it could be read: `rule` is None where something in it is wrong."""

    name: str
    place: Place
    version_place: Place
    status_place: Place
    subject: str = ""
    status: str = ""
    version: int | None = None
    declared: dict[str, Place] = field(default_factory=dict)  # every criterion's name, right or wrong
    rule: Rule | None = None


def read_rule(reader: Reader, node: MappingNode) -> RuleDraft | None:
    """Return one rule; None where even its name is missing."""
    before = len(reader.complaints)
    name_node = node.get("qualification")
    name = reader.name(name_node, "a rule's name")
    subject = reader.word(node.get("subject"), SUBJECTS, "'subject'")
    reader.holder, reader.subject = ("rule", name or ""), subject or ""
    reader.keys(node, KEYS, "a rule", required=REQUIRED)
    version = reader.whole(node.get("version"), "'version'", least=1)
    status = reader.word(node.get("status"), STATUSES, "'status'")
    stage = reader.word(node.get("stage"), STAGES, "'stage'")
    motion = reader.name(node.get("motion"), "'motion'")
    owner = reader.text(node.get("owner"), "'owner'")
    purpose = reader.text(node.get("purpose"), "'purpose'")
    criteria, declared = _criteria(reader, node.get("criteria"))
    named: Named = []
    qualify = read_logic(reader, node.get("qualify"), "'qualify'", named)
    stay = read_logic(reader, node.get("stay_qualified"), "'stay_qualified'", named)
    _check_names(reader, node.get("criteria"), criteria, declared, named)
    rank_by = _rank_by(reader, node.get("rank_by"))
    handoff = _handoff(reader, node.get("handoff"))
    if name is None or name_node is None:
        return None
    version_node, status_node = node.get("version"), node.get("status")
    draft = RuleDraft(
        name=name,
        place=name_node.place,
        subject=subject or "",
        status=status or "",
        version=version,
        version_place=version_node.place if version_node else name_node.place,
        status_place=status_node.place if status_node else name_node.place,
        declared=declared,
    )
    if len(reader.complaints) == before and version and status and stage and motion and subject:
        draft.rule = Rule(
            name=name,
            version=version,
            status=cast(Status, status),
            stage=cast(Stage, stage),
            motion=motion,
            subject=cast(SubjectType, subject),
            owner=owner or "",
            purpose=" ".join((purpose or "").split()),
            criteria=criteria,
            qualify=qualify,
            stay_qualified=stay,
            rank_by=rank_by,
            handoff=handoff,
            place=name_node.place,
        )
    return draft


def _criteria(reader: Reader, node: Node | None) -> tuple[tuple[Criterion, ...], dict[str, Place]]:
    mapping = reader.mapping(node, "'criteria'")
    if mapping is None:
        return (), {}
    if not mapping.entries:
        reader.complain(codes.WRONG_SHAPE, mapping.place, "'criteria' is empty.", mend="Add a criterion.")
    criteria = [read_criterion(reader, key, value) for key, value in mapping.entries]
    return tuple(c for c in criteria if c is not None), {key.text: key.place for key, _ in mapping.entries}


def _check_names(
    reader: Reader, node: Node | None, criteria: tuple[Criterion, ...], declared: dict[str, Place], named: Named
) -> None:
    """Complain of names that are no criterion, and of criteria that nothing names."""
    if not isinstance(node, MappingNode):
        return  # without criteria every name would be unknown
    used: set[str] = set()
    near: set[str] = set()
    for _, value in node.entries:
        for name, place in each_meets(value):
            used.add(name)
            if name in declared:
                _check_about_partners(reader, name, place, criteria)
            else:
                named.append((name, place))
    for name, place in named:
        used.add(name)
        if name not in declared:
            mend = did_you_mean(name, declared, "Add it under 'criteria'.")
            near.update(other for other in declared if f"'{other}'" in mend)
            reader.complain(
                codes.UNKNOWN_CRITERION, place, f"The rule has no criterion '{name}'.", mend=mend, value=name
            )
    for name, place in declared.items():
        # A misspelt name leaves the criterion that it meant unused: that is one complaint, not two.
        if name not in used and name not in near:
            reader.complain(
                codes.UNUSED_CRITERION,
                place,
                f"Nothing reads the criterion '{name}'.",
                value=name,
                mend="Use it in 'qualify' or 'stay_qualified', or remove it.",
            )


def _check_about_partners(reader: Reader, name: str, place: Place, criteria: tuple[Criterion, ...]) -> None:
    found = next((c for c in criteria if c.name == name), None)
    if found is not None and not isinstance(found.form, PartnerSays | PartnerInsight):
        reader.complain(
            codes.NOT_COUNTING_PARTNERS,
            place,
            f"'{name}' is decided for the whole, not partner by partner.",
            mend="Name 'partner_says' and 'partner_insight' criteria only.",
            value=name,
        )


def _rank_by(reader: Reader, node: Node | None) -> str | None:
    score = reader.name(node, "'rank_by'")
    if score is not None and node is not None:
        reader.refer("ranking", score, node.place)
    return score


def _handoff(reader: Reader, node: Node | None) -> Handoff | None:
    mapping = reader.mapping(node, "'handoff'")
    if mapping is None:
        return None
    reader.keys(mapping, HANDOFF_KEYS, "a handoff", required=("to",))
    to = reader.name(mapping.get("to"), "'to'")
    respond = reader.duration(mapping.get("respond_within"), "'respond_within'")
    again = reader.duration(mapping.get("not_again_for"), "'not_again_for'")
    return None if to is None else Handoff(to=to, respond_within=respond, not_again_for=again)
