"""Recording something new: validate, call one service, answer 201 with its address and entity tag."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from pv.accounts.models import TenantModel, User
from pv.accounts.policy import check_can
from pv.api.authentication import access_for
from pv.api.base import Resource
from pv.api.idempotency import once
from pv.core.errors import NotAllowed

Record = Callable[[User, UUID, dict[str, Any]], TenantModel]
Act = TypeVar("Act", bound=Callable[..., Response])
Form = type[serializers.Serializer[Any]]


def creates(form: Form, shown: type[serializers.BaseSerializer[Any]]) -> Callable[[Act], Act]:
    """Describe it: what is sent, what comes back, and under which address. There is nothing yet to compare with."""
    headers = {
        "Location": (OpenApiTypes.URI_REF, "where the new record stands"),
        "ETag": (OpenApiTypes.STR, "its first version, for If-Match"),
    }
    said = [
        OpenApiParameter(name, kind, OpenApiParameter.HEADER, required=True, description=words, response=[201])
        for name, (kind, words) in headers.items()
    ]
    unasked = OpenApiParameter("If-Match", location=OpenApiParameter.HEADER, exclude=True)
    return extend_schema(request=form, responses={201: shown}, parameters=[*said, unasked])


def record(resource: Resource, form: Form, service: Record, *, verb: str) -> Response:
    """Ask the policy, validate, call one service, show what was recorded. The same key again records nothing more."""
    request = resource.request

    def do() -> Response:
        access = access_for(request)
        check_can(access, verb)
        if access.organisation is None:
            raise NotAllowed("This organisation is not yours.")
        given = form(data=request.data)
        given.is_valid(raise_exception=True)
        new = service(resource.caller, access.organisation, given.validated_data)
        return resource.shown(resource.get_queryset().get(pk=new.pk), status=201)

    response = once(request, do)
    response["Location"] = f"{request.path}{response.data['id']}/"
    return response
