"""Declares signatures as a ledger."""

from django.db import migrations

from pv.core.tables import LedgerTable


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_signature")]

    operations = [LedgerTable("accounts_signature")]
