"""The table of moves, all pairs of states, and what a ledger adds up to."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.biosamples.models import CustodyEvent, SamplingRequest, Specimen
from pv.biosamples.rules import (
    BIRTHS,
    GONE,
    IN_HAND,
    MOVES,
    REQUEST_MOVES,
    RETAINED,
    Broken,
    Entry,
    RequestState,
    State,
    What,
    after,
    can_end,
    follow,
    replay,
)

FIRST = Entry(1, What.REGISTERED, State.STORED, None, "tank 2", Decimal(5), Decimal(5), thaws=0, compromised=False)
CAUSE, OTHER = UUID(int=1), UUID(int=2)


def nth(no: int, what: What, state: State = State.STORED, **changes: object) -> Entry:
    return replace(FIRST, no=no, what=what, state=state, change=Decimal(0), **changes)  # type: ignore[arg-type]


def test_rules_and_models_know_the_same_words() -> None:
    assert set(State) == set(Specimen.State.values)
    assert set(What) == set(CustodyEvent.What.values)
    assert set(RequestState) == set(SamplingRequest.State.values)


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("state", State)
def test_every_move_from_every_state(what: What, state: State) -> None:
    new = after(what, state)
    if what in BIRTHS:
        assert new is None
    elif state in GONE:
        assert new is (state if what == What.RELEASED else None)
    elif new is None:
        assert (what, state) in IMPOSSIBLE
    else:
        assert (what, state) not in IMPOSSIBLE


# What is not possible although something of the specimen is there.
IMPOSSIBLE = {
    *((What.KEPT, state) for state in (State.AT_SITE, State.STORED, State.IN_ANALYSIS)),
    *((What.RECEIVED, state) for state in IN_HAND),
    (What.MOVED, State.COLLECTED),
    *(
        (what, State.IN_TRANSIT)
        for what in What
        if what not in (What.RECEIVED, What.EXCURSION, What.HELD, What.RELEASED, What.RETURNED, What.LOST, *BIRTHS)
    ),
    *((what, State.LOST) for what in What if what not in (What.STORED, What.HELD, What.RELEASED, *BIRTHS)),
}


def test_moves_lead_where_their_names_say() -> None:
    for what, state in [
        (What.KEPT, State.AT_SITE),
        (What.SENT, State.IN_TRANSIT),
        (What.RECEIVED, State.RECEIVED),
        (What.STORED, State.STORED),
        (What.ANALYSED, State.IN_ANALYSIS),
        (What.EXHAUSTED, State.EXHAUSTED),
        (What.RETURNED, State.RETURNED),
        (What.DISPOSED, State.DISPOSED),
        (What.LOST, State.LOST),
    ]:
        assert set(MOVES[what].values()) == {state}
    for what in (What.MOVED, What.THAWED, What.ALIQUOTED, What.EXCURSION, What.HELD, What.RELEASED):
        assert all(old == new for old, new in MOVES[what].items())
    assert GONE.isdisjoint(RETAINED)
    assert set(State) == RETAINED | GONE | {State.LOST}


@pytest.mark.parametrize("old", RequestState)
@pytest.mark.parametrize("new", RequestState)
def test_every_end_of_a_request_from_every_state(old: RequestState, new: RequestState) -> None:
    wanted = {
        RequestState.OPEN: {"met", "at_site", "not_available", "cancelled"},
        RequestState.NOT_AVAILABLE: {"met", "at_site"},
        RequestState.AT_SITE: {"met"},
    }
    assert can_end(old, new) == (new in wanted.get(old, set()))
    assert set(REQUEST_MOVES) == set(RequestState)


def test_a_ledger_adds_up() -> None:
    centre = uuid4()
    standing = replay(
        [
            FIRST,
            nth(2, What.HELD, cause=CAUSE),
            nth(3, What.HELD, cause=OTHER),
            nth(4, What.RELEASED, cause=CAUSE),
            nth(5, What.THAWED, thaws=1),
            replace(nth(6, What.ALIQUOTED, thaws=1), change=Decimal(-2), quantity=Decimal(3)),
            nth(7, What.EXCURSION, thaws=1, quantity=Decimal(3), compromised=True),
            nth(
                8, What.SENT, State.IN_TRANSIT, thaws=1, quantity=Decimal(3), compromised=True, holder=centre, place=""
            ),
        ]
    )
    assert (standing.state, standing.holder) == (State.IN_TRANSIT, centre)
    assert (standing.quantity, standing.thaws, standing.compromised) == (3, 1, True)
    assert (standing.causes, standing.on_hold, standing.events) == ((OTHER,), True, 8)


BAD = {
    "nothing": [],
    "no birth": [nth(1, What.STORED)],
    "a quantity from nowhere": [replace(FIRST, change=Decimal(4))],
    "a gap": [FIRST, nth(3, What.THAWED, thaws=1)],
    "a fork": [FIRST, nth(1, What.THAWED, thaws=1)],
    "born twice": [FIRST, replace(FIRST, no=2)],
    "an impossible move": [FIRST, nth(2, What.RECEIVED, State.RECEIVED)],
    "another state than the move leads to": [FIRST, nth(2, What.THAWED, State.RECEIVED, thaws=1)],
    "a thaw not counted": [FIRST, nth(2, What.THAWED)],
    "an excursion not marked": [FIRST, nth(2, What.EXCURSION)],
    "another quantity than was left": [FIRST, replace(nth(2, What.ALIQUOTED), change=Decimal(-1))],
    "more than there was": [FIRST, replace(nth(2, What.ALIQUOTED), change=Decimal(-6), quantity=Decimal(-1))],
    "more than before": [FIRST, replace(nth(2, What.ALIQUOTED), change=Decimal(1), quantity=Decimal(6))],
    "less by a move that takes nothing": [FIRST, replace(nth(2, What.MOVED), change=Decimal(-1), quantity=Decimal(4))],
    "disposed of with something left": [FIRST, nth(2, What.DISPOSED, State.DISPOSED)],
    "disposed of on hold": [
        FIRST,
        nth(2, What.HELD, cause=CAUSE),
        replace(nth(3, What.DISPOSED, State.DISPOSED), change=Decimal(-5), quantity=Decimal(0)),
    ],
}


@pytest.mark.parametrize("entries", BAD.values(), ids=BAD)
def test_a_ledger_that_does_not_add_up_is_found(entries: list[Entry]) -> None:
    with pytest.raises(Broken):
        replay(entries)


@given(st.lists(st.tuples(st.sampled_from([What.HELD, What.RELEASED]), st.sampled_from([CAUSE, OTHER]))))
def test_a_specimen_is_on_hold_while_any_cause_holds_it(decisions: list[tuple[What, UUID]]) -> None:
    standing, holding = replay([FIRST]), set()
    for no, (what, cause) in enumerate(decisions, start=2):
        standing = follow(standing, nth(no, what, cause=cause))
        holding = holding | {cause} if what == What.HELD else holding - {cause}
        assert set(standing.causes) == holding
        assert standing.on_hold == bool(holding)
