"""A growing list of events: who did what, and when, with a few properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from story.calendar import Days


@dataclass(slots=True, kw_only=True)
class Events:
    """Columns that grow together; a property that an event does not have is empty text."""

    names: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    properties: dict[str, dict[int, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def add(self, name: str, at: Days, people: NDArray[np.int64], **properties: Sequence[str]) -> None:
        """Add one event of that name for each instant and person."""
        start = len(self)
        self.names.extend([name] * at.size)
        self.at.extend(at.tolist())
        self.people.extend(people.tolist())
        for key, values in properties.items():
            column = self.properties.setdefault(key, {})
            column.update({start + i: value for i, value in enumerate(values)})

    def add_one(self, name: str, at: float, person: int, **properties: str) -> None:
        """Add one event."""
        self.add(name, np.array([at]), np.array([person]), **{key: [value] for key, value in properties.items()})

    def sorted(self, end: float) -> Events:
        """Return the events before `end` in the order of time; at one instant as they were added."""
        order = [i for i in np.argsort(np.array(self.at), kind="stable").tolist() if 0 <= self.at[i] < end]
        place = {old: new for new, old in enumerate(order)}
        return Events(
            names=[self.names[i] for i in order],
            at=[self.at[i] for i in order],
            people=[self.people[i] for i in order],
            properties={
                key: {place[i]: value for i, value in column.items() if i in place}
                for key, column in self.properties.items()
            },
        )

    def column(self, key: str) -> list[str]:
        """Return a property of every event."""
        values = self.properties.get(key, {})
        return [values.get(i, "") for i in range(len(self))]
