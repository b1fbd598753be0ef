"""From files to criteria that can be pasted: what the engine decides, on a company whose one signal is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from assay.core import definitions as language
from assay.core import hindsight
from assay.core.errors import BadRequest
from assay.core.outcomes.candidates import with_all_properties
from assay.core.values import DAY, parse_instant
from assay.showing import Signals

START = parse_instant("2025-01-01")
AS_OF = START + 300 * DAY
ASKED = hindsight.Asked(outcome="won", within=45 * DAY)
SOURCES = """
source: app
events: {file: events.csv, id: id, at: at, event: {column: event}, person: person, properties: [section]}
event_names: [signed_up, page_viewed, export_made, note_written]
---
source: users
people: {file: people.csv, id: person, attributes: {size: size, deal_won: deal_won}}
---
source: crm
outcomes: {file: outcomes.csv, person: person, at: at, outcome: outcome}
"""
RULE = """
qualification: pql_exports
version: 1
status: draft
stage: PQL
motion: trial_to_paid
subject: person
criteria:
{criteria}
qualify:
  all_of: [{names}]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "qualifications").mkdir()
    (tmp_path / "sources/all.yml").write_text(SOURCES)
    write(tmp_path, "  exports: {count: export_made, at_least: 1}", "exports")
    return tmp_path


def write(folder, criteria, names):
    (folder / "qualifications/pql_exports.yml").write_text(RULE.format(criteria=criteria, names=names))


def column(instants):
    return pa.array(np.asarray(instants, np.int64)).cast(pa.timestamp("us", tz="UTC"))


def history(seed, number=1200, *, signal=0.35):
    """People who view pages of two sections and write notes; who sees prices three times in 14 days may well buy."""
    rng = np.random.default_rng(seed)
    born = START + (rng.uniform(0, 250, number) * DAY).astype(np.int64)
    people, at, event, section = [np.arange(number)], [born], [np.full(number, "signed_up")], [np.full(number, "")]
    bought = born + (rng.exponential(1500, number) * DAY).astype(np.int64) + 1
    for name, where, often in (("page_viewed", "prices", 3), ("page_viewed", "blog", 5), ("note_written", "", 5)):
        who = np.repeat(np.arange(number), rng.poisson(often, number))
        when = born[who] + (rng.uniform(0, 90, len(who)) * DAY).astype(np.int64)
        order = np.lexsort((when, who))
        people, at = [*people, who[order]], [*at, when[order]]
        event, section = [*event, np.full(len(who), name)], [*section, np.full(len(who), where)]
        if where == "prices":
            who, when = who[order], when[order]
            third = np.flatnonzero((who[2:] == who[:-2]) & (when[2:] - when[:-2] < 14 * DAY)) + 2
            buys = third[rng.random(len(third)) < signal]
            np.minimum.at(bought, who[buys], when[buys] + (rng.uniform(1, 30, len(buys)) * DAY).astype(np.int64))
    who, when, what, where = (np.concatenate(parts) for parts in (people, at, event, section))
    kept = when <= AS_OF
    won = np.flatnonzero(bought <= AS_OF)
    ids = np.char.add("p", np.arange(number).astype(str))
    return {
        "app": pa.table(
            {
                "id": [str(k) for k in range(int(kept.sum()))],
                "at": column(when[kept]),
                "event": what[kept].tolist(),
                "person": ids[who[kept]].tolist(),
                "section": where[kept].tolist(),
            }
        ),
        "users": pa.table(
            {
                "person": ids.tolist(),
                "size": rng.choice(["small", "large"], number).tolist(),
                "deal_won": np.where(bought <= AS_OF, "yes", "no").tolist(),
            }
        ),
        "crm": pa.table({"person": ids[won].tolist(), "at": column(bought[won]), "outcome": ["won"] * len(won)}),
    }


def found_in(folder, data, among="", **asked):
    definitions = language.load(folder)
    with hindsight.prepared(with_all_properties(definitions), data) as store:
        return hindsight.precursors(store, definitions, "person", replace(ASKED, among=among), as_of=AS_OF, **asked)


@pytest.fixture(scope="module")
def data():
    return history(4)


def test_the_planted_signal_is_found_with_its_property_and_can_be_pasted(folder, data):
    found = found_in(folder, data)
    first = found.signals[0]
    assert first.candidate.family == "page_viewed by section"
    assert "where: {section: prices}" in first.candidate.text
    names = [one.candidate.name for one in found.signals]
    write(folder, "\n".join(one.candidate.text for one in found.signals), ", ".join(names))
    assert language.load(folder).rules[0].criteria[0].form == first.candidate.form


def test_what_was_found_is_told_as_a_page_and_as_a_table(folder, data):
    shown = Signals(found_in(folder, data))
    assert "where: {section: prices}" in shown.to_html()
    assert shown.to_table()["criterion"][0].as_py() in repr(shown)
    assert {"rate", "lift_low", "lift_high", "people", "conversions"} <= set(shown.to_table().column_names)


def test_what_a_rule_reads_is_left_out_unless_asked_for(folder, data):
    write(folder, "  views: {count: page_viewed, where: {section: prices}, at_least: 1}", "views")
    found = found_in(folder, data)
    assert found.read == ("page_viewed", "page_viewed by section")
    assert found.signals == ()
    again = found_in(folder, data, also_read=True)
    assert (again.read, again.signals[0].candidate.family) == ((), "page_viewed by section")


def test_an_attribute_that_is_the_outcome_is_refused(folder, data):
    found = found_in(folder, data)
    assert [one.family for one, _ in found.refused] == ["deal_won"]
    assert "names the outcome" in found.refused[0][1].text


def test_without_a_signal_none_is_proposed(folder):
    assert [one.candidate.name for one in found_in(folder, history(5, signal=0.0)).signals] == []


def only_of(data, size):
    """Return the same data of the people of one size alone."""
    kept = data["users"].filter(pa.compute.equal(data["users"]["size"], size))
    return {
        name: table.filter(pa.compute.is_in(table["person"], value_set=kept["person"].combine_chunks()))
        for name, table in data.items()
    }


def test_among_those_who_meet_a_criterion_it_is_as_if_there_were_nobody_else(folder, data):
    write(folder, "  is_small: {attribute: size, is: small}", "is_small")
    among, alone = found_in(folder, data, among="is_small"), found_in(folder, only_of(data, "small"))
    assert among.signals
    assert (among.conversions, among.split, among.tried) == (alone.conversions, alone.split, alone.tried)
    assert [(one.candidate, one.later, one.rate) for one in among.signals] == [
        (one.candidate, one.later, one.rate) for one in alone.signals
    ]
    assert "of people who meet is_small just then" in Signals(among).to_html()


def test_what_nobody_looks_for_among_is_said_with_the_mend(folder, data):
    write(folder, "  is_small: {attribute: size, is: small}", "is_small")
    with pytest.raises(BadRequest, match="is_small"):
        found_in(folder, data, among="is_smal")
