"""Failed log-ins, counted to slow down who guesses passwords. They belong to no organisation."""

import django.db.models.functions.datetime
from django.db import migrations, models

import pv.core.ids
from pv.core.tables import GlobalTable


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_tables")]

    operations = [
        migrations.CreateModel(
            name="FailedLogin",
            fields=[
                ("id", models.UUIDField(default=pv.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject", models.CharField(max_length=64, verbose_name="fingerprint of the address")),
                ("source", models.CharField(max_length=64, verbose_name="from")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at")),
            ],
            options={
                "verbose_name": "failed log-in",
                "verbose_name_plural": "failed log-ins",
                "indexes": [
                    models.Index(fields=["subject", "at"], name="failed_login_subject"),
                    models.Index(fields=["source", "at"], name="failed_login_source"),
                ],
            },
        ),
        GlobalTable("accounts_failedlogin", app="SELECT, INSERT, DELETE"),
    ]
