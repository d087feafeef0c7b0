"""What all factories share."""

from typing import Any

import factory

from tests.support.people import HOLDER_A, setting_up


class RowFactory(factory.django.DjangoModelFactory):
    """Writes inside setting_up()."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        with setting_up(kwargs.get("organisation_id", HOLDER_A)):
            return super()._create(model_class, *args, **kwargs)


class TenantFactory(RowFactory):
    """A row of one organisation."""

    class Meta:
        abstract = True

    organisation_id = HOLDER_A


def child(of: Any, **more: Any) -> factory.SubFactory:
    """A parent in the same organisation as its child."""
    return factory.SubFactory(of, organisation_id=factory.SelfAttribute("..organisation_id"), **more)
