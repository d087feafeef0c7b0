"""Declares this door's table."""

from django.db import migrations

from pv.core.tables import OperationalTable


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("accounts", "0002_tables")]

    operations = [
        OperationalTable("api_idempotentanswer", app="SELECT, INSERT, UPDATE, DELETE"),
    ]
