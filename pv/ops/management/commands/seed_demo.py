"""Make up the demonstration's organisations, people, products, studies and obligations."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.core import clock
from pv.ops.demo import holder_a, holder_b, people
from pv.ops.demo.plan import Holder, Setting
from pv.ops.demo.writing import Writer
from pv.ops.owner import connected_as_owner

REASON, JOB = "made up for the demonstration", "seed_demo"
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
            "--patients", type=int, default=200, help="patients per holder; used once the patients room stands"
        )
        parser.add_argument("--seed", type=int, default=1, help="varies dates and numbers a little")

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
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

    def _say(self, what: str, new: int) -> None:
        self.stdout.write(f"{what}: {new} new" if new else f"{what}: nothing new")
