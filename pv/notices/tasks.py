"""What beat queues. A task calls one service and holds no rule; that it ran twice, late or not at all costs nothing."""

from celery import shared_task

from pv.notices import chores, services
from pv.notices.driving import heartbeat as beat_once
from pv.notices.driving import send_waiting


@shared_task(name="pv.notices.tasks.tick")
def tick() -> None:
    """Ring what has come, do what rooms left over, then hand over what waits."""
    services.tick(driver="beat")
    chores.run(driver="beat")
    send_waiting(driver="beat", seconds=30)


@shared_task(name="pv.notices.tasks.send")
def send() -> None:
    """Hand over what waits."""
    send_waiting(driver="beat", seconds=30)


@shared_task(name="pv.notices.tasks.heartbeat")
def heartbeat() -> None:
    """Prove that beat, broker and worker are alive."""
    beat_once(driver="beat")
