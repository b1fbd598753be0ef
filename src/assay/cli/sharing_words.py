"""What `assay share` says of a list and of what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from assay.cli import screen, sharing_files
from assay.cli.asking import note

if TYPE_CHECKING:
    from assay.cli.sharing_files import Files
    from assay.partners.dealing import Deal, Mine
    from assay.partners.sharing import Folder, Listing, Owner

#: So many questions, and so many messages, are shown; a file has all.
_QUESTIONS: Final = 10
_MESSAGES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One run: the partnership, what is brought, what is heard, where it is written, and what is typed to go on."""

    folder: Folder
    deal: Deal
    mine: Mine
    owner: Owner
    listing: Listing
    files: Files
    again: str
    wait: float


def say_list(path: Path, listing: Listing, files: Files) -> None:
    """Say what the list is, what of it cannot be used, and which rows look like one company."""
    from assay.partners.sharing import doubles

    used = ", ".join(f"{role} from {column!r}" for role, column in listing.columns.items())
    screen.say(f"{path}: {len(listing.records):,} companies ({used}).")
    left = (
        (len(listing.repeats), "repeating another row"),
        (listing.unusable, "with neither a domain nor a name of its own"),
        (listing.unreadable, "that cannot be read"),
    )
    if told := [f"{count:,} {why}" for count, why in left if count]:
        note(f"Rows left out: {', '.join(told)}.")
    for reject in listing.rejects:
        note(f"  line {reject.line:,}: {reject.reason}{f', {reject.value!r}' if reject.value else ''}")
    if listing.unreadable > len(listing.rejects):
        note(f"  and {listing.unreadable - len(listing.rejects):,} more")
    with sharing_files.writing(files.duplicates):
        count = doubles.write(listing, files.duplicates)
    if count:
        screen.say(
            f"Pairs of rows that look like one company: {count:,}. Which, and why, stands in {files.duplicates}.",
            "yellow",
        )


def say_limits(visit: Visit) -> None:
    """Say how long the partner's list may be, where that was not said yet."""
    allowance, folder = visit.mine.allowance, visit.folder
    if allowance is None:
        return
    told = (
        f"Your partner's list may have up to {allowance.records:,} companies, and once it is there "
        f"{allowance.weekly:,} new ones a week, so that it cannot guess at yours (--longest, --a-week)."
    )
    if folder.setting("limits told") != told:
        screen.say(told)
        folder.set_setting("limits told", told)


def say_what_came(visit: Visit) -> None:
    """Say what both lists share, what either side told the other, and what is asked."""
    owner, mine = visit.owner, visit.mine
    compared = owner.one("compared")
    screen.say()
    if compared is None:
        screen.say("Your list is uploaded as tokens. Your partner's is not there yet: run this again later.", "yellow")
        return
    _, theirs, _ = compared
    if not theirs:
        screen.say("Your partner lets no list be compared yet: nothing is known of what you share.", "yellow")
    else:
        of = f"{len(visit.listing.records):,} companies"
        screen.say(f"{owner.many('shared'):,} of your {of} are your partner's, too.", "bold green")
        fields = ", ".join(mine.offers[0].fields) or "no columns"
        told = f"Your partner was told which ({owner.many('told them'):,})"
        screen.say(f"{told}, as {mine.offers[0].says}, with {fields}.")
        _say_alarm(visit, compared)
    _say_offers(owner)
    _say_questions(visit)
    if trouble := owner.one("trouble"):
        screen.say(f"Mind: {trouble}", "yellow")


def _say_alarm(visit: Visit, compared: list[int]) -> None:
    from assay.partners import probing
    from assay.partners.sharing import limits

    _, theirs, shared = compared
    why = limits.alarm(visit.folder, visit.owner)
    if not why:
        return
    found = f"{shared:,} of the {theirs:,} companies in your partner's list are in yours, more than {limits.OVERLAP} %"
    if why == probing.LONG:
        found = f"Your partner's list has {theirs:,} companies, more than you allow"
    screen.say(f"{found}: it may be guessing at your list. Nothing more is told to it.", "bold yellow")
    screen.say("If that is as it should be, ask your partner why, and let what is held back be told:", "yellow")
    screen.say(f"    {visit.again} --let-go")


def _say_offers(owner: Owner) -> None:
    offered = owner.one("offered")
    if not offered:
        screen.say("Your partner shares nothing with you so far. That is not the same as having nothing in common.")
    counted: Mapping[str, Any] = dict(owner.one("counted") or [])
    for population, name, _, level, names in offered or []:
        extent = f"which, with {', '.join(names) or 'no fields'}"
        if level == "counts":
            few = "few or none" if population in counted else "not counted yet"
            extent = f"how many are shared: {f'about {about:,}' if (about := counted.get(population)) else few}"
        screen.say(f"It lets you know of its population {name!r}: {extent}.")


def _say_questions(visit: Visit) -> None:
    from assay.partners.odds import signed
    from assay.partners.sharing import telling

    found = telling.questions(visit.owner, visit.listing)
    open_ones = [one for one in found if one.answered is None]
    if open_ones:
        screen.say()
        many = "these companies" if len(open_ones) > 1 else "this company"
        screen.say(f"Perhaps your partner has {many}, too. Is it the same? Both sides are asked.", "bold yellow")
    for one in open_ones[:_QUESTIONS]:
        screen.say(f"  {one.company}: {one.likely()}", "yellow")
        for finding, bits in one.reasons:
            note(f"      {finding} {signed(bits)}")
        screen.say(f"      --same {quote(one.record)}   or   --not-same {quote(one.record)}")
    if len(open_ones) > _QUESTIONS:
        screen.say(f"  and {len(open_ones) - _QUESTIONS:,} more in {visit.files.questions}")
    if open_ones:
        note("Each figure is in bits: one bit doubles the odds that both are one company.")
        screen.say(f"Answer with: {visit.again} --same ID --not-same ID")
    if waiting := sum(one.answered is True for one in found):
        screen.say(f"You said of {waiting:,} that it is the same; your partner has not said so yet.")


def write_what_came(visit: Visit) -> None:
    """Write what was learnt, asked and said; say where, and show the newest words."""
    from assay.partners.sharing import learnt, telling

    files, owner, listing = visit.files, visit.owner, visit.listing
    said = telling.messages(owner, listing)
    sharing_files.write_some(files.questions, telling.question_table(telling.questions(owner, listing)))
    sharing_files.write_some(files.messages, telling.message_table(said))
    told = learnt.table(owner, listing)
    sharing_files.write(files.learnt, told)
    screen.say(f"What you were told of {told.num_rows:,} companies is in {files.learnt}.")
    new = said[int(visit.folder.setting("messages told") or "0") :]
    if new:
        screen.say()
        screen.say(f"{len(new):,} new message{'s' if len(new) > 1 else ''} from your partner's people:", "bold")
        for one in new[-_MESSAGES:]:
            screen.say(f"  {one.line()}")
        screen.say(f"All are in {files.messages}. This command cannot answer: do it by mail or telephone.")
    visit.folder.set_setting("messages told", str(len(said)))
