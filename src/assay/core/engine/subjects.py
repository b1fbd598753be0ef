"""Which subjects a question is about: all of them, or for the live path just a few."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.core.io.store import Store

Subjects = npt.NDArray[np.int32]


def only(column: str, subjects: Subjects | None) -> str:
    """Return "AND column IN (...)" for these subjects; nothing for None, which means all."""
    if subjects is None:
        return ""
    if not len(subjects):
        return "AND false"
    return f"AND {column} IN ({', '.join(str(subject) for subject in subjects.tolist())})"


def chosen(store: Store, table: str, subjects: Subjects | None) -> Subjects:
    """Return these subjects, ascending, each once; for None all of the table ("people", "accounts")."""
    if subjects is not None:
        return np.unique(subjects)
    return np.arange(store.rows(f"SELECT count(*) FROM prepared.{table}")[0][0], dtype=np.int32)
