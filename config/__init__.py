"""Settings, addresses, processes: how the product is put together. No rule of the field stands here."""
