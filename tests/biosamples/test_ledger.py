"""The row is always what its ledger adds up to."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.accounts.models import User
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, Instruction, SamplingRequest, Specimen
from pv.biosamples.rules import Broken
from pv.biosamples.services import Part
from pv.core.errors import DomainError
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker, fresh
from tests.support.factories import CustodyEventFactory, SpecimenFactory
from tests.support.people import setting_up

pytestmark = pytest.mark.django_db

ACTS = st.one_of(
    st.tuples(st.sampled_from(services.MOVABLE), st.decimals(-7, 1, places=3, allow_nan=False) | st.just(Decimal(0))),
    st.tuples(st.sampled_from(["hold", "release", "excursion", "divide"]), st.decimals(0, 3, places=3)),
)


@given(st.lists(ACTS, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_row_is_what_its_ledger_adds_up_to(
    as_manager: User, acts: list[tuple[str, Decimal]]
) -> None:
    tube, causes = SpecimenFactory(), [UUID(int=1), UUID(int=2)]
    tubes = [tube]
    for no, (what, amount) in enumerate(acts):
        try:
            _do(as_manager, tube, what, amount, causes[no % 2], tubes)
        except DomainError:
            continue  # refused; nothing of it may stay
    for one in tubes:
        fresh(one)
        assert services.differs(one) == {}
        assert one.quantity >= 0
        assert one.events == one.version == CustodyEvent.objects.filter(specimen=one).count()
        assert not (one.on_hold and one.state == "disposed")
    assert sum(one.quantity for one in tubes) <= 5


def _do(by: User, tube: Specimen, what: str, amount: Decimal, cause: UUID, tubes: list[Specimen]) -> None:
    named = {"by": by, "specimen_id": tube.pk}
    match what:
        case "hold":
            services.hold(**named, cause=cause)
        case "release":
            services.release_hold(**named, reason="done", cause=cause)
        case "excursion":
            services.excursion(**named, celsius=Decimal(-20), minutes=5)
        case "divide":
            code = f"{tube.code}-{uuid4().hex[:8]}"
            tubes += services.aliquot(**named, parts=[Part(code, amount)])
        case _:
            services.move(**named, what=what, change=amount, place="tank 1", document="D-1")


def test_a_row_changed_behind_its_ledger_is_found(holder_a: UUID) -> None:
    tube = SpecimenFactory()
    with setting_up():
        Specimen.objects.filter(pk=tube.pk).update(quantity=9, place="my own freezer")
        found = services.differs(fresh(tube))
    assert found == {"quantity": (Decimal(9), Decimal(5)), "place": ("my own freezer", "tank 2, rack 4, box 7")}


def test_an_entry_slipped_into_the_ledger_is_found(holder_a: UUID) -> None:
    tube = SpecimenFactory()
    CustodyEventFactory(specimen=tube, no=3, what="thawed", change=0, thaws_after=1)
    with setting_up(), pytest.raises(Broken):
        services.rebuild(tube)


def test_rebuilding_tells_how_it_stands(as_manager: User, ask: Asker, patient: Patient, cause: UUID) -> None:
    tube = SpecimenFactory(patient=patient)
    ask()
    standing = services.rebuild(tube)
    assert (standing.state, standing.quantity, standing.causes) == ("stored", 5, (cause,))
    assert Instruction.objects.get().cause == cause
    assert SamplingRequest.objects.filter(state="met").count() == 1
