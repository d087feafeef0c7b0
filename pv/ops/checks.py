"""System checks: what `manage.py check --deploy` and `check --database default` say about an installation."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connection

from pv.ops import startup
from pv.ops.owner import is_owner


@register(Tags.security, deploy=True)
def production_has_nothing_of_the_demo(app_configs: Any, **more: Any) -> list[CheckMessage]:
    """DEBUG, the demo's switch, a key that is known or short."""
    return [Error(text, id="pv.E001") for text in startup.problems_of_settings()]


@register(Tags.database)
def the_database_is_served_by_the_right_role(
    app_configs: Any, databases: Sequence[str] | None = None, **more: Any
) -> list[CheckMessage]:
    """The role of DATABASE_URL, and in production no demo user and no shifted clock."""
    if not databases or is_owner():
        return []
    with startup.unasked():
        try:
            connection.ensure_connection()
        except OperationalError:
            return [Error("The database does not answer.", id="pv.E002")]
        found = [Error(text, id="pv.E003") for text in startup.problems_of_role(connection.connection)]
        if settings.PRODUCTION:
            found += [Error(text, id="pv.E004") for text in startup.problems_of_rows(connection.connection)]
    return [*found]
