"""Attribute criteria as tracks: what is true of each subject's attributes from which instant on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.core import values
from assay.core.definitions.model import Attribute, Condition, Scalar, SubjectType
from assay.core.engine import tracks
from assay.core.engine.causes import SINCE_EVER
from assay.core.engine.subjects import Subjects, chosen, only
from assay.core.engine.tracks import BEGINNING, Tracks
from assay.core.io.store import Store, literal

Lists = Mapping[str, tuple[Scalar, ...]]

_TABLE: Final = {"person": "people", "account": "accounts"}


@dataclass(frozen=True, slots=True)
class _History:
    """Values of one attribute: parallel arrays sorted by (subject, at); `code` points into `texts`."""

    subject: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    code: npt.NDArray[np.int64]
    texts: list[str | None]


def attribute_tracks(
    store: Store,
    wanted: Sequence[tuple[int, Attribute]],
    *,
    subject_type: SubjectType,
    as_of: int,
    lists: Lists,
    causes: Mapping[str, int],
    subjects: Subjects | None = None,
    keep_idle: bool = False,
) -> Tracks:
    """Return the truth of each (slot, attribute criterion) on the attribute's own subject.

    `subject_type` says whose attributes they are; only rows at or before `as_of` count; `causes` maps
    "attribute:<name as the criterion writes it>" to its code; `subjects` keeps those alone (None: all).
    `keep_idle` also keeps the steps where the value changes and the truth does not: `memberships.through` needs them
    to name what changed at the instant at which a person moves.
    """
    parts: list[Tracks] = []
    slots: dict[str, list[tuple[int, Attribute]]] = {}
    for slot, form in wanted:
        slots.setdefault(form.name, []).append((slot, form))
    everyone: Subjects | None = None
    for name, readers in slots.items():
        history = _history(store, name, subject_type, as_of, subjects)
        for slot, form in readers:
            parts.append(_truth(slot, form, history, lists, causes[f"attribute:{written(form)}"]))
            if values.meets(form.condition, None, lists):
                everyone = chosen(store, _TABLE[subject_type], subjects) if everyone is None else everyone
                born_true = np.setdiff1d(everyone, history.subject[history.at == BEGINNING], assume_unique=True)
                parts.append(tracks.from_beginning(slot, born_true, SINCE_EVER))
    found = tracks.concatenate(parts)
    return found if keep_idle else tracks.drop_idle(found)


def written(form: Attribute) -> str:
    """Return the attribute's name as the criterion writes it."""
    return f"account.{form.name}" if form.of_account else form.name


def unparsed_numbers(
    store: Store, wanted: Sequence[tuple[int, Attribute]], *, subject_type: SubjectType, as_of: int, lists: Lists
) -> dict[str, int]:
    """Return how many rows of each attribute hold text where every operand of some criterion is a number."""
    counts: dict[str, int] = {}
    for name in sorted({form.name for _, form in wanted if wants_number(form.condition, lists)}):
        history = _history(store, name, subject_type, as_of, None)
        odd = np.array([text is not None and values.parse_number(text) is None for text in history.texts], np.bool_)
        counts[name] = int(odd[history.code].sum()) if len(odd) else 0
    return counts


def births(
    store: Store, subject_type: SubjectType, *, subjects: Subjects | None = None
) -> tuple[Subjects, npt.NDArray[np.int64]]:
    """Return the subjects that have dated attributes, ascending, and the earliest instant of each (also of unsets)."""
    found = store.arrays(
        f'SELECT subject, min("at") AS "at" FROM prepared.attributes WHERE subject_type = {literal(subject_type)}'
        f' AND "at" IS NOT NULL {only("subject", subjects)} GROUP BY subject ORDER BY subject'
    )
    return found["subject"].astype(np.int32), found["at"].astype(np.int64)


def wants_number(condition: Condition, lists: Lists) -> bool:
    """Return whether a condition reads its value as a number and nothing else."""
    if condition.kind == "range":
        return True
    operands = lists.get(condition.list_name, ()) if condition.kind == "in_list" else condition.values
    return bool(operands) and all(isinstance(operand, Decimal) for operand in operands)


def _history(store: Store, name: str, subject_type: str, as_of: int, subjects: Subjects | None) -> _History:
    rows = store.table(
        f'SELECT subject, coalesce("at", {BEGINNING}) AS "at", value FROM prepared.attributes'
        f' WHERE subject_type = {literal(subject_type)} AND name = ? AND ("at" IS NULL OR "at" <= ?)'
        f' {only("subject", subjects)} ORDER BY subject, "at" NULLS FIRST',
        [name, as_of],
    )
    subject = rows.column("subject").to_numpy().astype(np.int32, copy=False)
    at = rows.column("at").to_numpy().astype(np.int64, copy=False)
    text = rows.column("value").combine_chunks()
    if isinstance(text, pa.ChunkedArray):
        text = pa.concat_arrays(text.chunks) if text.num_chunks else pa.array([], pa.string())
    coded = text.dictionary_encode(null_encoding="encode")
    code = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return _History(subject, at, code, coded.dictionary.to_pylist())


def _truth(slot: int, form: Attribute, history: _History, lists: Lists, cause: int) -> Tracks:
    """Return a step wherever the value changes; what holds of subjects without a row since ever is not among them."""
    if not len(history.subject):
        return tracks.empty()
    by_text = np.array([values.meets(form.condition, text, lists) for text in history.texts], np.bool_)
    unset = history.texts.index(None) if None in history.texts else -1
    before = np.empty_like(history.code)
    before[1:] = history.code[:-1]
    before[np.concatenate((np.ones(1, np.bool_), history.subject[1:] != history.subject[:-1]))] = unset
    changes = (history.code != before) | (history.at == BEGINNING)
    at = history.at[changes]
    return tracks.of_slot(
        slot,
        history.subject[changes],
        at=at,
        cause=np.where(at == BEGINNING, SINCE_EVER, cause),
        value=by_text[history.code[changes]],
    )
