"""Log-in."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.accounts.throttle import Attempt


class LoginForm(forms.Form):
    """E-mail and password. An unknown person and a wrong password read the same."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.person: User | None = None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "email" in given and "password" in given:
            attempt = Attempt(given["email"], self.request)
            if attempt.is_too_often():
                raise forms.ValidationError(
                    _("Too many attempts have failed. Please wait a quarter of an hour."), code="throttled"
                )
            person = authenticate(self.request, username=given["email"], password=given["password"])
            if not isinstance(person, User):
                attempt.note()
                raise forms.ValidationError(
                    _("This e-mail and password do not belong together. Please check both."), code="login"
                )
            self.person = person
        return given
