"""Counts without overlaps: how many companies two populations share, and of none of them that it is one.

Each company is counted in the first of a side's populations that has it. Its tokens are made for one week under a key
of their own, so that they match nothing that was ever uploaded as a list, and are mixed with random ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from assay.core.errors import BadRequest
from assay.escrow import wire
from assay.partners.asking import Line, Refused
from assay.partners.canonical import KINDS, Keys
from assay.partners.identities import Dice
from assay.partners.pairing import EpochKeys
from assay.partners.tokens import Tokeniser

_DOMAIN: Final = KINDS.index("domain")
_NAME: Final = KINDS.index("name_country")
_SLOTS: Final = len(wire.COUNT_SIGNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """About how many companies a population of ours and one of the partner share; None where they are few."""

    ours: bytes
    theirs: bytes
    about: int | None


def tag(keys: EpochKeys, owner: bytes, population: str) -> bytes:
    """Return what a population is called at the escrow: both sides can say it, the operator cannot read it."""
    named = wire.framed(b"population", owner, population.encode())
    return blake2b(named, key=keys.token, digest_size=wire.HANDLE_BYTES, person=b"assay counts").digest()


def rows_of(keys: EpochKeys, week: int, populations: Mapping[str, Iterable[Keys]], dice: Dice) -> Iterator[wire.Row]:
    """Yield the rows of a week in an order that says nothing; populations that come first have what several share."""
    if len(populations) > wire.COUNT_POPULATIONS:
        raise BadRequest(
            "These are more populations than are counted",
            where="populations",
            value=str(len(populations)),
            mend=f"Count at most {wire.COUNT_POPULATIONS} of them.",
        )
    fresh = blake2b(str(week).encode(), key=keys.token, digest_size=32, person=b"assay counting").digest()
    tokeniser = Tokeniser(fresh)
    found: dict[tuple[int, bytes], bytes] = {}
    for population, records in populations.items():
        named = tag(keys, keys.mine, population)
        is_empty = True
        for record in records:
            is_empty = False
            for kind, token in _counted(tokeniser, record, dice):
                found.setdefault((kind, token), named)
        if is_empty:  # a population that is there and has nobody in it is told from one that is not there
            found.setdefault((0, dice(wire.HASH_BYTES)), named)
    for kind, token in sorted(found, key=lambda row: row[1]):
        yield wire.Row(found[kind, token], kind, token)


def _counted(tokeniser: Tokeniser, record: Keys, dice: Dice) -> Sequence[tuple[int, bytes]]:
    """Return one token of each counted kind, random where the record has none."""
    of = dict(reversed(record.values))  # the first of a kind: siblings come last
    domain, name = of.get(_DOMAIN), of.get(_NAME)
    values = [(_DOMAIN, domain), (_NAME, name), (_NAME, f"{domain}|{name}" if domain and name else None)]
    return [
        (kind, tokeniser.token(of_key, value) if value else dice(wire.HASH_BYTES))
        for kind, (of_key, value) in enumerate(values)
    ]


def snapshot(
    line: Line, keys: EpochKeys, populations: Mapping[str, Iterable[Keys]], dice: Dice
) -> tuple[Count, ...] | None:
    """Bring what is counted of this week, once, and return the numbers; None while the partner's rows are missing.

    Doing it again, after a kill or to look, changes nothing: the numbers of a week are drawn once for both sides.
    """
    week = wire.week(line.clock())
    setting = keys.setting
    told = line.counts(setting, week)
    if not any(side["of"] == keys.mine.hex() and side["epoch"] == keys.epoch for side in told["complete"]):
        if told["is_counted"]:  # under other keys: this week's numbers stand
            return _read(told)
        line.recount(setting, week, keys.epoch)
        line.count_in(setting, week, keys.epoch, rows_of(keys, week, populations, dice))
        line.counted(setting, week, keys.epoch)
        told = line.counts(setting, week)
    return _read(told) if told["is_counted"] else None


def _read(told: Mapping[str, Any]) -> tuple[Count, ...]:
    try:
        return tuple(
            Count(ours=bytes.fromhex(one["mine"]), theirs=bytes.fromhex(one["theirs"]), about=one["about"])
            for one in told["counts"]
        )
    except (KeyError, TypeError, ValueError):
        raise Refused("unreadable", "What answers there tells no counts", "Ask the operator.") from None
