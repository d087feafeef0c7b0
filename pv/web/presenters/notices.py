"""Notices as their reader sees them, and who was told what for a deadline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pv.accounts.models import User
from pv.accounts.policy import Access
from pv.deadlines.models import Deadline
from pv.notices.models import Acknowledgement, Delivery, Notice
from pv.notices.services import my_notices
from pv.notices.wording import audience_name
from pv.web.presenters.clock import Clock, Desk

# The bell says "99+": counting further tells nobody more.
COUNTED = 100


def unseen(user: Any, access: Access) -> str:
    """The bell's figure; empty when there is nothing new."""
    if not isinstance(user, User):
        return ""
    count = my_notices(user, list(access.roles)).filter(seen_at=None).order_by()[:COUNTED].count()
    return shown(count) if count else ""


def shown(count: int) -> str:
    return f"{COUNTED - 1}+" if count >= COUNTED else str(count)


Answers = dict[tuple[UUID, int, int], Acknowledgement]


def answers_of(deadlines: Iterable[UUID], organisations: list[UUID]) -> Answers:
    """Who took which rung, for all these deadlines at once."""
    found = (
        Acknowledgement.objects.for_organisations(organisations)
        .filter(deadline_id__in=set(deadlines))
        .select_related("by")
    )
    return {(one.deadline_id, one.round, one.rung): one for one in found}


@dataclass(frozen=True, slots=True)
class MyNotice:
    """One notice of mine with its deadline's clock and whoever took it."""

    delivery: Delivery
    clock: Clock
    answer: Acknowledgement | None
    is_current: bool

    @property
    def notice(self) -> Notice:
        return self.delivery.notice

    @property
    def why(self) -> str:
        return audience_name(self.delivery.why)

    @property
    def may_be_taken(self) -> bool:
        return self.answer is None and self.is_current and self.clock.may_be_taken


def present(deliveries: list[Delivery], desk: Desk) -> list[MyNotice]:
    """Shape a page of them."""
    answers = answers_of((one.notice.deadline_id for one in deliveries), desk.organisations)
    desk.load_ladders(one.notice.deadline for one in deliveries)
    shown_above: set[UUID] = set()
    found = []
    for one in deliveries:
        found.append(_mine(one, answers, desk, is_newest=one.notice.deadline_id not in shown_above))
        shown_above.add(one.notice.deadline_id)
    return found


def _mine(delivery: Delivery, answers: Answers, desk: Desk, *, is_newest: bool) -> MyNotice:
    """Of several steps told to the same reader only the newest carries the button."""
    notice = delivery.notice
    clock = Clock(notice.deadline, desk)
    key = (notice.deadline_id, notice.round, notice.rung)
    alarm = clock.alarm
    is_current = is_newest and alarm is not None and (alarm.round, alarm.rung) == (notice.round, notice.rung)
    return MyNotice(delivery, clock, answers.get(key), is_current)


@dataclass(frozen=True, slots=True)
class Told:
    """One step that rang: when, whom it reached by which way, and what came back."""

    notice: Notice
    deliveries: list[Delivery]
    answer: Acknowledgement | None

    @property
    def at(self) -> datetime:
        return self.notice.fired_at

    @property
    def readers(self) -> list[dict[str, Any]]:
        """Each person once, with the channels and their states."""
        people: dict[UUID, dict[str, Any]] = {}
        for one in self.deliveries:
            person = people.setdefault(
                one.recipient_id, {"person": one.recipient, "why": audience_name(one.why), "by": []}
            )
            person["by"].append(one)
        return list(people.values())


def told_of(deadline: Deadline, organisations: list[UUID]) -> list[Told]:
    """Who was told what, newest first. An answer stands at the last step of its rung."""
    notices = list(
        Notice.objects.for_organisations(organisations)
        .filter(deadline_id=deadline.pk)
        .order_by("-fired_at", "-nth")[:200]
    )
    deliveries = Delivery.objects.for_organisations(organisations).filter(notice_id__in=[one.pk for one in notices])
    by_notice: dict[UUID, list[Delivery]] = {}
    for one in deliveries.select_related("recipient").order_by("recipient__name", "channel"):
        by_notice.setdefault(one.notice_id, []).append(one)
    answers = answers_of([deadline.pk], organisations)
    return [
        Told(one, by_notice.get(one.pk, []), answers.pop((deadline.pk, one.round, one.rung), None)) for one in notices
    ]
