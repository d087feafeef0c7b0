"""A machine never gets a page: what fails before or around the framework is told as a problem, too."""

from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from pv.accounts.requests import PvRequest
from pv.api.problems import MEDIA_TYPE, problem

PREFIX = "/api/"
CODES = {400: "bad_request", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed", 503: "unavailable"}


class ProblemMiddleware:
    """Words the error pages of Django and of other middlewares as problem+json, below /api/ only."""

    def __init__(self, get_response: Callable[[PvRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(PREFIX) or response.status_code < 400:
            return response
        if response.get("Content-Type", "").startswith(("application/json", MEDIA_TYPE)):
            return response
        status = response.status_code
        body = problem(
            status, code=CODES.get(status, "fault"), detail=_("The request was refused."), request_id=request.id
        )
        told = JsonResponse(body, status=status, content_type=MEDIA_TYPE)
        if "Retry-After" in response:
            told["Retry-After"] = response["Retry-After"]
        return told
