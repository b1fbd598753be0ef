"""Sources for a folder of data, proposed from what is in it: for people to read and mend, and to run as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from assay.core.definitions.model import Definitions, EventsSource
from assay.core.errors import BadData, Place
from assay.core.io.store import Store
from assay.core.sources.guessing import Guess, guess
from assay.core.sources.reading import read
from assay.core.sources.samples import Column, sample

#: More event names than this and the column is hardly one of event names.
_NAMES: Final = 300
_MOST_FILES: Final = 500
_ENDINGS: Final = (".csv", ".csv.gz", ".parquet", ".jsonl")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./*\-]*(?: [A-Za-z0-9_./\-]+)*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"})
_CARE: Final = "# Proposed by assay init: read it, and mend what is wrong."


def propose(data: Path) -> dict[str, str]:
    """Return definition files by name ("sources/crm.yml") with YAML text; none where the folder has no data files.

    Files of one folder with the same columns are one source. BadData where there are data files and none is recognised.
    """
    folder = Path(data)
    groups = _groups(folder)
    if not groups:
        return {}
    texts: dict[str, str] = {}
    unknown: list[str] = []
    for pattern, columns in groups:
        found = guess(pattern, columns)
        name = _source_name(pattern, texts)
        text = _text(folder, name, pattern, found, columns) if found.kind else None
        if text is None:
            unknown.append(f"{pattern} ({', '.join(column.name for column in columns[:12]) or 'nothing readable'})")
        else:
            texts[f"sources/{name}.yml"] = text
    if not texts:
        raise BadData(
            "No file was recognised as events, people, accounts, outcomes or partner facts",
            where=str(folder),
            value="; ".join(unknown[:5]),
            mend="Write sources/<name>.yml yourself: 'source: app' and below it 'events: {file: app.csv, at: <column "
            "of the instant>, event: {constant: used_app}, person: <column of the person>}'.",
        )
    if unknown:
        first = min(texts)
        texts[first] += "".join(f"# Not recognised: {each}\n" for each in unknown)
    return texts


def _groups(folder: Path) -> list[tuple[str, tuple[Column, ...]]]:
    """Return (file or glob, columns) of what is one source each."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name.endswith(_ENDINGS) and p.name[0] != "."]
    by_shape: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, tuple[Column, ...]]]] = {}
    for path in paths[:_MOST_FILES]:
        file = path.relative_to(folder).as_posix()
        columns = sample(path, file)
        ending = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
        shape = (path.parent.as_posix(), ending, tuple(column.name for column in columns))
        by_shape.setdefault(shape, []).append((file, columns))
    found: list[tuple[str, tuple[Column, ...]]] = []
    for (_, ending, _), files in by_shape.items():
        pattern = _glob(folder, [file for file, _ in files], ending) if len(files) > 1 else None
        found += [(pattern, files[0][1])] if pattern else files
    return sorted(found, key=lambda group: group[0])


def _glob(folder: Path, files: Sequence[str], ending: str) -> str | None:
    """Return the glob that finds exactly these files; None where there is none."""
    parent, _, _ = files[0].rpartition("/")
    names = [file.rpartition("/")[2] for file in files]
    start = names[0]
    for other in names[1:]:
        while not other.startswith(start):
            start = start[:-1]
    start = re.sub(r"[0-9]+$|[*?\[].*", "", start)
    pattern = (f"{parent}/" if parent else "") + start + "*" + ending
    there = {p.relative_to(folder).as_posix() for p in folder.glob(pattern)}
    return pattern if there == set(files) else None


def _source_name(pattern: str, taken: Iterable[str]) -> str:
    stems = [re.sub(r"[*?\[\]].*", "", word.split(".")[0]) for word in pattern.split("/")]
    stem = next((stem for stem in reversed(stems) if re.search("[A-Za-z]", stem)), "data")
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "data"
    name = re.sub(r"(_[0-9]+h?)+(?=_|$)", "", name) or name  # dates come and go
    number, found = 2, name
    while f"sources/{found}.yml" in set(taken):
        found, number = f"{name}_{number}", number + 1
    return found


def _text(folder: Path, name: str, pattern: str, found: Guess, columns: Sequence[Column]) -> str | None:
    """Return the YAML of a source; None where a look at all of the file shows that the guess was wrong."""
    lines = [
        _CARE,
        f"# Taken for {found.kind.replace('_', ' ')}: {'; '.join(found.why)}.",
        f"source: {_scalar(name)}",
        f"{found.kind}:",
        f"  file: {_scalar(pattern)}",
    ]
    if found.kind != "events":
        lines += [f"  {role}: {_scalar(column)}" for role, column in found.roles.items()]
        if found.kind in ("people", "accounts"):
            lines += _listed("attributes", found.rest, columns)
        return "\n".join(lines) + "\n"
    event = found.roles.get("event")
    names = _event_names(folder, name, pattern, found)
    if names is None:
        return None
    if "id" not in found.roles:
        lines.insert(2, "# No column is different in every row, so nothing can be told to be a duplicate.")
    for role, column in found.roles.items():
        lines.append(f"  {role}: {_scalar(column)}" if role != "event" else f"  event: {{column: {_scalar(column)}}}")
    if event is None:
        lines.append(f"  event: {{constant: {_scalar(name)}}}")
    lines += _listed("properties", found.rest, columns)
    if event is not None:
        lines += ["event_names:", *(f"  - {_scalar(each)}" for each in names)]
    return "\n".join(lines) + "\n"


def _event_names(folder: Path, name: str, pattern: str, found: Guess) -> list[str] | None:
    """Return all event names in the files; None where no row can be read, or there are too many names."""
    event = found.roles.get("event")
    source = EventsSource(
        source=name,
        file=pattern,
        at=found.roles["at"],
        event_column=event,
        constant=None if event else name,
        person=found.roles.get("person"),
        account=found.roles.get("account"),
        place=Place(file=pattern, line=1, column=1),
    )
    with Store() as store:
        try:
            read(store, Definitions(folder="", sources=(source,)), folder)
        except BadData:
            return None
        names = [text.strip() for (text,) in store.rows('SELECT DISTINCT "event" FROM raw.good_0')]
    return sorted(set(names)) if 0 < len(set(names)) <= _NAMES else None


def _listed(key: str, rest: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return the lines that name the remaining columns, under names that definitions can use."""
    if not rest:
        return []
    lines, taken = [f"  {key}:"], set[str]()
    by_name = {column.name: column for column in columns}
    for column in rest:
        name = re.sub(r"\W+", "_", column.rpartition(".")[2] if "." in column else column).strip("_").lower()
        if not name or name in taken or name in ("email_domain", "domain"):
            continue
        taken.add(name)
        lines.append(f"    {_scalar(name)}: {_scalar(column)}{_told(by_name[column])}")
    return lines if taken else []


def _told(column: Column) -> str:
    """Return a comment on what kind of values a column holds; never the values themselves."""
    if column.instants >= 0.9:
        return "  # instants"
    if column.numbers >= 0.9:
        return "  # numbers"
    if len(column.different) <= 20 < len(column.values):
        return f"  # {len(column.different)} different values"
    return ""


def _scalar(text: str) -> str:
    """Return text as a YAML scalar: plain where that is safe, else in double quotes."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
