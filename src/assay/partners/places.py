"""Countries and cities as they are compared."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

from assay.partners.folding import squeeze

# The same town under two names that folding does not bring together.
_TOWNS: Final = {
    other: one
    for one, others in {
        "athens": "athina athinai",
        "basel": "basle bale",
        "beijing": "peking 北京",
        "bern": "berne",
        "brussels": "bruxelles brussel",
        "bucharest": "bucuresti",
        "cologne": "koln koeln",
        "copenhagen": "kobenhavn",
        "duesseldorf": "dusseldorf",
        "florence": "firenze",
        "geneva": "geneve genf",
        "gothenburg": "goteborg",
        "hague": "thehague denhaag sgravenhage",
        "istanbul": "constantinople",
        "kyiv": "kiev kiiv",
        "lisbon": "lisboa",
        "mexicocity": "ciudaddemexico mexicodf cdmx",
        "milan": "milano",
        "moscow": "moskva moskau",
        "mumbai": "bombay",
        "bengaluru": "bangalore",
        "munich": "munchen muenchen",
        "naples": "napoli",
        "newyork": "newyorkcity nyc newyorkny",
        "nuremberg": "nurnberg nuernberg",
        "prague": "praha prag",
        "rome": "roma",
        "saopaulo": "sampa",
        "seoul": "서울",
        "seville": "sevilla",
        "shanghai": "上海",
        "tokyo": "東京 東京都",
        "turin": "torino",
        "venice": "venezia",
        "vienna": "wien",
        "warsaw": "warszawa",
        "zurich": "zuerich",
    }.items()
    for other in others.split()
}


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    codes: dict[str, str] = {}
    for line in files("assay.partners").joinpath("words", "countries.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        two, three, names = line.split(" ", 2)
        for spelling in (two, three, *names.split("|")):
            codes[squeeze(spelling)] = two
    return codes


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """Return the two letters of a country that is given by code or name; "" where it is none that is known."""
    return _countries().get(squeeze(text), "")


@lru_cache(maxsize=65536)
def city_key(text: str) -> str:
    """Return a town as it is compared; "" where nothing is left."""
    plain = squeeze(text.split(",", maxsplit=1)[0])
    return _TOWNS.get(plain, plain)
