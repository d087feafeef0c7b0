"""Make up the demonstration's organisations, people, products, studies and obligations."""

import multiprocessing
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.core import clock
from pv.ops.demo import holder_a, holder_b, people
from pv.ops.demo.plan import Holder, Setting
from pv.ops.demo.population.simulate import simulate
from pv.ops.demo.population.stories import Population
from pv.ops.demo.population.writing import stands, write_population
from pv.ops.demo.writing import Writer
from pv.ops.owner import connected_as_owner

REASON, JOB = "made up for the demonstration", "seed_demo"
# From so many patients on each holder is written by a process of its own.
MANY = 100
HOLDERS: dict[UUID, Holder] = {people.HOLDER_A: holder_a.HOLDER, people.HOLDER_B: holder_b.HOLDER}


def refuse_outside_the_demo(what: str) -> None:
    """Made-up people have a known password, and a shifted clock lies: neither has a place in production."""
    if settings.PRODUCTION or not settings.DEMO:
        raise CommandError(f"{what} is for the demonstration only: set PV_DEMO=1, and never in production.")


class Command(BaseCommand):
    """Organisations as the owner, everything else as app through the services. A second run changes nothing."""

    help = "Seeds two made-up holders. Refused in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--patients", type=int, default=settings.DEMO_PATIENTS, help="patients of both holders together"
        )
        parser.add_argument("--seed", type=int, default=1, help="another number makes other patients and dates")

    def handle(self, *args: Any, patients: int = 0, seed: int = 1, **options: Any) -> None:
        refuse_outside_the_demo("seed_demo")
        with connected_as_owner(), acting_as(SYSTEM, reason=REASON, job=JOB):
            self._say("organisations", people.make_organisations())
        setting = Setting(clock.today(), seed)
        with acting_as(SYSTEM, organisations=list(people.ORGANISATIONS), reason=REASON, job=JOB):
            self._say("people", people.make_people())
            self._say("rota entries", people.make_rota(setting.today))
        for pk, holder in HOLDERS.items():
            by = User.objects.get(email=f"ra@{people.HOMES[pk].domain}")
            with acting_as(by, organisation=pk, reason=REASON, job=JOB):
                written = Writer(pk, setting).write(holder)
            self._say(people.ORGANISATIONS[pk][0][0], written)
        self._people_to_treat(patients or settings.DEMO_PATIENTS, setting)

    def _people_to_treat(self, patients: int, setting: Setting) -> None:
        """Each holder's patients in a transaction of its own; both at once where there are many."""
        populations = dict(zip(HOLDERS, simulate(patients, setting.seed, setting.today), strict=True))
        missing = {pk: population for pk, population in populations.items() if not self._stands(pk)}
        if patients < MANY:
            for pk, population in missing.items():
                write_patients(pk, population)
        else:
            _side_by_side(missing)
        for pk in HOLDERS:
            written = len(missing[pk].stories) if pk in missing else 0
            self._say(f"{people.ORGANISATIONS[pk][0][0]}, patients", written)

    def _stands(self, organisation: UUID) -> bool:
        with acting_as(SYSTEM, organisation=organisation, reason=REASON, job=JOB):
            return stands(organisation)

    def _say(self, what: str, new: int) -> None:
        self.stdout.write(f"{what}: {new} new" if new else f"{what}: nothing new")


def write_patients(organisation: UUID, population: Population) -> None:
    """As the owner, who steps down to app and sets the clock of this transaction (population.travelling)."""
    with connected_as_owner(), acting_as(SYSTEM, organisation=organisation, reason=REASON, job=JOB):
        write_population(organisation, population)


def _side_by_side(populations: Mapping[UUID, Population]) -> None:
    """One process for each holder: a thousand visits keep a core busy, and the two know nothing of each other."""
    connections.close_all()  # a child must not talk on its parent's connection
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=write_patients, args=one) for one in populations.items()]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise CommandError("The patients could not be made up; what failed is written above.")
