"""All pairs of states, and progress read off three dates."""

from datetime import date, timedelta
from itertools import product

import pytest

from pv.obligations.models import Obligation
from pv.obligations.rules import MOVES, Dates, Progress, State, can_move, progress, slippage_days

ALLOWED = {
    ("open", "submitted"),
    ("open", "waived"),
    ("open", "failed"),
    ("submitted", "fulfilled"),
    ("submitted", "failed"),
    ("submitted", "returned"),
    ("returned", "open"),
    ("failed", "open"),
}
DUE = date(2027, 6, 30)


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_every_pair_of_states(old: State, new: State) -> None:
    assert can_move(old, new) == ((old, new) in ALLOWED)


def test_the_table_knows_every_state_of_the_model() -> None:
    assert set(MOVES) == set(State) == set(Obligation.State.values)


@pytest.mark.parametrize(
    ("state", "forecast", "today", "expected"),
    [
        ("open", None, DUE, Progress.ON_TIME),
        ("open", None, DUE + timedelta(days=1), Progress.LATE),
        ("open", DUE, DUE, Progress.ON_TIME),
        ("open", DUE + timedelta(days=1), DUE, Progress.AT_RISK),
        ("open", DUE + timedelta(days=1), DUE + timedelta(days=1), Progress.LATE),
        ("returned", None, DUE + timedelta(days=1), Progress.LATE),
        ("submitted", None, DUE + timedelta(days=1), Progress.DONE),
        ("waived", None, DUE + timedelta(days=1), Progress.DONE),
    ],
)
def test_progress(state: str, forecast: date | None, today: date, expected: Progress) -> None:
    assert progress(State(state), Dates(DUE, DUE, forecast), today) == expected


def test_an_extension_does_not_cure_slippage() -> None:
    extended = DUE + timedelta(days=365)
    assert slippage_days(Dates(DUE, extended, None)) == 365
    assert slippage_days(Dates(DUE, extended, extended + timedelta(days=30))) == 395
    assert slippage_days(Dates(DUE, DUE, DUE - timedelta(days=10))) == -10
