"""The options of `assay share`, in the groups in which they are used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

List_ = Annotated[Path | None, Parameter(name="LIST", help="One company a row: csv, csv.gz or parquet.")]
Recover = Annotated[Path | None, Parameter(help="A recovery file: the key comes back, what was shared ends.")]
Leave = Annotated[bool, Parameter(help="End it: everything at the escrow and the key are destroyed.", negative="")]
Wait = Annotated[float, Parameter(help="Seconds to wait for the partner's side when there is nothing to do.")]
_Column = Annotated[str | None, Parameter(help="The column of it, where that is not guessed right; '' for none.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is said when sharing begins."""

    with_: Annotated[
        str, Parameter(name="--with", help="The partner's invitation, or @FILE that holds it; only the first time.")
    ] = ""
    confirmed: Annotated[
        str, Parameter(help="The 60 digits as your partner read them out: no question is asked then.")
    ] = ""
    accept_trusted: Annotated[
        bool, Parameter(help="Accept an escrow that your partner runs, where nobody can be asked.", negative="")
    ] = False
    recovery: Annotated[Path | None, Parameter(help="A file to write the key to, to bring it back from.")] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of the list is what."""

    id: _Column = None
    name: _Column = None
    domain: _Column = None
    country: _Column = None
    city: _Column = None
    siblings: Annotated[
        str | None, Parameter(help="The column of further domains, with ; or , or blanks between them.")
    ] = None
    lei: _Column = None
    cik: _Column = None
    duns: _Column = None
    vat: _Column = None
    national: Annotated[
        str | None, Parameter(help="The column of ids in a national register; ids that differ keep two apart.")
    ] = None

    def given(self) -> dict[str, str]:
        """Return the columns that were named, by what they are."""
        return {role: column for role, column in vars(self).items() if column is not None}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Letting:
    """What the partner may know, and what keeps it from guessing."""

    let: Annotated[
        str | None, Parameter(help="Columns of shared companies that the partner may see: name,owner; '' for none.")
    ] = None
    says: Annotated[
        str | None, Parameter(help="What they are: customer, open_opportunity, prospect, former_customer or own.")
    ] = None
    longest: Annotated[
        int | None, Parameter(help="The most companies that the partner's list may have; else 100,000.")
    ] = None
    a_week: Annotated[
        int | None, Parameter(help="The most that may come anew in a week; else a tenth of --longest.")
    ] = None
    let_go: Annotated[
        bool, Parameter(help="Tell what was held back as the partner may be guessing: you looked.", negative="")
    ] = False
    fewer: Annotated[
        bool, Parameter(help="The list lost more than half of its companies, and that is meant.", negative="")
    ] = False

    def fields(self) -> tuple[str, ...] | None:
        """Return the columns that the partner may see; None where nothing is said of them."""
        return None if self.let is None else tuple(each.strip() for each in self.let.split(",") if each.strip())


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Answers:
    """What is answered to questions."""

    same: Annotated[tuple[str, ...], Parameter(help="Ids that are the company asked about.", negative=())] = ()
    not_same: Annotated[tuple[str, ...], Parameter(help="Ids that are not.", negative=())] = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are kept and written."""

    out: Annotated[Path | None, Parameter(help="Where to write what was learnt; else learnt.csv beside LIST.")] = None
    state: Annotated[
        Path | None, Parameter(help="The folder of key and memory; else LIST's name with .assay behind.")
    ] = None
