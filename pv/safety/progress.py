"""How far the standard process of a malignancy is. Derived from what stands in the rooms, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from pv.biosamples.models import CustodyEvent, SamplingRequest
from pv.deadlines.models import Deadline
from pv.notices.models import Acknowledgement, Notice
from pv.safety.clocks import ACKNOWLEDGE
from pv.safety.models import MalignancyProcess
from pv.terminology.clinical import Timing


class Stage(StrEnum):
    OPENED = "opened"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    SECURED = "samples_secured"
    ANALYSIS = "analysis"
    CONCLUSION = "conclusion"
    CLOSED = "closed"


NAMES = {
    Stage.OPENED: _("opened"),
    Stage.ESCALATED: _("told"),
    Stage.ACKNOWLEDGED: _("taken"),
    Stage.SECURED: _("samples secured"),
    Stage.ANALYSIS: _("analysis"),
    Stage.CONCLUSION: _("conclusion"),
    Stage.CLOSED: _("closed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage, and since when it is reached; None while it is not."""

    stage: Stage
    at: datetime | None

    @property
    def name(self) -> str:
        return str(NAMES[self.stage])


def progress_of(process: MalignancyProcess) -> list[Step]:
    """Every stage in order. A later one may be reached before an earlier one: clocks run side by side."""
    return list(_steps(process))


def _steps(process: MalignancyProcess) -> Iterator[Step]:
    yield Step(Stage.OPENED, process.opened_at)
    yield Step(Stage.ESCALATED, _told(process))
    yield Step(Stage.ACKNOWLEDGED, _taken(process))
    yield Step(Stage.SECURED, _secured(process))
    yield Step(Stage.ANALYSIS, _analysed(process))
    yield Step(Stage.CONCLUSION, process.concluded_at)
    yield Step(Stage.CLOSED, process.closed_at)


def _mine(model: Any, process: MalignancyProcess) -> Any:
    return model.objects.for_organisations([process.organisation_id])


def _told(process: MalignancyProcess) -> datetime | None:
    notices = _mine(Notice, process).filter(deadline__kind=ACKNOWLEDGE.code, deadline__subject=process.item_id)
    first: datetime | None = notices.aggregate(at=Min("fired_at"))["at"]
    return first


def _taken(process: MalignancyProcess) -> datetime | None:
    """By an answer, or by the triage that came without one."""
    alarms = {"kind": ACKNOWLEDGE.code, "subject": process.item_id}
    answers = _mine(Acknowledgement, process).filter(**{f"deadline__{name}": value for name, value in alarms.items()})
    first: datetime | None = answers.aggregate(at=Min("at"))["at"]
    if first is None:
        first = _mine(Deadline, process).filter(**alarms, outcome="met").aggregate(at=Min("met_at"))["at"]
    return first


AT_ONCE = (Timing.BEFORE_TREATMENT, Timing.AT_EVENT)


def _secured(process: MalignancyProcess) -> datetime | None:
    """What is required from before the treatment and from the event is there, or known not to be had."""
    asked = _mine(SamplingRequest, process).filter(cause=process.item_id, timing__in=AT_ONCE, item__required=True)
    wanted = asked.exclude(state=SamplingRequest.State.CANCELLED)
    if not wanted.exists() or wanted.filter(state=SamplingRequest.State.OPEN).exists():
        return None
    last: datetime | None = wanted.aggregate(at=Max("ended_at"))["at"]
    return last


def _analysed(process: MalignancyProcess) -> datetime | None:
    given = _mine(CustodyEvent, process).filter(
        specimen__request__cause=process.item_id, what=CustodyEvent.What.ANALYSED
    )
    first: datetime | None = given.aggregate(at=Min("at"))["at"]
    return first
