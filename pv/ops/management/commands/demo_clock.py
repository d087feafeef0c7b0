"""Set the demonstration's clock: everything that is due follows it; history, seals and log-ins keep real time."""

import re
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from pv.core import clock
from pv.ops.management.commands.seed_demo import refuse_outside_the_demo
from pv.ops.owner import connected_as_owner

ZONE = ZoneInfo("Asia/Shanghai")
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d")
STEP = re.compile(r"([0-9]{1,5})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """Works as the owner: app may only read the clock."""

    help = 'Shifts the clock: demo_clock "2026-02-13 18:40" (Beijing time), --forward 25h, or --reset to real time.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        wish = parser.add_mutually_exclusive_group(required=True)
        wish.add_argument("when", nargs="?", help='the new time, as in "2026-02-13 18:40", Beijing time')
        wish.add_argument("--forward", metavar="25h", help="so many minutes (m), hours (h) or days (d) on from now")
        wish.add_argument("--reset", action="store_true", help="back to real time")

    def handle(self, *args: Any, when: str | None, forward: str | None, reset: bool, **options: Any) -> None:
        refuse_outside_the_demo("demo_clock")
        with connected_as_owner():
            if reset:
                clock.reset()
            else:
                clock.set_to(clock.now() + _step(forward) if forward else _instant(when or ""))
            shown = clock.now().astimezone(ZONE)
        self.stdout.write(f"The clock shows {shown:%Y-%m-%d %H:%M} (Beijing time).")


def _instant(text: str) -> datetime:
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=ZONE)
        except ValueError:
            continue
    raise CommandError(f'{text!r} is not a time: write it as "2026-02-13 18:40".')


def _step(text: str) -> timedelta:
    found = STEP.fullmatch(text.strip())
    if found is None:
        raise CommandError(f"{text!r} is not a length of time: write 30m, 25h or 3d.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
