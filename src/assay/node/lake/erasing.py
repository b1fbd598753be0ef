"""Forgets one person: every row of the lake and every call of the inbox that the person is named in as who it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from assay.core.definitions import model
from assay.core.io.store import Store, literal
from assay.core.sources.files import kind_of
from assay.core.sources.json_files import json_path
from assay.node.lake import manifest
from assay.node.lake.models import FileKind, LakeFile
from assay.node.lake.rows import ROW_KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased: rows of the lake, in how many files, and calls that still waited in the inbox."""

    rows: int
    files: int
    calls: int


def erase(ids: Collection[str], parts: Iterable[model.Source] = ()) -> Erased:
    """Erase the person who has these ids; they are all ids, and e-mail addresses, that are the same person.

    `parts` are the sources of the definitions: they say which columns of uploaded rows name a person. What others
    wrote about the person into properties of their own stays. The files that held the person are gone at once.
    """
    with Store(memory_limit="500MB", threads=1) as store:
        store.register("erased", pa.table({"id": pa.array(sorted({one.strip() for one in ids}), pa.string())}))
        condition = _condition(parts)
        before = manifest.files()
        # What is there is rewritten while others go on adding; what they add meanwhile is little.
        rewritten = _rewritten(store, before, condition)
        try:
            with transaction.atomic():
                manifest.held()
                known = {file.id for file in before}
                rewritten += _rewritten(store, [file for file in manifest.files() if file.id not in known], condition)
                done = _swapped(rewritten)
                calls = _erase_calls(ids)
        except BaseException:
            _unlink([new for _, new in rewritten])
            raise
    # Whoever reads an old file just now reads again; those that were merged away before hold the person, too.
    manifest.remove_replaced()
    _unlink([new for old, new in rewritten if (old, new) not in done])
    return Erased(rows=sum(old.rows - new.rows for old, new in done), files=len(done), calls=calls)


def _condition(parts: Iterable[model.Source]) -> str:
    """Return SQL that holds of the rows to erase."""
    named = ["trim(user_id)", "trim(anonymous_id)"]
    found = [f"{column} IN (SELECT id FROM erased)" for column in named]
    for part in parts:
        which = f"kind = '{ROW_KIND}' AND source = {literal(part.source)} AND event = {literal(kind_of(part))}"
        found += [
            f"({which} AND trim(json_extract_string(body, {literal(json_path([column]))})) IN (SELECT id FROM erased))"
            for column in _person_columns(part)
        ]
    return f"coalesce({' OR '.join(f'coalesce({one}, false)' for one in found)}, false)"


def _person_columns(part: model.Source) -> Sequence[str]:
    if isinstance(part, model.PeopleSource):
        return [column for column in (part.id, part.email, part.same_as) if column is not None]
    if isinstance(part, model.OutcomesSource):
        return [part.person] if part.person is not None else []
    return []


def _rewritten(store: Store, files: Iterable[LakeFile], condition: str) -> list[tuple[LakeFile, LakeFile]]:
    """Return each file that holds the person with the one that does not, which no manifest names yet."""
    pairs = []
    for file in files:
        whole = manifest.relation([manifest.folder() / file.name])
        if store.rows(f"SELECT 1 FROM {whole} WHERE {condition} LIMIT 1"):
            kept = store.batches(f"SELECT * FROM {whole} WHERE NOT {condition}", rows=100_000)
            pairs.append((file, manifest.write(kept, FileKind(file.kind))))
    return pairs


def _swapped(rewritten: Sequence[tuple[LakeFile, LakeFile]]) -> list[tuple[LakeFile, LakeFile]]:
    """Let new files stand for old ones; leave out those that were merged away meanwhile: into files looked at since."""
    done = []
    for old, new in rewritten:
        if LakeFile.objects.filter(id=old.id, replaced_at=None).update(replaced_at=timezone.now()):
            manifest.named(new)
            done.append((old, new))
    return done


def _erase_calls(ids: Collection[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM intake_inbox WHERE ARRAY[trim(body::json->>'userId'), trim(body::json->>'anonymousId'), "
            "trim(body::json->>'previousId')] && %s",
            [list(ids)],
        )
        return int(cursor.rowcount)


def _unlink(files: Iterable[LakeFile]) -> None:
    for file in files:
        (manifest.folder() / file.name).unlink(missing_ok=True)
