"""Whom to call next where there are no outcomes: the flow of a run, and then those most like a few named subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from assay.core import hindsight
from assay.core.definitions import model
from assay.core.hindsight import Progress
from assay.core.io.store import Store
from assay.core.outcomes import candidates, lookalikes, naming, subjects
from assay.core.outcomes.candidates import Candidate
from assay.core.outcomes.landmarks import Group
from assay.core.outcomes.lookalikes import Answer, Asked, Known
from assay.core.outcomes.naming import Name

#: Holds of everybody who is known by then: so many events or more are always there.
_KNOWN: Final = Candidate(
    family="", name="known", form=model.Count(threshold=model.Threshold(low=Decimal(0), text="at least 0"))
)


def resemble(
    store: Store,
    definitions: model.Definitions,
    subject: model.SubjectType,
    names: Sequence[Name],
    asked: Asked,
    *,
    as_of: int | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Return those most like the named; BadRequest where the names, or what is asked, cannot be answered."""
    lookalikes.check_asked(asked)
    latest = hindsight.latest(store, as_of)
    numbers = naming.resolve(store, subject, names)

    def decide(some: Sequence[Candidate]) -> Iterator[Group]:
        label = "Looking at what they have in common"
        return hindsight.groups(store, definitions, subject, some, as_of=latest, progress=progress, label=label)

    there = next(decide((_KNOWN,)))
    born = np.unique(there.subject[(there.since <= latest) & (latest < there.until)])
    naming.check_born(subject, names, numbers, set(born.tolist()), as_of=latest)
    units = np.unique(subjects.clusters(store, subject, as_of=latest)[born], return_inverse=True)[1]
    known = Known(subject=born, unit=units.astype(np.int64))
    places = known.places(np.unique(np.array(numbers, np.int64)))
    lookalikes.check(known, places)
    tried, _ = candidates.candidates(
        store, definitions, subject, as_of=latest, also_read=True, fewest=lookalikes.FEWEST
    )
    found = lookalikes.find(tried, decide, known, places, asked, subject=subject, as_of=latest)
    spoken = [*found.named, *(one.subject for one in found.found)]
    ids = subjects.ids(store, subject).take(spoken).to_pylist()
    return Answer(
        lookalikes=found,
        ids=dict(zip(spoken, ids, strict=True)),
        called=naming.called(store, subject, spoken, as_of=latest),
    )
