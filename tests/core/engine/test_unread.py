"""Values that are no numbers where one is asked for are counted, and nothing else is."""

from __future__ import annotations

from decimal import Decimal

from assay.core import engine
from assay.core.definitions.model import Attribute, Condition, Count, Sum
from tests.model.building import at, at_least, definitions, event, rule
from tests.model.implementations import shared_store
from tests.model.world import AttributeRow, World, load

MONTH_END = at(30)
LARGE = Condition(kind="range", threshold=at_least(10))


def unread(world, wanted, *, as_of=MONTH_END) -> dict[str, int]:
    load(world, shared_store(), wanted)
    return engine.unread_numbers(shared_store(), wanted, as_of=as_of)


def paid(*amounts: str, on: str = "pay") -> World:
    return World(people=("ann",), events=tuple(event(on, k + 1, amount=amount) for k, amount in enumerate(amounts)))


SPENT = Sum(property="amount", events=("pay",), threshold=at_least(5))


def test_a_sum_tells_what_it_could_not_add():
    assert unread(paid("10", "ten", "1,000", "9" * 20), definitions(rule({"spent": SPENT}))) == {"amount": 3}


def test_only_events_that_are_read_are_counted():
    assert unread(paid("ten", on="login"), definitions(rule({"spent": SPENT}))) == {}


def test_later_events_are_not_counted():
    assert unread(paid("ten", "ten"), definitions(rule({"spent": SPENT})), as_of=at(1)) == {"amount": 1}


def test_a_filter_by_number_tells_what_it_could_not_compare():
    form = Count(events=("pay",), where=(("amount", LARGE),), threshold=at_least(1))
    assert unread(paid("10", "ten"), definitions(rule({"large": form}))) == {"amount": 1}


def test_a_filter_by_text_asks_for_no_number():
    form = Count(events=("pay",), where=(("amount", Condition(kind="is", values=("ten",))),), threshold=at_least(1))
    assert unread(paid("ten"), definitions(rule({"ten": form}))) == {}


def test_attributes_are_counted_as_the_rule_writes_them():
    rows = tuple(
        AttributeRow(subject_type="account", subject="a", name="employees", at=at(k), value=value)
        for k, value in enumerate(["many", "12", None])
    )
    world = World(people=("ann",), accounts=("a",), attributes=rows)
    form = Attribute(name="employees", condition=LARGE, of_account=True)
    assert unread(world, definitions(rule({"large": form}))) == {"account.employees": 1}


def test_one_of_numbers_asks_for_a_number():
    condition = Condition(kind="one_of", values=(Decimal(1), Decimal(2)))
    rows = (AttributeRow(subject_type="person", subject="ann", name="level", at=None, value="two"),)
    world = World(people=("ann",), attributes=rows)
    assert unread(world, definitions(rule({"low": Attribute(name="level", condition=condition)}))) == {"level": 1}
