"""Visit plans, duty lines, visits and records: bare rows, without their deadlines."""

from datetime import date, timedelta

import factory

from pv.core import clock
from pv.core.ids import uuid7
from pv.followup.models import (
    ContactAttempt,
    DutyLine,
    Excuse,
    Line,
    PlannedVisit,
    ReportedEvent,
    Visit,
    VisitPlan,
    VisitRecord,
)
from tests.support.factories.accounts import UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.patients import PatientFactory, TreatmentFactory


class VisitPlanFactory(TenantFactory):
    """A holder's own plan without visits; the shared ones are in the template already."""

    class Meta:
        model = VisitPlan

    code = factory.Sequence(lambda n: f"test-plan-{n}")
    name_en = "A plan for tests"
    name_zh = "测试用方案"
    vector_classes = factory.List(["integrating"])
    protocol_years = 15
    source = "made up for a test"


class PlannedVisitFactory(TenantFactory):
    class Meta:
        model = PlannedVisit

    plan = child(VisitPlanFactory)
    line = Line.PROTOCOL
    position = factory.Sequence(lambda n: n + 1)
    code = factory.LazyAttribute(lambda it: f"M{it.months}")
    months = 12
    early_days = 14
    late_days = 14


class DutyLineFactory(TenantFactory):
    """The protocol line since a year ago; lifelong=True the other one."""

    class Meta:
        model = DutyLine

    treatment = child(TreatmentFactory)
    patient = factory.SelfAttribute("treatment.patient")
    line = Line.PROTOCOL
    plan = child(VisitPlanFactory)
    starts_on = factory.SelfAttribute("treatment.infused_on")
    ends_on = factory.LazyAttribute(lambda it: date(it.starts_on.year + 15, it.starts_on.month, 1))
    joined_on = factory.SelfAttribute("starts_on")

    class Params:
        lifelong = factory.Trait(line=Line.LIFELONG, ends_on=None)


class VisitFactory(TenantFactory):
    """Month 12, whose window is open now; late=True closed ten days ago, done=True was seen yesterday."""

    class Meta:
        model = Visit

    duty_line = child(DutyLineFactory)
    patient = factory.SelfAttribute("duty_line.patient")
    line = factory.SelfAttribute("duty_line.line")
    sequence = factory.Sequence(lambda n: n + 1)
    code = factory.Sequence(lambda n: f"M{n + 1}")
    due_on = factory.LazyFunction(clock.today)
    earliest_on = factory.LazyAttribute(lambda it: it.due_on - timedelta(days=14))
    closes_on = factory.LazyAttribute(lambda it: it.due_on + timedelta(days=14))

    class Params:
        late = factory.Trait(due_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=24)))
        done = factory.Trait(
            state=Visit.State.DONE, seen_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=1))
        )


class VisitRecordFactory(TenantFactory):
    """A full visit, everything well. A malignancy needs its inbox item at the commit (pv.safety)."""

    class Meta:
        model = VisitRecord

    patient = child(PatientFactory)
    submission = factory.LazyFunction(uuid7)
    kind = VisitRecord.Kind.FULL
    seen_on = factory.LazyFunction(lambda: clock.today() - timedelta(days=1))
    seen_precision = "day"
    alive = "yes"
    known_to_holder_on = factory.LazyFunction(clock.today)
    malignancy = "no"
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class ReportedEventFactory(TenantFactory):
    class Meta:
        model = ReportedEvent

    record = child(VisitRecordFactory)
    kind = "infection"
    verbatim = "pneumonia"


class ContactAttemptFactory(TenantFactory):
    class Meta:
        model = ContactAttempt

    patient = child(PatientFactory)
    on = factory.LazyFunction(clock.today)
    channel = ContactAttempt.Channel.PHONE
    result = ContactAttempt.Result.NO_ANSWER
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class ExcuseFactory(TenantFactory):
    class Meta:
        model = Excuse

    visit = child(VisitFactory)
    state = "unavailable"
    reason = "the hospital closed"
    signature = child("tests.support.factories.SignatureFactory")
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)
