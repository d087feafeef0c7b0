"""Load calendars, rules, ladders, the public register and the pipeline from fixtures/."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM
from pv.biosamples.loading import load_sampling_plans
from pv.core.errors import DomainError
from pv.core.loading import load_calendars
from pv.core.reference import ReferenceFault
from pv.core.upsert import Loaded
from pv.deadlines.loading import load_ladders, load_rules
from pv.followup.loading import load_visit_plans
from pv.ops.owner import connected_as_owner
from pv.products.loading import load_pipeline, load_register


def loaders(folder: Path) -> Iterator[Callable[[], Loaded | list[Loaded]]]:
    """Everything that is shared by all organisations, in an order in which each finds what it points to."""
    yield load_calendars
    yield partial(load_rules, folder / "rules")
    yield partial(load_ladders, folder / "ladders" / "ladders.yaml")
    yield partial(load_register, folder / "register")
    yield partial(load_pipeline, folder / "pipeline" / "pipeline.csv")
    yield partial(load_visit_plans, folder / "visit_plans" / "visit_plans.yaml")
    yield partial(load_sampling_plans, folder / "sampling_plans" / "sampling_plans.yaml")


def load_all(folder: Path) -> list[Loaded]:
    """All files or none: whoever mends them is told of every file that has a mistake, not of the first one only."""
    loaded: list[Loaded] = []
    faults: list[Exception] = []
    for load in loaders(folder):
        try:
            with transaction.atomic():
                done = load()
        except (ReferenceFault, DomainError) as fault:
            faults.append(fault)
        else:
            loaded += done if isinstance(done, list) else [done]
    if faults:
        raise CommandError("\n".join(["Nothing was loaded.", *map(str, faults)])) from faults[0]
    return loaded


class Command(BaseCommand):
    """All files or none: the first mistake takes everything back and is named with file and line."""

    help = "Loads the reference data as the owner. A second run changes nothing; nothing is ever deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.FIXTURES_DIR, help="where the files stand")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        with (
            connected_as_owner(),
            acting_as(SYSTEM, organisation=PUBLIC_ORGANISATION, reason="reference data", job="load_reference"),
        ):
            loaded = load_all(folder)
        for one in loaded:
            self.stdout.write(str(one))
