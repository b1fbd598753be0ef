"""Forgets accounts here: what partners told of them, what we told of them, and what ties the ledger to them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from assay.node.partnering import errands, people
from assay.node.partnering.models import (
    Account,
    Disclosed,
    Duplicate,
    Errand,
    Insight,
    Introduction,
    Listed,
    Member,
    OurInsight,
    Overlap,
    Partnership,
    Person,
    PersonOverlap,
    PersonTold,
    Told,
)


def erase(ids: Sequence[str]) -> int:
    """Forget the accounts and people of these ids; return how many rows named them.

    That something was told stays, without the account: the ledger's chain is whole, and the next step deletes its
    salts, after which nobody can show what an entry was about. What the partner was told it knows.
    """
    addresses = {one.email for one in Person.objects.filter(person_id__in=list(ids)) if one.email}
    wanted = [*ids, *(people.record_of(one) for one in ids)]
    named = Disclosed.objects.filter(account_id__in=wanted)
    for partnership in Partnership.objects.filter(disclosed__in=named).distinct():
        told = set(named.filter(partnership=partnership).values_list("account_id", flat=True))
        for one in sorted(told):
            errands.send(partnership, Errand.What.FORGET, {"record": one})
    count = named.count()
    named.filter(state__in=[Disclosed.State.HELD, Disclosed.State.REFUSED]).delete()
    named.update(account_id="", handle="")
    for records in (PersonOverlap, PersonTold):
        count += records._default_manager.filter(record__in=wanted).delete()[0]
    count += Person.objects.filter(person_id__in=wanted).delete()[0]
    for table in (Told, Overlap, Member, Account, Insight, OurInsight, Introduction):
        count += table._default_manager.filter(account_id__in=wanted).delete()[0]
    is_named = Q(account_id__in=wanted) | Q(other_id__in=wanted) | Q(group__in=wanted)
    count += Duplicate.objects.filter(is_named).delete()[0]
    count += Listed.objects.filter(text__in=wanted).delete()[0]
    count += Listed.objects.filter(population__is_of_people=True, text__in=addresses).delete()[0]
    count += Listed.objects.filter(account_id__in=wanted).delete()[0]
    return count
