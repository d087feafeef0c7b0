"""The description is valid and true: the API answers as it says, whatever is sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pv.accounts.roles import Role
from tests.support import api
from tests.support.people import HOLDER_A, make_user

EXAMPLES = 6


def test_the_description_is_valid(tmp_path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


@pytest.mark.django_db
def test_everybody_may_read_the_description() -> None:
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    described = json.loads(answer.content)
    assert set(described["components"]["securitySchemes"]) == {"token", "cookieAuth"}
    refusal = described["paths"]["/api/v1/obligations/"]["get"]["responses"]["401"]["content"]
    assert list(refusal) == ["application/problem+json"]


@pytest.fixture
def application(db) -> Iterator[Any]:
    """The real WSGI application, in this test's own transaction: nothing it does may close the connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in signals:
        signal.connect(close_old_connections)


def generated() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


OPERATIONS = [(path, method) for path, methods in generated()["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_api_answers_as_it_is_described(application: Any, path: str, method: str) -> None:
    """Whatever is sent, to a row that stands in the database. What a service refuses is described too, as a 4xx."""
    rows = {resource: make(HOLDER_A) for resource, make in api.ROWS.items()}
    token = api.token_of(make_user(Role.PV_HEAD))
    schema = schemathesis.openapi.from_dict(generated())
    schema.app = application
    row = rows.get(path.split("/")[3])

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=schema[path][method].as_strategy())
    def answers(case: schemathesis.Case) -> None:
        if row is not None and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = str(row.pk)
        for header in ("X-Organisation", "If-Match"):  # made-up ones are refused before anything else is looked at
            case.headers.pop(header, None)
        with transaction.atomic():
            case.call_and_validate(
                headers={"Authorization": f"Token {token}"}, excluded_checks=[positive_data_acceptance]
            )
            transaction.set_rollback(True)

    answers()
