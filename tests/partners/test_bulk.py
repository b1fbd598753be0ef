"""On Spark two lists are joined to the same pairs as on one machine, and so come to the same matches."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.core.io.spark import Spark, connect
from assay.core.io.store import Store
from assay.partners import bulk
from assay.partners.canonical import Record, keys_of
from assay.partners.evidence import DEFAULT_TERMS, Ruling
from assay.partners.matching import candidates, decide, fields_of, join
from assay.partners.tokens import Tokeniser

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java: on Debian, apt install default-jre-headless"
)


@pytest.fixture(scope="module")
def cluster():
    """Two cores of this machine, with batches so small that a token spans several."""
    with connect(Spark(master="local[2]", settings={"spark.sql.execution.arrow.maxRecordsPerBatch": "7"})) as found:
        yield found


def upload(rows):
    """Return an upload of (record, token) pairs."""
    both = [
        [bytes([side]) + number.to_bytes(15, "big") for number in column]
        for side, column in enumerate(zip(*rows, strict=True))
    ]
    handles, tokens = both or ([], [])
    return pa.table({"handle": pa.array(handles, pa.binary(16)), "token": pa.array(tokens, pa.binary(16))})


def told(table):
    return sorted(zip(*(table[name].to_pylist() for name in ("ours", "theirs", "token", "frequency")), strict=True))


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*[st.sets(st.tuples(st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=60)] * 2)
def test_any_two_uploads_are_joined_alike(cluster, mine, theirs):
    ours, others = upload(sorted(mine)), upload(sorted(theirs))
    with Store() as store:
        assert told(bulk.join(cluster, ours, others)) == told(join(store, ours, others))


def test_what_most_records_share_is_left_out_on_spark_too(cluster):
    ours, others = upload([(n, 1) for n in range(65)] + [(1, 2)]), upload([(n, 1) for n in range(3)] + [(9, 2)])
    assert len(told(bulk.join(cluster, ours, others))) == 1


def test_two_lists_come_to_the_same_matches_on_spark(cluster):
    companies = [
        Record(name=f"Company {n} Ltd", website=f"c{n}.example", country="GB", city="Leeds") for n in range(300)
    ]
    one, other = (
        Tokeniser(bytes(32)).tokenise((keys_of(record) for record in part), seed=bytes([side]) * 32)
        for side, part in enumerate((companies[:200], companies[100:]))
    )
    with Store() as store:
        matches = [
            sorted(
                tuple(row.values())
                for row in decide(candidates(store, joined, one, fields_of(other)), DEFAULT_TERMS)
                .pairs(Ruling.MATCH)
                .to_pylist()
            )
            for joined in (bulk.join(cluster, one.upload, other.upload), join(store, one.upload, other.upload))
        ]
    assert matches[0] == matches[1]
    assert len(matches[0]) == 100
