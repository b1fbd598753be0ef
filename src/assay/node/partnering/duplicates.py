"""Accounts that look like one company twice: looked for beside partnerships, shown with reasons, judged by people."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

import pyarrow as pa
from django.db import transaction
from django.db.models import Max, QuerySet

from assay.core.errors import BadRequest
from assay.core.io.writing import csv_of
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering.bringing import Ours
from assay.node.partnering.duplicate_tables import Duplicate, DuplicatesLooked
from assay.node.partnering.models import Account
from assay.partners import duplicates

#: The strongest pairs are kept, so that a list which was loaded twice fills no table.
MOST: Final = 50_000
#: After looking took so long, that many times as long passes before the next look.
_REST: Final = 20
_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Accounts that look like one company, and the pairs that say so, the surest first."""

    key: str
    accounts: Sequence[Account]
    pairs: Sequence[tuple[str, str, Duplicate]]  # what both are called


class Looking:
    """Looks again once accounts changed in what they are compared by, for at most a twentieth of the time."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._not_before = 0.0

    def refresh(self, ours: Ours, now: datetime) -> bool:
        """Look for duplicates where there is reason to; tell whether that was done."""
        if ours.changes == self._seen or monotonic() < self._not_before:
            return False
        begun, changes = monotonic(), ours.changes
        looked = DuplicatesLooked.objects.filter(pk=1).first()
        known = (looked.read_at, looked.matching) if looked is not None else None
        is_needed = self._seen is not None or known != (ours.read_at, ours.matching)
        if is_needed:
            look(ours, now)
        self._seen, self._not_before = changes, monotonic() + _REST * (monotonic() - begun)
        return is_needed


def look(ours: Ours, now: datetime) -> int:
    """Find the pairs among all accounts that look like one company; return how many there are."""
    begun = monotonic()
    ids = sorted(one for one, keys in ours.keys.items() if keys.values)
    every = duplicates.find([ours.keys[one] for one in ids])
    found = heapq.nlargest(MOST, every, key=lambda one: (one.evidence.bits, -one.first, -one.other))
    pairs = {(ids[one.first], ids[one.other]): one for one in found}
    with transaction.atomic():
        _keep(pairs, now)
        DuplicatesLooked.objects.update_or_create(
            pk=1,
            defaults={
                "accounts": len(ids),
                "read_at": ours.read_at,
                "matching": ours.matching,
                "is_cut": len(every) > len(found),
                "milliseconds": int(1000 * (monotonic() - begun)),
                "at": now,
            },
        )
    return len(pairs)


def _keep(pairs: Mapping[tuple[str, str], duplicates.Twice], now: datetime) -> None:
    """Write what was found in the place of what was; what people said of a pair stays."""
    held = {(one.account_id, one.other_id): one for one in Duplicate.objects.all().iterator(_AT_ONCE)}
    group_of = _groups(pair for pair in pairs if pair not in held or not held[pair].is_different)
    gone = [one.pk for pair, one in held.items() if pair not in pairs]
    for at in range(0, len(gone), _AT_ONCE):
        Duplicate.objects.filter(pk__in=gone[at : at + _AT_ONCE]).delete()
    new: list[Duplicate] = []
    changed: list[Duplicate] = []
    for pair, found in pairs.items():
        before = held.get(pair)
        one = before or Duplicate(account_id=pair[0], other_id=pair[1], found_at=now)
        reasons = [[reason.finding, reason.bits] for reason in found.evidence.reasons]
        group = before.group if before is not None and before.is_different else group_of[pair[0]]
        if before is not None and (before.reasons, before.group) == (reasons, group):
            continue
        one.bits, one.reasons, one.group = found.evidence.bits, reasons, group
        (new if before is None else changed).append(one)
    Duplicate.objects.bulk_create(new, batch_size=_AT_ONCE)
    Duplicate.objects.bulk_update(changed, ["bits", "reasons", "group"], batch_size=_AT_ONCE)


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first account of the group that each hangs together with."""
    known = sorted(pairs)
    ids = sorted({one for pair in known for one in pair})
    place = {one: at for at, one in enumerate(ids)}
    groups = duplicates.groups((place[a], place[b]) for a, b in known)
    return {ids[at]: ids[group[0]] for group in groups for at in group}


@action("say that accounts are different companies", Permission.MANAGE_PARTNERS)
def tell_apart(audit: Audit, group: str) -> int:
    """Say of accounts that look like one company that they are not; return of how many pairs that was said."""
    return _said(audit, Duplicate.objects.filter(group=group, is_different=False), is_different=True)


@action("look again at accounts that were told apart", Permission.MANAGE_PARTNERS)
def look_again(audit: Audit, group: str) -> int:
    """Take back that these accounts are different companies."""
    return _said(audit, Duplicate.objects.filter(group=group, is_different=True), is_different=False)


def _said(audit: Audit, pairs: QuerySet[Duplicate], *, is_different: bool) -> int:
    first = pairs.order_by("pk").first()
    if first is None:
        raise BadRequest("These accounts do not stand here any more", mend="Look at the page again.")
    by = audit.actor if isinstance(audit.actor, User) and is_different else None
    count = pairs.update(is_different=is_different, said_by=by)
    audit.write("duplicates", first.pk, before={}, after={"are_different": is_different, "pairs": count})
    return count


def groups(*, are_different: bool = False) -> list[str]:
    """Return the keys of the groups, the surest first."""
    found = Duplicate.objects.filter(is_different=are_different).values("group").annotate(most=Max("bits"))
    return [str(one["group"]) for one in found.order_by("-most", "group")]


def shown(keys: Sequence[str], *, are_different: bool = False) -> list[Group]:
    """Return groups with their accounts and reasons, in the order of their keys."""
    pairs: dict[str, list[Duplicate]] = {}
    rows = Duplicate.objects.filter(group__in=list(keys), is_different=are_different).order_by("-bits", "pk")
    for one in rows:
        pairs.setdefault(one.group, []).append(one)
    ids = {name for one in rows for name in (one.account_id, one.other_id)}
    known = {one.account_id: one for one in Account.objects.filter(account_id__in=ids)}
    return [
        Group(
            key=key,
            accounts=[
                known.get(one, Account(account_id=one))
                for one in sorted({name for pair in pairs[key] for name in (pair.account_id, pair.other_id)})
            ],
            pairs=[
                (str(known.get(one.account_id, one.account_id)), str(known.get(one.other_id, one.other_id)), one)
                for one in pairs[key]
            ],
        )
        for key in keys
        if key in pairs
    ]


def file() -> bytes:
    """Return every pair as CSV that is safe to open in a spreadsheet."""
    pairs = list(Duplicate.objects.filter(is_different=False).order_by("group", "-bits", "pk"))
    names = dict(Account.objects.values_list("account_id", "name"))
    columns = {
        "group": [one.group for one in pairs],
        "account": [one.account_id for one in pairs],
        "name": [names.get(one.account_id, "") for one in pairs],
        "other_account": [one.other_id for one in pairs],
        "other_name": [names.get(one.other_id, "") for one in pairs],
        "bits": [f"{one.bits:.1f}" for one in pairs],
        "why": ["; ".join(f"{finding} ({bits:+.1f})" for finding, bits in one.reasons) for one in pairs],
    }
    return csv_of(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
