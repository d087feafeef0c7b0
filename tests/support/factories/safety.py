"""Reports, cases with their versions and reactions, judgements, processes, questions, moves."""

import factory

from pv.accounts.models import Signature
from pv.core import clock
from pv.core.ids import uuid7
from pv.safety.models import Assessment, Case, CaseVersion, InboxItem, MalignancyProcess, Question, Reaction, SafetyMove
from pv.terminology.clinical import Lineage, Malignancy
from tests.support.factories.accounts import UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.patients import PatientFactory


class CaseFactory(TenantFactory):
    """Without a number, as the commit leaves it; numbered=True has one."""

    class Meta:
        model = Case

    year = 2026
    patient = child(PatientFactory)
    day_zero = factory.LazyFunction(clock.today)
    serious = True
    malignancy = True
    versions = 1

    class Params:
        numbered = factory.Trait(
            serial=factory.Sequence(lambda n: n + 1), number=factory.LazyAttribute(lambda it: f"CN-2026-{it.serial:04}")
        )
        reported = factory.Trait(
            state=Case.State.REPORTED, reported_on=factory.LazyFunction(clock.today), reported_version=1
        )


class InboxItemFactory(TenantFactory):
    """A suspected T-cell malignancy told on the telephone, nobody has looked yet. Its clocks are not opened here."""

    class Meta:
        model = InboxItem

    number = factory.Sequence(lambda n: f"IN-260213-{n:04}")
    kind = InboxItem.Kind.MALIGNANCY
    source = "phone"
    patient = child(PatientFactory)
    malignancy = Malignancy.SUSPECTED
    diagnosis = "Enlarged cervical node, T-cell lymphoma suspected"
    lineage = Lineage.T_CELL
    serious = True
    seriousness = factory.List(["other"])
    known_to_holder_on = factory.LazyFunction(clock.today)
    day_zero = factory.SelfAttribute("known_to_holder_on")
    received_at = factory.LazyFunction(clock.now)
    first_receiver = factory.SubFactory(UserFactory)
    submission = factory.LazyFunction(uuid7)

    class Params:
        triaged = factory.Trait(
            state=InboxItem.State.CASE,
            case=child(CaseFactory),
            triaged_by=factory.SubFactory(UserFactory),
            triaged_at=factory.LazyFunction(clock.now),
        )


class CaseVersionFactory(TenantFactory):
    class Meta:
        model = CaseVersion

    case = child(CaseFactory)
    no = 1
    day_zero = factory.SelfAttribute("case.day_zero")
    content = factory.Dict({"diagnosis": "T-cell lymphoma", "lineage": "t_cell"})
    content_hash = "0" * 64
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class ReactionFactory(TenantFactory):
    class Meta:
        model = Reaction

    case_version = child(CaseVersionFactory)
    verbatim = "T-cell lymphoma"


class SignatureFactory(TenantFactory):
    """As it stands in the ledger; what it was put to stands nowhere."""

    class Meta:
        model = Signature

    record_table = "safety_case"
    record_id = factory.LazyFunction(uuid7)
    act = "assessment"
    meaning = Signature.Meaning.REVIEWED
    content_hash = "0" * 64
    signer = factory.SubFactory(UserFactory)
    signer_name = factory.SelfAttribute("signer.name")


class AssessmentFactory(TenantFactory):
    class Meta:
        model = Assessment

    case_version = child(CaseVersionFactory)
    causality = "possible"
    expected = "yes"
    reasoning = "The onset fits, and the transgene was found in the tumour."
    signature = child(SignatureFactory)
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class MalignancyProcessFactory(TenantFactory):
    class Meta:
        model = MalignancyProcess

    item = child(InboxItemFactory)
    patient = factory.SelfAttribute("item.patient")
    status = factory.SelfAttribute("item.malignancy")
    lineage = factory.SelfAttribute("item.lineage")
    opened_at = factory.LazyFunction(clock.now)


class QuestionFactory(TenantFactory):
    class Meta:
        model = Question

    item = child(InboxItemFactory)
    what = Question.What.NO_PATIENT
    for_role = "pv_officer"


class SafetyMoveFactory(TenantFactory):
    class Meta:
        model = SafetyMove

    subject = factory.LazyFunction(uuid7)
    what = "opened"
    new = "suspected"
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)
