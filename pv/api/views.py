"""The description of this door, and what stands at no address."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer

from pv.api.problems import MEDIA_TYPE, problem


@csrf_exempt  # it does nothing, and a machine should read "not found", not "forged"
def nowhere(request: HttpRequest) -> JsonResponse:
    """The same answer for an address that never was and for one that is not yours."""
    request_id = getattr(request, "id", None)
    body = problem(404, code="not_found", detail=_("There is no such record."), request_id=request_id)
    return JsonResponse(body, status=404, content_type=MEDIA_TYPE)


class SchemaView(SpectacularJSONAPIView):
    """The description itself; open to everybody, since it holds no data."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    renderer_classes = [JSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # the library's own
