"""Numbers for a monitor, in Prometheus' text form. Those of the spine come from the database, whoever is asked."""

import os
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from pv.notices.watch import Figures

REQUESTS = Counter("pv_requests", "Requests answered by the web server", ["method", "view", "status"])
SECONDS = Histogram(
    "pv_request_seconds", "Time to answer", ["view"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(*, method: str, view: str, status: int, seconds: float) -> None:
    """Count one answer. Views have names and there are few of them: no address and no id becomes a label."""
    REQUESTS.labels(method if method in METHODS else "other", view, str(status)).inc()
    SECONDS.labels(view).observe(seconds)


class Spine(Collector):
    """The figures of the tick, the senders and the sealer. Without a database there are none, and pv_up says so."""

    def __init__(self, figures: Figures | None) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("pv_up", "1 when the database answers", value=float(self.figures is not None))
        if self.figures is None:
            return
        it = self.figures
        gauges = {
            "pv_tick_age_seconds": ("Since the last complete tick", it.tick_age),
            "pv_tick_duration_seconds": ("Duration of the last complete tick", it.tick_seconds),
            "pv_beat_age_seconds": ("Since beat, broker and worker last gave a sign of life", it.beat_age),
            "pv_alarms_due": ("Alarms whose instant has come", it.alarms_due),
            "pv_alarms_parked": ("Alarms set aside because they could not be computed", it.alarms_parked),
            "pv_notices_unheard": ("Notices of the last seven days that nobody could be told of", it.notices_unheard),
            "pv_oldest_waiting_delivery_seconds": ("Age of the oldest delivery that waits", it.oldest_waiting or 0),
            "pv_oldest_urgent_delivery_seconds": (
                "Age of the oldest urgent delivery that waits",
                it.oldest_urgent or 0,
            ),
            "pv_dead_deliveries": ("Deliveries given up", it.deliveries.get("dead", 0)),
            "pv_seal_age_seconds": ("Since when history waits for its seal", it.seal_age),
        }
        for name, (text, value) in gauges.items():
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)
        deliveries = GaugeMetricFamily("pv_deliveries", "Deliveries that are not done", labels=["state"])
        for state, count in sorted(it.deliveries.items()):
            deliveries.add_metric([state], count)
        yield deliveries
        yield from self._jobs(it)

    def _jobs(self, it: Figures) -> Iterator[Metric]:
        labels = ["job", "driver"]
        runs = GaugeMetricFamily("pv_job_runs", "Runs in the last hour", labels=labels)
        failed = GaugeMetricFamily("pv_job_runs_failed", "Failed runs in the last hour", labels=labels)
        handled = GaugeMetricFamily("pv_job_handled", "What these runs handled", labels=labels)
        ages = GaugeMetricFamily("pv_job_age_seconds", "Since its last run", labels=labels)
        for run in it.runs:
            key = [run.job, run.driver]
            runs.add_metric(key, run.count)
            failed.add_metric(key, run.failed)
            handled.add_metric(key, run.handled)
            ages.add_metric(key, run.age)
        yield from (runs, failed, handled, ages)


def exposition(figures: Figures | None) -> bytes:
    """Everything, as text: the spine's figures and the requests of all processes of this web server."""
    registry = CollectorRegistry()
    registry.register(Spine(figures))
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own constructor
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)
