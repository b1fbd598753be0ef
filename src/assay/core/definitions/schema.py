"""The JSON schema of definition files: what editors complete and underline while somebody types.

It knows shapes and words. What needs other files (does this event exist?) is told by `assay check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from assay.core.definitions import cases, criteria, rules, scores, sources
from assay.core.definitions.conditions import CONDITIONS, THRESHOLDS

Schema = dict[str, Any]

_NAME: Final[Schema] = {"type": "string", "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$"}
_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
_NUMBER: Final[Schema] = {"type": "number"}
_WHOLE: Final[Schema] = {"type": "integer", "minimum": 1}
_DURATION: Final[Schema] = {"type": "string", "pattern": r"^[0-9]+ +(minute|hour|day|week)s?$"}
_INSTANT: Final[Schema] = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"}
_SHARE: Final[Schema] = {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]+)? ?%$"}


def json_schema() -> dict[str, Any]:
    """Return one JSON schema (draft 2020-12) that fits every kind of definition file, told apart by its first key."""
    kinds = {
        "qualification": _rule(), "score": _score(), "list": _list(), "source": _source(), "examples_for": _examples(),
    }  # fmt: skip
    heads = list(kinds)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Assay definitions",
        "type": "object",
        "oneOf": [{"required": [head]} for head in heads],
        # One rule a kind: an editor then complains about that kind alone, and not about all that the file is not.
        "allOf": [{"if": {"required": [head]}, "then": {"$ref": f"#/$defs/{head}"}} for head in heads],
        "$defs": {**kinds, **_shared()},
    }


def _shared() -> Schema:
    return {
        "thresholds": {"properties": _thresholds()},
        "condition": _object({**_conditions(), **_thresholds()}) | {"minProperties": 1},
        "where": {"type": "object", "additionalProperties": {"anyOf": [_TEXT, {"$ref": "#/$defs/condition"}]}},
        "names": _many(_TEXT),
        "logic": _logic(inner=False),
        "group": _logic(inner=True),
        "member": {"anyOf": [_TEXT, {"$ref": "#/$defs/group"}]},
        "dated": {"anyOf": [_TEXT, _object({"column": _TEXT, "at": _TEXT}, required=["column"])]},
        "columns": {"anyOf": [_many(_TEXT), {"type": "object", "additionalProperties": _TEXT}]},
        **{f"form {form}": _form(form) for form in criteria.FORMS},
        **{f"line {form}": _form(form, line=True) for form in criteria.FORMS},
    }


def _object(properties: Mapping[str, Any], *, required: Iterable[str] = ()) -> Schema:
    return {
        "type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def _many(item: Schema, *, least: int = 1) -> Schema:
    return {"type": "array", "items": item, "minItems": least}


def _words(words: Iterable[str]) -> Schema:
    return {"enum": list(words)}


def _thresholds() -> Schema:
    pair = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
    return {key: pair if key == "between" else _NUMBER for key in THRESHOLDS}


def _conditions() -> Schema:
    special = {"one_of": _many(_TEXT), "in_list": _NAME, "exists": {"type": "boolean"}}
    return {key: special.get(key, _TEXT) for key in CONDITIONS}


def _form_keys() -> Schema:
    """Return the shape of every key that any form has."""
    return {
        "count": {"anyOf": [_TEXT, _many(_TEXT)]},
        "sum": _TEXT,
        "of": {"anyOf": [_TEXT, _many(_TEXT)]},
        "sequence": _many(_TEXT),
        "attribute": _TEXT,
        "qualified": _NAME,
        "people_qualified": _NAME,
        "share_at_least": _SHARE,
        "people_at_least": _WHOLE,
        "of_people_active_within": _DURATION,
        "score": _NAME,
        "partner_says": _words(criteria.SAYS),
        "partner_insight": _words(criteria.LETTERS),
        "fresh_within": _DURATION,
        "confidence_at_least": {"type": "number", "minimum": 0, "maximum": 1},
        "partners": _object(_thresholds()) | {"minProperties": 1},
        "each_meets_any_of": _many(_NAME),
        "independent": {"type": "boolean"},
        "where": {"$ref": "#/$defs/where"},
        "distinct": _TEXT,
        "within": _DURATION,
        "since": _TEXT,
        **_conditions(),
        **_thresholds(),
    }


def _form(form: str, *, line: bool = False) -> Schema:
    every = _form_keys()
    keys = {key: every[key] for key in (form, *criteria.FORMS[form].keys)}
    required = {"sum": ["of"], "partners": ["each_meets_any_of"]}.get(form, [])
    if not line:
        needs = _needs(form)
        return _object(keys, required=[form, *required]) | ({"anyOf": needs} if needs else {})
    fades = _object({"linear": _DURATION, "half_life": _DURATION}) | {"minProperties": 1, "maxProperties": 1}
    points = {"dimension": _TEXT, "each": _NUMBER, "once": _NUMBER, "up_to": _NUMBER, "fades": fades}
    if form not in scores.EACH_FORMS:
        points = {"dimension": _TEXT, "once": _NUMBER}
    use = [{"required": [key]} for key in ("each", "once") if key in points]
    return _object({**keys, **points}, required=["dimension", form, *required]) | {"oneOf": use}


def _needs(form: str) -> list[Schema]:
    """Return alternatives of which a criterion of this form has one: a threshold, a condition, a share."""
    if form in ("count", "sum", "score"):
        return [{"required": [key]} for key in THRESHOLDS]
    if form == "attribute":
        return [{"required": [key]} for key in (*CONDITIONS, *THRESHOLDS)]
    if form == "people_qualified":
        return [{"required": [key]} for key in ("share_at_least", "people_at_least")]
    return []


def _sentences(prefix: str) -> Schema:
    """Return a mapping of named sentences, each judged by the form that it has."""
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _NAME,
        "additionalProperties": {
            "type": "object",
            "oneOf": [{"required": [form]} for form in criteria.FORMS],
            "allOf": [
                {"if": {"required": [form]}, "then": {"$ref": f"#/$defs/{prefix} {form}"}} for form in criteria.FORMS
            ],
        },
    }


def _logic(*, inner: bool) -> Schema:
    member = _TEXT if inner else {"$ref": "#/$defs/member"}
    members = _many(member) | {"uniqueItems": True}
    keys = {"all_of": members, "any_of": members, "at_least": _WHOLE, "of": members}
    if not inner:
        keys["none_of"] = members
    schema = _object(keys) | {"minProperties": 1, "dependentRequired": {"at_least": ["of"], "of": ["at_least"]}}
    if inner:
        schema["oneOf"] = [{"required": [key]} for key in ("all_of", "any_of", "of")]
    return schema


def _rule() -> Schema:
    keys: Schema = {
        "qualification": _NAME,
        "version": _WHOLE,
        "status": _words(rules.STATUSES),
        "stage": _words(rules.STAGES),
        "motion": _NAME,
        "subject": _words(rules.SUBJECTS),
        "owner": _TEXT,
        "purpose": _TEXT,
        "criteria": _sentences("form"),
        "qualify": {"$ref": "#/$defs/logic"},
        "stay_qualified": {"$ref": "#/$defs/logic"},
        "rank_by": _NAME,
        "handoff": _object({"to": _NAME, "respond_within": _DURATION, "not_again_for": _DURATION}, required=["to"]),
    }
    return _object(keys, required=rules.REQUIRED)


def _score() -> Schema:
    keys: Schema = {
        "score": _NAME,
        "version": _WHOLE,
        "subject": _words(rules.SUBJECTS),
        "dimensions": _many(_TEXT) | {"uniqueItems": True},
        "points": _sentences("line"),
        "caps": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        "owner": _TEXT,
        "purpose": _TEXT,
    }
    return _object(keys, required=scores.REQUIRED)


def _list() -> Schema:
    return _object(
        {"list": _NAME, "values": _many(_TEXT), "owner": _TEXT, "purpose": _TEXT}, required=["list", "values"]
    )


def _source() -> Schema:
    attributes = {
        "anyOf": [_many(_TEXT), {"type": "object", "additionalProperties": {"$ref": "#/$defs/dated"}}],
    }  # fmt: skip
    event = {
        "anyOf": [
            _TEXT,
            _object({"column": _TEXT, "constant": _TEXT, "rename": {"type": "object", "additionalProperties": _TEXT}})
            | {"oneOf": [{"required": ["column"]}, {"required": ["constant"]}]},
        ]
    }
    bodies = {}
    for name, kind in sources.KINDS.items():
        keys: Schema = {"file": _TEXT, "table": _TEXT, "connection": _NAME, **dict.fromkeys(kind.keys, _TEXT)}
        special: Schema = {"attributes": attributes, "event": event, "properties": {"$ref": "#/$defs/columns"}}
        keys |= {key: schema for key, schema in special.items() if key in keys}
        if name == "people":
            keys["account"] = {"$ref": "#/$defs/dated"}
        table = ["table", "connection", *(["id"] if name == "events" else [])]
        bodies[name] = _object(keys, required=kind.required) | {
            "oneOf": [{"required": ["file"]}, {"required": table}],
            "dependentRequired": {"connection": ["table"]},
        }
    head: Schema = {"source": _NAME, "time_zone": _TEXT, "event_names": _many(_TEXT)}
    return _object({**head, **bodies}, required=["source"]) | {
        "oneOf": [{"required": [name]} for name in bodies],
        "dependentRequired": {"event_names": ["events"]},
    }


def _examples() -> Schema:
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    instants = {"anyOf": [_INSTANT, _many(_INSTANT, least=0)]}
    event = {
        "type": "object", "properties": {"event": _TEXT, "at": _INSTANT}, "required": ["event", "at"],
        "additionalProperties": value,
    }  # fmt: skip
    names = _many(_TEXT, least=0)
    keys: Schema = {
        "like": _TEXT,
        "as_of": _INSTANT,
        "attributes": {"type": "object", "additionalProperties": value},
        "events": {"anyOf": [{"type": "object", "additionalProperties": instants}, _many(event, least=0)]},
        "people": _many({"type": "object", "required": ["id"], "additionalProperties": value}, least=0),
        "partner_facts": _many(_object(dict.fromkeys(cases.FACT_KEYS, value), required=["partner", "says"]), least=0),
        "insights": _many(
            _object(dict.fromkeys(cases.INSIGHT_KEYS, value), required=["partner", "letter", "at"]), least=0
        ),
        "expect": _object(
            {"qualified": {"type": "boolean"}, "because": names, "missing": names, "excluded_by": names},
            required=["qualified"],
        ),
    }
    case = _object(keys, required=["expect"])
    return _object(
        {
            "examples_for": _NAME,
            "as_of": _INSTANT,
            "cases": {"type": "object", "minProperties": 1, "propertyNames": _NAME, "additionalProperties": case},
        },
        required=["examples_for", "cases"],
    )
