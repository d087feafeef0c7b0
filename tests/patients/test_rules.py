"""Life and death as one table: every pair of state and move is either allowed and leads somewhere, or refused."""

from datetime import date

import pytest

from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.patients.rules import DEAD, IN_CARE, MOVES, Move, State, can_move, check_death, check_order

ALLOWED = {
    ("active", "lose"): "lost",
    ("lost", "find"): "active",
    ("active", "report_death"): "reported_dead",
    ("lost", "report_death"): "reported_dead",
    ("reported_dead", "report_death"): "reported_dead",
    ("active", "verify_death"): "died",
    ("lost", "verify_death"): "died",
    ("reported_dead", "verify_death"): "died",
    ("reported_dead", "alive_after_all"): "active",
    ("died", "alive_after_all"): "active",
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_every_pair_of_state_and_move(state: State, move: Move) -> None:
    assert can_move(state, move) == ((str(state), str(move)) in ALLOWED)
    if can_move(state, move):
        assert MOVES[move].to == ALLOWED[str(state), str(move)]


def test_everybody_is_either_in_care_or_dead() -> None:
    assert set(State) == IN_CARE | DEAD
    assert not IN_CARE & DEAD


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ({"ordered_on": date(2026, 1, 2), "apheresis_on": date(2026, 1, 1)}, "apheresis_on"),
        ({"apheresis_on": date(2026, 1, 2), "infused_on": date(2026, 1, 1)}, "infused_on"),
        ({"ordered_on": date(2026, 1, 2), "released_on": None, "infused_on": date(2026, 1, 1)}, "infused_on"),
    ],
)
def test_the_steps_of_a_treatment_follow_each_other(steps: dict[str, date | None], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_order(steps)
    assert refused.value.field == field


def test_steps_on_one_day_and_unknown_ones_are_fine() -> None:
    check_order(dict.fromkeys(("ordered_on", "apheresis_on", "released_on", "infused_on"), date(2026, 1, 1)))
    check_order({"infused_on": date(2026, 1, 1)})


@pytest.mark.parametrize(
    ("died", "fine"),
    [
        (None, True),
        (PartialDate(2026), True),
        (PartialDate(2026, 2), True),
        (PartialDate(2026, 2, 13), True),
        (PartialDate(2026, 2, 12), False),
        (PartialDate(2026, 1), False),
        (PartialDate(2025), False),
    ],
)
def test_nobody_died_before_the_infusion_as_far_as_is_known(died: PartialDate | None, fine: bool) -> None:
    if fine:
        check_death(died, date(2026, 2, 13))
    else:
        with pytest.raises(DomainError):
            check_death(died, date(2026, 2, 13))
    check_death(died, None)
