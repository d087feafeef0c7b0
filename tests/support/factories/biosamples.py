"""Plans, instructions, requests, specimens with their custody, loans: bare rows, without what services would open."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import factory

from pv.biosamples.models import (
    CustodyEvent,
    Instruction,
    Loan,
    PlanItem,
    SamplingPlan,
    SamplingRequest,
    Specimen,
    Temperature,
)
from pv.core import clock
from pv.terminology.clinical import Lineage, Material, Timing
from tests.support.factories.accounts import PartyFactory, UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.deadlines import RuleFactory
from tests.support.factories.patients import PatientFactory


class SamplingPlanFactory(TenantFactory):
    """An organisation's own plan for T-cell malignancies, without items."""

    class Meta:
        model = SamplingPlan

    code = factory.Sequence(lambda n: f"plan_{n}")
    name_en = "Own plan"
    name_zh = "自有方案"
    lineages = factory.LazyFunction(lambda: [Lineage.T_CELL])
    source = "protocol of a study"


class PlanItemFactory(TenantFactory):
    class Meta:
        model = PlanItem

    plan = child(SamplingPlanFactory)
    position = factory.Sequence(lambda n: n + 1)
    timing = Timing.AT_EVENT
    material = Material.TUMOUR_FFPE
    what_en = "Tissue of the new tumour"
    what_zh = "新发肿瘤组织"
    quantity_en = "the block"
    quantity_zh = "组织块"
    handling_en = "room temperature"
    handling_zh = "室温"
    temperature = Temperature.ROOM
    collect_rule = "CN-SPM-SAMPLE-COLL"


class InstructionFactory(TenantFactory):
    class Meta:
        model = Instruction

    cause = factory.LazyFunction(uuid4)
    number = factory.Sequence(lambda n: f"IN-260213-{n:04}")
    patient = child(PatientFactory)
    lineage = Lineage.T_CELL
    plan = child(SamplingPlanFactory)
    rule = child(RuleFactory)
    day_zero = factory.LazyFunction(clock.today)
    due_at = factory.LazyFunction(lambda: clock.now() + timedelta(hours=48))


class SamplingRequestFactory(TenantFactory):
    """An open request; met=True has been met."""

    class Meta:
        model = SamplingRequest

    cause = factory.LazyFunction(uuid4)
    patient = child(PatientFactory)
    item = child(PlanItemFactory)
    plan = factory.SelfAttribute("item.plan")
    timing = factory.SelfAttribute("item.timing")
    material = factory.SelfAttribute("item.material")
    due_on = factory.LazyFunction(lambda: clock.today() + timedelta(days=7))

    class Params:
        met = factory.Trait(state=SamplingRequest.State.MET, ended_at=factory.LazyFunction(clock.now))


class SpecimenFactory(TenantFactory):
    """A tube in the store, from before the treatment, with the first entry of its ledger; event=True: of the event."""

    class Meta:
        model = Specimen
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"S-{n:05}")
    patient = child(PatientFactory)
    timing = Timing.BEFORE_TREATMENT
    material = Material.APHERESIS
    collected_on = date(2024, 1, 15)
    collected_precision = "day"
    quantity = Decimal("5.000")
    unit = "10⁶ cells"
    temperature = Temperature.VAPOUR
    state = Specimen.State.STORED
    place = "tank 2, rack 4, box 7"
    events = 1
    first_entry = factory.RelatedFactory(
        "tests.support.factories.CustodyEventFactory",
        factory_related_name="specimen",
        organisation_id=factory.SelfAttribute("..organisation_id"),
    )

    class Params:
        event = factory.Trait(
            timing=Timing.AT_EVENT,
            material=Material.TUMOUR_FFPE,
            temperature=Temperature.ROOM,
            collected_on=factory.LazyFunction(clock.today),
        )
        held = factory.Trait(on_hold=True, hold_cause=factory.LazyFunction(uuid4))


class CustodyEventFactory(TenantFactory):
    """The entry by which a specimen was registered."""

    class Meta:
        model = CustodyEvent

    specimen = child(SpecimenFactory, first_entry=None)
    no = 1
    what = CustodyEvent.What.REGISTERED
    at = factory.LazyFunction(lambda: clock.now() - timedelta(days=300))
    state_after = factory.SelfAttribute("specimen.state")
    to_holder = factory.SelfAttribute("specimen.holder")
    place = factory.SelfAttribute("specimen.place")
    change = factory.LazyAttribute(lambda it: it.specimen.quantity or 0)
    quantity_after = factory.SelfAttribute("specimen.quantity")
    thaws_after = factory.SelfAttribute("specimen.thaws")
    compromised_after = factory.SelfAttribute("specimen.compromised")
    by = factory.SubFactory(UserFactory)
    recorded_at = factory.LazyFunction(clock.now)


class LoanFactory(TenantFactory):
    """Sections lent a week ago for four weeks; late=True should be back; returned=True is."""

    class Meta:
        model = Loan

    patient = child(PatientFactory)
    kind = Loan.Kind.UNSTAINED
    pieces = 10
    pathology_number = factory.Sequence(lambda n: f"26-{n:05}")
    lender = child(PartyFactory)
    borrower = "the patient's daughter"
    deposit = Decimal("500.00")
    lent_on = factory.LazyFunction(lambda: clock.today() - timedelta(days=7))
    return_by = factory.LazyAttribute(lambda it: it.lent_on + timedelta(days=28))

    class Params:
        late = factory.Trait(lent_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=40)))
        returned = factory.Trait(returned_on=factory.LazyFunction(clock.today))
