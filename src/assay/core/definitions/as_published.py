"""A rule as it was published, ready to be decided beside the one that stands in the folder now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from assay.core.definitions.fingerprint import Fingerprints, with_fingerprints
from assay.core.definitions.folder import BUILT_IN_LISTS
from assay.core.definitions.loading import definitions_of, sound_parts
from assay.core.definitions.model import Definitions
from assay.core.definitions.published import fingerprints_of, published_path, read_published
from assay.core.errors import BadDefinitions, BadRequest


def versions(folder: Path, rule: str) -> list[int]:
    """Return the versions of a rule that were published, ascending."""
    names = [path.name for path in (folder / "published").glob(f"{rule}@*.yml")]
    found = (re.fullmatch(rf"{re.escape(rule)}@([0-9]+)\.yml", name) for name in names)
    return sorted(int(match[1]) for match in found if match)


def as_published(folder: Path, rule: str, version: int | None = None) -> Definitions:
    """Return the published rule with every rule, score and list behind it; without a version the latest one."""
    there = versions(folder, rule)
    if not there or (version is not None and version not in there):
        raise BadRequest(
            "This version was never published" if there else "This rule was never published",
            where="--version" if there else "RULE",
            value=str(version) if there else rule,
            mend=f"These were: {', '.join(map(str, there))}."
            if there
            else f"assay publish {rule} keeps it as it is; what is written afterwards can be compared with that.",
        )
    draft, _, _ = read_published(published_path(folder, rule, there[-1] if version is None else version))
    if draft.reader.complaints:
        raise BadDefinitions(draft.reader.complaints)
    rules, scores, lists = sound_parts(draft)
    rules, scores = with_fingerprints(rules, scores, fingerprints_of(draft))
    return definitions_of(draft, rules, scores, lists)


def changed_parts(one: Definitions, other: Definitions, rule: str) -> tuple[str, ...]:
    """Return which parts of a rule mean something else in the two: "criterion 'built_something'", "'qualify'"."""
    before, after = (dict(_parts(definitions, rule)) for definitions in (one, other))
    return tuple(sorted(part for part in {*before, *after} if before.get(part) != after.get(part)))


def _parts(definitions: Definitions, rule: str) -> Iterator[tuple[str, object]]:
    prints = Fingerprints(
        {r.name: r for r in definitions.rules},
        {s.name: s for s in definitions.scores},
        definitions.lists,
        built_in=BUILT_IN_LISTS,
    )
    yield from prints.parts(rule).items()
