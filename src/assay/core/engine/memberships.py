"""Which account a person belongs to when, and what the account's tracks are for its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.core.definitions.model import SubjectType
from assay.core.engine import tracks as steps
from assay.core.engine.compiled import NEVER, compiled
from assay.core.engine.subjects import Subjects, only
from assay.core.engine.tracks import BEGINNING, Tracks
from assay.core.io.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Memberships:
    """Who belongs to which account in [at, until): parallel arrays sorted by (person, at), not overlapping.

    `at` is BEGINNING for an undated membership, `until` NEVER for the last, `account` -1 after the person left.
    Neighbours of one person differ in account: a row that repeats the account is no change.
    """

    person: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    until: npt.NDArray[np.int64]
    account: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.person)


def load(store: Store, *, as_of: int, subjects: Subjects | None = None) -> Memberships:
    """Return the memberships known at `as_of`, of these persons alone (None: all)."""
    rows = store.arrays(
        f'SELECT person, coalesce("at", {BEGINNING}) AS "at", account FROM prepared.memberships'
        f' WHERE ("at" IS NULL OR "at" <= ?) {only("person", subjects)} ORDER BY person, "at" NULLS FIRST',
        [as_of],
    )
    person, at, account = rows["person"], rows["at"], rows["account"]
    if len(person):
        repeats = (person[1:] == person[:-1]) & (account[1:] == account[:-1])
        kept = np.concatenate((np.ones(1, np.bool_), ~repeats))
        person, at, account = person[kept], at[kept], account[kept]
    until = np.full(len(person), NEVER, np.int64)
    if len(person):
        until[:-1] = np.where(person[1:] == person[:-1], at[1:], NEVER)
    return Memberships(
        person=person.astype(np.int32), at=at.astype(np.int64), until=until, account=account.astype(np.int32)
    )


def with_nobody(members: Memberships, persons: Subjects, nobody: int) -> Memberships:
    """Return the memberships with `nobody` as the account of these persons whenever they have none.

    What is true where there is no account (that an attribute is not known, that no partner says so) is a track of it.
    """
    first = np.full(int(max(persons.max(initial=-1), members.person.max(initial=-1))) + 1, NEVER, np.int64)
    np.minimum.at(first, members.person, members.at)
    late = persons[first[persons] > BEGINNING]
    person = np.concatenate((late, members.person))
    at = np.concatenate((np.full(len(late), BEGINNING), members.at))
    until = np.concatenate((first[late], members.until))
    account = np.concatenate((np.full(len(late), nobody), np.where(members.account < 0, nobody, members.account)))
    order = np.lexsort((at, person))
    return Memberships(
        person=person[order].astype(np.int32), at=at[order], until=until[order], account=account[order].astype(np.int32)
    )


def through(tracks: Tracks, memberships: Memberships, causes: Mapping[str, int]) -> Tracks:
    """Return the tracks of accounts as tracks of persons: at each instant those of the person's account.

    Where the person's account changes, the cause is `membership`, and what steps in the new account right then.
    """
    if not len(tracks) or not len(memberships):
        return steps.empty()
    accounts = int(max(tracks.subject[-1], memberships.account.max())) + 1
    ends = steps.offsets(tracks, accounts)
    row, person, at, value, cause = _through(
        (memberships.person, memberships.at, memberships.until, memberships.account),
        ends,
        (tracks.slot, tracks.member, tracks.at, tracks.value, tracks.cause),
        causes["membership"],
    )
    return steps.drop_idle(
        steps.sort(
            Tracks(subject=person, slot=tracks.slot[row], member=tracks.member[row], at=at, value=value, cause=cause)
        )
    )


def onto_pairs(tracks: Tracks, subject_of_pair: npt.NDArray[np.int32]) -> Tracks:
    """Return each subject's tracks once for each of its pairs; the subject is then the pair's index (-1: none)."""
    if not len(tracks) or not len(subject_of_pair):
        return steps.empty()
    ends = steps.offsets(tracks, int(max(tracks.subject[-1], subject_of_pair.max())) + 1)
    whose = np.maximum(subject_of_pair, 0)
    many = np.where(subject_of_pair < 0, 0, ends[whose + 1] - ends[whose])
    pair = np.repeat(np.arange(len(subject_of_pair), dtype=np.int32), many)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(many) - many, many)
    rows = tracks.take(np.repeat(ends[whose], many) + within)
    return Tracks(subject=pair, slot=rows.slot, member=rows.member, at=rows.at, value=rows.value, cause=rows.cause)


def births(
    store: Store, subject_type: SubjectType, *, subjects: Subjects | None = None
) -> tuple[Subjects, npt.NDArray[np.int64]]:
    """Return the persons (or the accounts joined) with dated memberships, ascending, and the earliest of each."""
    joined = "AND account >= 0" if subject_type == "account" else ""
    found = store.arrays(
        f'SELECT {subject_type} AS subject, min("at") AS "at" FROM prepared.memberships WHERE "at" IS NOT NULL {joined}'
        f" {only(subject_type, subjects)} GROUP BY {subject_type} ORDER BY {subject_type}"
    )
    return found["subject"].astype(np.int32), found["at"].astype(np.int64)


def pair_births(store: Store, *, persons: Subjects | None = None) -> tuple[Subjects, Subjects, npt.NDArray[np.int64]]:
    """Return (person, account, earliest instant) of the dated memberships, sorted by person and account."""
    found = store.arrays(
        'SELECT person, account, min("at") AS "at" FROM prepared.memberships WHERE "at" IS NOT NULL AND account >= 0'
        f" {only('person', persons)} GROUP BY person, account ORDER BY person, account"
    )
    return found["person"].astype(np.int32), found["account"].astype(np.int32), found["at"].astype(np.int64)


@compiled
def _room(spans: Any, ends: Any) -> int:
    """Return an upper bound of the steps of all persons."""
    person, _, _, account = spans
    room = 0
    for i in range(len(person)):
        if account[i] >= 0:
            room += 2 * (ends[account[i] + 1] - ends[account[i]])
        if i > 0 and person[i] == person[i - 1] and account[i - 1] >= 0:
            room += ends[account[i - 1] + 1] - ends[account[i - 1]]
    return room


@compiled
def _through(spans: Any, ends: Any, steps: Any, membership: int) -> Any:
    """Return (row whose slot and member count, person, at, value, cause) of all persons' steps, some of them idle."""
    person, at, until, account = spans
    room = _room(spans, ends)
    out = (
        np.empty(room, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
    )
    n = 0
    for i in range(len(person)):
        old = account[i - 1] if i > 0 and person[i] == person[i - 1] else -1
        new = account[i]
        if at[i] != BEGINNING:
            lo, hi = (ends[old], ends[old + 1]) if old >= 0 else (0, 0)
            low, high = (ends[new], ends[new + 1]) if new >= 0 else (0, 0)
            n = _change((lo, hi, low, high), at[i], steps, membership, (n, person[i], out))
        if new >= 0:
            n = _stay((ends[new], ends[new + 1]), (at[i], until[i]), steps, (n, person[i], out))
    row, who, when, value, cause = out
    return row[:n], who[:n], when[:n], value[:n], cause[:n]


@compiled
def _stay(span: Any, times: Any, steps: Any, into: Any) -> Any:
    """Add the account's own steps while the person belongs to it; return the new number of steps."""
    _, _, at, value, cause = steps
    n, person, (out_row, out_person, out_at, out_value, out_cause) = into
    start, until = times
    for j in range(span[0], span[1]):
        if at[j] < until and (at[j] > start or start == BEGINNING):
            out_row[n] = j
            out_person[n] = person
            out_at[n] = at[j]
            out_value[n] = value[j]
            out_cause[n] = cause[j]
            n += 1
    return n


@compiled
def _track_end(start: int, end: int, slot: Any, member: Any) -> int:
    """Return where the track that starts at row `start` ends."""
    j = start
    while j < end and slot[j] == slot[start] and member[j] == member[start]:
        j += 1
    return j


@compiled
def _value_at(start: int, end: int, instant: int, steps: Any) -> Any:
    """Return the value of a track just before and at an instant."""
    _, member, at, value, _ = steps
    before = BEGINNING if start < end and member[start] > 0 else 0
    after = before
    for j in range(start, end):
        if at[j] < instant:
            before = value[j]
        if at[j] <= instant:
            after = value[j]
    return before, after


@compiled
def _change(spans: Any, instant: int, steps: Any, membership: int, into: Any) -> Any:
    """Add the steps where the person leaves one account for another; return the new number of steps."""
    slot, member, at, _, cause = steps
    n, person, (out_row, out_person, out_at, out_value, out_cause) = into
    i, i_end, j, j_end = spans
    while i < i_end or j < j_end:
        old_next = i < i_end and (j == j_end or (slot[i], member[i]) <= (slot[j], member[j]))
        new_next = j < j_end and (i == i_end or (slot[j], member[j]) <= (slot[i], member[i]))
        row = i if old_next else j
        i_stop = _track_end(i, i_end, slot, member) if old_next else i
        j_stop = _track_end(j, j_end, slot, member) if new_next else j
        absent = BEGINNING if member[row] > 0 else 0
        before = _value_at(i, i_stop, instant, steps)[0] if old_next else absent
        after = _value_at(j, j_stop, instant, steps)[1] if new_next else absent
        if before != after:
            for k in range(j - 1, j_stop):
                if k < j or at[k] == instant:
                    out_row[n] = row
                    out_person[n] = person
                    out_at[n] = instant
                    out_value[n] = after
                    out_cause[n] = membership if k < j else cause[k]
                    n += 1
        i, j = i_stop, j_stop
    return n
