"""The tables of lists and tasks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            "List",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            "Task",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=140)),
                ("done", models.BooleanField(default=False)),
                (
                    "list",
                    models.ForeignKey(
                        "todolist.List", on_delete=django.db.models.deletion.CASCADE, related_name="tasks"
                    ),
                ),
            ],
        ),
    ]
