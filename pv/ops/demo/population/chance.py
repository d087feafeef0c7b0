"""Chance that repeats itself: the same seed and name give the same draws, whatever else was drawn before."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from pv.core.days import SATURDAY

Thing = TypeVar("Thing")


class Dice:
    """Draws for one named thing; each has its own row of numbers, so that one more draw here moves nothing there."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._random = Random(seed)  # noqa: S311 - makes up a picture, nothing secret

    def of(self, name: str) -> "Dice":
        """Dice for a part of this thing."""
        return Dice(f"{self.seed}/{name}")

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def part(self) -> float:
        """Evenly from 0 to 1."""
        return self._random.random()

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def around(self, mean: float, spread: float, least: float, most: float) -> float:
        """Mostly near the mean, never outside the bounds."""
        return min(max(self._random.gauss(mean, spread), least), most)

    def factor(self, spread: float) -> float:
        """About 1, skewed as laboratory values are."""
        return self._random.lognormvariate(0, spread)

    def waiting(self, mean: float) -> float:
        """How long until something happens that happens at a steady rate."""
        return self._random.expovariate(1 / mean)

    def one(self, things: Sequence[Thing]) -> Thing:
        return self._random.choice(things)

    def weighted(self, things: Sequence[tuple[Thing, float]]) -> Thing:
        return self._random.choices([thing for thing, _ in things], [weight for _, weight in things])[0]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        return self._random.sample(list(things), len(things))

    def after(self, day: date, least: int, most: int) -> date:
        return day + timedelta(days=self.number(least, most))


def rounded(value: float, places: int) -> Decimal:
    """A laboratory value as it is printed."""
    return Decimal(str(round(value, places)))


def working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend: hospitals see few people on Sundays."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= SATURDAY else 0)


def last_working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))
