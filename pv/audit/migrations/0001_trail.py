"""The trail: event and seal tables, the functions that triggers call, and the sealer.

Events are partitioned by month from the first day. The canonical form that is hashed names every field and separates
them by line feeds; text that people typed is JSON-encoded, so that no typed line feed can pass for a field.
"""

from django.db import migrations, models

from pv.core.roles import role
from pv.core.tables import READ, GlobalTable

ENDLESS = 2**63 - 1

TABLES = """
CREATE TABLE audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    organisation_id uuid,
    table_name text NOT NULL,
    row_id uuid NOT NULL,
    action char(1) NOT NULL CHECK (action IN ('I', 'U', 'D')),
    at timestamptz NOT NULL,
    actor uuid NOT NULL,
    reason text NOT NULL,
    request uuid,
    job text NOT NULL,
    txid bigint NOT NULL,
    old jsonb,
    image_hash bytea,
    hash bytea NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX audit_event_row ON audit_event (organisation_id, row_id, id);
CREATE INDEX audit_event_latest ON audit_event (organisation_id, id);
CREATE INDEX audit_event_txid ON audit_event (txid);
CREATE TABLE audit_event_default PARTITION OF audit_event DEFAULT;
-- A parent's truncate trigger does not reach its partitions.
CREATE TRIGGER audit_event_default_never_truncated BEFORE TRUNCATE ON audit_event_default FOR EACH STATEMENT
    EXECUTE FUNCTION core_refuse('the trail is only ever added to');

CREATE TABLE audit_seal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid,
    number bigint NOT NULL,
    from_txid bigint NOT NULL,
    to_txid bigint NOT NULL,
    after_id bigint NOT NULL,
    to_id bigint NOT NULL,
    events bigint NOT NULL,
    at timestamptz NOT NULL,
    seal bytea NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organisation_id, number)
);
"""

WRITING = """
CREATE FUNCTION audit_make_partitions(months integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    first timestamp := date_trunc('month', clock_timestamp());
    name text;
BEGIN
    FOR i IN 0..months LOOP
        name := 'audit_event_' || to_char(first + make_interval(months => i), 'YYYY_MM');
        IF to_regclass('public.' || name) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.audit_event FOR VALUES FROM (%L) TO (%L)',
                    name, first + make_interval(months => i), first + make_interval(months => i + 1));
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT '
                    'EXECUTE FUNCTION public.core_refuse(''the trail is only ever added to'')',
                    name || '_never_truncated', name);
            EXCEPTION WHEN check_violation THEN  -- the default partition has events of this month: it keeps them
                RAISE WARNING '%: events of this month stand in the default partition', name;
            END;
        END IF;
    END LOOP;
END $$;

-- Whether this month and the next ones have their partitions already; locks nothing.
CREATE FUNCTION audit_has_room(months integer) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
    SELECT bool_and(to_regclass('public.audit_event_' || to_char(
        date_trunc('month', clock_timestamp()) + make_interval(months => i), 'YYYY_MM')) IS NOT NULL)
    FROM generate_series(0, months) AS i
$$;

CREATE FUNCTION audit_actor() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    who text := current_setting('app.actor', true);
BEGIN
    IF who IS NULL OR who = '' THEN
        RAISE EXCEPTION 'a write without an actor: enter acting_as() first' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN who::uuid;
END $$;

-- What is the same for every row of one statement, in canonical form.
CREATE FUNCTION audit_head(table_name text, action text, at timestamptz, actor uuid, reason text, request uuid,
                           job text, txid bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat('table=', table_name, E'\\naction=', action,
        E'\\nat=', (extract(epoch FROM at) * 1000000)::bigint, E'\\nactor=', actor,
        E'\\nreason=', to_json(reason), E'\\nrequest=', request, E'\\njob=', to_json(job), E'\\ntxid=', txid, E'\\n')
$$;

CREATE FUNCTION audit_hash(head text, organisation_id uuid, row_id uuid, old jsonb, image_hash bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(concat(head, 'organisation=', organisation_id, E'\\nrow=', row_id, E'\\nold=', old,
        E'\\nimage=', encode(image_hash, 'hex')), 'UTF8'))
$$;

-- How a row looked, as a hash; empty columns are left out, so that a column added later changes no older image.
CREATE FUNCTION audit_image(j jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(jsonb_strip_nulls(j)::text, 'UTF8'))
$$;
"""

# One function a verb, since a transition table is only visible in the function that the trigger calls itself.
# The settings make one row look the same whoever wrote it: times, binaries and intervals are printed by them.
TRIGGER = """
CREATE FUNCTION audit_{verb}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public {fixed} AS $$
DECLARE
    who uuid := audit_actor();
    why text := coalesce(current_setting('app.reason', true), '');
    the_request uuid := nullif(current_setting('app.request', true), '')::uuid;
    the_job text := coalesce(current_setting('app.job', true), '');
    moment timestamptz := clock_timestamp();
    tx bigint := pg_current_xact_id()::text::bigint;
    head text := audit_head(TG_TABLE_NAME, '{action}', moment, who, why, the_request, the_job, tx);
BEGIN
    INSERT INTO audit_event (organisation_id, table_name, row_id, action, at, actor, reason, request, job, txid, old,
                             image_hash, hash)
    SELECT r.organisation_id, TG_TABLE_NAME, r.row_id, '{action}', moment, who, why, the_request, the_job, tx,
           r.old, r.image, audit_hash(head, r.organisation_id, r.row_id, r.old, r.image)
    FROM (SELECT (j ->> 'organisation_id')::uuid AS organisation_id, (j ->> 'id')::uuid AS row_id,
                 {old} AS old, {image} AS image
          FROM {source} OFFSET 0) AS r;
    RETURN NULL;
END $$;
"""
FIXED = "SET timezone = 'UTC' SET bytea_output = 'hex' SET intervalstyle = 'iso_8601'"

# A password's hash never enters the trail; that it was changed does, and the image's hash covers it.
CHANGED = """(SELECT coalesce(jsonb_object_agg(was.key, CASE was.key WHEN 'password' THEN 'null' ELSE was.value END), '{}')
                  FROM jsonb_each(o) AS was WHERE was.value IS DISTINCT FROM j -> was.key)"""
PAIRS = "(SELECT to_jsonb(n) AS j, to_jsonb(p) AS o FROM new_rows AS n JOIN old_rows AS p ON p.id = n.id) AS rows"

TRIGGERS = "".join(
    TRIGGER.format(verb=verb, action=action, old=old, image=image, source=source, fixed=FIXED)
    for verb, action, old, image, source in (
        ("insert", "I", "NULL::jsonb", "audit_image(j)", "(SELECT to_jsonb(n) AS j FROM new_rows AS n) AS rows"),
        ("update", "U", CHANGED, "audit_image(j)", PAIRS),
        ("delete", "D", "j - 'password'", "NULL::bytea", "(SELECT to_jsonb(p) AS j FROM old_rows AS p) AS rows"),
    )
)

# A seal covers every event of the transactions from where the last one ended up to the oldest that still runs: all of
# those have ended, so the set cannot grow behind the seal, and no writer ever waits for it. A dump restored elsewhere
# meets a server whose transaction ids begin again: then counting starts anew behind the last event sealed (after_id).
SEALING = f"""
CREATE FUNCTION audit_position(OUT first_txid bigint, OUT after_id bigint, OUT restored_at_txid bigint)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN s.restored THEN 0 ELSE s.to_txid END,
           CASE WHEN s.restored THEN greatest((SELECT max(to_id) FROM audit_seal),
               (SELECT max(id) FROM audit_event AS e WHERE e.txid >= s.to_txid)) ELSE s.after_id END,
           CASE WHEN s.restored THEN s.to_txid END
    FROM (SELECT 0 AS id, 0 AS to_txid, 0 AS after_id, false AS restored
          UNION ALL
          (SELECT id, to_txid, after_id, to_txid > pg_snapshot_xmin(pg_current_snapshot())::text::bigint
           FROM audit_seal ORDER BY id DESC LIMIT 1)) AS s
    ORDER BY s.id DESC LIMIT 1
$$;

CREATE FUNCTION audit_seal_range(first_txid bigint, horizon bigint, after_event bigint, last_event bigint)
RETURNS bigint LANGUAGE sql AS $$
    WITH fresh AS (
        SELECT organisation_id, count(*) AS events, max(id) AS to_id, string_agg(hash, ''::bytea ORDER BY id) AS hashes
        FROM audit_event WHERE txid >= first_txid AND txid < horizon AND id > after_event AND id <= last_event
        GROUP BY organisation_id),
    made AS (
        INSERT INTO audit_seal (organisation_id, number, from_txid, to_txid, after_id, to_id, events, at, seal)
        SELECT f.organisation_id, coalesce(last.number, 0) + 1, first_txid, horizon, after_event, f.to_id, f.events,
               clock_timestamp(), sha256(coalesce(last.seal, ''::bytea) || f.hashes)
        FROM fresh AS f LEFT JOIN LATERAL (
            SELECT s.number, s.seal FROM audit_seal AS s WHERE s.organisation_id IS NOT DISTINCT FROM f.organisation_id
            ORDER BY s.number DESC LIMIT 1) AS last ON true
        RETURNING events)
    SELECT coalesce(sum(events), 0)::bigint FROM made
$$;

CREATE FUNCTION audit_seal_all() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    horizon bigint;
    place record;
    former_life bigint;
    sealed bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('audit_seal_all')) THEN
        RETURN 0;
    END IF;
    horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    SELECT * INTO place FROM audit_position();
    IF place.restored_at_txid < {ENDLESS} THEN  -- first what the other server left unsealed: its writers are gone
        SELECT after_id INTO former_life FROM audit_seal ORDER BY id DESC LIMIT 1;
        sealed := audit_seal_range(place.restored_at_txid, {ENDLESS}, former_life, place.after_id);
    END IF;
    RETURN sealed + audit_seal_range(place.first_txid, horizon, place.after_id, {ENDLESS});
END $$;

-- Since when events wait for their seal; the present moment if none does.
CREATE FUNCTION audit_watermark() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
    SELECT coalesce((SELECT min(e.at) FROM audit_event AS e WHERE e.txid >= p.first_txid AND e.id > p.after_id),
                    clock_timestamp()) FROM audit_position() AS p
$$;
"""

# How the rows of a table look now, as hashes: who verifies compares them and never reads a row.
IMAGES = f"""
CREATE FUNCTION audit_images(the_table text) RETURNS TABLE (organisation_id uuid, row_id uuid, image bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public {FIXED} AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT (j ->> ''organisation_id'')::uuid, (j ->> ''id'')::uuid, '
        'sha256(convert_to(jsonb_strip_nulls(j)::text, ''UTF8'')) FROM (SELECT to_jsonb(t) AS j FROM public.%I AS t) AS rows',
        the_table);
END $$;
"""


def _guards() -> str:
    owner, app, clock, sealer = role("owner"), role("app"), role("clock"), role("sealer")
    sql = ""
    for table in ("audit_event", "audit_seal"):
        sql += f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
-- Rows of no organisation (users, calendars) are for administrators: their context says so.
CREATE POLICY tenant ON {table} FOR SELECT TO {app}
    USING ({READ} OR (organisation_id IS NULL AND (SELECT current_setting('app.installation', true)) = 'on'));
CREATE POLICY migrations ON {table} TO {owner} USING (true) WITH CHECK (true);
CREATE POLICY sealer ON {table} FOR SELECT TO {sealer} USING (true);
GRANT SELECT ON {table} TO {app}, {sealer};
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW
    EXECUTE FUNCTION core_refuse('the trail is only ever added to');
CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
    EXECUTE FUNCTION core_refuse('the trail is only ever added to');
COMMENT ON TABLE {table} IS 'Trail';
"""
    return (
        sql
        + f"""
REVOKE ALL ON FUNCTION audit_seal_all(), audit_seal_range(bigint, bigint, bigint, bigint), audit_images(text),
    audit_make_partitions(integer), audit_has_room(integer), audit_watermark() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_seal_all(), audit_images(text), audit_make_partitions(integer), audit_has_room(integer)
    TO {sealer};
GRANT EXECUTE ON FUNCTION audit_watermark() TO {app}, {clock}, {sealer};
SELECT audit_make_partitions(24);
"""
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = [("core", "0002_ground")]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("organisation_id", models.UUIDField(null=True)),
                ("table_name", models.TextField()),
                ("row_id", models.UUIDField()),
                (
                    "action",
                    models.CharField(choices=[("I", "created"), ("U", "changed"), ("D", "deleted")], max_length=1),
                ),
                ("at", models.DateTimeField()),
                ("actor", models.UUIDField()),
                ("reason", models.TextField()),
                ("request", models.UUIDField(null=True)),
                ("job", models.TextField()),
                ("txid", models.BigIntegerField()),
                ("old", models.JSONField(null=True)),
                ("image_hash", models.BinaryField(null=True)),
                ("hash", models.BinaryField()),
            ],
            options={
                "managed": False,
                "db_table": "audit_event",
                "ordering": ["id"],
                "verbose_name": "history event",
                "verbose_name_plural": "history",
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("organisation_id", models.UUIDField(null=True)),
                ("number", models.BigIntegerField()),
                ("from_txid", models.BigIntegerField()),
                ("to_txid", models.BigIntegerField()),
                ("after_id", models.BigIntegerField()),
                ("to_id", models.BigIntegerField()),
                ("events", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("seal", models.BinaryField()),
            ],
            options={
                "managed": False,
                "db_table": "audit_seal",
                "ordering": ["organisation_id", "number"],
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
            },
        ),
        migrations.RunSQL(TABLES),
        migrations.RunSQL(WRITING),
        migrations.RunSQL(TRIGGERS),
        migrations.RunSQL(SEALING),
        migrations.RunSQL(IMAGES),
        migrations.RunSQL(_guards()),
        GlobalTable("core_calendarday", history=True, app="SELECT, INSERT, UPDATE, DELETE", clock="SELECT"),
        GlobalTable("core_calendaryear", history=True, app="SELECT, INSERT, UPDATE, DELETE", clock="SELECT"),
    ]
