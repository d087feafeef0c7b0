"""What visits reveal: the handler at follow-up's port. It runs in the transaction that writes the record."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from pv.accounts.models import User
from pv.core import clock
from pv.core.partial_columns import restored
from pv.followup.models import ReportedEvent, VisitRecord
from pv.followup.ports import Trigger
from pv.safety.models import InboxItem, Question
from pv.safety.services import shared
from pv.safety.services.confirming import make_confirmed
from pv.safety.services.opening import ENDED, Facts, Reported, open_report
from pv.terminology.clinical import EventKind, Malignancy, Outcome, Serious

Kind = InboxItem.Kind
FATAL_GRADE = 5
LIFE_THREATENING_GRADE = 4


def handle_trigger(trigger: Trigger, by: User) -> Reported:
    """Open what a record revealed; a correction finds what the corrected record opened, and adds to it."""
    if trigger.is_correction and (item := _opened_before(trigger)):
        return _corrected(item, trigger, by=by)
    return open_report(facts_of(trigger), by=by)


def facts_of(trigger: Trigger) -> Facts:
    """The trigger's part of the record, as a report."""
    record, event = trigger.record, trigger.event
    common: dict[str, Any] = {
        "organisation": record.organisation_id,
        "kind": str(trigger.kind),
        "source": record.source,
        "submission": record.submission,
        "record": record,
        "patient": trigger.patient,
        "treatment": trigger.treatment,
        "known_to_site_on": record.known_to_site_on,
        "known_to_delegate_on": record.known_to_delegate_on,
        "known_to_holder_on": record.known_to_holder_on,
        "narrative": record.note,
        "reporter_name": record.reporter_name,
        "reporter_profession": record.reporter_profession,
        "reporter_institution": record.reporter_institution,
        "reporter_phone": record.reporter_phone,
        "reporter_consents": record.reporter_consents,
    }
    match trigger.kind:
        case Kind.MALIGNANCY | Kind.RELAPSE:
            return Facts(**common | _of_tumour(record))
        case Kind.DEATH:
            return Facts(**common | _of_death(record))
    if event is None:
        raise ValueError(f"{trigger.kind} comes with its event")
    return Facts(**common | _of_event(event))


def _of_tumour(record: VisitRecord) -> dict[str, Any]:
    return {
        "diagnosis": record.diagnosis or record.get_malignancy_display(),
        "malignancy": record.malignancy,
        "lineage": record.lineage,
        "onset": restored(record.onset_on, record.onset_precision),
        "biopsy": record.biopsy,
        "biopsy_on": record.biopsy_on,
    }


def _of_death(record: VisitRecord) -> dict[str, Any]:
    return {
        "diagnosis": record.death_cause or gettext("death, cause not known"),
        "serious": True,
        "seriousness": (Serious.DEATH,),
        "outcome": Outcome.FATAL,
        "died": restored(record.died_on, record.died_precision),
        "death_cause": record.death_cause,
        "death_suspected": record.death_suspected,
    }


def _of_event(event: ReportedEvent) -> dict[str, Any]:
    seriousness = [*event.seriousness]
    if event.kind == EventKind.HOSPITALISATION or event.hospital_from:
        seriousness.append(Serious.HOSPITALISATION)
    if event.grade == FATAL_GRADE or event.outcome == Outcome.FATAL:
        seriousness.append(Serious.DEATH)
    if event.grade == LIFE_THREATENING_GRADE:
        seriousness.append(Serious.LIFE_THREATENING)
    return {
        "event_id": event.pk,
        "diagnosis": event.verbatim,
        "seriousness": tuple(dict.fromkeys(str(one) for one in seriousness)),
        "serious": bool(seriousness),
        "onset": restored(event.onset_on, event.onset_precision),
        "outcome": event.outcome,
        "reporter_causality": event.reporter_causality,
    }


def _opened_before(trigger: Trigger) -> InboxItem | None:
    """What the corrected record, or the one that one corrected, opened about the same thing and still stands."""
    corrected: VisitRecord | None = trigger.record.corrects
    seen: list[UUID] = []
    while corrected is not None and len(seen) < 20:
        seen.append(corrected.pk)
        corrected = corrected.corrects
    mine = InboxItem.objects.for_organisations([trigger.record.organisation_id])
    found = mine.filter(record__in=seen, kind=str(trigger.kind)).exclude(state__in=ENDED)
    if trigger.event:
        found = found.filter(diagnosis=trigger.event.verbatim)
    item: InboxItem | None = found.select_for_update(no_key=True, of=("self",)).select_related("case").first()
    return item


def _corrected(item: InboxItem, trigger: Trigger, *, by: User) -> Reported:
    """The item stays as it was told first; what differs is a question, and a confirmation makes the case at once."""
    facts = facts_of(trigger)
    differs = [
        name
        for name, old, new in (
            ("malignancy", item.malignancy, facts.malignancy),
            ("lineage", item.lineage, facts.lineage),
            ("diagnosis", item.diagnosis, facts.diagnosis),
            ("onset", str(restored(item.onset_on, item.onset_precision)), str(facts.onset)),
        )
        if old != new
    ]
    report = Reported(item=item, case=item.case, again=True)
    if facts.malignancy == Malignancy.CONFIRMED and item.malignancy != Malignancy.CONFIRMED:
        report = make_confirmed(
            item, by=by, at=clock.now(), diagnosis=facts.diagnosis, lineage=facts.lineage, onset=facts.onset
        )
    if differs:
        detail = (Question.What.OTHER, f"{trigger.record.pk}: {', '.join(differs)}")
        report.questions += shared.ask(item, [detail])
    return report
