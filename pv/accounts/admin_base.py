"""What every room's admin stands on: the policy decides, rows are scoped, nothing is written but through a context.

Read-only unless `editable` names fields and `write_verb` is the reader's. Nothing is deleted unless `deletable`.
The history shown is the record's own (pv.audit); Django's admin log is not kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from pv.accounts.context import reading_installation, writing_for
from pv.accounts.models import PUBLIC_ORGANISATION, Membership, Organisation, TenantModel, User
from pv.accounts.policy import Access, can
from pv.audit.history import history_of

MOST_COUNTED = 10_000


def in_readers_language(obj: Any, name: str) -> str:
    """The one of two columns that the reader reads; the other where it is empty."""
    english, chinese = getattr(obj, f"{name}_en"), getattr(obj, f"{name}_zh")
    return str((chinese or english) if (get_language() or "").startswith("zh") else (english or chinese))


def access_of(request: HttpRequest) -> Access:
    """Who asks, as the middleware found out."""
    access: Access = request.access  # type: ignore[attr-defined]  # set by ContextMiddleware
    return access


def colleagues(organisations: Sequence[UUID]) -> QuerySet[User]:
    """People who work, or worked, for these organisations."""
    theirs = Membership.objects.filter(organisation_id__in=organisations, user_id=OuterRef("pk"))
    return User.objects.filter(Exists(theirs))


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ten thousand: a large table is narrowed by filters, not leafed through."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


class OrganisationFilter(SimpleListFilter):
    """For who works for several: rows of one of their own."""

    title = _("organisation")
    parameter_name = "organisation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(one.pk), one.name) for one in request.organisations]  # type: ignore[attr-defined]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {str(one) for one in access_of(request).roles}
        return queryset.filter(organisation_id=self.value()) if self.value() in wanted else queryset


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks for the reason of a change, and answers a broken constraint beside the form instead of with a fault."""

    where: ClassVar[UUID | None] = None
    words: ClassVar[Mapping[str, Any]] = {}

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Stands in the history beside what is changed."),
        widget=UnfoldAdminTextInputWidget,
    )

    def _post_clean(self) -> None:
        """The organisation is not typed, yet constraints ask for it."""
        if self.where is not None and self.instance._state.adding and isinstance(self.instance, TenantModel):
            self.instance.organisation_id = self.where
        # Django would answer with the constraint's name, leaving out those that ask for what was not typed.
        vars(self.instance)["validate_constraints"] = lambda exclude=None: None
        try:
            super()._post_clean()  # type: ignore[misc]  # Django's own, not in its stubs
        finally:
            del vars(self.instance)["validate_constraints"]
        if not self.errors:
            self._ask_constraints()

    def _ask_constraints(self) -> None:
        """A constraint's name is for programmers; it is answered in words."""
        for model, constraints in self.instance.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model, self.instance)
                except ValidationError as error:
                    self.add_error(None, self.words.get(constraint.name, error))


class PolicyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Rows of no organisation."""

    read_verb: ClassVar[str]
    write_verb: ClassVar[str] = ""
    editable: ClassVar[tuple[str, ...]] = ()
    deletable: ClassVar[bool] = False
    words: ClassVar[Mapping[str, Any]] = {}
    shown: ClassVar[tuple[str, ...]] = ()
    keeps_history: ClassVar[bool] = True

    form = RecordForm
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    compressed_fields = True
    object_history_template = "accounts/admin_history.html"

    # --- may they?
    def readable(self, request: HttpRequest) -> list[UUID]:
        return access_of(request).anywhere(self.read_verb)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.readable(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.readable(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.write_verb and self.editable) and can(access_of(request), self.write_verb)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.write_verb and self.editable) and can(access_of(request), self.write_verb)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.deletable and self.has_change_permission(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the page offers: any other column could be guessed letter by letter."""
        filters = self.get_list_filter(request) if request else self.list_filter
        offered = {self._first(one) for one in filters} | {self.date_hierarchy, "id", "pk"}
        return lookup.split("__")[0] in offered and bool(super().lookup_allowed(lookup, value, request))

    @staticmethod
    def _first(one: Any) -> str:
        name = one[0] if isinstance(one, tuple) else getattr(one, "parameter_name", one)
        return str(name).split("__")[0]

    # --- what do they see?
    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        return list(self.list_filter)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        names = list(self.editable if obj is None and self.editable else self.shown)
        writes = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*names, "reason"] if writes else names

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [name for name in self.shown if name not in self.editable]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The organisation and the words of its constraints travel with the form."""
        self._set_where(request, obj)
        made = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), {"where": self._where(request, obj), "words": self.words})

    def _where(self, request: HttpRequest, obj: Any = None) -> UUID | None:
        """The organisation a record belongs to, or will."""
        return getattr(obj, "organisation_id", None) or access_of(request).organisation

    def _set_where(self, request: HttpRequest, obj: Any) -> None:
        request.admin_where = self._where(request, obj)  # type: ignore[attr-defined]  # read by the choices below

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_of(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # --- what do they write?
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        where = self._where(request, obj)
        if where is None:
            raise PermissionDenied
        with writing_for(where, reason=form.cleaned_data.get("reason", "")):
            obj.save()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        where = self._where(request, form.instance)
        if where is None:
            raise PermissionDenied
        with writing_for(where, reason=form.cleaned_data.get("reason", "")):
            for row in formset.save(commit=False):
                if isinstance(row, TenantModel):
                    row.organisation_id = where
                row.save()
            formset.save_m2m()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        where = self._where(request, obj)
        if where is None:
            raise PermissionDenied
        with writing_for(where):
            obj.delete()

    # --- history is the record's own, written by the database
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Not kept."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Not kept."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Not kept."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        if not self.has_history(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(record)s") % {"record": obj},
            "entries": self.history(request, obj),
            "opts": self.opts,
            "object": obj,
            "original": obj,
        }
        return TemplateResponse(request, self.object_history_template, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offers the history where there is one and it may be read."""
        offered = {"show_history": self.keeps_history and bool(access_of(request).anywhere("history.read"))}
        page: HttpResponse = super().change_view(request, object_id, form_url, offered | (extra_context or {}))
        return page

    def has_history(self, request: HttpRequest, obj: Any) -> bool:
        """Whether this reader may see who changed the record."""
        where = getattr(obj, "organisation_id", None)
        access = access_of(request)
        if not self.keeps_history:
            return False
        if where is None or where == PUBLIC_ORGANISATION:
            return bool(access.anywhere("history.read"))
        return can(access, "history.read", where)

    def history(self, request: HttpRequest, obj: Any) -> list[Any]:
        with reading_installation():
            return history_of(self.opts.db_table, obj.pk, [*access_of(request).roles, PUBLIC_ORGANISATION])


class TenantAdmin(PolicyAdmin):
    """Rows of the organisations in which `read_verb` is the reader's; of the public register too, if `public_too`."""

    public_too: ClassVar[bool] = False

    def readable(self, request: HttpRequest) -> list[UUID]:
        mine = super().readable(request)
        return [*mine, PUBLIC_ORGANISATION] if self.public_too and mine else mine

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(organisation_id__in=self.readable(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = self.readable(request)
        return bool(mine) if obj is None else obj.organisation_id in mine

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not (self.write_verb and self.editable):
            return False
        access = access_of(request)
        return (
            bool(access.anywhere(self.write_verb)) if obj is None else can(access, self.write_verb, obj.organisation_id)
        )

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        several = len(access_of(request).roles) > 1
        return [*([OrganisationFilter] if several else []), *self.list_filter]

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = list(super().get_list_display(request))
        several = len(access_of(request).roles) > 1 and self._knows_organisation
        return [*columns, "whose"] if several and "whose" not in columns else columns

    @admin.display(description=_("organisation"))
    def whose(self, obj: Any) -> str:
        one: Organisation = obj.organisation
        return one.name_zh if (get_language() or "").startswith("zh") else one.name

    def get_list_select_related(self, request: HttpRequest) -> Sequence[str] | bool:
        related = list(self.list_select_related or ())
        return [*related, "organisation"] if self._knows_organisation else related or False

    @property
    def _knows_organisation(self) -> bool:
        return any(field.name == "organisation" for field in self.opts.fields)


class RowsInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
    """Children of the record, of the same organisation by their keys. Read-only unless `editable`."""

    extra = 0
    hide_title = True
    show_change_link = False
    editable: ClassVar[tuple[str, ...]] = ()
    shown: ClassVar[tuple[str, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ()
    most: ClassVar[int] = 200

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        mine = [*access_of(request).roles, PUBLIC_ORGANISATION]
        return rows.filter(organisation_id__in=mine).select_related(*self.related)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [name for name in self.shown if name not in self.editable]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_of(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the record may see its parts

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.editable) and self._may_write(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.editable) and self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _may_write(self, request: HttpRequest, obj: Any) -> bool:
        owner: Any = self.admin_site._registry[self.parent_model]
        return bool(owner.has_change_permission(request, obj) if obj else owner.has_add_permission(request))


def choices_of(db_field: Any, request: HttpRequest) -> QuerySet[Any]:
    """What a foreign key may point at: colleagues, and rows of the same organisation or of the public register."""
    where: UUID | None = getattr(request, "admin_where", None) or access_of(request).organisation
    mine = [where] if where else []
    target: type[models.Model] = db_field.remote_field.model
    if target is User:
        return colleagues(mine).filter(is_active=True)
    if issubclass(target, TenantModel):
        return target._default_manager.filter(organisation_id__in=[*mine, PUBLIC_ORGANISATION])
    return target._default_manager.all()
