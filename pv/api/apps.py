"""The door's entry in Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "pv.api"
    label = "api"
