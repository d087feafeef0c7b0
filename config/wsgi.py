"""The web server's entry."""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")


def _count_in_files() -> None:
    """Let the processes of the web server add up their requests; the library decides when it is first imported."""
    folder = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", f"{os.environ.get('PV_RUN_DIR', '.run')}/metrics"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


_count_in_files()
application = get_wsgi_application()

from config.celery import app as celery  # noqa: E402, F401 - what is urgent wakes the tick through this broker
from pv.ops.startup import refuse_to_serve  # noqa: E402 - Django has to stand first

refuse_to_serve()
