"""The operator's door: commands that span rooms, health, metrics, logs, demo data.

Beside web and api: it composes and never decides.
"""
