"""`migrate` connects as the owner of the tables."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate

from pv.ops.owner import connected_as_owner


class Command(DjangoMigrate):
    """Django's own command, as the owner."""

    def handle(self, *args: Any, **options: Any) -> None:
        with connected_as_owner():
            super().handle(*args, **options)
