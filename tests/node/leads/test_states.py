"""The table of moves says what is legal, and nothing else is."""

import pytest

from assay.core.errors import BadRequest
from assay.node.leads.states import MOVES, OPEN, Move, State, after


def test_every_state_has_its_line_in_the_table():
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_what_the_table_does_not_name_is_refused_with_what_is_possible(state, move):
    if move in MOVES[state]:
        assert after(state, move) == MOVES[state][move]
        return
    with pytest.raises(BadRequest, match="cannot become") as refused:
        after(state, move)
    assert all(legal.value in refused.value.mend for legal in MOVES[state])


def test_every_open_state_leads_to_an_end():
    ends = set(State) - OPEN
    for start in OPEN:
        reached, waiting = set(), [start]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting += MOVES[state].values()
        assert reached & ends


def test_every_state_can_be_reached_from_qualified():
    reached, waiting = set(), [State.QUALIFIED]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += MOVES[state].values()
    assert reached == set(State)
