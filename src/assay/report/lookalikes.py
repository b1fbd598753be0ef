"""Those most like a few named subjects, as one page."""

from __future__ import annotations

from markupsafe import Markup

from assay import pictures
from assay.core.outcomes import telling, telling_lookalikes
from assay.core.outcomes.lookalikes import Answer
from assay.core.sentences import plain
from assay.report.paper import drawn, page


def render_lookalikes(answer: Answer) -> str:
    """Return the report of who is most like the named, as HTML text."""
    found = answer.lookalikes
    return page(
        "lookalikes.html",
        title=telling_lookalikes.question(found),
        subtitle=telling_lookalikes.period(found),
        summary=telling_lookalikes.summary(found),
        who="Person" if found.subject == "person" else "Account",
        top=found.top,
        picture=picture(answer),
        rows=[
            {
                "id": _called(answer, one.subject),
                "more": _more(answer, one.subject),
                "points": telling_lookalikes.points(one.points, sign=""),
                "in_top": telling.percent(one.in_top),
                "place": telling_lookalikes.place(one),
                "reasons": telling_lookalikes.reasons(one, found),
            }
            for one in found.found
        ],
        traits=[
            {
                "name": plain(one.candidate.name),
                "text": one.candidate.text,
                "points": telling_lookalikes.points(one.points),
                "named": f"{one.named:.1f}".removesuffix(".0"),
                "rest": telling.percent(one.rest),
                "counts": telling.percent(one.counts),
            }
            for one in found.traits
        ],
        units=found.units,
        named=[
            {"id": _called(answer, one), "more": _more(answer, one), "ahead": telling.percent(share)}
            for one, share in zip(found.named, found.separation.ahead, strict=True)
        ],
        minding=telling_lookalikes.minding(found, answer.ids),
        note=telling_lookalikes.note(found),
    )


def picture(answer: Answer) -> Markup:
    """Return the places that those found may take, at both widths."""
    ranked = [
        pictures.Ranked(
            name=f"{answer.called.get(one.subject) or answer.ids[one.subject]}",
            place=number,
            low=one.low,
            high=one.high,
        )
        for number, one in enumerate(answer.lookalikes.found, 1)
    ]
    title = "The places that each takes in 95 of 100 draws of the names"
    return drawn(lambda width: pictures.places(ranked, title=title, width=min(width, 760)))


def _called(answer: Answer, subject: int) -> str:
    """Return what a subject is shown as: an account's name, a person's id."""
    name = answer.called.get(subject) if answer.lookalikes.subject == "account" else None
    return name or answer.ids[subject]


def _more(answer: Answer, subject: int) -> str:
    """Return what else tells who it is: an account's id, a person's account."""
    if answer.lookalikes.subject == "person":
        return answer.called.get(subject, "")
    return answer.ids[subject] if subject in answer.called else ""
