"""Declares vector batches and lots."""

from django.db import migrations

from pv.core.tables import TenantTable


class Migration(migrations.Migration):
    dependencies = [("products", "0003_lots")]

    operations = [
        TenantTable("products_vectorbatch", parents={"product_id": "products_product"}),
        TenantTable(
            "products_lot",
            parents={"product_id": "products_product", "vector_batch_id": "products_vectorbatch"},
        ),
    ]
