"""Declares the room's tables, and the one function that says when a rung's instant is."""

from django.db import migrations

from pv.core.tables import OperationalTable, TenantTable

# Plain SQL, so that the planner puts it inline; the preview asks the same function.
INSTANT = """
CREATE FUNCTION deadlines_instant(due_on date, due_at timestamptz, zone text, calendar text, amount integer, unit text,
                                  side text, at_hour integer) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE unit
        WHEN 'hours' THEN due_at + make_interval(hours => CASE side WHEN 'before' THEN -amount ELSE amount END)
        WHEN 'days' THEN (due_on + CASE side WHEN 'before' THEN -amount ELSE amount END
                          + make_interval(hours => at_hour)) AT TIME ZONE zone
        WHEN 'months' THEN ((due_on + make_interval(months => CASE side WHEN 'before' THEN -amount ELSE amount END))::date
                            + make_interval(hours => at_hour)) AT TIME ZONE zone
        WHEN 'working_days' THEN (core_working_days_before(due_on, amount, calendar)
                                  + make_interval(hours => at_hour)) AT TIME ZONE zone
    END
$$;

-- Where a deadline stands on its ladder at a moment: the number of the last rung passed (repeats counted on), and when
-- the next one comes.
CREATE FUNCTION deadlines_place(the_ladder uuid, due_on date, due_at timestamptz, zone text, calendar text,
                                moment timestamptz)
RETURNS TABLE (passed integer, next_at timestamptz, next_urgent boolean) LANGUAGE sql STABLE AS $$
    WITH rungs AS (
        SELECT r.no, r.repeat_days, r.tone,
               deadlines_instant(due_on, due_at, zone, calendar, r.amount, r.unit, r.side, r.at_hour) AS at
        FROM deadlines_rung AS r WHERE r.ladder_id = the_ladder),
    last AS (SELECT * FROM rungs ORDER BY no DESC LIMIT 1),
    repeats AS (
        SELECT floor(extract(epoch FROM moment - at) / (86400 * repeat_days))::integer AS k, at, repeat_days, no, tone
        FROM last WHERE repeat_days IS NOT NULL AND at <= moment)
    SELECT coalesce((SELECT no + k FROM repeats), (SELECT max(no) FROM rungs WHERE at <= moment), 0),
           coalesce((SELECT min(at) FROM rungs WHERE at > moment),
                    (SELECT at + make_interval(days => repeat_days * (k + 1)) FROM repeats)),
           coalesce((SELECT tone = 'urgent' FROM rungs WHERE at > moment ORDER BY at LIMIT 1),
                    (SELECT tone = 'urgent' FROM repeats), false)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0001_initial"), ("accounts", "0002_tables")]

    operations = [
        TenantTable("deadlines_rule", clock="SELECT"),
        TenantTable("deadlines_ladder", clock="SELECT"),
        TenantTable("deadlines_rung", parents={"ladder_id": "deadlines_ladder"}, clock="SELECT"),
        TenantTable("deadlines_step", parents={"rung_id": "deadlines_rung"}, clock="SELECT"),
        TenantTable(
            "deadlines_deadline",
            shared={"rule_id": "deadlines_rule", "ladder_id": "deadlines_ladder"},
            clock="SELECT",
        ),
        OperationalTable(
            "deadlines_alarm",
            parents={"deadline_id": "deadlines_deadline"},
            shared={"ladder_id": "deadlines_ladder"},
            app="SELECT, INSERT, UPDATE, DELETE",
            clock="SELECT, UPDATE",
        ),
        migrations.RunSQL(
            # A busy table of short rows: leave room for updates in place, and clean it early.
            "ALTER TABLE deadlines_alarm SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)"
        ),
        migrations.RunSQL(INSTANT),
    ]
