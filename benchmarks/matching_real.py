"""Match quality on real lists that nobody made for us."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from assay.core.io.store import Store
from assay.partners.canonical import KINDS, Keys, Record, keys_of, repeated
from assay.partners.evidence import DEFAULT_TERMS, NAME_ALONE_TERMS, NAME_AND_COUNTRY_TERMS, Ruling, Terms
from assay.partners.folding import fold
from assay.partners.matching import fields_of, match
from assay.partners.tokens import Tokeniser, merged

_KEY = bytes(32)


def _found(ours: list[Record], theirs: list[Record], terms: Terms, ruling: Ruling) -> set[tuple[int, int]]:
    """Return the pairs of places in both lists with that ruling, what one side has twice made one beforehand."""
    one, one_of = _entities(ours)
    other, other_of = _entities(theirs)
    with Store(threads=1) as store:
        mine, yours = (Tokeniser(_KEY).tokenise(k, seed=bytes([i]) * 32) for i, k in enumerate((one, other)))
        decisions = match(store, mine, yours.upload, fields_of(yours), terms)
    here, there = ({h: i for i, h in enumerate(side.handles.to_pylist())} for side in (mine, yours))
    rows = decisions.pairs(ruling).to_pylist()
    return {
        (left, right) for row in rows for left in one_of[here[row["ours"]]] for right in other_of[there[row["theirs"]]]
    }


def _entities(records: list[Record]) -> tuple[list[Keys], list[tuple[int, ...]]]:
    places = repeated(records)
    return [merged([keys_of(records[i]) for i in place]) for place in places], places


def _rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return list(csv.DictReader(text.splitlines()))


def us_companies(folder: Path) -> None:
    """Names alone: registrants of the SEC against the S&P 500, right where the CIK is the same."""
    sec = _rows(folder / "sec_company_tickers_2023-09-16.csv.gz")
    index = _rows(folder / "sp500_constituents_2026-08.csv")
    truth = {int(row["CIK"]) for row in _rows(folder / "truth_sec_sp500.csv")}
    ours = [Record(name=row["title"]) for row in sec]
    theirs = [Record(name=row["Security"]) for row in index]
    for ruling in (Ruling.MATCH, Ruling.ASK):
        ciks = {
            (int(sec[a]["cik_str"]), int(index[b]["CIK"]), index[b]["Security"])
            for a, b in _found(ours, theirs, NAME_ALONE_TERMS, ruling)
        }
        right = {one for one, other, _ in ciks if one == other}
        wrong = sorted(name for one, other, name in ciks if one != other and other in truth)
        renumbered = sorted(name for one, other, name in ciks if other not in truth)
        print(f"us-companies, {ruling}: {len(right)} of {len(truth)} CIKs ({len(right) / len(truth):.3f})")
        print(f"  wrong {wrong}; of companies whose CIK is not in the older list {renumbered}")


def universities(folder: Path) -> None:
    """Name, country and first domain against the name in plain capitals, country and last domain."""
    with gzip.open(folder / "hipo_world_universities_and_domains.json.gz", "rt", encoding="utf-8") as file:
        rows = json.load(file)
    ours = [Record(name=r["name"], website=r["domains"][0], country=r["country"]) for r in rows]
    plain = [fold(r["name"]).upper() for r in rows]
    for what, last in (("last domain", True), ("no domain", False)):
        theirs = [
            Record(name=n, website=r["domains"][-1] if last else "", country=r["alpha_two_code"])
            for n, r in zip(plain, rows, strict=True)
        ]
        for ruling in (Ruling.MATCH, Ruling.ASK):
            pairs = _found(ours, theirs, DEFAULT_TERMS if last else NAME_AND_COUNTRY_TERMS, ruling)
            right = {a for a, b in pairs if a == b}
            print(
                f"universities, {what}, {ruling}: {len(pairs)} pairs, precision {len(right) / max(1, len(pairs)):.4f},"
                f" recall {len(right) / len(rows):.4f}"
            )


def opensanctions(folder: Path) -> None:
    """Pairs of names, each by itself: the name key is the same, or the name but for a last word."""
    rows = _rows(folder / "cases_orgs_only.csv")
    for what, kinds in (("name", {"name"}), ("name or stem", {"name", "stem"})):
        told = []
        for row in rows:
            sides = [
                {(k, v) for k, v in keys_of(Record(name=row[column])).values if KINDS[k] in kinds}
                for column in ("name1", "name2")
            ]
            told.append((bool(sides[0] & sides[1]), row["is_match"] == "True"))
        both = sum(said and true for said, true in told)
        precision, recall = both / sum(said for said, _ in told), both / sum(true for _, true in told)
        print(f"opensanctions, {what} agrees: precision {precision:.3f}, recall {recall:.3f} of {len(rows)} pairs")


def show(data: Path) -> None:
    """Print the figures of all three."""
    us_companies(data / "us-companies")
    universities(data / "hipo-universities")
    opensanctions(data / "opensanctions")
