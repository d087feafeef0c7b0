"""Prove that nothing that can be late is without its clock."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pv.ops.checking import check


class Command(BaseCommand):
    help = "Compares facts, deadlines and alarms; exit code 1 when something is left to do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set right what can be")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        findings = check(repair=repair)
        for one in findings:
            ending = " - repaired" if one.repaired else ""
            self.stdout.write(f"{one.organisation} {one.subject}: {one.what}{ending}")
        left = sum(not one.repaired for one in findings)
        self.stdout.write(f"{len(findings)} found, {left} left.")
        if left:
            raise SystemExit(1)
