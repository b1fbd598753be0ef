"""Secrets of webhooks are sealed under the node's secret key; before, they lay in the table as they are."""

from typing import Any

from django.apps.registry import Apps as StateApps
from django.db import migrations, models

from assay.node import sealed


def seal(apps: StateApps, _editor: object) -> None:
    rows: Any = apps.get_model("telling", "Endpoint").objects  # as it was then, which types know nothing of
    for one in rows.all():
        # Dropping the column leaves what stood in it in the rows: it is written over first.
        one.sealed_secret, one.secret = sealed.seal(f"webhook {one.pk}", one.secret), ""
        one.save(update_fields=["sealed_secret", "secret"])


def unseal(apps: StateApps, _editor: object) -> None:
    rows: Any = apps.get_model("telling", "Endpoint").objects  # as it was then, which types know nothing of
    for one in rows.all():
        one.secret = sealed.opened(f"webhook {one.pk}", one.sealed_secret)
        one.save(update_fields=["secret"])


class Migration(migrations.Migration):
    dependencies = [("telling", "0001_initial")]

    operations = [
        migrations.AddField("endpoint", "sealed_secret", models.BinaryField(default=b"", max_length=200)),
        migrations.AlterField("endpoint", "secret", models.CharField(default="", max_length=100)),
        migrations.RunPython(seal, unseal),
        migrations.RemoveField("endpoint", "secret"),
    ]
