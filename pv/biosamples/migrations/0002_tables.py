"""Declares the room's tables."""

from django.db import migrations

from pv.core.tables import LedgerTable, TenantTable

PATIENT = {"patient_id": "patients_patient"}


class Migration(migrations.Migration):
    dependencies = [("biosamples", "0001_initial"), ("followup", "0002_tables"), ("deadlines", "0002_tables")]

    operations = [
        TenantTable("biosamples_samplingplan"),
        TenantTable("biosamples_planitem", parents={"plan_id": "biosamples_samplingplan"}),
        TenantTable(
            "biosamples_instruction",
            parents=PATIENT,
            shared={"plan_id": "biosamples_samplingplan", "rule_id": "deadlines_rule"},
        ),
        TenantTable(
            "biosamples_samplingrequest",
            parents=PATIENT,
            shared={
                "plan_id": "biosamples_samplingplan",
                "item_id": "biosamples_planitem",
                "rule_id": "deadlines_rule",
            },
        ),
        TenantTable(
            "biosamples_specimen",
            parents=PATIENT
            | {
                "treatment_id": "patients_treatment",
                "visit_id": "followup_visit",
                "request_id": "biosamples_samplingrequest",
                "parent_id": "biosamples_specimen",
                "holder_id": "accounts_party",
            },
        ),
        LedgerTable(
            "biosamples_custodyevent",
            parents={
                "specimen_id": "biosamples_specimen",
                "from_holder_id": "accounts_party",
                "to_holder_id": "accounts_party",
            },
        ),
        TenantTable(
            "biosamples_loan",
            parents=PATIENT | {"request_id": "biosamples_samplingrequest", "lender_id": "accounts_party"},
        ),
    ]
