"""The source parts of the definitions, by kind and number."""

from __future__ import annotations

from typing import TypeVar

from assay.core.definitions.model import Definitions, Source

PartT = TypeVar("PartT", bound=Source)


def numbered(definitions: Definitions, kind: type[PartT]) -> list[tuple[int, PartT]]:
    """Return the parts of one kind with their number in `definitions.sources`, which names their relations in `raw`."""
    return [(k, part) for k, part in enumerate(definitions.sources) if isinstance(part, kind)]


def source_ranks(definitions: Definitions) -> dict[str, int]:
    """Return the dense code of every source name; codes ascend with names."""
    return {source: i for i, source in enumerate(sorted({part.source for part in definitions.sources}))}
