"""What a criterion sees at one instant: the number that is compared, and the events that count."""

from __future__ import annotations

from typing import Final

from assay.core.engine.arrays import (
    BIRTH,
    COUNT,
    DISTINCT,
    EVIDENCE,
    FULL,
    MARKS,
    READINGS,
    SCORE,
    SEQUENCE,
    TOTAL,
    Bounds,
    Case,
    Feed,
    Int32s,
    Int64s,
)
from assay.core.engine.compiled import NEVER, inner
from assay.core.engine.forms.distinct import is_new
from assay.core.engine.forms.feeds import feed_of
from assay.core.engine.forms.flips import after
from assay.core.engine.forms.score import line_value, lines_at, score_value
from assay.core.engine.forms.sequence import link
from assay.core.engine.forms.total import amount
from assay.core.engine.tracks import BEGINNING

# Columns of a reading.
MET: Final = 0
SEEN: Final = 1
LAPSES: Final = 2  # when it stops being met if nothing happens, or NEVER
BEGIN: Final = 3  # its events in the evidence
END: Final = 4


@inner
def until_now(at: Int64s, places: Int32s, now: int) -> int:
    """Return how many of these places, in time order, are at or before `now`."""
    begin, end = 0, len(places)
    while begin < end:
        middle = (begin + end) // 2
        if at[places[middle]] <= now:
            begin = middle + 1
        else:
            end = middle
    return begin


@inner
def counting(feed: Feed, bounds: Bounds, now: int) -> tuple[int, int]:
    """Return which of the feed's events count at `now`, as a range of places."""
    end = until_now(feed.at, feed.events, now)
    floor = BEGINNING
    if bounds.since:
        resets = until_now(feed.at, feed.resets, now)
        if resets == 0:
            return end, end
        floor = feed.at[feed.resets[resets - 1]]
    begin = end
    while begin > 0:
        at = feed.at[feed.events[begin - 1]]
        if at < floor or after(at, bounds.within) <= now:
            break
        begin -= 1
    return begin, end


@inner
def write_row(case: Case, met: int, seen: int, lapses: int, begin: int) -> None:
    """Write one reading whose events stand in the evidence from `begin` on, or ask for larger buffers."""
    book = case.book
    row = book.ends[READINGS]
    if row == len(book.readings):
        book.ends[FULL] = 1
        return
    reading = book.readings[row]
    reading[MET], reading[SEEN], reading[LAPSES] = met, seen, lapses
    reading[BEGIN], reading[END] = begin, book.ends[EVIDENCE]
    book.ends[READINGS] = row + 1


@inner
def give_evidence(case: Case, events: int) -> int:
    """Return where so many events go in the evidence; where there is no room ask for larger buffers and return -1."""
    book = case.book
    begin = book.ends[EVIDENCE]
    if begin + events > len(book.evidence):
        book.ends[FULL] = 1
        return -1
    book.ends[EVIDENCE] = begin + events
    return int(begin)


@inner
def number_seen(case: Case, slot: int, now: int) -> int:
    """Return the number that a counting criterion sees at `now`, and give its events as evidence."""
    of = case.plan.slots[slot]
    feed = feed_of(case, slot)
    begin, end = counting(feed, Bounds(0, 0, of.within, of.since >= 0, of.unit), now)
    case.desk.now[MARKS] += 1
    evidence = give_evidence(case, end - begin)
    number = 0
    for place in range(begin, end):
        if evidence >= 0:
            case.book.evidence[evidence + place - begin] = case.rows.event[feed.events[place]]
        if of.form == COUNT:
            number += 1
        elif of.form == TOTAL:
            number += amount(feed, place)
        else:
            number += is_new(feed, of.unit, (case.desk.last, case.desk.now[MARKS] << 32), begin, place)
    return number


@inner
def chain_starts(case: Case, slot: int, now: int) -> None:
    """Write to `chain[2]` each step's latest start of a chain up to it among all events until `now`."""
    plan, desk = case.plan, case.desk
    of = plan.slots[slot]
    count = of.feeds_end - of.feeds
    feed = Feed(case.rows.at, case.rows.at, desk.posted, desk.posted[0:0])
    upcoming, ends, best = desk.chain[0, :count], desk.chain[1, :count], desk.chain[2, :count]
    best[:] = BEGINNING
    for k in range(count):
        step = plan.items[of.feeds + k]
        upcoming[k] = desk.feed_lo[step]
        ends[k] = upcoming[k] + until_now(case.rows.at, desk.posted[upcoming[k] : desk.feed_lo[step + 1]], now)
    while True:
        soonest = NEVER
        for k in range(count):
            if upcoming[k] < ends[k]:
                soonest = min(soonest, case.rows.at[desk.posted[upcoming[k]]])
        if soonest == NEVER:
            return
        link(feed, upcoming, ends, best, soonest)


@inner
def latest_reset(case: Case, slot: int, now: int) -> int:
    """Return the latest reset of a slot at or before `now`: BEGINNING without `since`, NEVER before the first."""
    since = case.plan.slots[slot].since
    if since < 0:
        return BEGINNING
    resets = case.desk.posted[case.desk.feed_lo[since] : case.desk.feed_lo[since + 1]]
    known = until_now(case.rows.at, resets, now)
    return NEVER if known == 0 else int(case.rows.at[resets[known - 1]])


@inner
def chain_seen(case: Case, slot: int, now: int) -> int:
    """Return how many steps of a sequence are done at `now`, and give the events of that chain as evidence.

    It is the whole chain if there is one in the window, else the partial chain that starts latest.
    """
    of = case.plan.slots[slot]
    steps = of.feeds_end - of.feeds
    chain_starts(case, slot, now)
    best = case.desk.chain[2]
    floor = latest_reset(case, slot, now)
    done, started = 0, BEGINNING
    for k in range(steps):
        inside = best[k] != BEGINNING and best[k] >= floor and after(best[k], of.within) > now
        if inside and (best[k] >= started or k == steps - 1):
            done, started = k + 1, best[k]
    evidence = give_evidence(case, done)
    bound = now
    for k in range(done - 1, -1, -1):
        step = case.plan.items[of.feeds + k]
        places = case.desk.posted[case.desk.feed_lo[step] : case.desk.feed_lo[step + 1]]
        # From the end back, the latest event that still comes before the next step's; the first step is the start.
        row = places[until_now(case.rows.at, places, started if k == 0 else bound) - 1]
        if evidence >= 0:
            case.book.evidence[evidence + k] = case.rows.event[row]
        bound = case.rows.at[row] - 1
    return done


@inner
def read_slot(case: Case, slot: int, now: int) -> None:
    """Write one criterion's reading at `now`."""
    state = case.desk.slot[slot]
    flips = case.book.flips
    place = state.flips
    while place < state.flips_end and flips[place] <= now:
        place += 1
    met = (place - state.flips) & 1 if now >= case.desk.now[BIRTH] else 0
    lapses = flips[place] if met == 1 and place < state.flips_end else NEVER
    of = case.plan.slots[slot]
    begin = case.book.ends[EVIDENCE]
    seen = 0
    if of.form == COUNT or of.form == TOTAL or of.form == DISTINCT:
        seen = number_seen(case, slot, now)
    elif of.form == SEQUENCE:
        seen = chain_seen(case, slot, now)
    elif of.form == SCORE:
        lines_at(case, of.of, now)
        seen = score_value(case, of.of, now, case.desk.lines.between)
    write_row(case, met, seen, lapses, begin)


@inner
def read_score(case: Case, slot: int, now: int) -> None:
    """Write one reading a line of a score at `now`: SEEN is its points in millionths, before caps."""
    score = case.plan.slots[slot].of
    lines_at(case, score, now)
    for line in range(case.plan.scores[score].lines, case.plan.scores[score].lines_end):
        points = line_value(case, line, now) if now >= case.desk.now[BIRTH] else 0
        write_row(case, 1, points, NEVER, case.book.ends[EVIDENCE])
