"""What a criterion sees at one instant: the number that is compared, and the events that count."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.engine.arrays import (
    CAUSES,
    COUNT,
    DISTINCT,
    EACH_EVENT,
    FLIPS,
    SCORE,
    SEQUENCE,
    SPELLS,
    TOTAL,
    Bounds,
    Case,
    Feed,
    Int32s,
    Int64s,
    Plan,
    Rows,
    Steps,
)
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.forms.distinct import is_new
from assay.core.engine.forms.flips import after
from assay.core.engine.forms.score import feed_of, lines_at
from assay.core.engine.forms.sequence import link
from assay.core.engine.forms.total import amount
from assay.core.engine.sweep import decide_subject, fresh_book, fresh_desk, know, most_posted, take_subject
from assay.core.engine.tracks import BEGINNING

# Columns of a reading.
MET: Final = 0
SEEN: Final = 1
LAPSES: Final = 2
BEGIN: Final = 3
END: Final = 4


@compiled
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


@compiled
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


@compiled
def number_seen(case: Case, slot: int, now: int) -> tuple[int, int, int]:
    """Return the number that a counting criterion sees at `now`, and the range of its events that count."""
    plan = case.plan
    feed = feed_of(case, slot)
    bounds = Bounds(0, 0, plan.slot_within[slot], plan.slot_since[slot] >= 0, plan.slot_unit[slot])
    begin, end = counting(feed, bounds, now)
    form = plan.slot_form[slot]
    if form == COUNT:
        return end - begin, begin, end
    case.desk.counter[0] += 1
    number = 0
    for event in range(begin, end):
        if form == TOTAL:
            number += amount(feed, event)
        else:
            number += is_new(feed, bounds.unit, case.desk.last, case.desk.counter[0] << 32, begin, event)
    return number, begin, end


@compiled
def steps_seen(case: Case, slot: int, now: int, chain: Int64s) -> int:
    """Return how many steps of a sequence are done at `now`, and write the events of its chain, last step first.

    It is the whole chain if there is one in the window, else the partial chain that starts latest.
    """
    plan, desk = case.plan, case.desk
    first, count = plan.slot_lo[slot], plan.slot_lo[slot + 1] - plan.slot_lo[slot]
    floor = BEGINNING
    since = plan.slot_since[slot]
    if since >= 0:
        resets = desk.posted[desk.feed_lo[since] : desk.feed_lo[since + 1]]
        known = until_now(case.rows.at, resets, now)
        if known == 0:
            return 0
        floor = case.rows.at[resets[known - 1]]
    feed = Feed(case.rows.at, case.rows.at, desk.posted, desk.posted[0:0])
    upcoming, ends = np.empty(count, np.int64), np.empty(count, np.int64)
    for k in range(count):
        step = plan.slot_feeds[first + k]
        upcoming[k] = desk.feed_lo[step]
        ends[k] = upcoming[k] + until_now(case.rows.at, desk.posted[upcoming[k] : desk.feed_lo[step + 1]], now)
    best = np.full(count, BEGINNING, np.int64)
    while True:
        soonest = NEVER
        for k in range(count):
            if upcoming[k] < ends[k]:
                soonest = min(soonest, case.rows.at[desk.posted[upcoming[k]]])
        if soonest == NEVER:
            break
        link(feed, upcoming, ends, best, soonest)
    done, started = 0, BEGINNING
    for k in range(count):
        inside = best[k] >= floor and best[k] != BEGINNING and after(best[k], plan.slot_within[slot]) > now
        if inside and (best[k] >= started or k == count - 1):
            done, started = k + 1, best[k]
    write_chain(case, slot, done, (started, now), chain)
    return done


@compiled
def write_chain(case: Case, slot: int, done: int, ends: tuple[int, int], chain: Int64s) -> None:
    """Write the events of the chain of `done` steps that starts at ends[0] and is over at ends[1], last step first."""
    plan, desk = case.plan, case.desk
    bound = ends[1] + 1
    for k in range(done - 1, -1, -1):
        step = plan.slot_feeds[plan.slot_lo[slot] + k]
        places = desk.posted[desk.feed_lo[step] : desk.feed_lo[step + 1]]
        # The latest event before the next step's: any chain from the latest start may be pushed so.
        last = until_now(case.rows.at, places, bound - 1) - 1
        row = places[last]
        if k == 0:
            row = places[until_now(case.rows.at, places, ends[0]) - 1]
        chain[done - 1 - k] = row
        bound = case.rows.at[row]


@compiled
def score_seen(case: Case, score: int, flips: Int64s, now: int, points: Int64s) -> int:
    """Return a score at `now` in millionths; write what its lines contribute before caps."""
    plan = case.plan
    lines_at(case, score, flips, now, points)
    caps = plan.caps[plan.cap_lo[score] : plan.cap_lo[score + 1]]
    sums = np.zeros(len(caps), np.int64)
    first = plan.line_lo[score]
    for line in range(first, plan.line_lo[score + 1]):
        sums[plan.line_dimension[line]] += points[line - first]
    total = 0
    for d in range(len(caps)):
        total += min(sums[d], caps[d])
    return total


@compiled
def note(evidence: Int64s, end: int, event: int) -> Int64s:
    """Write one event; return the buffer, which may have grown."""
    if end == len(evidence):
        larger = np.empty(2 * end, np.int64)
        larger[:end] = evidence
        evidence = larger
    evidence[end] = event
    return evidence


@compiled
def read_slot(case: Case, slot: int, flips: Int64s, now: int, reading: Int64s, evidence: Int64s) -> Int64s:
    """Write one criterion's reading at `now`; return the evidence with its events at the end.

    The reading's END column says where in the evidence they end; it starts as where they begin.
    """
    desk = case.desk
    place = desk.flip_lo[slot]
    while place < desk.flip_hi[slot] and flips[place] <= now:
        place += 1
    reading[MET] = (place - desk.flip_lo[slot]) & 1 if now >= desk.subject[4] else 0
    reading[LAPSES] = flips[place] if reading[MET] and place < desk.flip_hi[slot] else NEVER
    form = case.plan.slot_form[slot]
    end = reading[BEGIN]
    if form == COUNT or form == TOTAL or form == DISTINCT:
        feed = feed_of(case, slot)
        reading[SEEN], begin, last = number_seen(case, slot, now)
        for event in range(begin, last):
            evidence = note(evidence, end, case.rows.event[feed.events[event]])
            end += 1
    elif form == SEQUENCE:
        chain = np.empty(case.plan.slot_lo[slot + 1] - case.plan.slot_lo[slot], np.int64)
        reading[SEEN] = steps_seen(case, slot, now, chain)
        for k in range(reading[SEEN] - 1, -1, -1):
            evidence = note(evidence, end, case.rows.event[chain[k]])
            end += 1
    elif form == SCORE:
        score = case.plan.slot_of[slot]
        points = np.zeros(case.plan.line_lo[score + 1] - case.plan.line_lo[score], np.int64)
        reading[SEEN] = score_seen(case, score, flips, now, points)
    reading[END] = end
    return evidence


@compiled
def read_rules(
    plan: Plan, rows: Rows, steps: Steps, born: Int64s, asked: tuple[Int64s, int, int]
) -> tuple[Int64s, Int64s]:
    """Return what every criterion of every asked rule sees at an instant, and the events that count.

    `asked` is (questions, instant, bound of value codes); a question is (subject, place of the rule in the stage),
    sorted by subject. Readings: int64 of shape (criteria asked, 5), columns MET, SEEN, LAPSES (or NEVER), and BEGIN and
    END of its events in the evidence.
    """
    questions, now, most_values = asked
    case = Case(plan, rows, steps, fresh_desk(plan, most_posted(plan, rows), most_values))
    book = fresh_book()
    count = 0
    for q in range(len(questions)):
        count += plan.rule_lo[questions[q, 1] + 1] - plan.rule_lo[questions[q, 1]]
    readings = np.zeros((count, 5), np.int64)
    evidence = np.empty(1024, np.int64)
    done = end = 0
    taken = -1
    for q in range(len(questions)):
        subject, rule = questions[q]
        if subject != taken:
            book.ends[SPELLS] = book.ends[CAUSES] = 0
            book = decide_subject(case, born, book, subject)  # a rule may read another one
            taken = subject
        for k in range(plan.rule_lo[rule], plan.rule_lo[rule + 1]):
            book = know(case, plan.rule_slots[k], book, subject)
            readings[done, BEGIN] = end
            evidence = read_slot(case, plan.rule_slots[k], book.flips, now, readings[done], evidence)
            end = readings[done, END]
            done += 1
    return readings, evidence[:end].copy()


@compiled
def read_lines(
    plan: Plan, rows: Rows, steps: Steps, born: Int64s, asked: tuple[Int64s, int, int, int]
) -> Int64s:
    """Return what each line of a score contributes at an instant, in millionths, before caps; shape (subjects, lines).

    `asked` is (subjects, instant, bound of value codes, the score's place). Before birth all is nought.
    """
    subjects, now, most_values, score = asked
    case = Case(plan, rows, steps, fresh_desk(plan, most_posted(plan, rows), most_values))
    book = fresh_book()
    first, last = plan.line_lo[score], plan.line_lo[score + 1]
    points = np.zeros((len(subjects), last - first), np.int64)
    for q in range(len(subjects)):
        take_subject(case, born, subjects[q])
        if now < case.desk.subject[4]:
            continue
        book.ends[FLIPS] = 0
        for line in range(first, last):
            if plan.slot_form[plan.line_slot[line]] < EACH_EVENT:
                book = know(case, plan.line_slot[line], book, subjects[q])
        lines_at(case, score, book.flips, now, points[q])
    return points
