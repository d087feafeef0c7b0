"""Declares the room's tables, and holds invariant 1: no conditional authorisation without a confirmatory obligation."""

from django.db import migrations

from pv.core.tables import PUBLIC, LedgerTable, TenantTable

# Deferred to the commit, since the authorisation is written first. The public register's entries open no duty of ours.
GUARD = f"""
CREATE FUNCTION obligations_conditional_has_confirmatory() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM obligations_obligation AS o WHERE o.organisation_id = NEW.organisation_id
                   AND o.authorisation_id = NEW.id AND o.kind = 'confirmatory_trial') THEN
        RAISE EXCEPTION 'a conditional authorisation needs at least one confirmatory obligation'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'conditional_authorisation_has_a_confirmatory_obligation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER conditional_authorisation_has_a_confirmatory_obligation
    AFTER INSERT OR UPDATE OF kind, organisation_id ON products_authorisation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind = 'conditional' AND NEW.organisation_id <> '{PUBLIC}')
    EXECUTE FUNCTION obligations_conditional_has_confirmatory();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0001_initial"),
        ("products", "0002_tables"),
        ("deadlines", "0002_tables"),
    ]

    operations = [
        TenantTable(
            "obligations_obligation",
            parents={"authorisation_id": "products_authorisation", "study_id": "products_study"},
            shared={"rule_id": "deadlines_rule"},
        ),
        TenantTable("obligations_milestone", parents={"study_id": "products_study"}),
        LedgerTable("obligations_obligationchange", parents={"obligation_id": "obligations_obligation"}),
        migrations.RunSQL(GUARD),
    ]
