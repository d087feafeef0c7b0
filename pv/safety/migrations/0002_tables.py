"""Declares the room's tables, and holds invariant 4: a malignancy saved is a malignancy escalated."""

from django.db import migrations

from pv.core.tables import LedgerTable, OperationalTable, TenantTable

# Deferred to the commit, since the visit is written first. Whoever writes a record that says "malignancy", by whatever
# path, commits it together with its inbox item (a confirmed one with its case), or not at all. A correction is covered
# by what a record that it corrects has opened already.
GUARD = """
CREATE FUNCTION safety_malignancy_is_escalated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        WITH RECURSIVE told (id, corrects_id) AS (
            SELECT NEW.id, NEW.corrects_id
            UNION
            SELECT r.id, r.corrects_id FROM told AS t
            JOIN followup_visitrecord AS r ON r.organisation_id = NEW.organisation_id AND r.id = t.corrects_id)
        SELECT FROM safety_inboxitem AS i JOIN told AS t ON i.record_id = t.id
        WHERE i.organisation_id = NEW.organisation_id AND i.kind = 'malignancy'
          AND (NEW.malignancy = 'suspected' OR i.case_id IS NOT NULL OR i.state = 'duplicate')) THEN
        RAISE EXCEPTION 'a record that says malignancy needs its inbox item, and a confirmed one its case'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_malignancy_saved_is_a_malignancy_escalated';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER a_malignancy_saved_is_a_malignancy_escalated
    AFTER INSERT ON followup_visitrecord DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.malignancy IN ('confirmed', 'suspected')) EXECUTE FUNCTION safety_malignancy_is_escalated();
"""

PATIENT = {"patient_id": "patients_patient"}


class Migration(migrations.Migration):
    dependencies = [("safety", "0001_initial"), ("biosamples", "0002_tables")]

    operations = [
        TenantTable(
            "safety_case", parents=PATIENT | {"product_id": "products_product", "duplicate_of_id": "safety_case"}
        ),
        TenantTable(
            "safety_inboxitem",
            parents=PATIENT
            | {
                "record_id": "followup_visitrecord",
                "treatment_id": "patients_treatment",
                "product_id": "products_product",
                "case_id": "safety_case",
                "duplicate_of_id": "safety_inboxitem",
            },
        ),
        LedgerTable("safety_caseversion", parents={"case_id": "safety_case"}),
        LedgerTable("safety_reaction", parents={"case_version_id": "safety_caseversion"}),
        LedgerTable(
            "safety_assessment",
            parents={"case_version_id": "safety_caseversion", "signature_id": "accounts_signature"},
        ),
        TenantTable(
            "safety_malignancyprocess",
            parents=PATIENT | {"item_id": "safety_inboxitem", "case_id": "safety_case"},
        ),
        TenantTable("safety_question", parents={"item_id": "safety_inboxitem"}),
        LedgerTable("safety_safetymove", parents={"signature_id": "accounts_signature"}),
        OperationalTable("safety_counter"),
        migrations.RunSQL(GUARD),
    ]
