"""A foreign key is an import the checker cannot see: it is held to the same floors."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

LAYERS = next(
    contract["layers"]
    for contract in tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "layers" and contract["containers"] == ["pv"]
)
FLOOR = {room.strip(): number for number, layer in enumerate(reversed(LAYERS)) for room in layer.split("|")}


def test_every_foreign_key_points_to_a_room_on_the_same_floor_or_below() -> None:
    upwards = []
    for model in apps.get_models():
        if not model.__module__.startswith("pv."):
            continue
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey) and field.related_model._meta.app_label in FLOOR:
                here, there = model._meta.app_label, field.related_model._meta.app_label
                if FLOOR[there] > FLOOR[here] or (FLOOR[there] == FLOOR[here] and here != there):
                    upwards.append(f"{model.__name__}.{field.name}: {here} -> {there}")
    assert upwards == []


def test_every_foreign_key_to_a_tenant_s_row_carries_the_organisation(db: None) -> None:
    """One plain key past the organisation, and a child could name another holder's parent."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT c.conrelid::regclass::text || '.' || a.attname
            FROM pg_constraint AS c
            JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND cardinality(c.conkey) = 1
              AND EXISTS (SELECT FROM pg_attribute AS o
                          WHERE o.attrelid = c.confrelid AND o.attname = 'organisation_id')
              AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.conrelid
                              AND t.tgname = c.conrelid::regclass::text || '_' || a.attname || '_own_or_public')""")
        assert cursor.fetchall() == []


def test_every_reference_of_a_model_is_a_key_of_the_database(db: None) -> None:
    """Keys are declared without Django's constraint; a forgotten one would be no key at all."""
    missing = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not model.__module__.startswith("pv.") or not model._meta.managed:
                continue
            for field in model._meta.get_fields():
                if not isinstance(field, ForeignKey):
                    continue
                cursor.execute(
                    "SELECT 1 FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid "
                    "AND a.attnum = ANY (c.conkey) "
                    "WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND a.attname = %s",
                    [model._meta.db_table, field.column],
                )
                if cursor.fetchone() is None:
                    missing.append(f"{model.__name__}.{field.name}")
    assert missing == []
