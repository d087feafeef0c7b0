"""Ladders, deadlines and their echoes, for the tests of the spine."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import as_clock
from pv.accounts.models import User
from pv.core import clock
from pv.core.days import legal_day
from pv.deadlines import kinds, services
from pv.deadlines.models import Basis, Deadline, Ladder, Rung, Step
from pv.notices.models import Delivery, Notice
from tests.support.people import HOLDER_A, setting_up

SHANGHAI = ZoneInfo("Asia/Shanghai")
KIND = "test-promise"
ALARM = "test-alarm"
kinds.register(kinds.Kind(KIND, _("promise"), _("Promise %(name)s"), "/deadlines/{deadline}/", "test"))
kinds.register(kinds.Kind(ALARM, _("alarm"), _("Alarm %(name)s"), "/deadlines/{deadline}/", "test", met_by_taking=True))

BOTH = ["in_app", "email"]
# (amount, unit, side, tone, repeat_days, [(delay in hours, audience)])
USUAL: list[tuple[int, str, str, str, int | None, list[tuple[float, list[str]]]]] = [
    (1, "months", "before", "info", None, [(0, ["owner"])]),
    (7, "days", "before", "warning", None, [(0, ["owner"]), (72, ["pv_head"])]),
    (0, "hours", "after", "urgent", None, [(0, ["owner"]), (24, ["pv_head"]), (72, ["regulatory_affairs"])]),
    (7, "days", "after", "urgent", 7, [(0, ["owner", "pv_head"])]),
]


def make_ladder(rungs: Any = None, *, code: str = "test", organisation: UUID = HOLDER_A) -> Ladder:
    """A ladder of the organisation's own."""
    with setting_up(organisation):
        ladder = Ladder.objects.create(
            organisation_id=organisation, code=code, name_en="Test", name_zh="测试", source="test"
        )
        for no, (amount, unit, side, tone, repeat, steps) in enumerate(USUAL if rungs is None else rungs, 1):
            rung = Rung.objects.create(
                organisation_id=organisation,
                ladder=ladder,
                no=no,
                amount=amount,
                unit=unit,
                side=side,
                tone=tone,
                repeat_days=repeat,
            )
            for nth, (hours, audience) in enumerate(steps, 1):
                Step.objects.create(
                    organisation_id=organisation,
                    rung=rung,
                    nth=nth,
                    delay_minutes=int(hours * 60),
                    audience=audience,
                    channels=BOTH,
                )
    return ladder


def open_one(
    *,
    due_in: timedelta = timedelta(days=90),
    owner: User | None = None,
    organisation: UUID = HOLDER_A,
    kind: str = KIND,
    due_at: datetime | None = None,
    **more: Any,
) -> Deadline:
    """An open deadline whose clock runs."""
    with setting_up(organisation):
        day = legal_day(clock.now() + due_in, SHANGHAI) if due_at is None else None
        return services.open_deadline(
            organisation=organisation,
            kind=kind,
            subject=uuid4(),
            due_on=day,
            due_at=due_at,
            basis=Basis.LEGAL,
            args={"name_en": "one", "name_zh": "甲"},
            assignee=owner,
            **more,
        )


def told(deadline: Deadline) -> list[tuple[int, int, int]]:
    """What has rung: (round, rung, nth), in order."""
    with as_clock():
        return [
            (one.round, one.rung, one.nth)
            for one in Notice.objects.filter(deadline_id=deadline.pk).order_by("round", "rung", "nth")
        ]


def readers(deadline: Deadline, channel: str = "in_app") -> list[str]:
    """Who was told, in order of time, by e-mail address."""
    with as_clock():
        return [
            one.recipient.email
            for one in Delivery.objects.filter(notice__deadline_id=deadline.pk, channel=channel)
            .select_related("recipient")
            .order_by("notice__rung", "notice__nth", "recipient__email")
        ]
