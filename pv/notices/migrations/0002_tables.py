"""Declares the room's tables, and says who is meant by an audience."""

from django.db import migrations

from pv.core.tables import GlobalTable, LedgerTable, OperationalTable, TenantTable

# Nobody entered on the rota, or nobody in a role: every PV officer and the PV head; and if there are none, whoever
# administers the organisation. A deputy is told beside the person they stand in for.
PEOPLE = """
-- Works here at this moment: active, and a member on the legal day. Nobody else is told of an organisation's matters,
-- whoever owned, stood in or was on call before they left.
CREATE FUNCTION notices_works_here(the_organisation uuid, person uuid, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM accounts_membership AS m JOIN accounts_user AS u ON u.id = m.user_id AND u.is_active
        WHERE m.organisation_id = the_organisation AND m.user_id = person
          AND m.starts_on <= core_legal_day(moment) AND (m.ends_on IS NULL OR m.ends_on >= core_legal_day(moment)))
$$;

CREATE FUNCTION notices_members(the_organisation uuid, roles text[], moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT m.user_id FROM accounts_membership AS m JOIN accounts_user AS u ON u.id = m.user_id AND u.is_active
    WHERE m.organisation_id = the_organisation AND m.role = ANY (roles)
      AND m.starts_on <= core_legal_day(moment) AND (m.ends_on IS NULL OR m.ends_on >= core_legal_day(moment))
$$;

CREATE FUNCTION notices_on_rota(the_organisation uuid, the_kind text, moment timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT r.person_id FROM notices_rota AS r
    WHERE r.organisation_id = the_organisation AND r.kind = the_kind AND r.starts_at <= moment AND r.ends_at > moment
      AND notices_works_here(the_organisation, r.person_id, moment)
$$;

CREATE FUNCTION notices_people(the_organisation uuid, audience text, owner uuid, moment timestamptz)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_people uuid[];
BEGIN
    found_people := CASE
        WHEN audience = 'owner' THEN ARRAY(
            SELECT owner WHERE owner IS NOT NULL AND notices_works_here(the_organisation, owner, moment))
        WHEN audience IN ('on_call', 'deputy') THEN ARRAY(SELECT notices_on_rota(the_organisation, audience, moment))
        ELSE ARRAY(SELECT notices_members(the_organisation, ARRAY[audience], moment)) END;
    IF cardinality(found_people) = 0 THEN
        found_people := ARRAY(SELECT notices_members(the_organisation, ARRAY['pv_officer', 'pv_head'], moment));
    END IF;
    IF cardinality(found_people) = 0 THEN
        found_people := ARRAY(SELECT notices_members(the_organisation, ARRAY['administrator'], moment));
    END IF;
    RETURN QUERY SELECT unnest(found_people) UNION SELECT r.person_id FROM notices_rota AS r
        WHERE r.organisation_id = the_organisation AND r.kind = 'deputy' AND r.stands_in_for_id = ANY (found_people)
          AND r.starts_at <= moment AND r.ends_at > moment
          AND notices_works_here(the_organisation, r.person_id, moment);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial"), ("deadlines", "0002_tables")]

    operations = [
        OperationalTable(
            "notices_notice",
            parents={"deadline_id": "deadlines_deadline"},
            app="SELECT, INSERT",
            clock="SELECT, INSERT",
        ),
        OperationalTable("notices_message", app="SELECT", clock="SELECT, INSERT, UPDATE"),
        OperationalTable(
            "notices_delivery",
            parents={"notice_id": "notices_notice", "message_id": "notices_message"},
            app="SELECT, INSERT, UPDATE",
            clock="SELECT, INSERT, UPDATE",
        ),
        LedgerTable("notices_acknowledgement", parents={"deadline_id": "deadlines_deadline"}, clock="SELECT"),
        TenantTable("notices_rota", app="SELECT, INSERT, UPDATE, DELETE", clock="SELECT"),
        GlobalTable("notices_jobrun", app="SELECT, INSERT, UPDATE", clock="SELECT, INSERT, UPDATE, DELETE"),
        migrations.RunSQL(PEOPLE),
    ]
