"""Specimens kept of everybody: retains as they were found, blood as it was taken, and every step of their custody."""

from collections.abc import Callable
from typing import Any, TypedDict
from uuid import UUID

from pv.biosamples import services as biosamples
from pv.core.partial import PartialDate
from pv.ops.demo.population.stage import Stage
from pv.ops.demo.population.stories import Specimen, Step, Story

ROUTE = "DEMO-HGR-01"


def keep_everything(stage: Stage) -> None:
    """Put every specimen and its custody on the agenda; those of one patient after its registration."""
    for story in stage.population.stories:
        earliest = story.treatment.infused_on or stage.agenda.today
        for specimen in story.specimens:
            made: list[UUID] = []
            entered_on = max(specimen.entered_on or specimen.collected_on, earliest)
            stage.agenda.on(entered_on, _enter(stage, story, specimen, made), hour=17)
            for step in specimen.steps:
                stage.agenda.on(max(step.on, entered_on), _step(stage, step, made), hour=18)


def _enter(stage: Stage, story: Story, specimen: Specimen, made: list[UUID]) -> Callable[[], None]:
    def write() -> None:
        cast = stage.cast[story.code]
        common: dict[str, Any] = {
            "code": specimen.code,
            "organisation": stage.organisation,
            "patient_id": cast.patient.pk,
            "treatment_id": cast.treatment.pk if cast.treatment else None,
            "timing": specimen.timing,
            "material": specimen.material,
            "temperature": specimen.temperature,
            "holder_id": stage.parties[specimen.holder],
            "place": specimen.place,
            "quantity": specimen.quantity,
            "unit": specimen.unit,
            "route": "notification",
            "route_evidence": ROUTE,
        }
        with stage.acting("samples") as by:
            if specimen.visit:
                common |= {"visit_id": None, "description": specimen.visit}
                row = biosamples.collect(by=by, at=stage.agenda.by_now(specimen.collected_on, 9), **common)
            else:
                row = biosamples.register_specimen(by=by, collected=PartialDate.of(specimen.collected_on), **common)
        made.append(row.pk)

    return write


class _To(TypedDict, total=False):
    holder_id: UUID | None


def _to(stage: Stage, step: Step) -> _To:
    return {"holder_id": stage.parties[step.holder]} if step.holder else {}


def _step(stage: Stage, step: Step, made: list[UUID]) -> Callable[[], None]:
    def write() -> None:
        for specimen in made:
            with stage.acting("samples") as by:
                if step.what == "excursion":
                    biosamples.excursion(
                        by=by,
                        specimen_id=specimen,
                        celsius=step.celsius or 0,  # type: ignore[arg-type]  # an excursion has its temperature
                        minutes=step.minutes or 1,
                        note=stage.say(step.note),
                    )
                else:
                    biosamples.move(
                        by=by,
                        specimen_id=specimen,
                        what=step.what,
                        place=step.place,
                        change=step.change,
                        celsius=step.celsius,
                        note=stage.say(step.note),
                        **_to(stage, step),
                    )

    return write
