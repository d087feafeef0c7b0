"""Prove that the history is whole, or say where it is not."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pv.audit import services, verify


class Command(BaseCommand):
    """Seals what is open first. Ends with 1 when something was changed, deleted, inserted, swapped or cut off."""

    help = "Recomputes every hash and seal of the history and compares each row with its last event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--heads", default=settings.AUDIT_HEADS_FILE, help="file of seals kept outside")

    def handle(self, *args: Any, **options: Any) -> None:
        services.seal()
        report = verify.verify(heads=options["heads"])
        for finding in report.findings:
            self.stdout.write(f"FOUND {finding}")
        if report.unnamed:
            self.stdout.write(f"FOUND {report.unnamed} more of the same kinds")
        self.stdout.write(
            f"{report.events} events, {report.seals} seals, {report.rows} rows of {report.tables} tables looked at; "
            f"{report.unsealed} events younger than the last seal."
        )
        self.stdout.write("The history is whole." if report.sound else "The history does not fit. Keep everything.")
        if not report.sound:
            sys.exit(1)
