"""Batches and lots, and each patient with history, names in the vault, consent and treatment."""

from typing import Any

from pv.ops.demo.population.stage import Cast, Stage
from pv.ops.demo.population.stories import Consent, Lot, Story, VectorBatch
from pv.patients import services as patients
from pv.patients import vault
from pv.products import services as products

FORM = ("Consent form 2.1 (demo)", "知情同意书2.1版(演示)")
WITHDRAWAL = ("Letter of the patient (demo)", "患者撤回书(演示)")


def register_everything(stage: Stage) -> None:
    """Put batches and patients on the agenda."""
    batches: dict[str, Any] = {}
    for batch in stage.population.vector_batches:
        stage.agenda.on(batch.manufactured_on, _batch(stage, batches, batch), hour=9)
    for story in stage.population.stories:
        treated_on = story.treatment.infused_on or stage.agenda.today
        stage.agenda.on(treated_on, _patient(stage, batches, story), hour=9)
        for consent in story.consents:
            if consent.withdrawn_on:
                stage.agenda.on(max(consent.withdrawn_on, treated_on), _withdrawal(stage, story, consent), hour=11)


def _batch(stage: Stage, batches: dict[str, Any], batch: VectorBatch) -> Any:
    def write() -> None:
        with stage.acting("qa") as by:
            row = products.record_vector_batch(
                by=by,
                organisation=stage.organisation,
                product_id=stage.products[batch.product],
                code=batch.code,
                plasmid=batch.plasmid,
                key_reagents=batch.key_reagents,
                site=stage.say(batch.site),
                manufactured_on=batch.manufactured_on,
                process_version=batch.process_version,
                out_of_specification=batch.out_of_specification,
                note=stage.say(batch.note),
            )
        batches[batch.code] = row.pk

    return write


def _patient(stage: Stage, batches: dict[str, Any], story: Story) -> Any:
    def write() -> None:
        lots: list[tuple[Any, int]] = []
        if story.treatment.lot:
            lots = [(_lot(stage, batches, story, story.treatment.lot), 1)]
        with stage.acting("recorder") as by:
            patient = patients.register_patient(
                by=by,
                organisation=stage.organisation,
                code=story.code,
                sex=story.person.sex,
                birth_year=story.person.birth_date.year,
                centre_id=stage.parties[story.centre],
            )
            patients.record_history(by=by, patient_id=patient.pk, **story.history)  # type: ignore[arg-type]
            vault.keep_identity(
                patient_id=patient.pk,
                by=by,
                name=stage.say(story.person.name),
                birth_date=story.person.birth_date,
                phone=story.person.phone,
                hospital_number=story.person.hospital_number,
            )
            patients.give_consents(
                by=by,
                patient_id=patient.pk,
                scopes=[consent.scope for consent in story.consents],
                given_on=story.treatment.ordered_on,
                document=stage.say(FORM),
            )
            cast = Cast(patient)
            cast.treatment = patients.record_treatment(by=by, patient_id=patient.pk, lots=lots, **_facts(stage, story))
            stage.cast[story.code] = cast

    return write


def _facts(stage: Stage, story: Story) -> dict[str, Any]:
    treatment = story.treatment
    facts: dict[str, Any] = {
        "product_id": stage.products[treatment.product],
        "indication": stage.say(treatment.indication),
        "programme": treatment.programme,
        "study_id": stage.studies.get(treatment.study),
        "label_use": treatment.label_use,
        "region": stage.say(stage.population.centre(story.centre).province),
        "released_out_of_specification": treatment.released_out_of_specification,
        "lymphodepletion": treatment.lymphodepletion,
    }
    for step in ("ordered_on", "apheresis_on", "released_on", "infused_on", "returned_on"):
        facts[step] = getattr(treatment, step)
    if treatment.dose is not None:
        facts |= {"dose": treatment.dose, "dose_unit": treatment.dose_unit}
    return facts


def _lot(stage: Stage, batches: dict[str, Any], story: Story, lot: Lot) -> Any:
    if lot.code not in stage.lots:
        with stage.acting("qa") as by:
            row = products.record_lot(
                by=by,
                organisation=stage.organisation,
                product_id=stage.products[story.treatment.product],
                vector_batch_id=batches[lot.vector_batch],
                code=lot.code,
                manufactured_on=lot.manufactured_on,
                expires_on=lot.expires_on,
                process_version=lot.process_version,
                apheresis_centre=stage.say(stage.population.centre(story.centre).name),
                out_of_specification=lot.out_of_specification,
                vector_copy_number=lot.vector_copy_number,
            )
        stage.lots[lot.code] = row.pk
    return stage.lots[lot.code]


def _withdrawal(stage: Stage, story: Story, consent: Consent) -> Any:
    def write() -> None:
        with stage.acting("recorder") as by:
            patients.withdraw_consent(
                by=by,
                patient_id=stage.cast[story.code].patient.pk,
                scope=consent.scope,
                withdrawn_on=max(consent.withdrawn_on or consent.given_on, consent.given_on),
                document=stage.say(WITHDRAWAL),
            )

    return write
