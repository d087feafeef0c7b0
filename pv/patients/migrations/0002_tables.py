"""Declares the room's tables."""

from django.db import migrations

from pv.core.tables import LedgerTable, TenantTable

PATIENT = {"patient_id": "patients_patient"}


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0001_initial"),
        ("accounts", "0005_signature_table"),
        ("products", "0004_lot_tables"),
    ]

    operations = [
        TenantTable("patients_patient", parents={"centre_id": "accounts_party"}),
        TenantTable("patients_medicalhistory", parents=PATIENT),
        TenantTable(
            "patients_treatment",
            parents=PATIENT
            | {
                "product_id": "products_product",
                "study_id": "products_study",
                "centre_id": "accounts_party",
            },
        ),
        TenantTable("patients_treatmentlot", parents={"treatment_id": "patients_treatment", "lot_id": "products_lot"}),
        TenantTable("patients_consent", parents=PATIENT),
        LedgerTable("patients_vitalstatus", parents=PATIENT | {"signature_id": "accounts_signature"}),
        LedgerTable(
            "patients_transfer",
            parents=PATIENT | {"from_centre_id": "accounts_party", "to_centre_id": "accounts_party"},
        ),
        TenantTable("patients_identity", parents=PATIENT),
    ]
