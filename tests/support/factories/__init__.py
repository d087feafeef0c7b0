"""One factory for each model. Each acts inside setting_up() for itself, so a test's own context stays as it was.

`organisation_id` chooses the holder (A unless said); children follow their parents. Traits are named after situations:
`DeadlineFactory(overdue=True)`, `AuthorisationFactory(conditional=True)`.
"""

from tests.support.factories.accounts import MembershipFactory, PartyFactory, UserFactory
from tests.support.factories.biosamples import (
    CustodyEventFactory,
    InstructionFactory,
    LoanFactory,
    PlanItemFactory,
    SamplingPlanFactory,
    SamplingRequestFactory,
    SpecimenFactory,
)
from tests.support.factories.deadlines import (
    AlarmFactory,
    DeadlineFactory,
    LadderFactory,
    RuleFactory,
    RungFactory,
    StepFactory,
)
from tests.support.factories.followup import (
    ContactAttemptFactory,
    DutyLineFactory,
    PlannedVisitFactory,
    ReportedEventFactory,
    VisitFactory,
    VisitPlanFactory,
    VisitRecordFactory,
)
from tests.support.factories.notices import (
    AcknowledgementFactory,
    DeliveryFactory,
    MessageFactory,
    NoticeFactory,
    RotaFactory,
)
from tests.support.factories.obligations import MilestoneFactory, ObligationChangeFactory, ObligationFactory
from tests.support.factories.patients import (
    ConsentFactory,
    IdentityFactory,
    LotFactory,
    MedicalHistoryFactory,
    PatientFactory,
    TransferFactory,
    TreatmentFactory,
    TreatmentLotFactory,
    VectorBatchFactory,
    VitalStatusFactory,
)
from tests.support.factories.products import (
    AliasFactory,
    AuthorisationFactory,
    ProductFactory,
    StudyFactory,
    StudyProductFactory,
)

__all__ = [
    "AcknowledgementFactory",
    "AlarmFactory",
    "AliasFactory",
    "AuthorisationFactory",
    "ConsentFactory",
    "ContactAttemptFactory",
    "CustodyEventFactory",
    "DeadlineFactory",
    "DeliveryFactory",
    "DutyLineFactory",
    "IdentityFactory",
    "InstructionFactory",
    "LadderFactory",
    "LoanFactory",
    "LotFactory",
    "MedicalHistoryFactory",
    "MembershipFactory",
    "MessageFactory",
    "MilestoneFactory",
    "NoticeFactory",
    "ObligationChangeFactory",
    "ObligationFactory",
    "PartyFactory",
    "PatientFactory",
    "PlanItemFactory",
    "PlannedVisitFactory",
    "ProductFactory",
    "ReportedEventFactory",
    "RotaFactory",
    "RuleFactory",
    "RungFactory",
    "SamplingPlanFactory",
    "SamplingRequestFactory",
    "SpecimenFactory",
    "StepFactory",
    "StudyFactory",
    "StudyProductFactory",
    "TransferFactory",
    "TreatmentFactory",
    "TreatmentLotFactory",
    "UserFactory",
    "VectorBatchFactory",
    "VisitFactory",
    "VisitPlanFactory",
    "VisitRecordFactory",
    "VitalStatusFactory",
]
