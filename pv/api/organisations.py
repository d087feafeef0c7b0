"""The organisations one works for."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from pv.accounts.models import Organisation
from pv.accounts.roles import Role
from pv.api.authentication import access_for
from pv.api.base import Filters, Resource, Shown


class OrganisationShown(Shown):
    """An organisation, one's roles in it, and whether requests without X-Organisation write for it."""

    roles = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Organisation
        fields = ("id", "name", "name_zh", "kind", "is_demo", "roles", "is_current")

    def get_roles(self, row: Organisation) -> list[str]:
        return sorted(Role(role).value for role in access_for(self.context["request"]).roles.get(row.pk, ()))

    def get_is_current(self, row: Organisation) -> bool:
        return row.pk == access_for(self.context["request"]).organisation


class OrganisationFilter(Filters):
    class Meta:
        model = Organisation
        fields = ("kind",)


class Organisations(Resource):
    """One's own organisations."""

    queryset = Organisation.objects.all()
    serializer_class = OrganisationShown
    filterset_class = OrganisationFilter
    verb = "register.read"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Organisation.objects.none()
        return Organisation.objects.filter(pk__in=access_for(self.request).roles)
