"""The processes of the product, in one table: the demo, `make prod-smoke` and docker-compose.yml start these."""

from __future__ import annotations

from dataclasses import dataclass, field

LOG_LEVEL = "--loglevel=INFO"
CELERY = ("-m", "celery", "--app=config.celery")
WORKER = ("worker", LOG_LEVEL, "--without-gossip", "--without-mingle")


@dataclass(frozen=True)
class Process:
    """One long-running process: what Python is given, and the variables it needs beside everybody's."""

    name: str
    title: str
    arguments: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


# SIGTERM means: take nothing new, give the running task some seconds, hand the rest back to the queue.
SOFT_STOP = {"REMAP_SIGTERM": "SIGQUIT"}


def processes(host: str, port: int) -> tuple[Process, ...]:
    """Every process of the product; the web server listens on the given address. Stopped in this order, too."""
    return (
        Process("web", "web server", web(host, port)),
        Process("beat", "scheduler", (*CELERY, "beat", LOG_LEVEL, "--pidfile=")),
        Process("run_tick", "second driver of the tick", ("manage.py", "run_tick")),
        Process("worker", "worker", celery_worker("default", "worker", 2), SOFT_STOP),
        Process("bulk", "worker for long jobs", celery_worker("bulk", "bulk", 1), SOFT_STOP),
    )


def web(host: str, port: int) -> tuple[str, ...]:
    """The web server: two processes with threads."""
    options = ("--interface=wsgi", f"--host={host}", f"--port={port}", "--no-ws", "--http=1")
    size = ("--workers=2", "--blocking-threads=4", "--backlog=256", "--respawn-failed-workers")
    return ("-m", "granian", *options, *size, "--workers-kill-timeout=4", "config.wsgi:application")


def celery_worker(queue: str, name: str, size: int) -> tuple[str, ...]:
    """A worker of one queue."""
    return (*CELERY, *WORKER, f"--queues={queue}", f"--hostname={name}@%h", f"--concurrency={size}")


def mail_catcher(port: int) -> Process:
    """Only the demo has this one: it takes the place of a mail server."""
    return Process("mail", "mail catcher", ("-m", "config.run.mailcatcher", str(port)))
