"""Names of companies as they are compared: without legal form, notes of a CRM and word order, with words written out.

What is decided here changes keys: a change needs a new `canonical.VERSION`.
"""

from __future__ import annotations

import re
from typing import Final

from assay.partners.folding import fold, squeeze, word_set

#: Last words that say what a company is in law and not who it is, folded, dots gone ("S.p.A." is "spa").
LEGAL: Final = word_set("legal_forms")
#: Words that are legal forms only where another one was cut off behind or beside them.
_BETWEEN: Final = frozenset(["and", "de", "p", "the", "of", "m", "b"])
#: The same before a name.
_LEGAL_BEFORE: Final = frozenset({"oao", "ooo", "pao", "zao", "jsc", "ojsc", "pjsc"})
_BEFORE_LONG: Final = re.compile(r"^(?:open |public |closed )?(?:joint[ -]stock company|limited liability company) ")
_BEHIND_LONG: Final = re.compile(r" (?:open |public |closed )?(?:joint[ -]stock company|limited liability company)$")
_FAR_EAST: Final = re.compile(
    "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限責任公司|有限公司|주식회사|유한회사|\\((?:株|有|주)\\)|㈱"
)

#: Words in the one way that they are written here; plural and singular of a trade are one.
_WRITTEN: Final = {
    other: one
    for one, others in {
        "american": "amer",
        "associates": "assoc assocs associate associated association",
        "brothers": "bros brother",
        "center": "ctr centre centers centres",
        "communications": "comm comms communication",
        "corp": "corporation",
        "construction": "constr constructions",
        "consulting": "cons consultants consultancy",
        "department": "dept",
        "development": "dev devel developments",
        "distribution": "dist distr distributors distributing",
        "electronics": "elec electronic",
        "energy": "enrgy energies",
        "engineering": "eng engg engrg engineers",
        "enterprise": "enterprises ent",
        "financial": "fin finl",
        "global": "glbl",
        "group": "grp grupo groupe gruppe",
        "hospital": "hosp",
        "holding": "holdings hldg hldgs",
        "industries": "ind inds industry industrial",
        "institute": "inst",
        "insurance": "ins",
        "international": "intl int internat internatl",
        "investment": "investments inv",
        "laboratories": "labs lab laboratory",
        "management": "mgmt mgt mngmt",
        "manufacturing": "mfg mfrs manufacturers",
        "market": "mkt mkts markets",
        "medical": "med",
        "mount": "mt",
        "mountain": "mtn",
        "national": "natl nat",
        "partner": "partners ptnrs",
        "pharma": "pharmaceuticals pharmaceutical pharm",
        "product": "products prod prods",
        "properties": "props prop property",
        "railroad": "rr",
        "real": "rl",
        "resource": "resources res",
        "saint": "st ste sankt sint",
        "service": "services svcs svc serv servs",
        "software": "sw",
        "solution": "solutions soln solns sol",
        "system": "systems sys syst",
        "tech": "technologies technology technol techs tec",
        "transport": "transportation transports trans transp",
        "university": "univ universitat universite universidad universita universiteit universidade uni",
    }.items()
    for other in others.split()
}

_NOTE: Final = re.compile(
    r"[\[(]\s*(?:old|new|customer|prospect|client|partner|test|duplicate|dupe|inactive|closed|former|the"
    r"|formerly [^)\]]*|class [a-z]|series [a-z])\s*[\])]"
    r"|-+\s*(?:do not use|duplicate|inactive|closed|old)\s*$"
)
_STATE_OF_REGISTRATION: Final = re.compile(r"\s*(?:[/\\]\s?(?:[a-z]{2,3})?[/\\]?)+\s*$")
_BRACKET_AT_END: Final = re.compile(r"\s*[\[(]([^\])]*)[\])]\s*$|\s+-\s+([^-]+)$")
_WORD: Final = re.compile(r"[^\W_]+")
_JOINING: Final = frozenset(["and", "und", "et", "och", "og", "i"])
_LEADING: Final = frozenset({"the"})


def words_of(name: str, *, places: tuple[str, ...] = ()) -> list[str]:
    """Return the words that tell whose name this is, folded and written out, in their order.

    `places` are the record's own country and city: in brackets or behind a dash at the end they are a note and no name.
    A name that is nothing but legal forms keeps its words.
    """
    text = fold(name)
    if not (text.isalnum() and text.isascii()):
        text = _without_notes(text, places)
    words = [word for word in _letters_joined(_WORD.findall(text)) if word not in _JOINING]
    if words[-2:] == ["sp", "zoo"]:  # "Sp. z o.o.", and no zoo
        words[-1] = "spzoo"
    words = _without_forms(words)
    return [_WRITTEN.get(word, word) for word in words]


#: Last words that many companies add and leave out as they like.
_LOOSE: Final = frozenset(["group", "holding", "international", "worldwide", "global", "enterprise", "tech"])


def stem_of(words: list[str]) -> list[str]:
    """Return the words without the last ones that people leave out: "goldman sachs group" is "goldman sachs"."""
    last = len(words)
    while last > 1 and words[last - 1] in _LOOSE:
        last -= 1
    return words[:last]


def _without_notes(text: str, places: tuple[str, ...]) -> str:
    if not text.isascii():
        text = _FAR_EAST.sub(" ", text)
    if "stock" in text or "liability" in text:
        text = _BEFORE_LONG.sub("", _BEHIND_LONG.sub("", text))
    if "[" in text or "(" in text or "-" in text:
        text = _NOTE.sub(" ", text)
        found = _BRACKET_AT_END.search(text)
        if found and squeeze(found[1] or found[2] or "") in places:
            text = text[: found.start()]
    if "/" in text or "\\" in text:
        text = _STATE_OF_REGISTRATION.sub("", text)
    return text.replace("'", "").replace("&", " ") if "'" in text else text


def _letters_joined(words: list[str]) -> list[str]:
    """Return the words with single letters that follow each other made one: "a o smith" is "ao smith"."""
    if all(len(word) > 1 for word in words):
        return words
    joined: list[str] = []
    is_open = False
    for word in words:
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and is_open:
            joined[-1] += word
        else:
            joined.append(word)
        is_open = is_letter
    return joined


def _without_forms(words: list[str]) -> list[str]:
    first, last = 0, len(words)
    while last - first > 1 and words[first] in _LEADING:
        first += 1
    while last - first > 1 and words[first] in _LEGAL_BEFORE:
        first += 1
    while last - first > 1:
        word = words[last - 1]
        is_behind_nothing = last == len(words)
        if not (word in LEGAL or word == "the" or (word in _BETWEEN and not is_behind_nothing)):
            break
        last -= 1
    return words[first:last]
