"""Fields that read what people write."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError
from pv.core.partial import PartialDate


class DayField(forms.CharField):
    """A day as people write it: 2026-02-28, 2026/2/28, 2026年2月28日. The page reads it back in words."""

    is_day = True
    today: date | None = None

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "2026-02-28", "class": "short"}
        )
        super().__init__(max_length=20, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "")

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            partial = PartialDate.parse(text)
        except DomainError as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        if partial.day is None:
            raise forms.ValidationError(_("Please give the day as well, as in 2026-02-28."), code="day_needed")
        return partial.earliest()


class PartialField(DayField):
    """A date of which only month or year may be known: 2026, 2026-02, 2月, 2026-02-13. Its value is a PartialDate."""

    is_partial = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"placeholder": "2026-02", "inputmode": "text"}

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, PartialDate) else super().prepare_value(value)

    def clean(self, value: Any) -> Any:
        text = forms.CharField.clean(self, value)
        if not text:
            return None
        try:
            return PartialDate.parse(text, year=self.today.year if self.today else None)
        except DomainError as error:
            raise forms.ValidationError(error.message, code=error.code) from error


def text_area(rows: int = 3) -> forms.Textarea:
    """A box for a sentence or two."""
    return forms.Textarea(attrs={"rows": rows})
