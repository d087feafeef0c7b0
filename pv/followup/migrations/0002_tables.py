"""Declares the room's tables."""

from django.db import migrations

from pv.core.tables import LedgerTable, TenantTable

PATIENT = {"patient_id": "patients_patient"}
VISIT = {"visit_id": "followup_visit"}


class Migration(migrations.Migration):
    dependencies = [
        ("followup", "0001_initial"),
        ("patients", "0002_tables"),
        ("deadlines", "0002_tables"),
    ]

    operations = [
        TenantTable("followup_visitplan"),
        TenantTable("followup_plannedvisit", parents={"plan_id": "followup_visitplan"}),
        TenantTable(
            "followup_dutyline",
            parents=PATIENT | {"treatment_id": "patients_treatment"},
            shared={"plan_id": "followup_visitplan", "rule_id": "deadlines_rule"},
        ),
        TenantTable("followup_visit", parents=PATIENT | {"duty_line_id": "followup_dutyline"}),
        LedgerTable(
            "followup_visitrecord",
            parents=PATIENT | VISIT | {"corrects_id": "followup_visitrecord"},
        ),
        LedgerTable("followup_reportedevent", parents={"record_id": "followup_visitrecord"}),
        LedgerTable("followup_contactattempt", parents=PATIENT | VISIT),
        LedgerTable("followup_excuse", parents=VISIT | {"signature_id": "accounts_signature"}),
    ]
