"""One additive score: its lines, fades and caps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from assay.core.definitions import complaints as codes
from assay.core.definitions.conditions import has_threshold
from assay.core.definitions.criteria import LINE_KEYS, each_meets, form_of, read_form
from assay.core.definitions.model import Count, Fade, Form, PartnerInsight, PartnerSays, PointsLine, Score, SubjectType
from assay.core.definitions.reader import Reader
from assay.core.definitions.rules import SUBJECTS
from assay.core.definitions.yaml_nodes import MappingNode, Node, ScalarNode
from assay.core.errors import Place, did_you_mean
from assay.core.values import millionths

KEYS: Final = ("score", "version", "subject", "dimensions", "points", "caps", "owner", "purpose")
REQUIRED: Final = ("score", "version", "subject", "dimensions", "points")
EACH_FORMS: Final = ("count", "partner_says", "partner_insight")


@dataclass(slots=True, kw_only=True)
class ScoreDraft:
    """A score as far as it could be read: `score` is None where something in it is wrong."""

    name: str
    place: Place
    subject: str = ""
    score: Score | None = None


def read_score(reader: Reader, node: MappingNode) -> ScoreDraft | None:
    """Return one score; None where even its name is missing."""
    before = len(reader.complaints)
    name_node = node.get("score")
    name = reader.name(name_node, "a score's name")
    subject = reader.word(node.get("subject"), SUBJECTS, "'subject'")
    reader.holder, reader.subject = ("score", name or ""), subject or ""
    reader.keys(node, KEYS, "a score", required=REQUIRED)
    version = reader.whole(node.get("version"), "'version'", least=1)
    reader.text(node.get("owner"), "'owner'")
    reader.text(node.get("purpose"), "'purpose'")
    dimensions_node = node.get("dimensions")
    dimensions = tuple(text for text, _ in reader.texts(dimensions_node, "'dimensions'") or ())
    lines = _lines(reader, node.get("points"), dimensions)
    caps = _caps(reader, node.get("caps"), dimensions)
    if name is None or name_node is None:
        return None
    draft = ScoreDraft(name=name, place=name_node.place, subject=subject or "")
    if len(reader.complaints) == before and version and subject:
        draft.score = Score(
            name=name,
            version=version,
            subject=cast(SubjectType, subject),
            dimensions=dimensions,
            points=lines,
            caps=caps,
            place=name_node.place,
        )
    return draft


def _lines(reader: Reader, node: Node | None, dimensions: tuple[str, ...]) -> tuple[PointsLine, ...]:
    mapping = reader.mapping(node, "'points'")
    if mapping is None:
        return ()
    if not mapping.entries:
        reader.complain(codes.WRONG_SHAPE, mapping.place, "'points' is empty.", mend="Add a line.")
    lines = [_line(reader, key, value, dimensions) for key, value in mapping.entries]
    found = tuple(line for line in lines if line is not None)
    partner_lines = {line.name for line in found if isinstance(line.form, PartnerSays | PartnerInsight)}
    names = set(mapping.keys())
    for _, value in mapping.entries:
        for name, place in each_meets(value):
            if name in names and name not in partner_lines:
                reader.complain(
                    codes.NOT_COUNTING_PARTNERS,
                    place,
                    f"'{name}' is not decided partner by partner.",
                    mend="Name 'partner_says' and 'partner_insight' lines only.",
                    value=name,
                )
            elif name not in names:
                reader.complain(
                    codes.UNKNOWN_CRITERION,
                    place,
                    f"The score has no line '{name}'.",
                    value=name,
                    mend=did_you_mean(name, names, "Add it under 'points'."),
                )
    return found


def _line(reader: Reader, key: ScalarNode, value: Node, dimensions: tuple[str, ...]) -> PointsLine | None:
    name = reader.name(key, "a line's name")
    node = reader.mapping(value, f"line '{key.text}'")
    if node is None:
        return None
    before = len(reader.complaints)
    form_key = form_of(reader, node, f"Line '{key.text}'", first_key=False)
    if form_key is None:
        return None
    each_node = node.get("each")
    if each_node is not None and node.get("once") is None and form_key not in EACH_FORMS:
        reader.complain(
            codes.POINTS,
            each_node,
            f"'each' counts events or partners; '{form_key}' is met or not.",
            mend="Write 'once' in place of 'each'.",
        )
        return None
    as_each = node.get("once") is None and (each_node is not None or not has_threshold(node))
    form = read_form(reader, node, form_key, use="each" if as_each else "criterion", more_keys=LINE_KEYS)
    dimension = _dimension(reader, node, dimensions)
    use, amount = _points(reader, node)
    up_to = _up_to(reader, node.get("up_to"), use, amount)
    fades = _fades(reader, node.get("fades"), use, amount)
    if name is None or dimension is None or form is None or amount is None or len(reader.complaints) != before:
        return None
    return PointsLine(
        name=name,
        dimension=dimension,
        form=_as_each(form) if use == "each" else form,
        each=amount if use == "each" else None,
        once=amount if use == "once" else None,
        up_to=up_to,
        fades=fades,
        place=key.place,
    )


def _as_each(form: Form) -> Form:
    assert isinstance(form, Count | PartnerSays | PartnerInsight)
    return form


def _dimension(reader: Reader, line: MappingNode, dimensions: tuple[str, ...]) -> str | None:
    node = line.get("dimension")
    if node is None:
        if reader.lacks(line, "dimension"):
            reader.complain(
                codes.MISSING_KEY,
                line.place,
                "A line of a score lacks 'dimension'.",
                mend="Add 'dimension:'.",
                value="dimension",
            )
        return None
    text = reader.text(node, "'dimension'")
    if text is not None and dimensions and text not in dimensions:
        reader.complain(
            codes.UNKNOWN_DIMENSION,
            node,
            f"The score has no dimension '{text}'.",
            mend=did_you_mean(text, dimensions, "Add it to 'dimensions'."),
        )
        return None
    return text


def _points(reader: Reader, node: MappingNode) -> tuple[str, Decimal | None]:
    """Return whether the points are for "each" or "once" ("" if unclear), and how many."""
    each, once = node.get("each"), node.get("once")
    if each is not None and once is not None:
        reader.complain(
            codes.POINTS,
            max(each, once, key=lambda n: n.place),
            "A line gives points 'each' or 'once', not both.",
            mend="Keep one of them.",
        )
        return "", None
    if each is None and once is None and not reader.lacks(node, "each", "once"):
        return "", None
    if each is None and once is None:
        reader.complain(
            codes.POINTS, node.place, "A line says neither 'each' nor 'once'.", mend="Add 'each: 5' or 'once: 20'."
        )
        return "", None
    use, given = ("each", each) if each is not None else ("once", once)
    amount = _millionths(reader, given, f"'{use}'")
    if amount == 0 and given is not None:
        reader.complain(
            codes.SIGN, given, "Points of 0 change nothing.", mend="Write other points, or remove the line."
        )
        return use, None
    return use, amount


def _millionths(reader: Reader, node: Node | None, what: str) -> Decimal | None:
    number = reader.number(node, what)
    if number is None or node is None:
        return number
    units = millionths(number)
    if units is None or Decimal(units) != number * 1_000_000:
        reader.complain(codes.BAD_NUMBER, node, "Points have at most 6 decimals.", mend="Round the number.")
        return None
    return number


def _up_to(reader: Reader, node: Node | None, use: str, amount: Decimal | None) -> Decimal | None:
    number = _millionths(reader, node, "'up_to'")
    if node is None or number is None:
        return None
    if use == "once":
        reader.complain(codes.POINTS, node, "'up_to' limits 'each'; 'once' is given once.", mend="Remove 'up_to'.")
    elif amount is not None and (amount > 0) != (number > 0):
        sign = "positive" if amount > 0 else "negative"
        reader.complain(
            codes.SIGN,
            node,
            f"'up_to' must be {sign}, as the points are.",
            mend=f"Write {-number}." if number else f"Write a {sign} number.",
        )
    return number


def _fades(reader: Reader, node: Node | None, use: str, amount: Decimal | None) -> Fade | None:
    mapping = reader.mapping(node, "'fades'")
    if mapping is None or node is None:
        return None
    if use == "once":
        reader.complain(
            codes.FADES,
            node.place,
            "'fades' needs 'each': points given once do not fade.",
            value="once",
            mend="Remove 'fades', or use 'within' so that the criterion lapses.",
        )
    elif amount is not None and amount < 0:
        reader.complain(
            codes.FADES,
            node.place,
            "'fades' cannot stand on negative points.",
            value=str(amount),
            mend="Remove 'fades', so that between changes a score only falls.",
        )
    reader.keys(mapping, ("linear", "half_life"), "'fades'")
    kinds = [key for key, _ in mapping.entries if key.text in ("linear", "half_life")]
    if len(kinds) != 1:
        reader.complain(
            codes.WRONG_SHAPE,
            mapping.place,
            "'fades' has one of 'linear' and 'half_life'.",
            mend="Write '{half_life: 7 days}'.",
            value="",
        )
        return None
    duration = reader.duration(mapping.get(kinds[0].text), f"'{kinds[0].text}'")
    if duration is None:
        return None
    return Fade(kind="linear" if kinds[0].text == "linear" else "half_life", duration=duration)


def _caps(reader: Reader, node: Node | None, dimensions: tuple[str, ...]) -> tuple[tuple[str, Decimal], ...]:
    mapping = reader.mapping(node, "'caps'")
    caps: list[tuple[str, Decimal]] = []
    for key, value in mapping.entries if mapping else ():
        if dimensions and key.text not in dimensions:
            reader.complain(
                codes.UNKNOWN_DIMENSION,
                key,
                f"The score has no dimension '{key.text}'.",
                mend=did_you_mean(key.text, dimensions, "Add it to 'dimensions'."),
            )
        number = _millionths(reader, value, f"the cap of '{key.text}'")
        if number is not None and number < 0:
            reader.complain(codes.SIGN, value, "A cap must not be negative.", mend=f"Write {-number}.")
        elif number is not None:
            caps.append((key.text, number))
    return tuple(caps)
