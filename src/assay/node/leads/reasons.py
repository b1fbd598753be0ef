"""Why leads are turned down, put off, lost or closed: fixed lists, so that reasons can be counted and learnt from."""

from __future__ import annotations

from django.db.models import TextChoices


class RejectReason(TextChoices):
    """Why somebody turned a lead down."""

    NOT_A_FIT = "not_a_fit", "Not a fit: size, country or use"
    NO_NEED = "no_need", "No need"
    NO_BUDGET = "no_budget", "No budget"
    NO_SAY = "no_say", "Wrong person: no say in it"
    CUSTOMER = "customer", "Already a customer"
    COMPETITOR = "competitor", "Competitor or supplier"
    DUPLICATE = "duplicate", "Already worked elsewhere"
    NOT_REAL = "not_real", "Not real: test, student or spam"


class RecycleReason(TextChoices):
    """Why a lead is put off until later."""

    BAD_TIMING = "bad_timing", "Not now"
    NO_ANSWER = "no_answer", "No answer"
    BUDGET_LATER = "budget_later", "Budget comes later"
    TO_LEARN = "to_learn", "Has to learn more first"
    CHAMPION_LEFT = "champion_left", "Our contact has left"


class LossReason(TextChoices):
    """Why an opportunity was lost."""

    PRICE = "price", "Price"
    RIVAL = "rival", "Bought from somebody else"
    NO_DECISION = "no_decision", "No decision"
    LACKING = "lacking", "Something is missing in the product"
    CHANGED = "changed", "Their plans changed"


class CloseReason(TextChoices):
    """Why a lead closed itself before anybody answered."""

    LAPSED = "lapsed", "No longer qualifies"
    SUPPRESSED = "suppressed", "On a list of those not to contact"
    MERGED = "merged", "Is the same as another lead"


ALL: dict[str, str] = {
    str(value): str(label)
    for reasons in (RejectReason, RecycleReason, LossReason, CloseReason)
    for value, label in reasons.choices
}


def words(reason: str) -> str:
    """Return a reason as people read it."""
    return ALL.get(reason, reason)
