"""Collect the texts of the product and keep the Chinese catalogue complete."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pv.web import messages


class Command(BaseCommand):
    """`manage.py messages` updates the catalogue; `--check` only says what is missing; `--from FILE` takes words in."""

    help = "Collect the texts of the product into locale/zh_Hans, keeping what is translated."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail unless everything is translated")
        parser.add_argument("--from", dest="files", nargs="*", default=[], help="catalogues to take translations from")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
        wanted, known = messages.collect(Path(settings.BASE_DIR)), messages.read(path)
        for name in options["files"]:
            for message in messages.read(Path(name)):
                if message.id and message.string:
                    messages.put(known, message, message.string)
        if not options["check"]:
            known = messages.updated(wanted, known)
            messages.write(path, known)
        found = messages.faults(wanted, known)
        for fault in found:
            self.stdout.write(fault)
        self.stdout.write(f"{len(wanted)} texts, {len(found)} to look at.")
        if found and options["check"]:
            raise CommandError("The Chinese catalogue is not complete.")
