"""Criteria of a population as somebody wrote them: checked by the core's own compiler, decided by its own flow.

Written are `criteria` and `qualify`, as in a qualification file. They stand behind a head in a file of their own beside
the latest edition's, so that lists, scores and rules may be named as in any rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from assay.core import hindsight
from assay.core.definitions.model import Definitions, Rule
from assay.core.errors import BadDefinitions, Complaint
from assay.node.lake import manifest
from assay.node.live.replaying import prepared
from assay.node.rulebook import drafting, texts

#: What no rule is called: names of rules have no such length.
_NAME: Final = "accounts_of_a_population"
_PATH: Final = texts.rule_path(_NAME)
_HEAD: Final = (
    f"qualification: {_NAME}\nversion: 1\nstatus: draft\nstage: PQA\nmotion: partnering\nsubject: account\n"
    "owner: partnering\npurpose: Accounts of a population that partners may see.\n"
)
_HEAD_LINES: Final = _HEAD.count("\n")
BEGINNING: Final = """\
criteria:
  pays: {attribute: plan, is: team}

qualify:
  all_of: [pays]
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the text, and what is wrong in it."""

    number: int
    text: str
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A text with what the core says to it."""

    lines: Sequence[Line]
    complaints: Sequence[Complaint]

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.complaints


def check(text: str) -> Checked:
    """Return every complaint about a text, with its place in what was written."""
    others = drafting.latest_texts()
    found = texts.check({**others, _PATH: _HEAD + _mended(text)}, {})
    told = [_moved(one) for one in found if one.place.file == _PATH]
    rows = _mended(text).rstrip("\n").split("\n")
    by_line: dict[int, list[Complaint]] = {}
    for one in told:
        by_line.setdefault(min(max(one.place.line, 1), len(rows)), []).append(one)
    lines = [Line(number, row, tuple(by_line.get(number, ()))) for number, row in enumerate(rows, 1)]
    return Checked(lines=lines, complaints=told)


def accounts(text: str, as_of: int) -> frozenset[str]:
    """Return the ids of the accounts that meet a text as of an instant; BadDefinitions where it is wrong by now."""
    definitions, rule = _read(text)

    def read() -> frozenset[str]:
        with prepared(definitions, manifest.relation(manifest.paths())) as known:
            spells = hindsight.decided(known.store, definitions, [rule], as_of)
            known.store.register("of_population", spells)
            rows = known.store.rows(
                "SELECT DISTINCT subject_id FROM of_population WHERE rule = $1 AND epoch_us(starts_at) <= $2 "
                "AND (ends_at IS NULL OR epoch_us(ends_at) > $2)",
                [_NAME, as_of],
            )
            return frozenset(one for (one,) in rows)

    return manifest.reading(read)


def _read(text: str) -> tuple[Definitions, Rule]:
    found = check(text)
    if not found.is_clean:
        raise BadDefinitions(list(found.complaints))
    definitions = texts.read({**drafting.latest_texts(), _PATH: _HEAD + _mended(text)})
    rule = definitions.rule(_NAME)
    return replace(definitions, examples=()), rule


def _mended(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def _moved(one: Complaint) -> Complaint:
    return replace(one, place=replace(one.place, file="criteria", line=one.place.line - _HEAD_LINES))
