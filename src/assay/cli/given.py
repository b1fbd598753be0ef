"""Options that several verbs share, read the same way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from assay.core.errors import BadRequest, did_you_mean

if TYPE_CHECKING:
    from assay.core.definitions.model import Definitions as Language

Data = Annotated[
    Path | None, Parameter(name=["--data", "-d"], help="The data folder; not needed if all data lies in warehouses.")
]
Connection = Annotated[
    tuple[str, ...],
    Parameter(
        name="--connection",
        help="A warehouse as NAME=URL, without a password; else ASSAY_CONNECTION_<NAME> in the environment.",
        negative=(),
        show_default=False,
    ),
]
Definitions = Annotated[Path, Parameter(name=["--definitions", "-f"], help="The definitions folder.")]
AsOf = Annotated[
    str | None, Parameter(name="--as-of", help="The instant of the answer, in UTC; else that of the latest event.")
]
Format = Annotated[Literal["text", "json"], Parameter(name="--format", help="How to answer.")]


def existing_folder(folder: Path, where: str) -> Path:
    """Return the folder; BadRequest where there is none."""
    if not folder.is_dir():
        mend = "Name the folder, not a file in it." if folder.exists() else "Write its path as seen from here."
        raise BadRequest("There is no such folder", where=where, value=str(folder), mend=mend)
    return folder


def data_folder(folder: Path | None) -> Path | None:
    """Return the data folder, if one was named; BadRequest where it does not exist."""
    return None if folder is None else existing_folder(folder, "--data")


def inputs(
    definitions: Path, data: Path | None, connection: Sequence[str]
) -> tuple[Language, Path | None, dict[str, str]]:
    """Return the checked definitions, the data folder where one was named, and the URLs of connections.

    BadRequest where a folder does not exist or a connection cannot be read; BadDefinitions where the core complains.
    """
    folder, place = data_folder(data), existing_folder(definitions, "--definitions")
    from assay.core import definitions as language

    checked = language.load(place)
    return checked, folder, connections_of(checked, connection)


def connections_of(definitions: Language, given: Sequence[str]) -> dict[str, str]:
    """Return the URLs of the connections that sources name, from `--connection` and else the environment.

    Those that were not given are absent. BadRequest where an option cannot be read, names a connection that no source
    has, or holds a password: a command line can be read by everybody on the machine.
    """
    named = sorted({source.table.connection for source in definitions.sources if source.table is not None})
    if not named and not given:
        return {}
    from assay.core.io.reaching import has_secret, variable_of

    urls = {name: os.environ[variable_of(name)] for name in named if os.environ.get(variable_of(name))}
    for text in given:
        name, equals, url = text.partition("=")
        if not equals or "://" in name:
            raise BadRequest("A connection is written NAME=URL", where="--connection", mend="Write warehouse=URL.")
        if name not in named:
            known = f"They name: {', '.join(named)}." if named else "None of them lies in a warehouse."
            raise BadRequest(
                "No source names this connection",
                where="--connection",
                value=name,
                mend=did_you_mean(name, named, known),
            )
        if has_secret(url):
            raise BadRequest(
                "A password does not belong on a command line, where everybody on this machine can read it",
                where=f"--connection {name}",
                mend=f"Set {variable_of(name)} in the environment to the whole URL.",
            )
        urls[name] = url
    return urls


def instant(text: str | None, where: str = "--as-of") -> int | None:
    """Return the UTC microseconds that an option writes; BadRequest where it writes none."""
    from assay.core.values import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise BadRequest(
            "This is not an instant",
            where=where,
            value=text,
            mend="Write a date or a date and time, such as 2026-03-10 or 2026-03-10T09:00:00Z.",
        ) from None
