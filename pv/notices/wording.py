"""What a notice says. Built from its own rows at the moment of sending; no patient's detail leaves the house."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from pv.accounts.roles import Role
from pv.core import clock, days
from pv.deadlines.kinds import title_of
from pv.deadlines.models import Basis, Deadline
from pv.notices.models import Delivery

WEEKDAYS_ZH = "一二三四五六日"


def mail_for(delivery: Delivery) -> tuple[str, str]:
    """Subject and text, in the active language: what, until when, how late, why you, and the button's address."""
    deadline = delivery.notice.deadline
    title = title_of(deadline)
    subject = f"{state_of(deadline)}: {title}"
    lines = [
        title,
        "",
        _("Due: %(day)s (%(basis)s)")
        % {"day": day_with_weekday(deadline.due_on), "basis": deadline.get_basis_display()},
        state_of(deadline),
        _("You are told as: %(why)s.") % {"why": audience_name(delivery.why)},
        "",
        _("Open it, and say that you take it:"),
        f"{settings.EXTERNAL_URL}/deadlines/{deadline.pk}/take/",
        "",
        _("Opening the link does nothing yet; the page has a button. Until somebody answers, the next person is told."),
    ]
    return " ".join(subject.splitlines()), "\n".join(lines)


def state_of(deadline: Deadline) -> str:
    """ "Late since …", "overdue since …" (legal ones only), or what remains."""
    now = clock.now()
    left = days.remaining(now, deadline.due_at, ZoneInfo(deadline.zone))
    if not left.late:
        if left.days == 0:
            return _("%(hours)d h %(minutes)02d min left") % {"hours": left.hours, "minutes": left.minutes}
        return _("%(days)d days left") % {"days": left.days}
    if deadline.basis == Basis.LEGAL:
        return _("Overdue since %(day)s") % {"day": deadline.due_on.isoformat()}
    return _("Late since %(day)s") % {"day": deadline.due_on.isoformat()}


def day_with_weekday(day: date) -> str:
    """2026-02-28 Sat, 2026-02-28 周六."""
    if (translation.get_language() or "").startswith("zh"):
        return f"{day.isoformat()} 周{WEEKDAYS_ZH[day.weekday()]}"
    return f"{day.isoformat()} {day:%a}"


def audience_name(code: str) -> str:
    """An audience in words: a role's name, or the owner, on call, deputy."""
    words = {"owner": _("owner"), "on_call": _("on call"), "deputy": _("deputy")}
    return words.get(code) or (str(Role(code).label) if code in Role.values else code)
