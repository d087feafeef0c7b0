"""What the forms of the rooms share: choices, blocks, and where a refusal is put."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError


class RoomForm(forms.Form):
    """A form that puts a service's refusal beside the field it names."""

    def refuse(self, error: DomainError) -> None:
        """Beside the field, or on top."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


def radios(label: Any, choices: Iterable[Any], **more: Any) -> forms.ChoiceField:
    """One of a few, all in sight."""
    field = forms.ChoiceField(label=label, choices=list(choices), widget=forms.RadioSelect, **more)
    field.is_group = True  # type: ignore[attr-defined]  # read by the field's template
    return field


def chosen(label: Any, choices: Iterable[Any], *, required: bool = False, **more: Any) -> forms.ChoiceField:
    """One of several. It begins blank unless there is a usual answer: nothing is chosen by not looking."""
    blank = [] if required and "initial" in more else [("", "–")]
    return forms.ChoiceField(label=label, choices=[*blank, *choices], required=required, **more)


def several(label: Any, choices: Iterable[Any], **more: Any) -> forms.MultipleChoiceField:
    """Any number of a few, all in sight."""
    field = forms.MultipleChoiceField(
        label=label, choices=list(choices), widget=forms.CheckboxSelectMultiple, required=False, **more
    )
    field.is_group = True  # type: ignore[attr-defined]  # read by the field's template
    return field


def line(label: Any, most: int, *, required: bool = False, **more: Any) -> forms.CharField:
    """A line of text."""
    return forms.CharField(label=label, max_length=most, required=required, **more)


SIGNING = _("You sign with it. It is asked each time.")


def password(help_text: Any = SIGNING) -> forms.CharField:
    """The signer's own password."""
    return forms.CharField(
        label=_("Your password"),
        max_length=128,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "short"}),
    )


def version_of(form: forms.Form) -> Any:
    """The version a form was opened at, or sent with; None for a form that has none."""
    return form["version"].value() if "version" in form.fields else None
