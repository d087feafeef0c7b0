"""The driver that needs no broker: ticks and sends until stopped."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pv.notices.driving import drive


class Command(BaseCommand):
    help = "Rings and sends, without Redis, until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sign_of_life = settings.RUN_DIR / "run_tick.alive"  # a container's health check looks at its age
        sign_of_life.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

        def pause(seconds: float) -> None:
            sign_of_life.touch()
            stop.wait(seconds)

        drive(stop.is_set, pause=pause)
