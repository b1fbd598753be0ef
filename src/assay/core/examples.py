"""Examples run through the ordinary pipeline: does every rule decide its cases as stated?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.definitions import load
from assay.core.definitions.examples import disagreement, subject_id, world_of
from assay.core.definitions.loading import check as check_text
from assay.core.definitions.model import Definitions, Example
from assay.core.errors import Complaint

if TYPE_CHECKING:
    from assay.core.engine.results import Verdict


def check(folder: Path, *, run_examples: bool = True) -> list[Complaint]:
    """Return every complaint about a definition folder, sorted by place.

    Where the text is right and `run_examples` is set, the examples are decided too, and each that comes out otherwise
    than stated is a complaint.
    """
    complaints = check_text(folder)
    return complaints if complaints or not run_examples else disagreements(load(folder))


def disagreements(definitions: Definitions) -> list[Complaint]:
    """Return a complaint for each example that its rule decides otherwise than stated, sorted by place."""
    examples = definitions.examples
    if not examples:
        return []
    verdicts = _decide(definitions, examples)
    found = [disagreement(example, verdict) for example, verdict in zip(examples, verdicts, strict=True)]
    return sorted((complaint for complaint in found if complaint is not None), key=lambda c: (c.place, c.message))


def _decide(definitions: Definitions, examples: Sequence[Example]) -> list[Verdict]:
    """Return the verdict on each example."""
    import pyarrow as pa

    from assay.core import engine, identity, sources
    from assay.core.io.store import Store

    world = world_of(definitions, examples)
    with Store(on_disk=False) as store:
        text = pa.string()
        tables = {
            name: pa.table(
                {column: pa.array([row.get(column) for row in world.tables[name]], text) for column in columns}
            )
            for name, columns in world.columns.items()
        }
        sources.read(store, world.definitions, tables)
        identity.resolve(store, world.definitions)
        verdicts: list[Verdict] = []
        for number, example in enumerate(examples):
            subject = definitions.rule(example.rule).subject
            verdicts += engine.explain(
                store,
                world.definitions,
                subject_type=subject,
                subject_id=subject_id(example, number, subject),
                as_of=example.as_of,
                rules=[example.rule],
            )
    return verdicts
