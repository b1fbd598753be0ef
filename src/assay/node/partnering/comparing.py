"""Whether two lists were laid beside each other; where they were not, what is missing and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from assay.node.partnering import grants
from assay.node.partnering.models import (
    AccountsRead,
    Counting,
    Level,
    Member,
    Partnership,
    Population,
    Standing,
    TheirPopulation,
)

_SOON: Final = (
    "Both lists are on their way: comparing takes some seconds. If it stays so, look at what stands in the way."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Whether a number of shared accounts, or of people, says anything; `words` say why it does not."""

    partner: str
    lets: bool  # we let a list be compared
    is_let: bool  # the partner does
    are_there: bool  # both lists came, with something in them
    of: str = "list"  # or "list of people"

    @property
    def is_done(self) -> bool:
        """Tell whether both lists were laid beside each other, so that 0 means that nothing is on both."""
        return self.lets and self.is_let and self.are_there

    @property
    def words(self) -> str:
        """Return why there is no number yet; '' where there is one."""
        if self.is_done:
            return ""
        if not self.lets and not self.is_let:
            return f"neither we nor {self.partner} let a {self.of} be compared yet"
        if not self.lets:
            return f"we let no {self.of} be compared with {self.partner}"
        if not self.is_let:
            return f"{self.partner} lets no list be compared yet"
        return "not compared yet: it takes until both lists are there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something without which nothing is compared: what it is, and where we mend it; '' where it is not our turn."""

    words: str
    link: str = ""
    link_words: str = ""


def of(partnership: Partnership, *, people: bool = False) -> Comparison:
    """Return whether lists, or lists of people, were compared with a partner."""
    return of_all([partnership], people=people)[partnership.pk]


def of_all(partnerships: Iterable[Partnership], *, people: bool = False) -> dict[int, Comparison]:
    """Return by partnership whether lists were compared."""
    some = list(partnerships)
    lets = {
        one.pk
        for one, held in zip(some, grants.effective_of(some), strict=True)
        if any(of.level == Level.OVERLAPS and of.population.is_of_people == people for of in held.values())
    }
    lists = TheirPopulation.objects.filter(partnership__in=some, until__isnull=True, level=Level.OVERLAPS)
    offering = set(lists.values_list("partnership_id", flat=True))
    numbers = {one.partnership_id: one for one in Standing.objects.filter(partnership__in=some)}
    found = {}
    for one in some:
        at = numbers.get(one.pk)
        theirs, ours = (at.their_records or 0, at.our_records or 0) if at is not None else (0, 0)
        found[one.pk] = Comparison(
            partner=one.partner.name,
            lets=one.pk in lets,
            is_let=theirs > 0 or one.pk in offering,
            are_there=theirs > 0 and ours > 0,
            of="list of people" if people else "list",
        )
    return found


def missing(partnership: Partnership) -> list[Missing]:
    """Return what a live partnership lacks before anything is compared, what is for us first."""
    if partnership.state != Partnership.State.LIVE:
        return []
    now = of(partnership)
    if now.is_done or of(partnership, people=True).is_done:
        return []
    found = _of_ours(partnership)
    name = partnership.partner.name
    if not now.is_let:
        found.append(Missing(words=f"{name} lets no list be compared yet. That is for {name} to do: ask there."))
    return found or [Missing(words=_SOON, link=reverse("partner-company"), link_words="What accounts are compared by")]


def _of_ours(partnership: Partnership) -> list[Missing]:
    """Return what is for us to do."""
    name, page = partnership.partner.name, reverse("partner-grants", args=[partnership.partner.slug])
    if not Population.objects.exists():
        words = "There is no population yet, such as your customers: make one, and say what they may learn of it."
        return [Missing(words=words, link=reverse("population-new"), link_words="Make a population")]
    held = grants.effective(partnership)
    compared = [one.population for one in held.values() if one.level == Level.OVERLAPS]
    if compared:
        return _of_populations(compared)
    asked = [one for one in grants.waiting() if one.partnership_id in {None, partnership.pk}]
    if any(one.level == Level.OVERLAPS for one in asked):
        words = "A second person must agree to what was asked for: until then we let nothing be compared."
        is_own = any(one.partnership_id is not None and one.level == Level.OVERLAPS for one in asked)
        return [Missing(words=words, link=page if is_own else reverse("partner-defaults"), link_words="Look at it")]
    if any(one.level == Level.COUNTS for one in held.values()):
        words = (
            f"You let {name} learn how many, not which: numbers come once a week, and no list is compared. "
            "Say of which populations it may learn which."
        )
    else:
        words = "Say what they may learn: until then nothing is compared."
    return [Missing(words=words, link=page, link_words=f"What {name} may learn")]


def _of_populations(compared: list[Population]) -> list[Missing]:
    """Return why nothing of these populations can be compared; nothing where something can."""
    if Member.objects.filter(population__in=compared, until__isnull=True).exists():
        return []
    if not AccountsRead.objects.filter(pk=1).exists():
        return [Missing(words="Your accounts are not read yet: that takes some seconds once the data is there.")]
    first = compared[0]
    page = reverse("population", args=[first.slug])
    trouble = Counting.objects.filter(population__in=compared).exclude(trouble="").values_list("trouble", flat=True)
    if any(one.counted_at is None for one in compared) and not trouble:
        words = f"What is in “{first.name}” is not found yet: that takes some seconds."
    else:
        words = f"Nothing is in “{first.name}” yet, and only what is in a population is compared."
    return [Missing(words=words, link=page, link_words=first.name)]
