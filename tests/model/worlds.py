"""Hypothesis strategies for small worlds."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.model.world import AttributeRow, Event, Insight, Membership, PartnerFact, World

HOUR = 3_600_000_000
STEP = 12 * HOUR
START = 1_772_409_600_000_000  # 2026-03-02, a Monday
STEPS = 16

EVENTS = ("invite", "login", "pay")
ATTRIBUTES = ("plan", "plan", "size")
SAYS = ("customer", "prospect")
LETTERS = ("budget", "need")
PARTNERS = ("fabrikam", "globex", "initech", "umbrella")

grid = st.integers(0, STEPS).map(lambda i: START + i * STEP)
# Most instants meet on the grid; a few miss it by a microsecond.
instants = st.one_of(grid, grid, grid, st.tuples(grid, st.sampled_from([-1, 1])).map(sum))
values = st.sampled_from(["seats", "trial", "trial", "true", "FALSE", "10", "10.0", "7.5", "1,000", "NaN", None])
amounts = st.sampled_from(
    ["10", "2.5", "-3", "1,000", "NaN", "0.0000005", "0.0000015", "1e1", "9" * 20, "12 EUR", None]
)


@st.composite
def worlds(draw: st.DrawFn, *, people: int = 3, accounts: int = 2, events: int = 12, partners: bool = True) -> World:
    """Return a world of up to so many people, accounts and events."""
    someone = [f"p{i}" for i in range(draw(st.integers(1, people)))]
    somewhere = [f"a{i}" for i in range(draw(st.integers(1, accounts)))]
    person, account = st.sampled_from(someone), st.sampled_from(somewhere)
    full = draw(st.sampled_from([0, 1, 2, 2]))  # nearly empty worlds are rarely interesting
    nobody: st.SearchStrategy[None] = st.none()
    drawn = draw(
        st.lists(
            st.tuples(
                instants,
                st.sampled_from(EVENTS),
                st.one_of(person, person, person, nobody),
                st.one_of(account, account, nobody),
                st.sampled_from(["s", "t"]),
                values,
                amounts,
            ),
            min_size=events // 3 * full,
            max_size=events,
        )
    )
    numbers = draw(st.permutations(range(len(drawn))))
    return World(
        people=tuple(someone),
        accounts=tuple(somewhere),
        events=tuple(
            Event(
                at=at,
                event=event,
                person=p,
                account=a,
                source=source,
                id=str(number + 7),
                properties={k: v for k, v in [("limit", limit), ("amount", amount)] if v is not None},
            )
            for number, (at, event, p, a, source, limit, amount) in zip(numbers, drawn, strict=True)
        ),
        memberships=tuple(draw(memberships(person, account, full))),
        attributes=tuple(draw(attribute_rows(person, account, full))),
        partner_facts=tuple(draw(st.lists(facts(account), min_size=2 * full, max_size=6))) if partners else (),
        insights=draw(insights(account, full, 4)) if partners else (),
    )


def memberships(
    person: st.SearchStrategy[str], account: st.SearchStrategy[str], full: int
) -> st.SearchStrategy[list[Membership]]:
    """Return who belongs to which account, dated and undated; an account of None says that the person left."""
    row = st.builds(Membership, person=person, at=st.none() | instants, account=st.one_of(account, account, st.none()))
    return st.lists(row, min_size=full, max_size=4, unique_by=lambda m: (m.person, m.at))


def attribute_rows(
    person: st.SearchStrategy[str], account: st.SearchStrategy[str], full: int
) -> st.SearchStrategy[list[AttributeRow]]:
    """Return attributes of people and accounts, dated and undated, some unset."""
    names = st.sampled_from(ATTRIBUTES)
    at = st.none() | instants
    row = st.builds(
        AttributeRow, subject_type=st.just("person"), subject=person, name=names, at=at, value=values
    ) | st.builds(AttributeRow, subject_type=st.just("account"), subject=account, name=names, at=at, value=values)
    return st.lists(row, min_size=2 * full, max_size=8, unique_by=lambda a: (a.subject_type, a.subject, a.name, a.at))


def insights(account: st.SearchStrategy[str], least: int, most: int) -> st.SearchStrategy[tuple[Insight, ...]]:
    """Return partners' statements on accounts."""
    row = st.builds(
        Insight,
        account=account,
        partner=st.sampled_from(PARTNERS),
        letter=st.sampled_from(LETTERS),
        value=st.sampled_from(["yes", "large", "no"]),
        at=instants,
    )
    return st.lists(row, min_size=least, max_size=most, unique_by=lambda i: (i.account, i.partner, i.letter, i.at)).map(
        tuple
    )


@st.composite
def facts(draw: st.DrawFn, account: st.SearchStrategy[str]) -> PartnerFact:
    """Return a partner fact that holds for a while, or with no end known."""
    since = draw(st.none() | instants)
    length = draw(st.none() | st.integers(1, 8))
    until = None if length is None else (START if since is None else since) + length * STEP
    return PartnerFact(
        account=draw(account),
        partner=draw(st.sampled_from(PARTNERS)),
        says=draw(st.sampled_from(SAYS)),
        since=since,
        until=until,
        confirmed_at=draw(st.none() | instants),
        origin=draw(st.sampled_from([None, "o1", "o2"])),
        parent=draw(st.sampled_from([None, "h1", "h2"])),
        confidence=draw(st.sampled_from([None, 0.5, 0.7, 0.9])),
    )


#: As of when to judge: within the events, or after them all.
as_ofs = st.one_of(st.just(START + (STEPS + 1) * STEP), st.just(START + STEPS * STEP), grid)


@st.composite
def partner_worlds(draw: st.DrawFn) -> World:
    """Return a world with one account, few events and many partner facts."""
    world = draw(worlds(people=1, accounts=1, events=2))
    account = st.just("a0")
    more = tuple(draw(st.lists(facts(account), min_size=4, max_size=8)))
    return World(
        people=world.people,
        accounts=world.accounts,
        events=world.events,
        memberships=world.memberships,
        attributes=world.attributes,
        partner_facts=world.partner_facts + more,
        insights=draw(insights(account, 0, 8)),
    )
