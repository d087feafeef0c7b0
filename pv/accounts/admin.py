"""People, memberships, parties and organisations, for who administers them."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from pv.accounts import services
from pv.accounts.admin_base import PolicyAdmin, RecordForm, RowsInline, TenantAdmin, access_of, colleagues
from pv.accounts.context import writing_for
from pv.accounts.models import Membership, Organisation, Party, Signature, User
from pv.accounts.roles import Role


@admin.register(Organisation)
class OrganisationAdmin(PolicyAdmin):
    """One's own. They are made by who runs the installation."""

    read_verb = "people.read"
    list_display = ("name", "name_zh", "kind")
    list_filter = ("kind",)
    search_fields = ("name", "name_zh")
    shown = ("name", "name_zh", "kind", "is_demo", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(pk__in=self.readable(request))

    def has_history(self, request: HttpRequest, obj: Any) -> bool:
        return obj.pk in access_of(request).anywhere("history.read")


@admin.register(Party)
class PartyAdmin(TenantAdmin):
    read_verb = "people.read"
    list_display = ("name", "name_zh", "kind", "origin", "origin_from", "origin_to")
    list_filter = ("kind", "origin")
    search_fields = ("name", "name_zh")
    shown = ("name", "name_zh", "kind", "origin", "origin_from", "origin_to", "created_at")


class MembershipForm(RecordForm):
    class Meta:
        model = Membership
        fields = ("user", "role", "party", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("role") == Role.LABORATORY and not cleaned.get("party"):
            self.add_error("party", _("A laboratory sees only what is addressed to it: say which one it is."))
        return cleaned


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Who works for the organisation as what, from and until when. It ends by a date; it is never deleted."""

    read_verb = "people.read"
    write_verb = "people.write"
    form = MembershipForm
    list_display = ("user", "role", "party", "starts_on", "ends_on")
    list_filter = ("role",)
    list_select_related = ("user", "party")
    search_fields = ("user__name", "user__email")
    editable = ("user", "role", "party", "starts_on", "ends_on")
    shown = ("user", "role", "party", "starts_on", "ends_on", "created_at")
    words: ClassVar[dict[str, Any]] = {
        "membership_once_for_each_role": _("This person holds this role here already."),
        "membership_ends_after_it_began": _("The end lies before the beginning."),
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """A membership is somebody's for good; another person gets their own."""
        fixed = ["user", "role"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]


class MembershipInline(RowsInline):
    model = Membership
    verbose_name_plural = _("works as")
    shown = ("role", "party", "starts_on", "ends_on")
    related = ("party",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(organisation_id__in=access_of(request).anywhere("people.read"))


class NewPersonForm(RecordForm):
    """An account, and the role it begins with."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in Role], widget=UnfoldAdminSelectWidget
    )
    first_password = forms.CharField(
        label=_("First password"),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_("At least 12 characters. Hand it over in person; who has an account already keeps their own."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "language")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_first_password(self) -> str:
        password = str(self.cleaned_data["first_password"])
        validate_password(password)
        return password

    def _get_validation_exclusions(self) -> set[str]:
        """An address that is known already is no error: its owner simply begins to work here, too."""
        return {*super()._get_validation_exclusions(), "email"}  # type: ignore[misc]  # not in Django's stubs

    def validate_unique(self) -> None:
        """See above."""


@admin.register(User)
class UserAdmin(PolicyAdmin):
    """Colleagues. An account that serves other organisations as well is not changed here."""

    read_verb = "people.read"
    write_verb = "people.write"
    list_display = ("name", "email", "language", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("name", "email")
    editable = ("name", "language", "is_active")
    shown = ("name", "email", "language", "is_active", "is_demo", "created_at")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return colleagues(self.readable(request)).order_by("name", "id")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or services.may_change_person(access_of(request), obj)

    def _where(self, request: HttpRequest, obj: Any = None) -> UUID | None:
        """A person is changed for an organisation they belong to: the one worked for, before another of one's own."""
        current = super()._where(request)
        if obj is None or obj.pk is None:
            return current
        mine = access_of(request).anywhere(self.write_verb)
        theirs = set(
            Membership.objects.filter(user_id=obj.pk, organisation_id__in=mine).values_list(
                "organisation_id", flat=True
            )
        )
        return current if current in theirs or not theirs else min(theirs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Sequence[Any]:
        return self.inlines if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        if obj is None:
            return ["email", "name", "language", "role", "first_password", "reason"]
        return super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        where, by = access_of(request).organisation, request.user
        if where is None or not isinstance(by, User):
            raise PermissionDenied
        given = form.cleaned_data
        with writing_for(where, reason=given["reason"]):
            person = services.add_person(
                by=by,
                organisation=where,
                email=given["email"],
                name=given["name"],
                language=given["language"],
                role=Role(given["role"]),
                password=given["first_password"],
            )
        obj.pk, obj.name, obj.email = person.pk, person.name, person.email


@admin.register(Signature)
class SignatureAdmin(TenantAdmin):
    """Who signed what, and what they meant by it. Only ever added to, by who signs."""

    read_verb = "history.read"
    list_display = ("signed_at", "signer_name", "meaning", "act", "record_table", "reason")
    list_filter = ("meaning",)
    search_fields = ("signer_name", "act")
    date_hierarchy = "signed_at"
    shown = (
        "signer",
        "signer_name",
        "signed_at",
        "zone",
        "method",
        "act",
        "meaning",
        "reason",
        "record_table",
        "record_id",
        "record_version",
        "content_hash",
    )
