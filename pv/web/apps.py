"""The portal's entry in Django, and the admin site it brings."""

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig


class WebConfig(AppConfig):
    default = True
    name = "pv.web"
    label = "web"


class AdminConfig(SimpleAdminConfig):
    """Django's admin with our site; each room's admin.py registers on it."""

    default_site = "pv.web.admin_site.TrackerAdminSite"

    def ready(self) -> None:
        super().ready()
        autodiscover()
