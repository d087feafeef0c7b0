"""What beat queues once a day."""

from celery import shared_task

from pv.followup import services


@shared_task(name="pv.followup.tasks.plan", ignore_result=True)
def plan() -> None:
    """Keep every line planned ahead, whatever nobody recorded; on the worker for long jobs."""
    services.plan_all()
