"""Small words of the portal's templates: icons, days with their weekday, the way back into a list."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Organisation
from pv.web.presenters.lifeline import SHAPES
from pv.web.presenters.pipeline import unit_words
from pv.web.presenters.words import either, in_chinese, shorten

register = template.Library()

WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)

# Drawn for this product on a grid of 20, stroked in the colour of the text around them.
ICONS = {
    "clock": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM10 6v4.2l2.8 1.8",
    "promise": "M5 3.5h7l3 3v10H5ZM12 3.5v3h3M7.5 11.5l1.8 1.8 3.4-3.6",
    "book": "M4 4.5c2-1 4.2-1 6 .3 1.8-1.3 4-1.3 6-.3v11c-2-1-4.2-1-6 .3-1.8-1.3-4-1.3-6-.3ZM10 4.8v11",
    "chart": "M3.5 16.5h13M5.5 16.5v-5M10 16.5v-10M14.5 16.5v-7",
    "bell": "M5.5 14.5v-5a4.5 4.5 0 0 1 9 0v5M4 14.5h12M8.5 17h3M10 3.2V5",
    "settings": "M3.5 6h6M13.5 6h3M3.5 14h3M10.5 14h6M11.5 4v4M8.5 12v4",
    "more": "M4.5 6h11M4.5 10h11M4.5 14h11",
    "out": "M8.5 4h-4v12h4M8.5 10h8M13.5 7l3 3-3 3",
    "globe": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM3 10h14M10 3c-4.5 4.2-4.5 9.8 0 14M10 3c4.5 4.2 4.5 9.8 0 14",
    "person": "M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM4 16.5c.6-5 11.4-5 12 0",
    "house": "M4 16.5v-11h7v11M11 9.5h5v7M6.5 8.5h2M6.5 11.5h2M3 16.5h14",
    "check": "M4.5 10.5l3.7 3.7 7.3-8",
    "open": "M7.5 4.5l5.5 5.5-5.5 5.5",
    "history": "M4 10a6 6 0 1 0 2-4.5M4 3.5v3.2h3.2M10 7v3.2l2.2 1.4",
    "mail": "M3.5 5h13v10h-13ZM3.5 5.5l6.5 5 6.5-5",
    "warning": "M10 3.5l7 12.5H3ZM10 8v3.8M10 13.7v.6",
    "down": "M10 4v9M6.5 9.8L10 13.3l3.5-3.5M4.5 16.5h11",
    "link": "M8 12l4-4M8.5 6.5l2-2a3.2 3.2 0 0 1 5 5l-2 2M11.5 13.5l-2 2a3.2 3.2 0 0 1-5-5l2-2",
    "filter": "M3.5 5h13M6 10h8M8.5 15h3",
    "inbox": "M3.5 11.5l2.5-7h8l2.5 7v5h-13ZM3.5 11.5h4l1 2h3l1-2h4",
    "case": "M3.5 7h13v9h-13ZM7.5 7V4.5h5V7M3.5 11h13",
    "tube": "M7.5 3.5h6M8.5 3.5v10.2a2 2 0 0 0 4 0V3.5M8.5 9.5h4",
    "plus": "M10 4v12M4 10h12",
    "phone": "M6.5 3.5l2 4-1.7 1.4c.8 1.9 2.4 3.5 4.3 4.3l1.4-1.7 4 2-.6 2.6c-6.6.6-12.6-5.4-12-12Z",
    "contact": "M3.5 5h13v8.5h-7l-3.5 3v-3H3.5Z",
    "visit": "M4 5h12v11.5H4ZM4 8.5h12M7 3.5v3M13 3.5v3M7.5 12.5l1.8 1.7 3.2-3.4",
    "eye": "M3 10c3.5-6 10.5-6 14 0-3.5 6-10.5 6-14 0ZM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
    "lock": "M5 9h10v7.5H5ZM7 9V6.5a3 3 0 0 1 6 0V9",
    "print": "M6 7.5v-4h8v4M6 13.5H3.5v-6h13v6H14M6 11.5h8v5H6Z",
}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon that says nothing to a screen reader: the words stand beside it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        extra,
        mark_safe(ICONS[name]),  # noqa: S308 - a constant of this module
    )


@register.simple_tag
def life_key(shape: str) -> SafeString:
    """A mark of the life line, for its legend."""
    return format_html(
        '<svg class="picture-key" viewBox="-9 -9 18 18" aria-hidden="true" focusable="false">'
        '<g class="mark m-{}"><path d="{}"/></g></svg>',
        shape,
        SHAPES[shape],
    )


@register.inclusion_tag("web/parts/choice.html")
def choice(
    name: str, label: str, options: Any, chosen: object, every: bool = True, first: bool = False
) -> dict[str, Any]:
    """One of a list's filters: a labelled select, with "all" unless told otherwise; `first` is where "/" leads."""
    return {"name": name, "label": label, "options": options, "chosen": chosen, "every": every, "first": first}


@register.filter
def day(value: date | None) -> str:
    """2026-02-28 Sat."""
    return f"{value:%Y-%m-%d} {WEEKDAYS[value.weekday()]}" if value else "–"


@register.filter
def iso(value: date | None) -> str:
    """2026-02-28: where columns are narrow."""
    return f"{value:%Y-%m-%d}" if value else "–"


@register.filter
def moment(value: datetime | None, zone: str = "") -> str:
    """2026-02-28 Sat 09:00, in the authority's zone unless another is named."""
    if value is None:
        return "–"
    local = value.astimezone(ZoneInfo(zone) if zone else timezone.get_default_timezone())
    return f"{day(local.date())} {local:%H:%M}"


@register.filter
def in_list(value: object, several: list[object]) -> bool:
    """Whether a list contains it, as text."""
    return str(value) in {str(one) for one in several}


@register.filter
def named(value: Organisation | None) -> str:
    """An organisation's name in the reader's language."""
    if value is None:
        return ""
    return value.name_zh if in_chinese() else value.name


@register.filter
def of(names: Mapping[object, object], key: object) -> object:
    """The entry of a mapping; empty if there is none."""
    return names.get(key, "")


COLUMNS = {
    "product": _("Product"),
    "owner": _("Owner"),
    "basis": _("Basis"),
    "organisation": _("Organisation"),
    "holder": _("Holder"),
    "kind": _("Kind"),
    "authorisation": _("Authorisation"),
    "centre": _("Centre"),
    "state": _("State"),
    "source": _("Source"),
    "day_zero": _("Day 0"),
    "place": _("Place"),
    "quantity": _("Quantity"),
}


@register.filter
def column_name(code: str) -> str:
    """A column's name in its menu."""
    return str(COLUMNS[code])


@register.filter(name="either")
def either_filter(english: str, chinese: str) -> str:
    """The text in the reader's language."""
    return either(english, chinese)


@register.filter
def unit(code: str) -> str:
    """A count's unit in words."""
    return unit_words(code)


@register.filter
def shortened(text: str, most: int) -> str:
    """A text cut to so many half-width places: pictures cannot wrap lines."""
    return shorten(text, most)


@register.filter
def plain(number: float) -> str:
    """A number as a picture's measures are written, in every language."""
    return f"{number:g}"


@register.filter
def html_lang(code: str) -> str:
    """A language as HTML names it: zh-Hans."""
    head, _dash, tail = code.partition("-")
    return f"{head}-{tail.title()}" if tail else head
