"""Declares the tables that libraries bring: they belong to no organisation."""

from django.db import migrations

from pv.core.tables import GlobalTable


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("accounts", "0002_tables"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        GlobalTable("django_content_type", app="SELECT"),
        GlobalTable("auth_permission", app="SELECT"),
        GlobalTable("auth_group", app="SELECT"),
        GlobalTable("auth_group_permissions", app="SELECT"),
        GlobalTable("django_session", app="SELECT, INSERT, UPDATE, DELETE"),
        # The admin's own log is not kept: the history knows more, and it belongs to an organisation.
        GlobalTable("django_admin_log", app="SELECT"),
        GlobalTable("knox_authtoken", app="SELECT, INSERT, UPDATE, DELETE"),
    ]
