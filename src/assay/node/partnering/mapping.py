"""The account map of one partner: our populations by theirs, and the overlaps in each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

import pyarrow as pa
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q, QuerySet
from django.utils import timezone

from assay.core.errors import BadRequest
from assay.core.io.spreadsheets import guarded
from assay.core.io.writing import csv_of
from assay.node.access.actions import Audit, action
from assay.node.access.models import User
from assay.node.access.permissions import Permission
from assay.node.partnering import lens
from assay.node.partnering.models import (
    Account,
    Level,
    Member,
    Overlap,
    Partnership,
    Play,
    Population,
    Says,
    TheirPopulation,
    Told,
)

#: Kinds of populations that partners usually have: one of which nothing is let known is shown as such.
_USUAL: Final = (Says.CUSTOMER, Says.OPEN_OPPORTUNITY, Says.PROSPECT)
#: The line of the map that holds whatever is shared, whichever population of ours it is in.
ANY: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A population of the partner's: which accounts are in it, how many alone, or nothing of it."""

    slug: str
    name: str
    says: str
    level: str  # of `Level`; hidden: the partner lets us learn nothing of such a population
    shared: int | None = None  # where only the number is told
    counted: Mapping[str, int | None] = field(default_factory=dict)  # the same by the slug of ours; None: few


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Accounts that are in one of our populations and in one of the partner's."""

    column: Column
    count: int | None  # None: not told
    worth: Decimal | None = None
    without: int = 0  # accounts whose worth is not known
    play: str = ""
    about: str = ""  # in words, where only the number is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A population of ours, and how it meets each of the partner's; `slug` ANY: whatever is shared."""

    slug: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The whole matrix of one partner."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    shared: int
    asked: int
    revenue: str  # the attribute that is summed; '' none
    has_counts: bool
    has_hidden: bool


def matrix(partnership: Partnership) -> Map:
    """Return the map of one partner as it is now."""
    columns = _columns(partnership)
    told: dict[str, set[str]] = {}
    for slug, account in _told(partnership).values_list("population", "account_id"):
        told.setdefault(slug, set()).add(account)
    shared = set(overlaps(partnership).values_list("account_id", flat=True))
    known = shared.union(*told.values()) if told else shared
    by_lens = lens.lens()
    worth = {
        one: lens.number(account, by_lens.revenue)
        for one, account in (lens.accounts(known) if by_lens.revenue else {}).items()
    }
    plays = {(one.population_id, one.says): one.text for one in Play.objects.all()}
    members: dict[int, set[str]] = {}
    for population, account in Member.objects.filter(until__isnull=True, account_id__in=known).values_list(
        "population_id", "account_id"
    ):
        members.setdefault(population, set()).add(account)
    lines = [Line(slug=ANY, name="All that you share", cells=tuple(_cell(c, told, None, worth, "") for c in columns))]
    for ours in Population.objects.filter(is_of_people=False):
        mine = members.get(ours.pk, set())
        cells = tuple(_cell(c, told, mine, worth, plays.get((ours.pk, c.says), ""), slug=ours.slug) for c in columns)
        lines.append(Line(slug=ours.slug, name=ours.name, cells=cells))
    return Map(
        columns=columns,
        lines=tuple(lines),
        shared=len(shared),
        asked=questions(partnership).count(),
        revenue=by_lens.revenue,
        has_counts=any(one.level == Level.COUNTS for one in columns),
        has_hidden=any(one.level == Level.HIDDEN for one in columns),
    )


def _columns(partnership: Partnership) -> tuple[Column, ...]:
    found = [
        Column(slug=one.slug, name=one.name, says=one.says, level=one.level, shared=one.shared, counted=one.counted)
        for one in _offered(partnership)
    ]
    offered = {one.says for one in found}
    hidden = [
        Column(slug="", name=str(says.label), says=says, level=Level.HIDDEN) for says in _USUAL if says not in offered
    ]
    order = {says.value: place for place, says in enumerate(Says)}
    return tuple(sorted([*found, *hidden], key=lambda one: (order.get(one.says, 9), one.name)))


def _offered(partnership: Partnership) -> Sequence[TheirPopulation]:
    offered = TheirPopulation.objects.filter(partnership=partnership).exclude(level=Level.HIDDEN)
    return list(offered.filter(still_offered()))


def still_offered() -> Q:
    """Return what narrows a partner's populations to those that it lets us know of now: some until a day."""
    return Q(until__isnull=True) | Q(until__gt=timezone.now())


def _told(partnership: Partnership) -> QuerySet[Told]:
    return Told.objects.filter(partnership=partnership, until__isnull=True)


def _cell(
    column: Column,
    told: Mapping[str, set[str]],
    ours: set[str] | None,
    worth: Mapping[str, Decimal | None],
    play: str,
    *,
    slug: str = ANY,
) -> Cell:
    if column.level == Level.HIDDEN:
        return Cell(column=column, count=None, play=play)
    if column.level == Level.COUNTS:
        # What is known here are the numbers alone, whatever else was told: a number is no fact of an account.
        if slug == ANY:
            return Cell(column=column, count=column.shared, about=in_all(column.shared, column.counted), play=play)
        count = column.counted.get(slug)
        about = "" if slug not in column.counted else "few" if count is None else f"about {intcomma(count)}"
        return Cell(column=column, count=count, about=about, play=play)
    theirs = told.get(column.slug, set())
    both = theirs if ours is None else theirs & ours
    values = [value for one in both if (value := worth.get(one)) is not None]
    return Cell(
        column=column,
        count=len(both),
        worth=sum(values, Decimal()) if values else None,
        without=len(both) - len(values),
        play=play,
    )


def in_all(shared: int | None, counted: Mapping[str, int | None]) -> str:
    """Return about how many are shared in all, in words: few and few are not none; '' before counting."""
    few = sum(1 for about in counted.values() if about is None)
    if not shared:
        return "" if shared is None else "few or none" if few < 2 else f"few in each of your {few}"
    about = f"about {intcomma(shared)}"
    return f"{about}, and few in {few} more" if few else about


# --- overlaps ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An account that both share, with what is known of it."""

    overlap: Overlap
    name: str
    domain: str
    says: tuple[str, ...]  # in words
    fields: tuple[tuple[str, str], ...]
    ours: tuple[str, ...]  # names of our populations
    worth: Decimal | None
    confirmed_at: datetime | None


#: How a list of overlaps may be ordered.
ORDERS: Final[Mapping[str, str]] = {
    "worth": "Worth most",
    "name": "By name",
    "sure": "Surest match",
    "new": "New first",
}


def overlaps(partnership: Partnership) -> QuerySet[Overlap]:
    """Return the overlaps that hold."""
    return Overlap.objects.filter(partnership=partnership, until__isnull=True, ruling=Overlap.Ruling.MATCH)


def questions(partnership: Partnership) -> QuerySet[Overlap]:
    """Return the pairs of which we have not said yet whether they are one company."""
    asked = Overlap.objects.filter(partnership=partnership, until__isnull=True, ruling=Overlap.Ruling.ASK)
    return asked.filter(our_answer__isnull=True).order_by("-bits", "pk")


def rows(partnership: Partnership, *, ours: str = "", theirs: str = "", order: str = "worth") -> list[Row]:
    """Return the overlaps of a cell (slugs; '' any), in an order."""
    found = overlaps(partnership)
    if ours:
        inside = Member.objects.filter(population__slug=ours, until__isnull=True).values("account_id")
        found = found.filter(account_id__in=inside)
    if theirs:
        found = found.filter(account_id__in=_told(partnership).filter(population=theirs).values("account_id"))
    made = _rows(partnership, list(found))
    match order:
        case "name":
            made.sort(key=lambda row: (row.name.lower(), row.overlap.pk))
        case "sure":
            made.sort(key=lambda row: (-row.overlap.bits, row.overlap.pk))
        case "new":
            made.sort(key=lambda row: (-row.overlap.since.timestamp(), row.overlap.pk))
        case _:
            made.sort(key=lambda row: (row.worth is None, -(row.worth or 0), row.name.lower(), row.overlap.pk))
    return made


def asked(partnership: Partnership) -> list[Row]:
    """Return the questions that we have not answered, the likeliest first."""
    return _rows(partnership, list(questions(partnership)[:50]))


def play_of(partnership: Partnership, ours: str, theirs: str) -> Play | None:
    """Return the play of a cell (slugs); None where none is written, or where it is no one cell."""
    says = TheirPopulation.objects.filter(partnership=partnership, slug=theirs).values("says")
    found = Play.objects.select_related("population", "set_by").filter(population__slug=ours, says__in=says)
    return found.first() if ours and theirs else None


def _rows(partnership: Partnership, found: Sequence[Overlap]) -> list[Row]:
    ids = [one.account_id for one in found]
    known, by_lens = lens.accounts(ids), lens.lens()
    told: dict[str, list[Told]] = {}
    for one in _told(partnership).filter(account_id__in=ids).order_by("says", "population"):
        told.setdefault(one.account_id, []).append(one)
    inside: dict[str, list[str]] = {}
    member = Member.objects.filter(account_id__in=ids, until__isnull=True).order_by("population__name")
    for account, name in member.values_list("account_id", "population__name"):
        inside.setdefault(account, []).append(name)
    return [_row(one, known.get(one.account_id), told, inside, by_lens.revenue) for one in found]


def _row(
    overlap: Overlap,
    account: Account | None,
    told: Mapping[str, Sequence[Told]],
    inside: Mapping[str, Sequence[str]],
    revenue: str,
) -> Row:
    mine = told.get(overlap.account_id, ())
    fields = {name: str(value) for one in mine for name, value in one.fields.items()}
    return Row(
        overlap=overlap,
        name=overlap.account_id if account is None else str(account),
        domain="" if account is None else account.domain,
        says=tuple(dict.fromkeys(str(Says(one.says).label) for one in mine if one.says in Says.values)),
        fields=tuple(sorted(fields.items())),
        ours=tuple(inside.get(overlap.account_id, ())),
        worth=lens.number(account, revenue),
        confirmed_at=max((one.confirmed_at for one in mine), default=None),
    )


def file_of(found: Sequence[Row], revenue: str) -> bytes:
    """Return rows as CSV that is safe to open in a spreadsheet: nothing in it begins a formula."""
    columns: dict[str, list[str]] = {
        "account": [row.overlap.account_id for row in found],
        "name": [row.name for row in found],
        "domain": [row.domain for row in found],
        "partner_says": [", ".join(row.says) for row in found],
        "our_populations": [", ".join(row.ours) for row in found],
        revenue or "worth": ["" if row.worth is None else str(row.worth) for row in found],
        "confirmed_at": [row.confirmed_at.isoformat() if row.confirmed_at else "" for row in found],
        "shared_since": [row.overlap.since.isoformat() for row in found],
        "bits": [f"{row.overlap.bits:.1f}" for row in found],
        "why_matched": [
            "; ".join(f"{finding} ({bits:+.1f})" for finding, bits in row.overlap.reasons) for row in found
        ],
    }
    for name in sorted({name for row in found for name, _ in row.fields}):
        columns[f"partner_{name}"] = [dict(row.fields).get(name, "") for row in found]
    names = guarded(pa.array(list(columns), pa.string())).to_pylist()
    return csv_of(pa.table([pa.array(values, pa.string()) for values in columns.values()], names=names))


# --- what people decide -----------------------------------------------------------------------------------------------


@action("write a play", Permission.MANAGE_PARTNERS)
def write_play(audit: Audit, population: str, says: str, text: str, now: datetime) -> None:
    """Write what people do where one of our populations meets one kind of a partner's; nothing written: no play."""
    ours = Population.objects.filter(slug=population).first()
    if ours is None or says not in Says.values:
        raise BadRequest("There is no such cell", mend="Choose one of the map.")
    text = " ".join(text.split())
    if len(text) > 500:
        raise BadRequest("This is longer than 500 letters", where="play", mend="Say it in a sentence or two.")
    if text:
        by = audit.actor if isinstance(audit.actor, User) else None
        known = {"text": text, "set_by": by, "set_at": now}
        Play.objects.update_or_create(population=ours, says=says, defaults=known)
    else:
        Play.objects.filter(population=ours, says=says).delete()
    audit.write("play", f"{ours.slug}/{says}", before={}, after={"is_written": bool(text)})
