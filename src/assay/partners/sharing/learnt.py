"""What a partner told of the companies of a list, as a table."""

from __future__ import annotations

import pyarrow as pa

from assay.partners.sharing.listing import Listing
from assay.partners.sharing.owner import Owner


def table(owner: Owner, listing: Listing) -> pa.Table:
    """Return a row for each company and population of the partner that holds now, with the fields that were told."""
    rows = sorted((told for _, told in owner.all("learnt")), key=lambda told: (listing.title(told[0]), told[1]))
    names = sorted({name for told in rows for name in told[3]})
    texts: dict[str, list[str | None]] = {
        "id": [record for record, *_ in rows],
        "company": [listing.title(record) for record, *_ in rows],
        "population": [population for _, population, *_ in rows],
        "says": [says for _, _, says, *_ in rows],
        **{f"their {name}": [fields.get(name) for _, _, _, fields, _ in rows] for name in names},
    }
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    since = pa.array([since for *_, since in rows], pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table(columns).add_column(4, "since", since)
