"""What is written, in order of time: acts with their moment, each of which may bring further ones."""

import heapq
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from pv.ops.demo.people import SHANGHAI
from pv.ops.demo.population.chance import working_day

Act = Callable[[], None]


class Agenda:
    """Acts in order of their moments; of one moment, in order of entry. Whatever lies in the future is left undone."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._acts: list[tuple[datetime, int, Act]] = []
        self._entered = 0

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def on(self, day: date, act: Act, *, hour: int = 10) -> None:
        """Do it on that day at about this hour; today, now at the latest."""
        if day <= self.today:
            self.at(self.by_now(day, hour), act)

    def at(self, moment: datetime, act: Act) -> None:
        if moment <= self.now:
            self._entered += 1
            heapq.heappush(self._acts, (moment, self._entered, act))

    def by_now(self, day: date, hour: int) -> datetime:
        """That hour of the day; shortly after midnight today's has not come, and now stands for it."""
        return min(self.moment(day, hour), self.now)

    @staticmethod
    def moment(day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), tzinfo=SHANGHAI)

    def run(self, move_to: Callable[[datetime], None]) -> None:
        """Do everything, the clock set for each."""
        while self._acts:
            moment, _place, act = heapq.heappop(self._acts)
            move_to(moment)
            act()


WEEKS_LATELY = 6


def when_entered(day: date, now: datetime) -> datetime:
    """When what came in on that day is written, many at once: on Friday of its week lately, else at its month's end."""
    lately = now.astimezone(SHANGHAI).date() - timedelta(weeks=WEEKS_LATELY)
    last = day + timedelta(days=(4 - day.weekday()) % 7)
    if day < lately:
        last = min(working_day(day.replace(day=monthrange(day.year, day.month)[1])), working_day(lately))
    return min(Agenda.moment(last, 16), now)
