"""Fields that several resources take."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pv.core.errors import DomainError
from pv.core.partial import PartialDate

PATTERN = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"


@extend_schema_field({"type": "string", "pattern": PATTERN, "example": "2026-02"})
class PartialDateField(serializers.Field[PartialDate, str, str, PartialDate]):
    """A date as far as it is known: 2026, 2026-02 or 2026-02-13."""

    default_error_messages = {"invalid": _("Please write the date as 2026-02-13, or as 2026-02 or 2026.")}

    def to_internal_value(self, data: Any) -> PartialDate:
        if not isinstance(data, str) or not re.fullmatch(PATTERN, data):
            self.fail("invalid")
        try:
            return PartialDate.parse(data)
        except DomainError as error:
            raise serializers.ValidationError(error.message, code="impossible_date") from error

    def to_representation(self, value: PartialDate) -> str:
        return str(value)
