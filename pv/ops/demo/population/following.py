"""Visits in weekly batches, what they reveal at once; attempts, loss, death, and moves to another place."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from pv.core.partial import PartialDate
from pv.followup import services as followup
from pv.followup.models import Visit
from pv.ops.demo.people import SHANGHAI
from pv.ops.demo.population.agenda import when_entered
from pv.ops.demo.population.handling import Desk
from pv.ops.demo.population.stage import Stage
from pv.ops.demo.population.stories import Attempt, Blood, Death, Event, Move, Record, Story
from pv.patients import services as patients

Written = tuple[Story, Record]
CERTIFICATE = ("death certificate (demo)", "死亡证明(演示)")
DOCTOR = ("attending doctor (demo)", "主管医生(演示)")
FAMILY = ("family member (demo)", "家属(演示)")


def follow_everybody(stage: Stage, desk: Desk) -> None:
    """Put what happened after the infusions on the agenda."""
    weeks: dict[datetime, list[Written]] = defaultdict(list)
    for story in stage.population.stories:
        for record in story.records:
            if record.reveals:
                stage.agenda.at(_when(stage, record), _one(stage, desk, story, record))
            else:
                weeks[when_entered(record.entered_on, stage.now)].append((story, record))
        for attempt in story.attempts:
            stage.agenda.on(attempt.on, _attempt(stage, story, attempt), hour=14)
        if story.lost_on:
            stage.agenda.on(story.lost_on, _lost(stage, story, story.lost_on), hour=15)
        for move in story.moves:
            stage.agenda.on(move.on, _move(stage, story, move), hour=13)
        if (death := story.death) and death.verified_on:
            stage.agenda.on(death.verified_on, _verified(stage, story, death, death.verified_on), hour=15)
    for moment, batch in weeks.items():
        stage.agenda.at(moment, _week(stage, batch))


def _when(stage: Stage, record: Record) -> datetime:
    """Reports of these hours came in so many hours ago, others in the morning of their day."""
    if record.handling.hours is not None:
        return stage.now - timedelta(hours=record.handling.hours)
    return stage.agenda.by_now(record.entered_on, 10)


def _week(stage: Stage, batch: list[Written]) -> Callable[[], None]:
    def write() -> None:
        visits = _visits(stage, batch)
        with stage.acting("recorder") as by:
            wanted = [one for one in batch if _is_wanted(stage, one, visits)]
            followup.record_visits([_new(stage, story, record, visits) for story, record in wanted], by=by)

    return write


def _is_wanted(stage: Stage, written: Written, visits: dict[tuple[Any, str], Any]) -> bool:
    """A yearly contact that an earlier visit has met is not missed; nor is a visit after a death that is known."""
    story, record = written
    return record.kind != "missed" or (stage.cast[story.code].patient.pk, record.visit) in visits


def _one(stage: Stage, desk: Desk, story: Story, record: Record) -> Callable[[], None]:
    def write() -> None:
        moment = stage.traveller.shown
        visits = _visits(stage, [(story, record)])
        with stage.acting("recorder") as by:
            new = _new(stage, story, record, visits, today=moment.astimezone(SHANGHAI).date())
            (recorded,) = followup.record_visits([new], by=by)
        for reported in recorded.opened:
            desk.receive(story, record, reported, moment)

    return write


def _visits(stage: Stage, batch: list[Written]) -> dict[tuple[Any, str], Any]:
    """(patient, code) -> visit. Codes of both lines differ: months and years."""
    wanted = {stage.cast[story.code].patient.pk for story, record in batch if record.visit}
    if not wanted:
        return {}
    with stage.acting("recorder"):
        mine = Visit.objects.for_organisations([stage.organisation]).filter(patient_id__in=wanted)
        return {
            (patient, code): pk
            for pk, patient, code, state in mine.values_list("pk", "patient_id", "code", "state")
            if state == Visit.State.PLANNED
        }


def _new(
    stage: Stage, story: Story, record: Record, visits: dict[tuple[Any, str], Any], today: date | None = None
) -> followup.NewRecord:
    patient = stage.cast[story.code].patient.pk
    told_on = today or record.entered_on
    missed = record.kind == "missed"
    facts: dict[str, Any] = {
        "submission": stage.token(f"{story.code}/{record.kind}/{record.visit}/{record.entered_on}"),
        "kind": record.kind,
        "patient_id": patient,
        "visit_id": visits.get((patient, record.visit)),
        "way": record.way,
        "source": record.source,
        "alive": "unknown" if missed else "no" if record.death else "yes",
        "malignancy": _malignancy(record),
        "known_to_holder_on": told_on,
        "missed_reason": stage.say(record.missed_reason),
        "note": stage.say(record.note),
        "events": tuple(_event(stage, event) for event in record.events),
    }
    if not missed:
        seen_on = min(record.seen_on or told_on, told_on)
        facts |= {"seen": PartialDate.of(seen_on), "known_to_site_on": seen_on, "reporter_consents": "yes"}
        facts["reporter_name"] = stage.say(DOCTOR if record.way in ("in_person", "hospital_record") else FAMILY)
        facts["reporter_institution"] = stage.say(stage.population.centre(story.centre).name)
    if record.kind == "full":
        facts |= {"disease_status": record.disease, "ecog": record.ecog} | _counts(record.blood)
        facts |= {"new_therapy": stage.say(record.new_therapy), "new_therapy_on": record.new_therapy_on}
    if record.tumour:
        facts |= _tumour(stage, record)
    elif record.biopsied_relapse or record.unbiopsied_relapse:
        facts["biopsy"] = "done" if record.biopsied_relapse else "not_planned"
    if record.death:
        facts["death"] = followup.NewDeath(
            died=record.death.died,
            cause=stage.say(record.death.cause),
            suspected=record.death.suspected,
            autopsy=record.death.autopsy,
        )
    return followup.NewRecord(**facts)


def _malignancy(record: Record) -> str:
    if record.tumour:
        return record.tumour.status
    if record.biopsied_relapse or record.unbiopsied_relapse:
        return "relapse"
    return "not_asked" if record.kind == "missed" else "no"


def _tumour(stage: Stage, record: Record) -> dict[str, Any]:
    tumour = record.tumour
    if tumour is None:
        return {}
    return {
        "diagnosis": stage.say(tumour.diagnosis),
        "lineage": tumour.lineage,
        "onset": tumour.onset,
        "biopsy": tumour.biopsy,
        "biopsy_on": tumour.biopsy_on,
        "diagnosed_by": stage.say(tumour.diagnosed_by),
    }


def _counts(blood: Blood | None) -> dict[str, Any]:
    if blood is None:
        return {}
    return {name: getattr(blood, name) for name in Blood.__dataclass_fields__}


def _event(stage: Stage, event: Event) -> followup.NewEvent:
    return followup.NewEvent(
        kind=event.kind,
        verbatim=stage.say(event.verbatim),
        onset=event.onset,
        grade=event.grade or None,
        seriousness=event.seriousness,
        hospital_from=event.hospital_from,
        hospital_to=event.hospital_to,
        treatment_given=stage.say(event.treatment),
        outcome=event.outcome,
        reporter_causality=event.causality,
    )


def _attempt(stage: Stage, story: Story, attempt: Attempt) -> Callable[[], None]:
    def write() -> None:
        with stage.acting("recorder") as by:
            followup.log_attempt(
                by=by,
                patient_id=stage.cast[story.code].patient.pk,
                on=attempt.on,
                channel=attempt.channel,
                result=attempt.result,
            )

    return write


def _lost(stage: Stage, story: Story, on: date) -> Callable[[], None]:
    why = stage.say(("Five attempts by four ways, see the log", "四种途径共五次联系未果,见联系记录"))

    def write() -> None:
        with stage.acting("recorder") as by:
            patients.mark_lost(by=by, patient_id=stage.cast[story.code].patient.pk, learned_on=on, reason=why)

    return write


def _move(stage: Stage, story: Story, move: Move) -> Callable[[], None]:
    def write() -> None:
        with stage.acting("recorder") as by:
            patients.transfer(
                by=by,
                patient_id=stage.cast[story.code].patient.pk,
                on=move.on,
                to_centre_id=stage.parties[move.centre] if move.centre else None,
                to_text=stage.say(move.text),
                reason=stage.say(move.reason),
            )

    return write


def _verified(stage: Stage, story: Story, death: Death, on: date) -> Callable[[], None]:
    def write() -> None:
        pk = stage.cast[story.code].patient.pk
        with stage.acting("officer") as by:
            patients.verify_death(
                by=by,
                patient_id=pk,
                learned_on=on,
                source=stage.say(CERTIFICATE),
                died=death.died,
                cause=stage.say(death.cause),
                suspected=death.suspected,
                autopsy=death.autopsy,
            )

    return write
