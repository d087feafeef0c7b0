"""The job engine. Tasks take ids, set organisation and actor first, and call one service."""

import os
from typing import Any

from celery import Celery, signals
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("pv")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# In every thread: a web server's threads would else find an app of Celery's own, which knows no broker.
app.set_default()


@signals.celeryd_init.connect
@signals.beat_init.connect
def refuse_to_serve(**more: Any) -> None:
    """A worker in the wrong role ends at once; Celery would only log an exception."""
    from pv.ops import startup

    try:
        startup.refuse_to_serve()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
