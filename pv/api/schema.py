"""The description of this door, as OpenAPI 3."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from pv.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Which refusal it was, for programs."},
        "detail": {"type": "string", "description": "In the language asked for."},
        "instance": {"type": "string", "description": "The request's id: the history and the log carry it too."},
        "errors": {
            "type": "object",
            "description": "The inputs that have to change.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
REFUSALS = {
    "400": "What was sent cannot be read or is not right.",
    "401": "No token, or one that is not valid.",
    "403": "This person, in this role, may not do it.",
    "404": "There is no such record among those this person may see.",
    "405": "This address does not take this method.",
    "406": "Only JSON is given.",
    "409": "The record's state does not allow it, or somebody else was faster.",
    "412": "The record is not as it was when it was read (If-Match).",
    "415": "Only JSON is taken.",
    "422": "The wish cannot be granted as it stands.",
    "429": "Too many failures; wait.",
    "500": "A fault of ours.",
    "503": "The database does not answer; try again.",
}
CHANGING = ("post", "put", "patch", "delete")
ONLY_WHERE_BODY = ("412", "415", "422", "409")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself by being defined
    """How a machine says who it is."""

    target_class = "pv.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <...>`, from POST tokens/.",
        }


class Described(AutoSchema):
    """Adds the headers that every resource understands."""

    def get_override_parameters(self) -> list[OpenApiParameter | Any]:
        found = list(super().get_override_parameters())
        view: Any = self.view
        if not hasattr(view, "verb"):
            return found
        found.append(_header("X-Organisation", "the organisation to write for, where one works for several", "uuid"))
        if self.method == "POST":
            found.append(_header("Idempotency-Key", "asked again with the same key, the act happens once", ""))
            found.append(_header("If-Match", "the ETag last read; 412 when the record has changed since", ""))
        elif getattr(view, "action", "") == "retrieve":
            found.append(_header("If-None-Match", "the ETag one has; 304 when the record is still the same", ""))
        return found


def _header(name: str, description: str, form: str) -> OpenApiParameter:
    schema = {"type": "string"} | ({"format": form} if form else {})
    if name == "Idempotency-Key":
        schema |= {"pattern": "^[!-~]{1,255}$"}
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, description=description)


def describe_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Every operation may be refused, always in the same shape."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    body = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for address, operations in result["paths"].items():
        for method, operation in operations.items():
            for status, words in REFUSALS.items():
                if status in ONLY_WHERE_BODY and method not in CHANGING:
                    continue
                operation["responses"].setdefault(status, {"description": words, "content": body})
            if "{" in address and method == "get":
                operation["responses"].setdefault("304", {"description": "Still as the caller has it."})
    return result
