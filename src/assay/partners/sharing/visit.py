"""What a list and the words of its owner bring to a step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assay.core.errors import BadRequest, did_you_mean
from assay.core.sources.checks import SAYS
from assay.partners.dealing import Level, Mine, Offer
from assay.partners.sharing import limits
from assay.partners.sharing.columns import listed
from assay.partners.sharing.folder import Folder
from assay.partners.sharing.listing import Listing
from assay.partners.sharing.owner import Owner

#: Whom a list of a kind is called after.
_NAMES: Final[Mapping[str, str]] = {
    "customer": "Customers",
    "open_opportunity": "Open opportunities",
    "prospect": "Prospects",
    "former_customer": "Former customers",
    "own": "Own companies",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the owner says of its list: what its companies are to it, and which columns of shared ones may be seen."""

    says: str | None = None
    fields: tuple[str, ...] | None = None
    longest: int | None = None
    weekly: int | None = None


def bring(folder: Folder, listing: Listing, wanted: Wanted, owner: Owner) -> Mine:
    """Return what is brought; what is not said this time is as it was said last, and a change raises the version."""
    says = wanted.says or folder.setting("says") or "customer"
    if says not in SAYS:
        raise BadRequest("There is no such kind of list", where="--says", value=says, mend=did_you_mean(says, SAYS))
    held = folder.setting("fields")
    fields = wanted.fields if wanted.fields is not None else tuple(json.loads(held)) if held else ()
    for name in fields:
        if name not in listing.names:
            mend = f"{did_you_mean(name, listing.names)} Its columns are: {listed(listing.names)}.".strip()
            raise BadRequest("The list has no such column", where="--let", value=name, mend=mend)
    offer = Offer(
        population="list", name=_NAMES[says], says=says, level=Level.OVERLAPS, fields=tuple(sorted(set(fields)))
    )
    told = json.dumps([says, list(offer.fields)])
    with folder.rows.together():
        version = int(folder.setting("version") or "0")
        if folder.setting("offer") != told:
            version += 1
            folder.set_setting("offer", told)
            folder.set_setting("version", str(version))
        folder.set_setting("says", says)
        folder.set_setting("fields", json.dumps(list(offer.fields)))
        allowance = limits.allowed(folder, wanted.longest, wanted.weekly)
    return Mine(
        records=listing.records,
        offers=(offer,),
        version=version,
        members={"list": frozenset(listing.records)},
        fields_of=lambda record: listing.rows[record],
        may_release=limits.Gate(folder, owner),
        allowance=allowance,
        counted={"list": list(listing.records.values())},
    )
