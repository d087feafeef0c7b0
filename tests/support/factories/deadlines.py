"""Rules, ladders, and clocks that run."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import factory

from pv.core import clock
from pv.core.days import due_instant
from pv.core.ids import uuid7
from pv.deadlines.models import Alarm, Basis, Deadline, Ladder, Rule, Rung, Step
from tests.support.factories.accounts import UserFactory
from tests.support.factories.base import RowFactory, TenantFactory, child

SHANGHAI = ZoneInfo("Asia/Shanghai")


class RuleFactory(TenantFactory):
    """A holder's own rule; the shared ones are in the template already (pv.deadlines.services.rule_for)."""

    class Meta:
        model = Rule

    code = factory.Sequence(lambda n: f"TEST-RULE-{n}")
    jurisdiction = "CN"
    duty_kind = "confirmatory_trial"
    trigger_en = "Conditional approval"
    trigger_zh = "附条件批准"
    clock_start = "approved_on"
    clock_start_en = "day of approval"
    clock_start_zh = "批准日期"
    amount = 4
    unit = Rule.Unit.YEARS
    day_type = Rule.DayType.CALENDAR
    status = Rule.Status.BINDING
    certainty = Rule.Certainty.READ
    source = "made up for a test"

    class Params:
        recalled = factory.Trait(certainty=Rule.Certainty.RECALLED)
        draft = factory.Trait(status=Rule.Status.DRAFT)
        default = factory.Trait(status=Rule.Status.DEFAULT)


class LadderFactory(TenantFactory):
    """A ladder of `rungs`, each (amount, unit, side, [audience of each step]); else a day before and on the day."""

    class Meta:
        model = Ladder
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"test_ladder_{n}")
    name_en = "A ladder for tests"
    name_zh = "测试用方案"
    source = "made up for a test"

    @factory.post_generation
    def rungs(self: Ladder, create: bool, extracted: Any, **more: Any) -> None:
        wanted = [(1, "days", "before", ["owner"]), (0, "days", "after", ["owner", "pv_head"])]
        for no, (amount, unit, side, audiences) in enumerate(wanted if extracted is None else extracted, start=1):
            rung = RungFactory(
                organisation_id=self.organisation_id, ladder=self, no=no, amount=amount, unit=unit, side=side
            )
            for nth, audience in enumerate(audiences, start=1):
                StepFactory(
                    organisation_id=self.organisation_id,
                    rung=rung,
                    nth=nth,
                    delay_minutes=60 * (nth - 1),
                    audience=[audience],
                )


class RungFactory(TenantFactory):
    class Meta:
        model = Rung

    ladder = child(LadderFactory, rungs=[])
    no = 1
    amount = 0
    unit = Rung.Unit.DAYS
    side = Rung.Side.AFTER
    tone = Rung.Tone.WARNING


class StepFactory(TenantFactory):
    class Meta:
        model = Step

    rung = child(RungFactory)
    nth = 1
    audience = factory.List(["owner"])
    channels = factory.List(["in_app", "email"])


class DeadlineFactory(TenantFactory):
    """A running clock with its alarm, of a kind that rooms register: an obligation's. Its subject stands nowhere."""

    class Meta:
        model = Deadline
        skip_postgeneration_save = True

    kind = "obligation"
    args = factory.Dict({"code": "PMR-1", "title_en": "Confirmatory trial", "title_zh": "确证性临床试验"})
    subject = factory.LazyFunction(uuid7)
    assignee = factory.SubFactory(UserFactory)
    basis = Basis.LEGAL
    ladder = child(LadderFactory)
    due_on = factory.LazyFunction(lambda: clock.today() + timedelta(days=30))
    original_due_on = factory.SelfAttribute("due_on")
    due_at = factory.LazyAttribute(lambda it: due_instant(it.due_on, SHANGHAI))
    alarm = factory.Maybe(
        factory.LazyAttribute(lambda it: it.closed_at is None),
        yes_declaration=factory.RelatedFactory("tests.support.factories.AlarmFactory", factory_related_name="deadline"),
    )
    closed_at = None

    class Params:
        late = factory.Trait(
            basis=Basis.INTERNAL, due_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=3))
        )
        overdue = factory.Trait(due_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=3)))
        met = factory.Trait(
            outcome=Deadline.Outcome.MET,
            met_at=factory.LazyFunction(clock.now),
            closed_at=factory.LazyFunction(clock.now),
        )
        cancelled = factory.Trait(outcome=Deadline.Outcome.CANCELLED, closed_at=factory.LazyFunction(clock.now))


class AlarmFactory(RowFactory):
    """The hot half of a deadline; rings at once if the deadline is late."""

    class Meta:
        model = Alarm

    deadline = factory.SubFactory(DeadlineFactory, alarm=None)
    organisation_id = factory.SelfAttribute("deadline.organisation_id")
    due_on = factory.SelfAttribute("deadline.due_on")
    due_at = factory.SelfAttribute("deadline.due_at")
    zone = factory.SelfAttribute("deadline.zone")
    calendar = factory.SelfAttribute("deadline.calendar")
    ladder_id = factory.SelfAttribute("deadline.ladder_id")
    next_alert_at = factory.SelfAttribute("deadline.due_at")
