"""Two hours of GitHub's public events, decided by Assay and counted again by plain Python from the same file."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay.core import definitions, engine, pipeline
from tests.realdata import shared

DATA = shared("gharchive")
DEFINITIONS = Path(__file__).parent / "github/definitions"
CONTRIBUTIONS = {
    "PushEvent",
    "PullRequestEvent",
    "PullRequestReviewCommentEvent",
    "CommitCommentEvent",
    "IssueCommentEvent",
}
AS_OF = datetime(2015, 1, 1, 1, 59, 59, tzinfo=UTC)
HALF_AN_HOUR, AN_HOUR = timedelta(minutes=30), timedelta(minutes=60)

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"GitHub's events are not here: {DATA} is absent"),
]


@dataclass(frozen=True)
class Event:
    """One row of the file; `organisation` is empty where it names none."""

    at: datetime
    kind: str
    person: str
    organisation: str
    repository: str
    action: str
    ref_type: str


@pytest.fixture(scope="module")
def events() -> list[Event]:
    found = []
    for path in sorted(DATA.glob("events_*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            found += [
                Event(
                    datetime.fromisoformat(row["created_at"]),
                    row["type"],
                    row["actor_id"],
                    row["org_login"],
                    row["repo_id"],
                    row["action"],
                    row["ref_type"],
                )
                for row in csv.DictReader(lines)
            ]
    return found


@pytest.fixture(scope="module")
def checked():
    return definitions.load(DEFINITIONS)


@pytest.fixture(scope="module")
def result(checked):
    with pipeline.run(checked, DATA) as result:
        yield result


def within(events: list[Event], window: timedelta, at: datetime = AS_OF) -> list[Event]:
    """Return the events in `(at - window, at]`."""
    return [event for event in events if at - window < event.at <= at]


def by_person(events: list[Event]) -> dict[str, list[Event]]:
    """Return the events of each person."""
    grouped = defaultdict(list)
    for event in events:
        grouped[event.person].append(event)
    return dict(grouped)


def machines(events: list[Event], at: datetime = AS_OF) -> set[str]:
    """Return whom the rules take for machines: thirty events or more within an hour."""
    return {person for person, theirs in by_person(within(events, AN_HOUR, at)).items() if len(theirs) >= 30}


def contributors(events: list[Event], at: datetime = AS_OF) -> set[str]:
    """Return who makes three contributions or more within an hour, is seen in an organisation, and no machine."""
    return {
        person
        for person, theirs in by_person(within(events, AN_HOUR, at)).items()
        if sum(event.kind in CONTRIBUTIONS for event in theirs) >= 3 and any(event.organisation for event in theirs)
    } - machines(events, at)


def holders(result, rule: str, at: datetime = AS_OF) -> set[str]:
    """Return of whom the rule's spells say that it holds at an instant."""
    return {
        row["subject_id"]
        for row in result.spells.to_pylist()
        if row["rule"] == rule and row["starts_at"] <= at and (row["ends_at"] is None or at < row["ends_at"])
    }


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_every_row_is_read(result, events):
    assert result.rejects.num_rows == 0
    assert len(events) == 15_129
    assert result.as_of == microseconds(AS_OF)


def test_contributors_are_those_that_plain_counting_finds(result, events):
    expected = contributors(events)
    assert len(expected) > 50
    assert holders(result, "contributor") == expected


@pytest.mark.parametrize("minutes", [7, 30, 61, 90, 118])
def test_past_instants_are_those_that_plain_counting_finds(result, events, minutes):
    at = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    assert holders(result, "contributor", at) == contributors(events, at)


def test_people_across_organisations_contribute_to_two_within_the_hour(result, events):
    counted = CONTRIBUTIONS | {"IssuesEvent"}
    expected = {
        person
        for person, theirs in by_person(within(events, AN_HOUR)).items()
        if len({event.organisation for event in theirs if event.kind in counted and event.organisation}) >= 2
    } - machines(events)
    assert expected
    assert holders(result, "across_organisations") == expected


def test_newcomers_made_a_repository_and_pushed_after_making_something(result, events):
    seen_in_organisations = {event.person for event in events if event.organisation}
    expected = set()
    for person, theirs in by_person(within(events, HALF_AN_HOUR)).items():
        made = [event.at for event in theirs if event.kind == "CreateEvent"]
        pushed = [event.at for event in theirs if event.kind == "PushEvent"]
        if any(event.ref_type == "repository" for event in theirs) and pushed and min(made) < max(pushed):
            expected.add(person)
    expected -= seen_in_organisations | machines(events)
    assert expected
    assert holders(result, "newcomer") == expected


def test_builders_enter_by_several_repositories_and_stay_until_twenty_quiet_minutes(result, events):
    expected = {person for person, theirs in by_person(events).items() if builds_at_the_end(theirs)}
    assert expected
    assert holders(result, "active_builder") == expected


def builds_at_the_end(theirs: list[Event]) -> bool:
    """Return whether a person's events leave them an active builder at the end, deciding at each instant of change."""
    instants = {
        event.at + after for event in theirs for after in (timedelta(0), timedelta(minutes=20), HALF_AN_HOUR, AN_HOUR)
    }
    inside = False
    for at in sorted(instant for instant in instants if instant <= AS_OF):
        pushes = [event for event in within(theirs, HALF_AN_HOUR, at) if event.kind == "PushEvent"]
        places = len({event.repository for event in pushes})
        enters = len(pushes) >= 3 and places >= 2
        stays = inside and any(event.kind == "PushEvent" for event in within(theirs, timedelta(minutes=20), at))
        inside = (enters or stays) and places < 6 and len(within(theirs, AN_HOUR, at)) < 30
    return inside


def in_organisations(events: list[Event]) -> dict[str, list[Event]]:
    """Return the events that happened in each organisation."""
    grouped = defaultdict(list)
    for event in events:
        if event.organisation:
            grouped[event.organisation].append(event)
    return dict(grouped)


@pytest.mark.parametrize("minutes", [45, 75, 119])
def test_teams_at_work_are_half_contributors_by_what_is_done_there(result, events, minutes):
    at = min(datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), AS_OF)
    expected = set()
    for organisation, there in in_organisations(events).items():
        active, working = by_person(within(there, AN_HOUR, at)), contributors(there, at)
        if len(working) >= 2 and 2 * len(working) >= len(active):
            expected.add(organisation)
    assert expected
    assert holders(result, "team_at_work", at) == expected


def test_organisations_with_a_backlog_have_several_openers_and_no_release(result, events):
    expected = set()
    for organisation, there in in_organisations(events).items():
        opened = [
            event
            for event in within(there, AN_HOUR)
            if event.kind in {"IssuesEvent", "PullRequestEvent"} and event.action == "opened"
        ]
        released = any(event.kind == "ReleaseEvent" for event in within(there, timedelta(minutes=90)))
        if len({event.person for event in opened}) >= 2 and not released:
            expected.add(organisation)
    assert expected
    assert holders(result, "backlog_without_release") == expected


def test_work_in_two_organisations_qualifies_in_each_only_by_what_was_done_there(checked, result, events):
    """Of the people that act in several organisations, each one's part in each is counted apart."""
    organisations = in_organisations(events)
    several = {
        person
        for person, theirs in by_person(events).items()
        if len({event.organisation for event in theirs if event.organisation}) > 1
    }
    assert len(several) == 95
    split = {
        person
        for person in several & contributors(events)
        if not any(person in contributors(there) for there in organisations.values())
    }
    assert split, "somebody contributes in all, but in no organisation alone"
    touched = {event.organisation for event in within(events, AN_HOUR) if event.person in several} - {""}
    for organisation in sorted(touched):
        there = organisations[organisation]
        (verdict,) = engine.explain(
            result.store,
            checked,
            subject_type="account",
            subject_id=organisation,
            as_of=result.as_of,
            rules=["team_at_work"],
        )
        seen = verdict.findings[0].seen
        assert (organisation, seen) == (
            organisation,
            f"{len(contributors(there))} of {len(by_person(within(there, AN_HOUR)))}",
        )


def test_no_lead_does_thirty_things_an_hour(result, events):
    assert not {row["subject_id"] for row in result.leads.to_pylist()} & machines(events)
