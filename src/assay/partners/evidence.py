"""How much the agreement of two records' tokens says about whether they are one company.

Weights are bits, after Fellegi and Sunter: log2 of how much oftener a finding is seen among pairs of one company than
among other pairs that have any token in common. They add up, with what is believed beforehand, to log2 of the odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assay.escrow.wire import FREQUENCY_BOUNDS as FREQUENCY_BOUNDS
from assay.escrow.wire import MOST_SHARED as MOST_SHARED
from assay.partners.canonical import FIELDS, KINDS, REGISTERS


class Ruling(StrEnum):
    """What is to become of a pair."""

    MATCH = "match"
    ASK = "ask"
    NO_MATCH = "no match"


class Relation(StrEnum):
    """What two partners agree to call the same: one company, or one of the same group of companies."""

    ENTITY = "same entity"
    GROUP = "same group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What two partners sign about matching: from how many bits a pair is a match, or a question, and of what."""

    match_from: float = 4.5
    ask_from: float = -1.0
    relation: Relation = Relation.ENTITY


DEFAULT_TERMS: Final = Terms()
#: Where both populations are names and nothing else: nothing could speak against a name, so a name must do.
NAME_ALONE_TERMS: Final = Terms(match_from=-0.1, ask_from=-6.0)

#: Where there are names and countries, and nothing that could tell two namesakes of one country apart.
NAME_AND_COUNTRY_TERMS: Final = Terms(match_from=3.5, ask_from=-1.0)


def terms_for(fields: int) -> Terms:
    """Return the terms that are proposed for two populations which have these fields in common, as bits of FIELDS."""
    if not fields & ~_HAS_NAME:
        return NAME_ALONE_TERMS
    return DEFAULT_TERMS if fields & ~(_HAS_NAME | _HAS_COUNTRY) else NAME_AND_COUNTRY_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What two records' tokens tell of each other.

    `kinds` are the kinds that agree, as bits of KINDS; `both` the fields and registers that both records have, as bits
    of FIELDS followed by REGISTERS; the frequencies are buckets, of the side where the token is more common.
    """

    kinds: int
    both: int
    domain_frequency: int = 0
    name_frequency: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding about a pair, and its weight in bits."""

    finding: str
    bits: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All findings about a pair; `is_forbidden` where two ids of one register differ."""

    reasons: tuple[Reason, ...]
    is_forbidden: bool

    @property
    def bits(self) -> float:
        """Return the sum of all weights: log2 of the odds that the two are one company."""
        return sum(reason.bits for reason in self.reasons)


def _bits(*kinds: str) -> int:
    return sum(1 << KINDS.index(kind) for kind in kinds)


_REGISTRY: Final = _bits("registry")
_EMAIL: Final = _bits("email")
_DOMAIN: Final = _bits("domain", "domain_country", "domain_city", "domain_first", "domain_last")
_LABEL: Final = _bits("label_country", "label_name")
_NAME: Final = _bits("name", "name_country", "name_city", "label_name")
_COUNTRY: Final = _bits("domain_country", "label_country", "name_country", "ends_country")
_CITY: Final = _bits("domain_city", "name_city", "head_city", "tail_city")
_FIRST: Final = _bits("domain_first", "head_city")
_LAST: Final = _bits("domain_last", "tail_city")
_ENDS: Final = _bits("ends_country")
_STEM: Final = _bits("stem")
_HAS_DOMAIN, _HAS_NAME, _HAS_COUNTRY, _HAS_CITY, _HAS_EMAIL = (1 << i for i in range(len(FIELDS)))
_HAS_REGISTERS: Final = sum(1 << len(FIELDS) + i for i in range(len(REGISTERS)))

#: Bits of each finding. Fitted on lists of known truth (benchmarks/matching_weights.py; docs/adr/0016-matching.md), but
#: for those of registry ids and contact e-mail, which the lists do not have and which are set by hand.
WEIGHTS: Final[dict[str, float]] = {
    "as likely as any pair with a token in common": -4.3,
    "registry id agrees": 12.0,
    "contact e-mail agrees": 4.0,
    "domain agrees": 4.4,
    "domain shared by few": -1.6,
    "domain shared by some": -4.0,
    "domain shared by many": -6.0,
    "domain label agrees": -0.8,
    "domain differs": -6.4,
    "name agrees": 4.9,
    "name shared by few": -0.4,
    "name shared by some": -1.4,
    "name shared by many": -3.0,
    "name nearly agrees": -0.3,
    "name begins alike": -4.2,
    "name ends alike": -4.3,
    "name agrees but for a last word": -1.5,
    "name agrees, at one domain": 4.2,
    "name nearly agrees, at one domain": 3.0,
    "name begins alike, at one domain": 0.9,
    "name ends alike, at one domain": 1.9,
    "name agrees but for a last word, at one domain": -3.0,
    "name differs, at one domain": -2.6,
    "country agrees": 3.0,
    "country differs": -4.7,
    "country differs, at one domain": -5.4,
    "city agrees": 5.7,
    "city differs": -3.1,
    "city differs, at one domain": -2.7,
}
_PRIOR: Final = "as likely as any pair with a token in common"
#: A group of companies shares a domain, and differs in all else.
_WEIGHTS_OF_GROUPS: Final[dict[str, float]] = {
    **{finding: max(0.0, bits) for finding, bits in WEIGHTS.items()},
    _PRIOR: WEIGHTS[_PRIOR],
    "domain agrees": 10.0,
    "domain differs": -3.0,
    "domain shared by some": -3.0,
    "domain shared by many": -6.0,
}
_SHARED: Final = ("", "shared by few", "shared by some", "shared by many", "shared by many")


def weigh(agreement: Agreement, relation: Relation = Relation.ENTITY) -> Evidence:
    """Return what speaks for and against one pair; the same whichever side asks."""
    weights = WEIGHTS if relation is Relation.ENTITY else _WEIGHTS_OF_GROUPS
    reasons = tuple(Reason(finding, weights[finding]) for finding in _findings(agreement))
    has_registers = bool(agreement.both & _HAS_REGISTERS)
    differs = has_registers and not agreement.kinds & _REGISTRY
    return Evidence(reasons, is_forbidden=differs and relation is Relation.ENTITY)


def judge(evidence: Evidence, terms: Terms) -> Ruling:
    """Return what becomes of a pair by itself, before other pairs of the same records are looked at."""
    if evidence.is_forbidden or evidence.bits < terms.ask_from:
        return Ruling.NO_MATCH
    return Ruling.MATCH if evidence.bits >= terms.match_from else Ruling.ASK


def _findings(of: Agreement) -> list[str]:
    found = [_PRIOR]
    if of.kinds & _REGISTRY:
        found.append("registry id agrees")
    if of.kinds & _EMAIL:
        found.append("contact e-mail agrees")
    found += _findings_of_domain(of)
    found += _findings_of_name(of)
    at = ", at one domain" if of.kinds & _DOMAIN else ""
    # Where neither domain nor name agrees there is no token that could tell a country or a city that agrees.
    is_anchored = bool(of.kinds & (_DOMAIN | _NAME))
    if of.kinds & _COUNTRY:
        found.append("country agrees")
    elif is_anchored and of.both & _HAS_COUNTRY:
        found.append("country differs" + at)
    if of.kinds & _CITY:
        found.append("city agrees")
    elif of.both & _HAS_CITY and (is_anchored or of.kinds & _COUNTRY):
        found.append("city differs" + at)
    return found


def _findings_of_domain(of: Agreement) -> list[str]:
    if of.kinds & _DOMAIN:
        shared = _SHARED[of.domain_frequency]
        return ["domain agrees", *([f"domain {shared}"] if shared else [])]
    if of.kinds & _LABEL:
        return ["domain label agrees"]
    return ["domain differs"] if of.both & _HAS_DOMAIN else []


def _findings_of_name(of: Agreement) -> list[str]:
    is_at_domain = bool(of.kinds & _DOMAIN)
    at = ", at one domain" if is_at_domain else ""
    if of.kinds & _NAME:
        shared = "" if is_at_domain else _SHARED[of.name_frequency]
        return ["name agrees" + at, *([f"name {shared}"] if shared else [])]
    first, last = of.kinds & _FIRST, of.kinds & _LAST
    if of.kinds & _ENDS or (first and last):
        return ["name nearly agrees" + at]
    if first or last:
        return [("name begins alike" if first else "name ends alike") + at]
    if of.kinds & _STEM:
        return ["name agrees but for a last word" + at]
    return ["name differs" + at] if is_at_domain and of.both & _HAS_NAME else []
