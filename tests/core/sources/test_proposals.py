"""`assay init` proposes sources that load and run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.definitions import load
from assay.core.errors import BadData
from assay.core.identity import resolve
from assay.core.io.store import Store
from assay.core.sources import propose, read
from tests.realdata import shared

REAL = shared("gharchive")

CRM = {
    "hubspot-contacts.csv": "Record ID,Email,Associated Company ID,Create Date\n"
    "101,ada@acme.com,9001,2024-01-05 10:00\n"
    "102,ben@globex.de,9002,2024-01-06\n",
    "companies.csv": "Record ID;Company name;Company Domain Name\n9001;Acme;acme.com\n9002;Globex;https://globex.de/\n",
    "deals.csv": "Deal ID,Deal Stage,Amount,Close Date,Associated Company ID\n1,Closed Won,1000,2024-03-01,9001\n",
    "product/2024-01.jsonl": '{"messageId":"1","userId":"101","event":"Login","timestamp":"2024-01-05T10:00:00Z",'
    '"properties":{"plan":"pro"}}\n',
    "product/2024-02.jsonl": '{"messageId":"2","userId":"102","event":"Project Created",'
    '"timestamp":"2024-02-05T10:00:00Z","properties":{"plan":"free"}}\n',
    "facts.csv": "company,partner,relationship,since\n9001,Verdant,customer,2023-01-01\n",
    "readings.csv": "temperature,pressure\n1,2\n",
}


@pytest.fixture
def crm(tmp_path):
    for name, text in CRM.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(text)
    return tmp_path / "data"


def ran(data: Path, folder: Path) -> Store:
    """Return a store in which the proposal for `data` has been run unedited."""
    for name, text in propose(data).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    definitions = load(folder)
    store = Store(on_disk=False)
    read(store, definitions, data)
    resolve(store, definitions)
    return store


def test_a_crm_export_is_recognised_and_runs_unedited(crm, tmp_path):
    with ran(crm, tmp_path / "definitions") as store:
        assert store.number("SELECT count(*) FROM prepared.events") == 2
        assert store.number("SELECT count(*) FROM prepared.outcomes") == 1
        assert store.number("SELECT count(*) FROM prepared.partner_facts") == 1
        assert store.rows("SELECT id, domain FROM prepared.accounts") == [("9001", "acme.com"), ("9002", "globex.de")]
        assert store.rows("FROM prepared.rejects") == []


def test_monthly_files_are_one_source(crm):
    assert "file: product/2024-*.jsonl" in propose(crm)["sources/product.yml"]


def test_event_names_are_listed(crm):
    assert "event_names:\n  - Login\n  - Project Created\n" in propose(crm)["sources/product.yml"]


def test_what_was_not_recognised_is_told_in_a_comment(crm):
    assert any("# Not recognised: readings.csv (temperature, pressure)" in text for text in propose(crm).values())


def test_values_of_people_are_not_copied_into_definitions(crm):
    assert not [text for text in propose(crm).values() if "ada@" in text or "acme.com" in text]


def test_nothing_recognised_tells_what_to_write(tmp_path):
    (tmp_path / "readings.csv").write_text(CRM["readings.csv"])
    with pytest.raises(BadData, match=r"source: app.*events"):
        propose(tmp_path)


def test_a_folder_without_data_files_gives_no_proposal(tmp_path):
    (tmp_path / "readme.md").write_text("x")
    assert propose(tmp_path) == {}


@pytest.mark.realdata
def test_the_public_event_stream_runs_unedited(tmp_path):
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is absent: the real data is kept beside the project")
    with ran(REAL, tmp_path) as store:
        assert store.number("SELECT count(*) FROM prepared.events") == 15_129
        assert store.number("SELECT count(*) FROM prepared.people") == 6_208
        assert store.number("SELECT count(*) FROM prepared.accounts") == 1_414
