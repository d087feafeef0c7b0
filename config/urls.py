"""Addresses: the portal at the root, the admin, the API, and the operator's health checks."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("pv.api.urls")),
    path("", include("pv.ops.urls")),
    path("", include("pv.web.urls")),
]

handler400 = "pv.web.views.errors.bad_request"
handler403 = "pv.web.views.errors.forbidden"
handler404 = "pv.web.views.errors.not_found"
handler500 = "pv.web.views.errors.server_error"
