"""The sealer's job."""

from celery import shared_task

from pv.audit import services


@shared_task(name="pv.audit.tasks.seal", ignore_result=True)
def seal() -> None:
    """Every minute, on the worker for long jobs: a first seal after an import takes its time."""
    services.seal()
