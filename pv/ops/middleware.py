"""Counting answers."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from pv.ops.metrics import count_request


class MetricsMiddleware:
    """Counts every answer by the name of its view, and how long it took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        count_request(
            method=request.method or "",
            view=(match.view_name or "unnamed") if match else "none",
            status=response.status_code,
            seconds=time.perf_counter() - began,
        )
        return response
