"""What can be done to an obligation or a milestone as it stands: one table from state to acts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from pv.accounts.policy import Access, can
from pv.obligations.models import Milestone, Obligation
from pv.obligations.rules import State
from pv.web.presenters.clock import Clock
from pv.web.presenters.due import ZONE
from pv.web.templatetags.portal import day

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from pv.web.forms.obligations import ActForm


@dataclass(frozen=True, slots=True)
class Act:
    """A button: the page it leads to, and the verb one needs."""

    view: str
    label: "StrOrPromise"
    verb: str = "obligation.write"
    primary: bool = False
    rare: bool = False


OBLIGATION = (
    Act("submit", gettext_lazy("Record the acceptance"), primary=True),
    Act("fulfil", gettext_lazy("Record the decision"), primary=True),
    Act("reopen", gettext_lazy("Take it up again"), primary=True),
    Act("change_due", gettext_lazy("Change the due date"), "obligation.correct_date"),
    Act("change_forecast", gettext_lazy("Change the forecast")),
    Act("send_back", gettext_lazy("Record that it was sent back")),
    Act("reassign", gettext_lazy("Give it to somebody else"), rare=True),
    Act("waive", gettext_lazy("Record that it is no longer asked for"), rare=True),
    Act("fail", gettext_lazy("Record that it was not kept"), rare=True),
)
DATES = frozenset({"change_due", "change_forecast"})
POSSIBLE: Mapping[State, frozenset[str]] = {
    State.OPEN: DATES | {"submit", "waive", "fail", "reassign"},
    State.SUBMITTED: frozenset({"fulfil", "fail", "send_back", "reassign"}),
    State.RETURNED: DATES | {"reopen", "reassign"},
    State.FAILED: frozenset({"reopen", "reassign"}),
    State.FULFILLED: frozenset(),
    State.WAIVED: frozenset(),
}
MILESTONE = (
    Act("reach_milestone", gettext_lazy("Record it reached")),
    Act("move_milestone", gettext_lazy("Move")),
    Act("forecast_milestone", gettext_lazy("Forecast")),
)


def is_possible(row: Obligation | Milestone, view: str) -> bool:
    """Whether the state allows it: a step that was reached moves no more."""
    if isinstance(row, Milestone):
        return row.reached_on is None
    return view in POSSIBLE[State(row.state)]


def acts(row: Obligation | Milestone, access: Access) -> list[Act]:
    """The buttons: what is possible as it stands, and allowed to this reader."""
    every = MILESTONE if isinstance(row, Milestone) else OBLIGATION
    return [one for one in every if is_possible(row, one.view) and can(access, one.verb, row.organisation_id)]


def acts_of(milestones: Iterable[Milestone], access: Access) -> dict[UUID, list[Act]]:
    """The buttons of several steps; only steps that have some are named."""
    return {one.pk: found for one in milestones if (found := acts(one, access))}


def compared(row: Obligation | Milestone, form: "ActForm") -> list[tuple[str, str, str]]:
    """Both versions, where somebody else was faster: what, as it stands now, as it was typed."""
    forecast = (_("Forecast"), day(row.forecast_on), form.typed("forecast_on"))
    if isinstance(row, Milestone):
        return [
            (_("Now planned"), day(row.due_on), form.typed("due_on")),
            forecast,
            (_("Reached"), day(row.reached_on), form.typed("reached_on")),
        ]
    stands = " ".join([row.get_state_display(), *([day(row.submitted_on)] if row.submitted_on else [])])
    return [
        (pgettext("date", "Due"), day(row.due_on), form.typed("due_on")),
        forecast,
        (_("State"), stands, form.typed("submitted_on", "decided_on")),
        (_("Owner"), row.owner.name, _chosen(form)),
    ]


def _chosen(form: "ActForm") -> str:
    """A chosen person by name, not by id."""
    names = {str(key): str(name) for key, name in getattr(form.fields.get("owner"), "choices", [])}
    return names.get(form.typed("owner"), "")


def told_next(clock: Clock | None) -> str:
    """Who hears of it next unless somebody acts; nothing where no clock runs."""
    told = clock.next_told if clock and clock.state != "done" else None
    if told is None:
        return ""
    when = _("at once") if told.at_once else day(told.at.astimezone(ZONE).date())
    return _("Told next: %(who)s, %(when)s.") % {"who": told.who, "when": when}
