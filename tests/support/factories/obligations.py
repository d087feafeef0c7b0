"""Obligations, milestones, and what was done to them."""

from datetime import timedelta
from hashlib import sha256

import factory

from pv.core import clock
from pv.deadlines.models import Basis
from pv.obligations.models import Milestone, Obligation, ObligationChange
from tests.support.factories.accounts import UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.products import AuthorisationFactory, StudyFactory


class ObligationFactory(TenantFactory):
    """An open obligation as a bare row without its deadline; services.open_obligation opens the clock too."""

    class Meta:
        model = Obligation

    code = factory.Sequence(lambda n: f"PMR-{n:03}")
    authorisation = child(AuthorisationFactory)
    kind = Obligation.Kind.CONFIRMATORY_TRIAL
    title_en = "Confirmatory trial"
    title_zh = "确证性临床试验"
    sentence = "应于批准后四年内完成确证性临床试验。"
    document = "Registration certificate"
    sentence_hash = factory.LazyAttribute(lambda it: sha256(it.sentence.encode()).hexdigest())
    owner = factory.SubFactory(UserFactory)
    due_source = Obligation.DueSource.CERTIFICATE
    basis = Basis.LEGAL
    due_on = factory.LazyFunction(lambda: clock.today() + timedelta(days=400))
    original_due_on = factory.SelfAttribute("due_on")

    class Params:
        late = factory.Trait(due_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=10)))
        at_risk = factory.Trait(forecast_on=factory.LazyAttribute(lambda it: it.due_on + timedelta(days=60)))
        submitted = factory.Trait(state=Obligation.State.SUBMITTED, submitted_on=factory.LazyFunction(clock.today))
        fulfilled = factory.Trait(
            state=Obligation.State.FULFILLED,
            submitted_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=300)),
            decided_on=factory.LazyFunction(clock.today),
        )


class MilestoneFactory(TenantFactory):
    class Meta:
        model = Milestone

    study = child(StudyFactory)
    kind = Milestone.Kind.LAST_PATIENT_IN
    planned_on = factory.LazyFunction(lambda: clock.today() + timedelta(days=90))
    due_on = factory.SelfAttribute("planned_on")
    owner = factory.SubFactory(UserFactory)


class ObligationChangeFactory(TenantFactory):
    class Meta:
        model = ObligationChange

    obligation = child(ObligationFactory)
    what = ObligationChange.What.OPENED
    new = "open"
    at = factory.LazyFunction(clock.now)
    by = factory.SubFactory(UserFactory)
