"""What a form about an organisation's records may choose from; each is one question to the database."""

from uuid import UUID

from django.db.models import Q

from pv.accounts.models import PUBLIC_ORGANISATION, Membership
from pv.accounts.policy import VERBS
from pv.core import clock
from pv.deadlines.models import Rule
from pv.products.models import Authorisation, Product, Study
from pv.web.presenters.words import either

Choices = list[tuple[str, str]]

# What is promised once and for years. Case reports, recalls and laboratory work have clocks of their own.
PROMISED = (
    *("conditional_ceiling", "progress_report", "deficiency_answer", "renewal", "psur", "pbrer", "dsur"),
    *("annual_report", "pv_summary", "registration_data", "literature", "protocol_follow_up", "periodic_report"),
)

LENGTHS = (Rule.Unit.DAYS, Rule.Unit.MONTHS, Rule.Unit.YEARS)


def people(organisation: UUID) -> Choices:
    """Who works there today and may see what they are to own."""
    today, roles = clock.today(), VERBS["obligation.read"]
    found = (
        Membership.objects.for_organisations([organisation])
        .filter(Q(ends_on=None) | Q(ends_on__gte=today), role__in=roles, starts_on__lte=today, user__is_active=True)
        .order_by("user__name", "user_id")
        .values_list("user_id", "user__name")
    )
    return [(str(pk), name) for pk, name in dict.fromkeys(found)]


def products(organisation: UUID) -> Choices:
    return [(str(one.pk), one.label) for one in Product.objects.for_organisations([organisation]).order_by("key")]


def authorisations(organisation: UUID) -> Choices:
    """One's own approvals, by product and indication."""
    rows = Authorisation.objects.for_organisations([organisation]).select_related("product").order_by("key")
    return [(str(one.pk), str(one)) for one in rows]


def studies(organisation: UUID) -> Choices:
    rows = Study.objects.for_organisations([organisation]).order_by("protocol")
    return [(str(one.pk), f"{one.protocol} {one.title}") for one in rows]


def public_products() -> Choices:
    return products(PUBLIC_ORGANISATION)


def public_authorisations() -> Choices:
    return authorisations(PUBLIC_ORGANISATION)


def rules(organisation: UUID) -> Choices:
    """The rules that give a date for something promised, and all that are the organisation's own."""
    found = (
        Rule.objects.for_organisations([organisation, PUBLIC_ORGANISATION])
        .filter(Q(duty_kind__in=PROMISED) | Q(organisation_id=organisation))
        .filter(Q(amount__isnull=False, unit__in=LENGTHS) | ~Q(fixed_date=""))
        .order_by("jurisdiction", "code", "-version")
    )
    newest = {one.code: one for one in reversed(list(found))}
    return [(code, _words(newest[code])) for code in sorted(newest)]


def start_of(code: str, organisation: UUID) -> str:
    """The day a rule counts from, in words."""
    found = Rule.objects.for_organisations([organisation, PUBLIC_ORGANISATION]).filter(code=code)
    rule = found.order_by("-version").first()
    return either(rule.clock_start_en, rule.clock_start_zh) if rule else ""


def _words(rule: Rule) -> str:
    """ "CN-CA-MAX · Ceiling for the date of a confirmatory trial · date of conditional approval + 4 years"."""
    start = either(rule.clock_start_en, rule.clock_start_zh)
    length = rule.fixed_date or f"{'−' if (rule.amount or 0) < 0 else '+'} {abs(rule.amount or 0)} {_unit(rule)}"
    return f"{rule.code} · {either(rule.trigger_en, rule.trigger_zh)} · {start} {length}"


def _unit(rule: Rule) -> str:
    return str(rule.get_day_type_display() if rule.unit == Rule.Unit.DAYS else rule.get_unit_display())
