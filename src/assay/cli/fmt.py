"""`assay fmt`: one way to lay out a definition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from assay.cli import screen
from assay.cli.files import write_whole
from assay.cli.given import existing_folder


def fmt(
    definitions: Path, *, check: Annotated[bool, Parameter(negative="", help="Change nothing; say what would.")] = False
) -> int:
    """Lay out definition files the one way; what they mean stays the same.

    Parameters
    ----------
    definitions
        A definitions folder, or one file.
    """
    from assay.core.definitions import format_text
    from assay.core.errors import BadDefinitions, BadRequest, Complaint

    files = [definitions] if definitions.is_file() else _files(existing_folder(definitions, "DEFINITIONS"))
    # All are laid out before one is written: a file that cannot be read leaves the others as they were.
    laid_out: dict[Path, tuple[str, str]] = {}
    complaints: list[Complaint] = []
    for path in files:
        try:
            text = path.read_bytes().decode("utf-8")
            laid_out[path] = text, format_text(text)
        except BadDefinitions as error:
            complaints += [replace(c, place=replace(c.place, file=path.as_posix())) for c in error.complaints]
        except UnicodeDecodeError:
            raise BadRequest("The file is not text in UTF-8", where=str(path), mend="Save it as UTF-8.") from None
    if complaints:
        raise BadDefinitions(complaints)
    changed = [path for path, (old, new) in laid_out.items() if old != new]
    for path in changed:
        if not check:
            write_whole(path, laid_out[path][1])
        screen.say(f"{'would lay out' if check else 'laid out'} {path}")
    screen.say(f"{len(files) - len(changed)} of {len(files)} files were already laid out.")
    return 1 if check and changed else 0


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for pattern in ("**/*.yml", "**/*.yaml")
        for path in folder.glob(pattern)
        if "published" not in path.relative_to(folder).parts
    )
