"""The last touch: warnings of the past were given in the past, so that a fresh demonstration does not flood anybody."""

from django.db import connection

from pv.accounts.models import User
from pv.followup import services as followup
from pv.notices import services as notices
from pv.ops.demo.population.stage import Stage
from pv.patients.models import Patient

# Clocks of the work lists whose warning came before today: it counts as given, and the next one rings in its time.
# Alarms that nobody has taken, reports to the authority and what is late ring as they are.
CALM = """
UPDATE deadlines_alarm AS a
SET rung = p.passed, nth = 1, told_at = core_now(), next_alert_at = p.next_at, urgent = p.next_urgent
FROM deadlines_deadline AS d
CROSS JOIN LATERAL deadlines_place(d.ladder_id, d.due_on, d.due_at, d.zone, d.calendar, core_now()) AS p
WHERE d.id = a.deadline_id AND a.organisation_id = %s AND d.due_at > core_now()
  AND d.kind = ANY (%s) AND a.next_alert_at <= core_now() AND p.passed > 0
"""
KINDS = [
    "visit_protocol",
    "visit_lifelong",
    "sample_collection",
    "sample_instruction",
    "sample_return",
    "triage",
    "icsr",
]
SEEN_AFTER_HOURS = 20


def settle(stage: Stage) -> None:
    """Plan everybody's coming visits, still the warnings that are past, and let old notices be seen."""
    with stage.acting("recorder"):
        mine = Patient.objects.for_organisations([stage.organisation])
        followup.plan_visits(list(mine.values_list("pk", flat=True)))
        with connection.cursor() as cursor:
            cursor.execute(CALM, [stage.organisation, KINDS])
    for local, person in stage.people.items():
        _see(stage, local, person)


def _see(stage: Stage, local: str, person: User) -> None:
    with stage.acting(local) as by:
        old = [
            one.pk
            for one in notices.my_notices(person, [stage.organisation]).filter(seen_at=None)
            if (stage.now - one.notice.fired_at).total_seconds() > SEEN_AFTER_HOURS * 3600
        ]
        if old:
            notices.mark_seen(old, by=by)
