"""A holder's own rule or ladder instead of the shared one: a row of its own, the next version of the same code.

A rule or ladder that deadlines already follow is never changed under them: they keep their version.
"""

from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.accounts.services import check_may
from pv.core.errors import NotFound
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline, Ladder, Rule, Rung, Step


def own_version_of_rule(rule_id: UUID, *, by: User, organisation: UUID, reason: str = "") -> Rule:
    """Copy a shared or own rule as the organisation's next version, to be edited."""
    check_may(by, "rule.write", organisation)
    rule: Rule | None = Rule.objects.for_organisations([organisation, PUBLIC_ORGANISATION]).filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(_("There is no such record."))
    with writing_for(organisation, reason=reason):
        rule.pk, rule.organisation_id, rule.version = uuid7(), organisation, _next(Rule, rule.code, organisation)
        rule.confirmed_by, rule.confirmed_on = None, None
        rule._state.adding = True
        rule.save(force_insert=True)
    return rule


def own_version_of_ladder(ladder_id: UUID, *, by: User, organisation: UUID, reason: str = "") -> Ladder:
    """Copy a shared or own ladder with its rungs and steps as the organisation's next version, to be edited."""
    check_may(by, "rule.write", organisation)
    readable = [organisation, PUBLIC_ORGANISATION]
    ladder: Ladder | None = Ladder.objects.for_organisations(readable).filter(pk=ladder_id).first()
    if ladder is None:
        raise NotFound(_("There is no such record."))
    rungs = list(Rung.objects.for_organisations(readable).filter(ladder=ladder))
    steps = list(Step.objects.for_organisations(readable).filter(rung__in=rungs))
    with writing_for(organisation, reason=reason):
        ladder.pk, ladder.organisation_id = uuid7(), organisation
        ladder.version = _next(Ladder, ladder.code, organisation)
        ladder._state.adding = True
        ladder.save(force_insert=True)
        new_rung = {rung.pk: uuid7() for rung in rungs}
        for rung in rungs:
            rung.pk, rung.organisation_id, rung.ladder_id = new_rung[rung.pk], organisation, ladder.pk
        for step in steps:
            step.pk, step.organisation_id, step.rung_id = uuid7(), organisation, new_rung[step.rung_id]
        Rung.objects.bulk_create(rungs)
        Step.objects.bulk_create(steps)
    return ladder


def is_followed(row: Rule | Ladder) -> bool:
    """Whether a deadline follows this very version."""
    deadlines = Deadline.objects.for_organisations([row.organisation_id])
    return deadlines.filter(rule=row).exists() if isinstance(row, Rule) else deadlines.filter(ladder=row).exists()


def _next(model: type[Rule] | type[Ladder], code: str, organisation: UUID) -> int:
    readable = [organisation, PUBLIC_ORGANISATION]
    last = model.objects.for_organisations(readable).filter(code=code).aggregate(last=Max("version"))["last"]
    return int(last or 0) + 1
