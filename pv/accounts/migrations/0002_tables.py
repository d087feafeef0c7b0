"""Declares the room's tables, organisation 0, and the one look that is allowed before a context stands."""

from django.db import migrations

from pv.core.roles import role
from pv.core.tables import PUBLIC, GlobalTable, TenantTable


def _calendar(table: str) -> str:
    mine = "EXISTS (SELECT FROM accounts_organisation WHERE id = (SELECT core_organisation()) AND kind = 'platform')"
    app, clock, owner = role("app"), role("clock"), role("owner")
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON {table} FOR SELECT TO {app}, {clock} USING (true);
CREATE POLICY operator_adds ON {table} FOR INSERT TO {app} WITH CHECK ({mine});
CREATE POLICY operator_changes ON {table} FOR UPDATE TO {app} USING ({mine}) WITH CHECK ({mine});
CREATE POLICY operator_deletes ON {table} FOR DELETE TO {app} USING ({mine});
CREATE POLICY migrations ON {table} TO {owner} USING (true) WITH CHECK (true);"""


SQL = f"""
ALTER TABLE accounts_organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts_organisation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON accounts_organisation FOR SELECT TO {role("app")}
    USING (id = ANY ((SELECT core_organisations())::uuid[]));
CREATE POLICY migrations ON accounts_organisation TO {role("owner")} USING (true) WITH CHECK (true);
CREATE POLICY clock ON accounts_organisation FOR SELECT TO {role("clock")} USING (true);

-- Who is this person? Asked at log-in, before any organisation may be read; afterwards only of oneself: nobody learns
-- what somebody does for another organisation.
CREATE FUNCTION accounts_memberships_of(person uuid) RETURNS TABLE (organisation_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT m.organisation_id, m.role::text
    FROM accounts_membership AS m
    JOIN accounts_user AS u ON u.id = m.user_id AND u.is_active
    JOIN accounts_organisation AS o ON o.id = m.organisation_id
    WHERE m.user_id = person AND coalesce(nullif(current_setting('app.actor', true), '')::uuid, person) = person
      AND m.starts_on <= core_legal_day(core_now())
      AND (m.ends_on IS NULL OR m.ends_on >= core_legal_day(core_now()))
    ORDER BY o.name, m.role
$$;
REVOKE ALL ON FUNCTION accounts_memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_memberships_of(uuid) TO {role("app")};

-- Whether somebody works, worked or will work for one of these organisations, and for no other. One account serves
-- them all: whoever could change it could enter each of them.
CREATE FUNCTION accounts_works_only_for(person uuid, organisations uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(bool_and(m.organisation_id = ANY (organisations)), false)
    FROM accounts_membership AS m WHERE m.user_id = person
$$;
REVOKE ALL ON FUNCTION accounts_works_only_for(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_works_only_for(uuid, uuid[]) TO {role("app")};

-- Accounts are found at log-in, before any context; they are changed by the person, or by their only employers.
ALTER TABLE accounts_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts_user FORCE ROW LEVEL SECURITY;
CREATE POLICY found ON accounts_user FOR SELECT TO {role("app")}, {role("clock")} USING (true);
CREATE POLICY made ON accounts_user FOR INSERT TO {role("app")} WITH CHECK (true);
CREATE POLICY changed ON accounts_user FOR UPDATE TO {role("app")} USING (
    id = (SELECT nullif(current_setting('app.actor', true), '')::uuid)
    OR EXISTS (SELECT FROM accounts_membership AS m
               WHERE m.user_id = accounts_user.id AND m.organisation_id = (SELECT core_organisation()))
       AND accounts_works_only_for(id, (SELECT core_organisations())));
CREATE POLICY migrations ON accounts_user TO {role("owner")} USING (true) WITH CHECK (true);

-- The legal calendar is everybody's: whoever writes for the operator of the installation changes it, and its owner.
{_calendar("core_calendarday")}
{_calendar("core_calendaryear")}

SELECT set_config('app.actor', '00000000-0000-0000-0000-000000000001', true),
       set_config('app.reason', 'installation', true);
INSERT INTO accounts_organisation (id, name, name_zh, kind, is_demo)
VALUES ('{PUBLIC}', 'Public register', '公开目录', 'public', false);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("audit", "0001_trail")]

    operations = [
        GlobalTable("accounts_organisation", app="SELECT", clock="SELECT", history=True),
        GlobalTable("accounts_user", history=True, clock="SELECT"),
        TenantTable("accounts_party", clock="SELECT"),
        TenantTable(
            "accounts_membership",
            parents={"party_id": "accounts_party"},
            app="SELECT, INSERT, UPDATE",
            clock="SELECT",
        ),
        migrations.RunSQL(SQL),
    ]
