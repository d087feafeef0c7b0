"""What every resource shares: scope by policy, entity tags, acts that call one service."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from pv.accounts.models import PUBLIC_ORGANISATION, TenantModel, User
from pv.accounts.policy import check_can
from pv.api.authentication import access_for, check_organisation
from pv.api.idempotency import once
from pv.api.preconditions import check_if_match, etag_of, is_unchanged
from pv.core.errors import NotFound

UUID_PATTERN = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Shown(serializers.ModelSerializer[Any]):
    """A record as it is shown; nothing of it can be written."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields


class Truth(forms.Field):
    """true or false. Anything else is refused: a machine that asks for late=ture must not be given everything."""

    WORDS: ClassVar[dict[str, bool]] = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if str(value).lower() not in self.WORDS:
            raise forms.ValidationError(_("Say true or false."))
        return self.WORDS[str(value).lower()]


class YesNoFilter(filters.BooleanFilter):  # type: ignore[misc]  # django-filter ships no types
    """A filter that takes true and false, and says so to whoever sends something else."""

    field_class = Truth

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(*args, **kwargs)


class Filters(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Narrowing a list. Records are named by id, never looked up: another's and a made-up one find the same nothing."""

    FILTER_DEFAULTS = filters.FilterSet.FILTER_DEFAULTS | {models.BooleanField: {"filter_class": YesNoFilter}}


class Resource(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    """Rows of the organisations in which `verb` is the caller's. Not yours answers like not there."""

    verb: ClassVar[str]
    public_too: ClassVar[bool] = False
    lookup_value_regex = UUID_PATTERN
    ordering: ClassVar[tuple[str, ...]] = ("id",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_organisation(request)
        if not self.visible():
            check_can(access_for(request), self.verb)

    def visible(self) -> list[UUID]:
        """The organisations whose rows may be read here; code always names them."""
        access = access_for(self.request)
        mine = access.anywhere(self.verb)
        if self.public_too and access.anywhere("register.read"):
            mine = [*mine, PUBLIC_ORGANISATION]
        return mine

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            nothing: QuerySet[Any] = rows.none()
            return nothing
        scoped: QuerySet[Any] = rows.for_organisations(self.visible())
        return scoped

    PAGING: ClassVar[frozenset[str]] = frozenset({"cursor", "page_size"})

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """A filter that does not exist is refused: left out silently, it would answer with every row."""
        known = self.PAGING | set(getattr(self.filterset_class, "base_filters", ()) if self.filterset_class else ())
        if unknown := sorted(set(self.request.query_params) - known):
            raise serializers.ValidationError({name: [_("There is no such filter.")] for name in unknown})
        return super().filter_queryset(queryset)

    filterset_class: ClassVar[type[Filters] | None] = None

    def row(self, *, lock: bool = False) -> Any:
        """The record named in the address, among those the caller may see."""
        rows = self.get_queryset()
        if lock:
            rows = rows.select_for_update(of=("self",), no_key=True)
        found = rows.filter(pk=self.kwargs[self.lookup_field]).first()
        if found is None:
            raise NotFound(_("There is no such record."))
        return found

    def get_object(self) -> Any:
        return self.row()

    def shown(self, row: Any, *, status: int = 200) -> Response:
        """The record with its entity tag."""
        data = self.get_serializer(row).data
        return Response(data, status=status, headers={"ETag": etag_of(data, getattr(row, "version", None))})

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = self.shown(self.row())
        if is_unchanged(request, response["ETag"]):
            return Response(status=304, headers={"ETag": response["ETag"]})
        return response

    def act(
        self,
        form: type[serializers.Serializer[Any]],
        service: Callable[..., Any],
        *,
        verb: str,
    ) -> Response:
        """Find the record, ask the policy and the precondition, validate, call one service, show what became of it."""

        def do() -> Response:
            row: TenantModel = self.row(lock=True)
            check_can(access_for(self.request), verb, row.organisation_id)
            check_if_match(self.request, self.shown(row)["ETag"])
            given = form(data=self.request.data)
            given.is_valid(raise_exception=True)
            check_known(self.request.data, given)
            service(row, self.caller, **given.validated_data)
            return self.shown(self.row())

        return once(self.request, do)

    @property
    def caller(self) -> User:
        """The signed-in person; permissions have seen to it."""
        user = self.request.user
        if not isinstance(user, User):
            raise NotFound(_("There is no such record."))
        return user

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(final, ("Authorization", "Cookie", "Accept-Language"))
        return final


def check_known(sent: Any, form: serializers.BaseSerializer[Any]) -> None:
    """A misspelt field is refused: what was meant would not be stored, and nobody would know."""
    fields = getattr(form, "fields", {})
    if unknown := sorted(set(sent) - set(fields)):
        raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})


class Nothing(serializers.Serializer[Any]):
    """An act that needs no words."""


def person(pk: UUID, field: str) -> User:
    """Somebody named by id; whether they work there is the service's question."""
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise serializers.ValidationError({field: [_("There is no such person.")]})
    return found
