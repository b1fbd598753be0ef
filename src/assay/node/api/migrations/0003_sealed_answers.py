"""Kept answers are sealed under the node's secret key, as that to a new webhook holds its secret."""

from typing import Any

from django.apps.registry import Apps as StateApps
from django.db import migrations, models

from assay.node import sealed


def seal(apps: StateApps, _editor: object) -> None:
    rows: Any = apps.get_model("api", "Answer").objects  # as it was then, which types know nothing of
    for one in rows.iterator():
        one.sealed_body, one.body = sealed.seal(f"answer {one.pk}", one.body), ""
        one.save(update_fields=["sealed_body", "body"])


def unseal(apps: StateApps, _editor: object) -> None:
    rows: Any = apps.get_model("api", "Answer").objects  # as it was then, which types know nothing of
    for one in rows.iterator():
        one.body = sealed.opened(f"answer {one.pk}", one.sealed_body)
        one.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [("api", "0002_touching")]

    operations = [
        migrations.AddField("answer", "sealed_body", models.BinaryField(default=b"")),
        migrations.AlterField("answer", "body", models.TextField(default="")),
        migrations.RunPython(seal, unseal),
        migrations.RemoveField("answer", "body"),
    ]
