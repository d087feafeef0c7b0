"""Declares the room's tables."""

from django.db import migrations

from pv.core.tables import TenantTable


class Migration(migrations.Migration):
    dependencies = [("products", "0001_initial"), ("accounts", "0002_tables")]

    operations = [
        TenantTable("products_product", shared={"public_entry_id": "products_product"}),
        TenantTable("products_alias", parents={"product_id": "products_product"}),
        TenantTable(
            "products_authorisation",
            parents={"product_id": "products_product"},
            shared={"public_entry_id": "products_authorisation"},
        ),
        TenantTable("products_study"),
        TenantTable("products_studyproduct", parents={"study_id": "products_study", "product_id": "products_product"}),
        TenantTable("products_pipelinefigure", app="SELECT"),
    ]
