"""Criteria, findings and causes as sentences that a salesperson reads.

Takes: a criterion and what the engine saw of it.
Gives: plain words, the same in leads.csv, in `assay explain` and in the report.
Never: decides whether anything is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from assay.core.definitions import model
from assay.core.engine.results import Finding
from assay.core.values import format_duration, format_instant

_NONE: Final = ("", "0", "nothing", "absent", "none")

_SAYS: Final = {
    "customer": ("has them as a customer", "have them as a customer"),
    "open_opportunity": ("has an open opportunity with them", "have an open opportunity with them"),
    "prospect": ("has them as a prospect", "have them as a prospect"),
    "former_customer": ("had them as a customer", "had them as a customer"),
    "own": ("counts them as its own", "count them as their own"),
}

_LETTERS: Final = {"use_case": "a use case"}


def plain(name: str) -> str:
    """Return a name of the definitions as words: `project_created` is "project created"."""
    return name.replace("_", " ").strip()


def sentence(criterion: model.Criterion, seen: str) -> str:
    """Return what was seen of a criterion, in words: "project created 4 times in the last 7 days"."""
    form = criterion.form
    match form:
        case model.Count():
            return _count(form, seen)
        case model.Sum():
            return (
                f"{plain(form.property)} of {_events(form.events)}{_where(form.where)} adds up to "
                f"{seen or '0'}{_window(form.window)}"
            )
        case model.Sequence():
            return _sequence(form, seen)
        case model.Attribute():
            return _attribute(form, seen)
        case _:
            return _of_others(criterion.name, form, seen)


def telling(criteria: Mapping[str, model.Criterion], findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return what is met as sentences, each once, with its finding: what was done first, what merely is so last.

    Several criteria may see the same thing, such as the two thresholds of a rule that is slow to let go.
    """
    told: dict[str, Finding] = {}
    met = [finding for finding in findings if finding.met]
    for finding in sorted(met, key=lambda f: isinstance(criteria[f.criterion].form, model.Attribute)):
        told.setdefault(sentence(criteria[finding.criterion], finding.seen), finding)
    return told


def _of_others(name: str, form: model.Form, seen: str) -> str:
    match form:
        case model.Qualified(rule=rule):
            return f"qualifies as {plain(rule)}" if seen not in {"no", "false", *_NONE} else f"not {plain(rule)}"
        case model.PeopleQualified(rule=rule, active_within=within):
            active = f" active in the last {_short(within)}" if within else ""
            return (
                f"{seen or 'none'} of its people{active} qualify as {plain(rule)}"
                if " of " not in seen
                else f"{seen} people{active} qualify as {plain(rule)}"
            )
        case model.ScoreIs(score=score):
            return f"{plain(score)} score {seen or '0'}"
        case model.PartnerSays(says=says):
            one, many = _SAYS.get(says, (f"says {plain(says)}", f"say {plain(says)}"))
            return _partners(seen, one, many)
        case model.PartnerInsight(letter=letter):
            what = _LETTERS.get(letter, plain(letter))
            return _partners(seen, f"confirms {what}", f"confirm {what}")
        case model.Corroboration(any_of=members, independent=independent):
            kind = "independent partner" if independent else "partner"
            return _partners(seen, "agrees", "agree", kind) + f" ({' or '.join(map(plain, members))})"
        case _:
            return f"{plain(name)}: {seen}"


def _count(form: model.Count, seen: str) -> str:
    if form.distinct is None:
        what = _events(form.events) if form.events else "anything done"
        how_often = {"1": "once", "2": "twice"}.get(seen, f"{seen} times")
        if seen in _NONE:
            return f"no {_events(form.events) or 'event'}{_where(form.where)}{_window(form.window)}"
        return f"{what}{_where(form.where)} {how_often}{_window(form.window)}"
    what = (_events(form.events) or "active") + _where(form.where)
    n = "0" if seen in _NONE else seen
    many = "" if n == "1" else "s"
    different = "" if n == "1" else "different "
    ways = {
        "day": f"on {n} {different}day{many}",
        "week": f"in {n} {different}week{many}",
        "account": f"in {n} account{many}",
        "person": f"by {n} {'person' if n == '1' else 'people'}",
    }
    if form.distinct_is_property or form.distinct not in ways:
        return f"{what} with {n} {different}{_several(plain(form.distinct), n)}{_window(form.window)}"
    return f"{what} {ways[form.distinct]}{_window(form.window)}"


def _several(noun: str, n: str) -> str:
    """Return the noun as it stands after that number; English is followed where it is regular."""
    if n == "1":
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou") else f"{noun}s"


def _sequence(form: model.Sequence, seen: str) -> str:
    window = f" within {_short(form.window.within)}" if form.window.within else ""
    if form.window.since:
        window += f" since {plain(form.window.since)}"
    if seen == form.steps[-1]:
        return ", then ".join(map(plain, form.steps)) + window
    if seen in form.steps:
        return f"got as far as {plain(seen)} (then {plain(form.steps[form.steps.index(seen) + 1])}){window}"
    return f"has not begun with {plain(form.steps[0])}{window}"


def _attribute(form: model.Attribute, seen: str) -> str:
    name = ("account " if form.of_account else "") + plain(form.name)
    condition = form.condition
    absent = seen in {"", "nothing", "absent", "none"}
    if condition.kind == "exists":
        return f"{name} is {'not known' if absent else 'known'}"
    if absent:
        return f"{name} is not known"
    return f"{name} is {seen}"


def _partners(seen: str, one: str, many: str, noun: str = "partner") -> str:
    if seen in _NONE:
        return f"no {noun} {one}"
    return f"1 {noun} {one}" if seen == "1" else f"{seen} {noun}s {many}"


def _events(events: Iterable[str]) -> str:
    return " or ".join(map(plain, events))


def _where(where: tuple[tuple[str, model.Condition], ...]) -> str:
    if not where:
        return ""
    return f" ({', '.join(f'{plain(name)} {_condition(condition)}' for name, condition in where)})"


def _condition(condition: model.Condition) -> str:
    values = [_scalar(value) for value in condition.values]
    match condition.kind:
        case "is":
            return values[0]
        case "is_not":
            return f"not {values[0]}"
        case "one_of":
            return " or ".join(values)
        case "in_list":
            return f"in {plain(condition.list_name)}"
        case "exists":
            return "known" if condition.values[0] else "not known"
        case "range":
            return condition.threshold.text if condition.threshold else ""


def _scalar(value: model.Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(us: int) -> str:
    text = format_duration(us)
    return text.removeprefix("1 ")


def _window(window: model.Window) -> str:
    within = f" in the last {_short(window.within)}" if window.within else ""
    return within + (f" since {plain(window.since)}" if window.since else "")


def day(at: int) -> str:
    """Return an instant as people write it, to the minute, in UTC: "2026-03-10 09:00"."""
    return format_instant(at)[:16].replace("T", " ")


def exact(at: int) -> str:
    """Return an instant to the last digit that it has, in UTC: "2026-03-10 09:00:30 UTC"; `--as-of` reads it back."""
    text = format_instant(at).removesuffix("Z").replace("T", " ")
    return f"{text.removesuffix(':00')} UTC"


def short_day(at: int) -> str:
    """Return an instant as people say it, in UTC and without the year: "10 Mar, 09:00"."""
    text = format_instant(at)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[int(text[5:7]) - 1]
    return f"{int(text[8:10])} {month}, {text[11:16]}"


def cause(text: str | None, names: Mapping[str, str] | None = None, *, brief: bool = False) -> str:
    """Return what opened or closed a spell in words.

    An event is told by the name that `names` has for its cause, and by source and id unless `brief`.
    """
    kind, _, detail = (text or "").partition(":")
    match kind:
        case "event":
            what = plain((names or {}).get(text or "", "an event"))
            source, _, event_id = detail.partition(":")
            return what if brief else f"{what} ({source} {event_id})"
        case "attribute":
            return f"{plain(detail.replace('account.', 'account '))} was set"
        case "membership":
            return "a change of account"
        case "fact":
            return f"what {detail} knows about the account"
        case "insight":
            return f"a statement of {detail}"
        case "expiry":
            return f"{plain(detail)} running out"
        case "birth":
            return "being there from the start"
        case _:
            return ""


def lean(shares: Mapping[str, float] | None) -> str:
    """Return a score's lean in words, most first: "product 70 %, fit 30 %"; empty where there is none."""
    if not shares:
        return ""
    return _lean(tuple((name, round(share * 100)) for name, share in sorted(shares.items()) if share >= 0.005))


@lru_cache(maxsize=10_000)
def _lean(hundredths: tuple[tuple[str, int], ...]) -> str:
    order = sorted(hundredths, key=lambda item: -item[1])
    return ", ".join(f"{name} {share} %" for name, share in order)


def roughly(us: int) -> str:
    """Return a length of time as people say it: "3 days", "2 hours", "less than a minute"."""
    for unit, length in (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        n = us // (length * 1_000_000)
        if n >= (2 if unit == "week" else 1):
            return f"{n} {unit}{'s' * (n != 1)}"
    return "less than a minute"
