"""The tracker: rooms stand on floors and import only downwards (pyproject.toml, import-linter)."""
