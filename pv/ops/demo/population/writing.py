"""Writes a population through the rooms' services, as the people who would have done it, each on its day."""

from uuid import UUID

from pv.ops.demo.population.following import follow_everybody
from pv.ops.demo.population.handling import Desk
from pv.ops.demo.population.keeping import keep_everything
from pv.ops.demo.population.registering import register_everything
from pv.ops.demo.population.settling import settle
from pv.ops.demo.population.stage import Stage
from pv.ops.demo.population.stories import Population
from pv.ops.demo.population.travelling import travelling
from pv.patients.models import Patient


def stands(organisation: UUID) -> bool:
    """Whether this organisation has patients: then nothing is made up beside them."""
    there: bool = Patient.objects.for_organisations([organisation]).exists()
    return there


def write_population(organisation: UUID, population: Population) -> int:
    """Write everything in the transaction that stands, as owner stepped down to app; how many patients."""
    with travelling() as traveller:
        stage = Stage(organisation, population, traveller)
        stage.make_parties()
        desk = Desk(stage)
        register_everything(stage)
        keep_everything(stage)
        follow_everybody(stage, desk)
        for call in population.calls:
            desk.call(call)
        stage.agenda.run(traveller.to)
        traveller.to(traveller.now)
        settle(stage)
    return len(population.stories)
