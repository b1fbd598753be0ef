"""What partners hold of an account at an instant, partner by partner."""

from __future__ import annotations

from collections.abc import Mapping

from assay.core.definitions.model import Corroboration, Form, PartnerInsight, PartnerSays
from tests.model.history import Cause, History, cause
from tests.model.world import PartnerFact

#: The instant from which points fade where nothing was ever confirmed.
SINCE_EVER = -(2**63)


def held(fact: PartnerFact, x: int) -> bool:
    """Return whether x is in the fact's own [from, until)."""
    return (fact.since is None or fact.since <= x) and (fact.until is None or x < fact.until)


def confirmations(history: History, fact: PartnerFact) -> list[int]:
    """Return every instant at which a row of the same account, partner, says and origin confirms the fact."""

    def key(row: PartnerFact) -> tuple[str, str, str, str]:
        return row.account, row.partner, row.says, row.origin or ""

    alike = [row for row in history.world.partner_facts if key(row) == key(fact)]
    return [at for row in alike for at in (row.since, row.confirmed_at) if at is not None]


def fact_counts(history: History, form: PartnerSays, fact: PartnerFact, x: int) -> bool:
    """Return whether a row makes its partner count for a partner_says criterion at x."""
    if fact.says != form.says or not held(fact, x):
        return False
    if form.confidence is not None and (fact.confidence is None or fact.confidence < float(form.confidence)):
        return False
    fresh = form.fresh_within
    return fresh is None or any(c <= x < c + fresh for c in confirmations(history, fact))


def sayers(history: History, form: PartnerSays, account: str | None, x: int) -> dict[str, int]:
    """Return the partners that count at x, each with its newest confirmation."""
    found: dict[str, int] = {}
    for fact in history.world.partner_facts:
        if fact.account == account and fact_counts(history, form, fact, x):
            newest = max((c for c in confirmations(history, fact) if c <= x), default=SINCE_EVER)
            found[fact.partner] = max(newest, found.get(fact.partner, SINCE_EVER))
    return found


def attesters(history: History, form: PartnerInsight, account: str | None, x: int) -> dict[str, int]:
    """Return the partners whose latest insight on the letter stands at x, each with its instant."""
    found: dict[str, int] = {}
    rows = [i for i in history.world.insights if (i.account, i.letter) == (account, form.letter) and i.at <= x]
    for partner in {i.partner for i in rows}:
        latest = max((i for i in rows if i.partner == partner), key=lambda i: i.at)
        if latest.value != "no" and (form.fresh_within is None or x < latest.at + form.fresh_within):
            found[partner] = latest.at
    return found


def partners(history: History, form: PartnerSays | PartnerInsight, account: str | None, x: int) -> dict[str, int]:
    """Return the partners that a criterion counts at x, each with the instant from which its points fade."""
    if isinstance(form, PartnerSays):
        return sayers(history, form, account, x)
    return attesters(history, form, account, x)


def links(history: History, account: str | None, x: int) -> dict[str, frozenset[tuple[str, str]]]:
    """Return the parents and origins of every partner among the facts that the account holds at x."""
    found: dict[str, set[tuple[str, str]]] = {}
    for fact in history.world.partner_facts:
        if fact.account == account and held(fact, x):
            pairs = [("parent", fact.parent), ("origin", fact.origin)]
            found.setdefault(fact.partner, set()).update((kind, value) for kind, value in pairs if value)
    return {partner: frozenset(values) for partner, values in found.items()}


def components(history: History, account: str | None, who: set[str], x: int) -> int:
    """Return the number of connected components that the partners fall into, linked through any partner."""
    shared = links(history, account, x)

    def reached(start: str) -> frozenset[str]:
        group = {start}
        while True:
            values = set().union(*(shared.get(p, frozenset()) for p in group))
            grown = group | {p for p, own in shared.items() if own & values}
            if grown == group:
                return frozenset(group)
            group = grown

    return len({reached(partner) for partner in who})


def agreeing(
    history: History, form: Corroboration, siblings: Mapping[str, Form], account: str | None, x: int
) -> set[str]:
    """Return the partners that meet one of the named criteria at x."""
    found: set[str] = set()
    for name in form.any_of:
        sibling = siblings[name]
        assert isinstance(sibling, PartnerSays | PartnerInsight)
        found |= set(partners(history, sibling, account, x))
    return found


def partner_causes(
    history: History, form: PartnerSays | PartnerInsight, account: str | None, x: int, *, expired: Cause, fading: bool
) -> set[Cause]:
    """Return what changed at x about the partners that count; running out of freshness is `expired`.

    Confirming a partner that counts already changes something only where points fade.
    """
    before = partners(history, form, account, x - 1)
    after = partners(history, form, account, x)
    if not fading:
        before, after = dict.fromkeys(before, 0), dict.fromkeys(after, 0)
    changed = {partner for partner in {*before, *after} if before.get(partner) != after.get(partner)}
    return {_partner_cause(history, form, account, partner, x) or expired for partner in changed}


def _partner_cause(
    history: History, form: PartnerSays | PartnerInsight, account: str | None, partner: str, x: int
) -> Cause | None:
    """Return the partner's own act at x, or None where only time passed."""
    if isinstance(form, PartnerInsight):
        key = (account, partner, form.letter)
        acted = any(i.at == x and (i.account, i.partner, i.letter) == key for i in history.world.insights)
        return cause("insight", partner) if acted else None
    rows = [f for f in history.world.partner_facts if (f.account, f.partner) == (account, partner)]
    counted = [f for f in rows if fact_counts(history, form, f, x)]
    ended = [f for f in rows if f.until == x and fact_counts(history, form, f, x - 1)]
    confirmed = [f for f in counted if x in confirmations(history, f)]
    return cause("fact", partner) if ended or confirmed else None


def link_causes(history: History, account: str | None, x: int) -> set[Cause]:
    """Return the partners whose parents or origins changed at x."""
    before = links(history, account, x - 1)
    after = links(history, account, x)
    return {
        cause("fact", partner)
        for partner in {*before, *after}
        if before.get(partner, frozenset()) != after.get(partner, frozenset())
    }
