"""The codes of everything that can be wrong with a definition folder. Codes are stable: never reuse or renumber one."""

from __future__ import annotations

from dataclasses import dataclass

_CATALOGUE: dict[str, Kind] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of complaint: its code, what it says, and what to do about it."""

    code: str
    title: str
    advice: str


def _kind(code: str, title: str, advice: str) -> str:
    assert code not in _CATALOGUE
    _CATALOGUE[code] = Kind(code=code, title=title, advice=advice)
    return code


AREAS = {
    "A1": "Files and YAML",
    "A2": "Keys and values",
    "A3": "Rules",
    "A4": "References",
    "A5": "Scores",
    "A6": "Sources",
    "A7": "Examples",
    "A8": "Published versions",
}

NO_FOLDER = _kind(
    "A101", "There is no such definition folder.", "Name the folder that holds `sources` and `qualifications`."
)
NOT_UTF8 = _kind("A102", "The file is not UTF-8 text.", "Save it as UTF-8.")
TOO_BIG = _kind(
    "A103", "The file is too big, or nested too deep, for a definition.", "Split it; keep data out of definitions."
)
BAD_YAML = _kind("A104", "The file is not YAML.", "Mend the YAML at the place named. Indent with spaces, never tabs.")
DUPLICATE_KEY = _kind("A105", "A key stands twice.", "Keep one of the two places.")
ANCHOR = _kind("A106", "Anchors, aliases and merges are refused.", "Write the value out where it is used.")
TAG = _kind("A107", "Tags and directives are refused.", "Remove the tag; values have the type that they look like.")
TEMPLATE = _kind("A108", "Templates are refused.", "Write the value itself; put text that needs braces in quotes.")
MISPLACED = _kind("A109", "The file is not where definitions are read from.", "Move or rename it as the message says.")
ONE_DOCUMENT = _kind(
    "A110", "The file holds the wrong number of documents.", "Write one rule, or one set of examples, a file."
)
EMPTY_FILE = _kind("A111", "The file holds no definition.", "Write one, or remove the file.")
UNREADABLE = _kind("A112", "The file cannot be opened.", "Check its permissions.")

UNKNOWN_KEY = _kind("A201", "A key is not known here.", "Correct the key or remove it.")
MISSING_KEY = _kind("A202", "A key is missing.", "Add it.")
WRONG_SHAPE = _kind("A203", "A value has the wrong shape or type.", "Write what the message asks for.")
UNKNOWN_WORD = _kind("A204", "A word is none of those allowed.", "Use one of the words named.")
BAD_DURATION = _kind(
    "A205", "A duration cannot be read.", "Write `N minutes`, `hours`, `days` or `weeks`; months have no fixed length."
)
BAD_NUMBER = _kind("A206", "A number is out of its range.", "Write a number in the range named.")
BAD_NAME = _kind("A207", "A name has characters that names cannot have.", "Use letters, digits, `_`, `-` and `.`.")
BAD_INSTANT = _kind("A208", "An instant cannot be read.", "Write `2026-03-10T09:00:00Z` or `2026-03-10`.")
BAD_ZONE = _kind("A209", "A time zone is not known.", "Write an IANA name such as `Europe/Berlin`.")
BAD_SHARE = _kind("A210", "A share cannot be read.", "Write a percentage above 0 and up to 100, such as `50%`.")
REPEATED = _kind("A211", "A value is given twice.", "Keep one of them.")
CLASHING = _kind("A212", "Keys that exclude each other stand together.", "Keep one of them.")
NEVER_MET = _kind("A213", "A threshold can never be met.", "Choose numbers that something can reach.")

FILE_NAME = _kind("A301", "A rule's file is not named after the rule.", "Rename the file or the rule.")
DUPLICATE_NAME = _kind("A302", "Two definitions have one name.", "Rename one of them.")
UNKNOWN_FORM = _kind(
    "A303",
    "A criterion does not begin with a known form.",
    "Put the form first: `count`, `sum`, `sequence`, `attribute`, …",
)
TOO_DEEP = _kind("A304", "Groups nest more than two deep.", "Name the inner part in a rule of its own, or flatten it.")
NEGATION = _kind(
    "A305", "Negation stands elsewhere than in the outermost `none_of`.", "Move the members to the outermost `none_of`."
)
REPEATED_MEMBER = _kind("A306", "A group names a member twice.", "Name it once.")
TOO_MANY = _kind("A307", "A group asks for more members than it has.", "Ask for fewer, or add members.")
UNUSED_CRITERION = _kind(
    "A308", "A criterion is read by nothing.", "Use it in `qualify` or `stay_qualified`, or remove it."
)
NO_EXAMPLES = _kind(
    "A309",
    "A live rule lacks an example each way.",
    "Add a case that qualifies and one that does not, in an `.examples.yml` file.",
)
NOT_COUNTING_PARTNERS = _kind(
    "A310",
    "`each_meets_any_of` names a criterion that is not about partners.",
    "Name `partner_says` and `partner_insight` criteria of the same rule.",
)

UNKNOWN_EVENT = _kind(
    "A401", "No source has an event of this name.", "Correct it, or add it to the source's `event_names`."
)
UNKNOWN_PROPERTY = _kind(
    "A402", "No source of these events offers this property.", "Correct it, or add it to the source's `properties`."
)
UNKNOWN_ATTRIBUTE = _kind(
    "A403", "No source offers this attribute.", "Correct it, or add it to a source's `attributes`."
)
UNKNOWN_RULE = _kind("A404", "There is no such rule.", "Correct the name.")
UNKNOWN_LIST = _kind("A405", "There is no such list.", "Correct the name, or add the list.")
UNKNOWN_SCORE = _kind("A406", "There is no such score.", "Correct the name.")
UNKNOWN_CRITERION = _kind("A407", "The rule has no such criterion.", "Correct the name, or add the criterion.")
CYCLE = _kind("A408", "Definitions refer to each other in a circle.", "Break the circle at one of the places it names.")
WRONG_SUBJECT = _kind("A409", "The subjects do not fit together.", "Refer to a definition about the right subject.")
NOT_LIVE = _kind(
    "A410", "A live rule refers to one that is not live.", "Make that one live first, or make this one shadow."
)

UNKNOWN_DIMENSION = _kind("A501", "The score has no such dimension.", "Correct it, or add it to `dimensions`.")
POINTS = _kind(
    "A502", "A line of a score is put together wrongly.", "Give either `each` or `once`, as the message says."
)
FADES = _kind("A503", "`fades` stands where it cannot.", "Use `fades` on positive `each` lines only.")
SIGN = _kind("A504", "Points or a cap have the wrong sign.", "Write the number as the message says.")

SOURCE_KIND = _kind(
    "A601",
    "A source is not of exactly one kind.",
    "Give one of `events`, `accounts`, `people`, `outcomes`, `partner_facts`, `insights`; split others off with `---`.",
)
NO_EVENT_NAMES = _kind(
    "A602", "A source of several kinds of event does not list them.", "Add `event_names`; `assay init` proposes them."
)
RENAMED = _kind("A603", "`event_names` holds a name that `rename` replaces.", "List the new name.")
BAD_FILE = _kind(
    "A604",
    "A source's file cannot be a data file.",
    "Name a csv, csv.gz, parquet or jsonl file inside the data folder.",
)
BAD_TABLE = _kind(
    "A606",
    "A source's table cannot be one of a warehouse.",
    "Name the table, with its schema and catalog in front where it needs them.",
)
NO_SUBJECT = _kind(
    "A605", "A source belongs to no person and no account.", "Name the column of the `person`, the `account`, or both."
)

UNKNOWN_CASE = _kind("A701", "`like` names no case of this file.", "Correct the name.")
CASE_CYCLE = _kind("A702", "Cases are like each other in a circle.", "Write one of them out.")
DISAGREES = _kind("A703", "The rule decides an example otherwise than stated.", "Correct the rule or the case.")
NO_CASE_SUBJECT = _kind(
    "A704",
    "It is not clear whom an example is about.",
    "Leave the subject's own rows without a person (or account), or call it `example`.",
)
CONTRADICTION = _kind(
    "A705",
    "A case expects what cannot be together.",
    "Expect `because` of a subject that qualifies, `missing` or `excluded_by` of one that does not.",
)

CHANGED = _kind("A801", "A rule's meaning changed, but not its version.", "Raise `version`, or undo the change.")
TAMPERED = _kind(
    "A802",
    "A published file does not hold what its fingerprint says.",
    "Restore the file; never edit what is published.",
)


def catalogue() -> tuple[Kind, ...]:
    """Return every kind of complaint, by code."""
    return tuple(_CATALOGUE[code] for code in sorted(_CATALOGUE))


def catalogue_text() -> str:
    """Return docs/complaints.md."""
    lines = [
        "# Complaints about definitions",
        "",
        "Every complaint of `assay check` has a code that never changes its meaning.",
        "This page is made from the list in the code; a test keeps the two the same.",
    ]
    for area, title in AREAS.items():
        lines += ["", f"## {title}", "", "| code | what is wrong | what to do |", "|---|---|---|"]
        lines += [
            f"| {k.code} | {k.title} | {k.advice.replace('|', chr(92) + '|')} |"
            for k in catalogue()
            if k.code.startswith(area)
        ]
    return "\n".join(lines) + "\n"
