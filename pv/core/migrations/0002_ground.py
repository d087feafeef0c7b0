"""Settings that carry the context, the clock, working days, and the two guards every declared table uses."""

from django.db import migrations

from pv.core.roles import role
from pv.core.tables import GlobalTable

FUNCTIONS = """
CREATE FUNCTION core_organisations() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(nullif(current_setting('app.organisations', true), ''), ',')::uuid[]
$$;

CREATE FUNCTION core_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('app.organisation', true), '')::uuid
$$;

CREATE FUNCTION core_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT now() + (SELECT shift FROM core_clockshift)
$$;

-- The day on which something falls in law: the authority's, not the server's.
CREATE FUNCTION core_legal_day(moment timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (moment AT TIME ZONE 'Asia/Shanghai')::date
$$;

CREATE FUNCTION core_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;

-- A reference that may point at one's own row or at a public one. The owner's rights are needed to see the parent
-- at all, and foreign keys look past row-level security anyway.
CREATE FUNCTION core_own_or_public() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    parent uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
    holder uuid;
BEGIN
    EXECUTE format('SELECT organisation_id FROM %I WHERE id = $1', TG_ARGV[1]) INTO holder USING parent;
    -- One refusal for "another's" and for "none": else it would tell which ids others have.
    IF holder IS NULL OR holder NOT IN (NEW.organisation_id, '00000000-0000-0000-0000-000000000000') THEN
        RAISE EXCEPTION '%.%: no such row in this organisation', TG_TABLE_NAME, TG_ARGV[0]
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;

-- A working day by the calendar; a year that is not known is taken as a plain Monday-to-Friday week. That is good
-- enough for a warning, which may come a few days early; screens say that the year's holidays are not known yet.
CREATE FUNCTION core_works(the_day date, the_calendar text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        (SELECT kind = 'workday' FROM core_calendarday WHERE calendar = the_calendar AND day = the_day),
        extract(isodow FROM the_day) < 6)
$$;

-- The last working day on or before the_day, and from there n working days back.
CREATE FUNCTION core_working_days_before(the_day date, n integer, the_calendar text) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    found_day date := the_day;
    still_to_go integer := n;
BEGIN
    LOOP
        IF core_works(found_day, the_calendar) THEN
            EXIT WHEN still_to_go = 0;
            still_to_go := still_to_go - 1;
        END IF;
        found_day := found_day - 1;
    END LOOP;
    RETURN found_day;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS),
        migrations.RunSQL("INSERT INTO core_clockshift (id, shift) VALUES (1, '0')"),
        migrations.RunSQL(
            f"REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO "
            f"{role('app')}, {role('clock')}, {role('sealer')}"
        ),
        GlobalTable("django_migrations", app="SELECT"),
        GlobalTable("core_clockshift", app="SELECT", clock="SELECT", sealer="SELECT"),
    ]
